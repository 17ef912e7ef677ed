"""How often HR may act on invitations. One act may mean thousands of people; it still is one."""

from __future__ import annotations

from app.core.i18n import _
from app.core.limits import Budget

INVITING = Budget(
    "inviting",
    "60/minute;1000/day",
    _("操作の回数が多いため、いったん止めています。1分ほどおいてから、もう一度お試しください。"),
)
