"""Forms of the office."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from app.accounts.forms import mail_shaped
from app.core.forms import BaseForm, LineField, fits, longest, required, trimmed
from app.core.i18n import _

ROLES = (
    ("employee", _("社員")),
    ("hr", _("人事")),
    ("lead", _("人事責任者")),
    ("moderator", _("モデレーター")),
    ("desk", _("第三者相談窓口")),
    ("auditor", _("監査担当")),
    ("administrator", _("システム管理者")),
)
# The empty choice of a place: in no 班.
NO_GROUP = ""
_MAIL = {"type": "email", "autocomplete": "email", "inputmode": "email", "autocapitalize": "none"}
_CODE = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "autocapitalize": "none",
    "spellcheck": "false",
}


class OptionalLineField(LineField):
    """One line that may be left empty, or be missing from what was sent: always text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[trimmed, _text], **kwargs)


def _text(value: str | None) -> str:
    return value or ""


def offer(field: SelectField, options: Iterable[tuple[str, str]]) -> None:
    """Let a select offer these pairs of value and label."""
    field.choices = [SelectChoice(value, label) for value, label in options]


class FirstAdministratorForm(BaseForm):
    """The first member of all."""

    legal_name = LineField(_("氏名"), [required(), longest(60)])
    kana = LineField(_("フリガナ"), [required(), longest(60)])
    display_name = LineField(_("呼び名（ひろばでの表示名）"), [required(), longest(20)])
    mail = LineField(_("メールアドレス"), [required(), longest(254), mail_shaped], render_kw=_MAIL)
    password = PasswordField(_("パスワード"), [required()], render_kw={"autocomplete": "new-password"})
    code = LineField(_("認証アプリの6桁のコード"), [required(), longest(40)], render_kw=_CODE)
    accepts_rules = BooleanField(
        _("コミュニティのルールを読みました"), [required(_("ルールをお読みのうえ、チェックしてください"))]
    )


class CompanyForm(BaseForm):
    """The company's name."""

    name = LineField(_("会社名"), [required(), longest(60)])


class SizeForm(BaseForm):
    """How many candidates there will be."""

    count = IntegerField(_("内定者は何名くらいですか"), [InputRequired(_("数字で入力してください"))])


class HelpLineForm(BaseForm):
    """Whom to call."""

    help_line = OptionalLineField(_("相談窓口の電話"), [longest(100), fits(200)])


class FirstHrForm(BaseForm):
    """The first person of HR."""

    legal_name = LineField(_("氏名"), [required(), longest(60)])
    kana = OptionalLineField(_("フリガナ"), [longest(60)])
    mail = LineField(_("メールアドレス"), [required(), longest(254), mail_shaped], render_kw=_MAIL)


class FirstCohortForm(BaseForm):
    """The first cohort, with boards to begin on."""

    # A board is named after it, in a column of the same width.
    name = LineField(_("入社時期の名前"), [required(), longest(30), fits(50)])
    starts_on = DateField(_("入社日"), [InputRequired(_("日付を選んでください"))])
    opens_square = BooleanField(_("「みんなのひろば」を開く"), default=True)
    opens_cohort_board = BooleanField(_("「同期のひろば」を開く"), default=True)


class RolesForm(BaseForm):
    """What a member of staff may do."""

    roles = SelectMultipleField(
        _("役割"),
        option_widget=CheckboxInput(),
        choices=[SelectChoice(value, label) for value, label in ROLES],
    )


class CommunityForm(BaseForm):
    """What stands on every page."""

    name = LineField(_("会社名"), [required(), longest(60)])
    help_line = OptionalLineField(_("相談窓口の電話"), [longest(100), fits(200)])
