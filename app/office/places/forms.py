"""Forms of cohorts, groups and walls."""

from __future__ import annotations

from wtforms import BooleanField, DateField, HiddenField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired

from app.core.forms import BaseForm, LineField, fits, longest, no_nul, required
from app.core.i18n import _

from ..forms import OptionalLineField


class CohortForm(BaseForm):
    """A cohort."""

    name = LineField(_("入社時期の名前"), [required(), longest(30), fits(60)])
    starts_on = DateField(_("入社日"), [InputRequired(_("日付を選んでください"))])
    office_note = OptionalLineField(_("人事用のメモ"), [longest(30), fits(60)])
    is_minor_profile = BooleanField(_("18歳未満の方がいる"))


class GroupForm(BaseForm):
    """The name of a 班."""

    name = LineField(_("班の名前"), [required(), longest(30), fits(60)])


class GroupsForm(BaseForm):
    """The names of several 班, one a line."""

    names = TextAreaField(_("班の名前"), [required(), longest(1500)], filters=[no_nul])


class PlaceForm(BaseForm):
    """Put the chosen people into a 班."""

    people = SelectMultipleField(_("対象の方"), validate_choice=False, choices=[])
    group = SelectField(_("班"), validate_choice=False, choices=[])


class WallsForm(BaseForm):
    """The pairs of cohorts between which a wall stands."""

    walls = SelectMultipleField(_("壁を置く組み合わせ"), validate_choice=False, choices=[])


class GroupingForm(BaseForm):
    """The proposal HR looked at."""

    seal = HiddenField(validators=[required(), longest(20)])
