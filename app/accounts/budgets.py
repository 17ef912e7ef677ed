"""How often each door may be tried. Keys are hashed by the limiter; a whole school may share one address."""

from __future__ import annotations

from app.core.i18n import _
from app.core.limits import Budget

_LATER = _("試した回数が多いため、少し時間をおいてからお試しください。")

# Per network address, whatever comes of it: 300 people in one hall share one.
AT_THE_DOOR = Budget("door", "600/minute;6000/hour", _LATER)
# Per network address, refused ones only: one password, or a few numbers of letters, tried at many accounts.
WRONG_HERE = Budget("wrong here", "100/10 minutes", _LATER)
# Per mail address typed, whether or not it belongs to anybody; the second counts refused ones only.
SIGN_IN = Budget("sign-in", "60/10 minutes;300/day", _LATER)
WRONG_PASSWORD = Budget("wrong password", "10/hour;30/day", _LATER)
# 5 guesses at each of 10 links a day: one in 20,000 for a 6-digit code.
MAIL_LINK = Budget("mail link", "3/10 minutes;10/day", _LATER)
LINK_CODE = Budget("link code", "20/10 minutes", _LATER)
# Per member, after the first proof; 3 of a million codes are right at any moment.
CODE = Budget("code", "20/5 minutes;200/day", _LATER)
WRONG_CODE = Budget("wrong code", "5/5 minutes;30/day", _LATER)
# One's own security pages, each of which costs a hash or a letter.
CHANGES = Budget("own security", "20/hour", _LATER)
