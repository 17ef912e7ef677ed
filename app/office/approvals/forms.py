"""Forms of requests that need two people."""

from __future__ import annotations

from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from app.core.forms import BaseForm, longest, required
from app.core.i18n import _


class AnswerForm(BaseForm):
    """The answer to the request as it was read."""

    answer = SelectField(_("承認"), choices=[SelectChoice("approve"), SelectChoice("decline")])
    seal = HiddenField(validators=[required(), longest(20)])
