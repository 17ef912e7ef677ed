"""The shape of what is said in rooms, the same for sockets and for HTTP."""

from __future__ import annotations

import re
from typing import Any

import regex
from wtforms import BooleanField, Field, Form, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, StopValidation
from wtforms.widgets import HiddenInput

from app.core.forms import BaseForm, SubmissionForm, fits, longest, no_nul
from app.core.i18n import _
from app.core.ids import PublicId, is_public_id

from ..cards import STAMP_WORDS
from ..log import HIGHEST_SEQ, MOST_AT_ONCE

LONGEST_BODY = 4_000  # characters as people count them
MOST_IDS = 100  # in one field; how many files or mentions there may be is said by the operation

_KEY = re.compile(r"[0-9a-f]{32}")
_DIGITS = re.compile(r"[0-9]{1,19}")
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\s\u2800]*")
_REOPEN = _("内容を読み取れませんでした。画面を開き直してください。")


class IdsField(Field):
    """Public ids in one text, separated by commas. Its value is a tuple; anything else than ids is refused."""

    widget = HiddenInput()
    data: tuple[PublicId, ...]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was sent apart."""
        ids = tuple(
            dict.fromkeys(each.strip() for value in valuelist for each in value.split(",") if each.strip())
        )
        if len(ids) > MOST_IDS or not all(map(is_public_id, ids)):
            raise ValueError(str(_REOPEN))
        self.data = ids

    def _value(self) -> str:
        return ",".join(self.data or ())


class WholeNumberField(Field):
    """A number written with digits only, between `least` and `most`: however long it is, nothing overflows."""

    widget = HiddenInput()
    data: int | None

    def __init__(self, *args: Any, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        for text in valuelist:
            if not _DIGITS.fullmatch(text) or not self.least <= int(text) <= self.most:
                raise ValueError(str(_REOPEN))
            self.data = int(text)

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


def is_key(_form: Form, field: Field) -> None:
    """Refuse what no client of ours makes: a key is 128 random bits."""
    if not _KEY.fullmatch(field.data or ""):
        raise StopValidation(str(_REOPEN))


def is_id_or_none(_form: Form, field: Field) -> None:
    """A public id, or nothing."""
    if field.data and not is_public_id(field.data):
        raise StopValidation(str(_REOPEN))


def is_stamp_or_none(_form: Form, field: Field) -> None:
    """One of our stamps, or nothing."""
    if field.data and field.data not in STAMP_WORDS:
        raise StopValidation(str(_("このスタンプはありません。画面を開き直してください。")))


def _body() -> Any:
    return TextAreaField(
        _("メッセージ"),
        default="",
        filters=[no_nul],
        validators=[longest(LONGEST_BODY), fits(LONGEST_BODY * 4)],
    )


def is_blank(text: str | None) -> bool:
    """Whether nobody would see anything of it: only spaces and characters without a shape."""
    return _INVISIBLE.fullmatch(text or "") is not None


class SayForm(BaseForm):
    """What is said: a text, perhaps with files, or a stamp alone."""

    body = _body()
    reply_to = StringField(_("返信"), default="", validators=[is_id_or_none])
    stamp = StringField(_("スタンプ"), default="", validators=[is_stamp_or_none])
    files = IdsField(_("ファイル"), default=())
    mentions = IdsField(_("呼びかけた人"), default=())

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field for itself, then that there is something to send and a stamp stands alone."""
        if not super().validate(extra_validators):
            return False
        has_words = not is_blank(self.body.data)
        if self.stamp.data and (has_words or self.files.data):
            self.body.errors = (str(_("スタンプは、文章やファイルとは別に送ってください")),)
        elif not (has_words or self.stamp.data or self.files.data):
            self.body.errors = (str(_("メッセージを入力してください（空白だけでは送れません）")),)
        return not self.body.errors


class SendForm(SayForm):
    """A message of a script: `key` is made at the tap and stays the same however often it is tried."""

    key = StringField(_("送信の番号"), default="", validators=[is_key])


class PlainSendForm(SayForm, SubmissionForm):
    """A message of a page without script."""


class EditForm(BaseForm):
    """What a message is to say from now on."""

    body = _body()
    mentions = IdsField(_("呼びかけた人"), default=())

    def validate(self, extra_validators: Any = None) -> bool:
        """A message that says nothing is taken back instead."""
        if not super().validate(extra_validators):
            return False
        if is_blank(self.body.data):
            self.body.errors = (str(_("メッセージを入力してください。消したいときは、送信取消を選べます")),)
        return not self.body.errors


class ReactForm(BaseForm):
    """A sign to give (`on`), or to take back."""

    name = StringField(_("リアクション"), default="")
    on = BooleanField(_("付ける"))


class ReadForm(BaseForm):
    """How far the room was read."""

    seq = WholeNumberField(_("しおり"), least=0, most=HIGHEST_SEQ, validators=[InputRequired(_REOPEN)])


class PinForm(BaseForm):
    """The message that is to stand above the room; nothing takes it down."""

    message = StringField(_("メッセージ"), default="", validators=[is_id_or_none])


class SaveForm(BaseForm):
    """Keep a message for oneself (`on`), or no longer."""

    on = BooleanField(_("保存する"))


class CatchUpForm(BaseForm):
    """From where on, and how much at once."""

    after = WholeNumberField(_("どこから"), least=0, most=HIGHEST_SEQ, default=0)
    limit = WholeNumberField(_("件数"), least=1, most=MOST_AT_ONCE, default=MOST_AT_ONCE)


class OlderForm(BaseForm):
    """The page before a message; none: the latest."""

    before = HiddenField(_("どこから"), default="", validators=[is_id_or_none])


class HeadsForm(BaseForm):
    """The rooms a client follows."""

    ids = IdsField(_("ルーム"), default=())
