"""The shape of a report."""

from __future__ import annotations

from wtforms import RadioField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired

from app.core.forms import BaseForm, longest, no_nul
from app.core.i18n import _

# What may be the matter, in words of whoever reports; stored by key.
REASONS = (
    ("unkind", _("ひどい言葉、からかい、いやがらせ")),
    ("contact", _("個人の連絡先や、2人だけで会うことを求められた")),
    ("private", _("個人的な情報や写真を、勝手に出された")),
    ("pressure", _("他社の選考や家族のことなど、答えたくないことを聞かれた")),
    ("spam", _("宣伝、勧誘")),
    ("other", _("そのほか")),
)
LONGEST_NOTE = 500


class ReportForm(BaseForm):
    """Which messages, and what is the matter."""

    messages = SelectMultipleField(_("ひろば運営に見せるメッセージ"), validate_choice=False)
    reason = RadioField(
        _("どのようなことですか"),
        choices=[SelectChoice(value, label) for value, label in REASONS],
        validators=[DataRequired(_("あてはまるものを選んでください。迷うときは「そのほか」で大丈夫です"))],
    )
    note = TextAreaField(_("補足"), filters=[no_nul], validators=[longest(LONGEST_NOTE)])
