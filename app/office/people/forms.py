"""Forms of HR's list and of one person's page."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, TextAreaField

from app.core.forms import BaseForm, LineField, fits, longest, no_nul, required
from app.core.i18n import _, t, tn


def kinds_of_people() -> dict[str, str]:
    """The lists of the office: what is asked for → label."""
    return {
        "candidate": tn("内定者", "内定者", 2),
        "employee": tn("社員", "社員", 2),
        "powers": t("人事・運営"),
        "all": t("すべて"),
    }


class ViewForm(BaseForm):
    """A name for the filter on the screen."""

    name = LineField(_("条件の名前"), [required(), longest(20), fits(40)])


class PurposeForm(BaseForm):
    """What somebody is opened for; each choice is a button."""

    purpose = SelectField(_("何のために開きますか"), validate_choice=False, choices=[])


class GroupChoiceForm(BaseForm):
    """Put one person into a 班."""

    group = SelectField(_("班"), validate_choice=False, choices=[])


class MoveForm(BaseForm):
    """Move somebody to another cohort."""

    cohort = SelectField(_("入社時期"), validate_choice=False, choices=[])


class SuspendForm(BaseForm):
    """Why somebody's doors are closed for a while."""

    reason = TextAreaField(_("理由"), [required(), longest(400), fits(400)], filters=[no_nul])


class EndForm(BaseForm):
    """Why somebody's membership ends."""

    reason = TextAreaField(
        _("理由"), [required(), longest(400), fits(400)], filters=[no_nul], id="end-reason"
    )
    keeps_name = BooleanField(_("書いた投稿に、呼び名を残す"))
