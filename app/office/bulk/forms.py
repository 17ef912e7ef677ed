"""What is sent along through list, preview and act."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, ValidationError
from wtforms.validators import NumberRange, Optional

from app.core.forms import BaseForm, longest
from app.core.i18n import _
from app.invitations.forms import IdsField, options

from .cards import ACTS


class BulkForm(BaseForm):
    """Whom HR chose and for what; `whole` stands for everybody of the list as the address narrows it.

    `shown` is how many HR saw there, `seal` tells which preview was on the screen.
    """

    act = SelectField(_("まとめての操作"), choices=options(ACTS.items()), default="invite")
    people = IdsField(_("対象の方"), default=list)
    whole = BooleanField(_("条件に合う方すべて"))
    shown = IntegerField(validators=[Optional(), NumberRange(0, 1_000_000)], default=0)
    target = SelectField(_("変更先"), validate_choice=False, choices=[], default="")
    seal = HiddenField(validators=[longest(20)], default="")

    def validate_people(self, field: IdsField) -> None:
        """At least one, unless it is for everybody."""
        if not field.data and not self.whole.data:
            raise ValidationError(str(_("1名以上選んでください")))
