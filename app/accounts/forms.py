"""The shape of input at the doors."""

from __future__ import annotations

from wtforms import BooleanField, Field, Form, HiddenField, IntegerField, PasswordField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, ValidationError

from app.core.forms import BaseForm, LineField, longest, required
from app.core.i18n import _

from .mails import LONGEST, checked_mail

_MAIL_WIRING = {"type": "email", "autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
_CODE_WIRING = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
_SHARED = _("共用の端末（閉じるとサインアウト）")


def mail_shaped(_form: Form, field: Field) -> None:
    """Refuse what no letter could reach."""
    if field.data and checked_mail(field.data) is None:
        raise ValidationError(str(_("メールアドレスの形をご確認ください（例：haruka@example.jp）")))


class SignInForm(BaseForm):
    """By password. What is typed is compared, not judged: any refusal has the one same sentence."""

    email = LineField(_("メールアドレス"), [required(), longest(LONGEST)], render_kw=_MAIL_WIRING)
    password = PasswordField(_("パスワード"), [required()], render_kw={"autocomplete": "current-password"})
    is_shared = BooleanField(_SHARED)
    next = HiddenField()


class LinkForm(BaseForm):
    """By a letter."""

    mail = LineField(
        _("メールアドレス"),
        [required(), longest(LONGEST), mail_shaped],
        id="link-mail",
        render_kw=_MAIL_WIRING,
    )
    is_shared = BooleanField(_SHARED, id="link-is-shared")
    next = HiddenField(id="link-next")


class MailForm(BaseForm):
    """An address of one's own, to have the password reset."""

    mail = LineField(_("メールアドレス"), [required(), longest(LONGEST), mail_shaped], render_kw=_MAIL_WIRING)


class NewMailForm(BaseForm):
    """An address to move to."""

    mail = LineField(
        _("新しいメールアドレス"),
        [required(), longest(LONGEST), mail_shaped],
        render_kw={**_MAIL_WIRING, "autocomplete": "email"},
    )


class MailCodeForm(BaseForm):
    """The 6 digits of a letter."""

    code = LineField(
        _("メールの6桁の番号"),
        [required(), longest(40)],
        render_kw={**_CODE_WIRING, "inputmode": "numeric"},
    )


class FactorCodeForm(BaseForm):
    """A code of the authenticator, or a recovery code."""

    code = LineField(
        _("確認コード（またはリカバリーコード）"), [required(), longest(40)], render_kw=_CODE_WIRING
    )


class FirstCodeForm(BaseForm):
    """The first code of a new authenticator."""

    code = LineField(
        _("アプリに表示された6桁のコード"),
        [required(), longest(40)],
        render_kw={**_CODE_WIRING, "inputmode": "numeric"},
    )


class NewPasswordForm(BaseForm):
    """A password to set."""

    new_password = PasswordField(
        _("新しいパスワード"), [required()], render_kw={"autocomplete": "new-password"}
    )


class ResetForm(NewPasswordForm):
    """A password to set from a letter; `code` is asked of those with a second factor."""

    code = LineField(
        _("確認コード（またはリカバリーコード）"), [longest(40)], default="", render_kw=_CODE_WIRING
    )


class ConfirmForm(BaseForm):
    """Who it is: the password, a code of the second factor, or the code of a letter."""

    password = PasswordField(_("パスワード"), render_kw={"autocomplete": "current-password"})
    code = LineField(_("確認コード"), [longest(40)], default="", render_kw=_CODE_WIRING)
    next = HiddenField()


class RulesForm(BaseForm):
    """The version that was read."""

    version = IntegerField(validators=[InputRequired()])


class LeaveForm(BaseForm):
    """What becomes of the name under what one has written."""

    keeps_name = RadioField(
        _("これまでの投稿の表示"),
        choices=[
            SelectChoice("no", _("「退会した方」と表示する")),
            SelectChoice("yes", _("呼び名を残す")),
        ],
        default="no",
    )
