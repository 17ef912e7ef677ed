"""The form of one cap."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, TextAreaField

from app.core.forms import BaseForm, fits, longest, no_nul, required
from app.core.i18n import _

MOST_REASON = 200  # characters a person reads in one breath


class CapForm(BaseForm):
    """How far, at most. The reason is for a wider one only."""

    cap = RadioField(_("見せられる上限"), choices=[], validate_choice=False)
    seen = HiddenField(validators=[required(), longest(10)])
    reason = TextAreaField(_("理由"), [longest(MOST_REASON), fits(400)], filters=[no_nul])
