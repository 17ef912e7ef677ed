"""The shape of what is said about a file."""

from __future__ import annotations

from app.core.forms import BaseForm, LineField, fits, longest
from app.core.i18n import _

LONGEST_ALT = 200


class AltForm(BaseForm):
    """What a picture shows, in words."""

    alt = LineField(_("写真の説明"), default="", validators=[longest(LONGEST_ALT), fits(300)])
