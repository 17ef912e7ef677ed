"""The shape of what is written on boards, and of what moderators and HR say about them."""

from __future__ import annotations

import re
import secrets
from itertools import starmap
from typing import Any, Self

import regex
from wtforms import Field, Form, HiddenField, IntegerField, RadioField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import NumberRange, Optional, StopValidation
from wtforms.widgets import HiddenInput

from app.core.forms import BaseForm, LineField, SubmissionForm, fits, longest, no_nul, required
from app.core.i18n import _
from app.core.ids import PublicId, is_public_id
from app.core.text import MAX_BODY_LENGTH

LONGEST_TITLE = 100  # graphemes: four lines on a 320 px screen
LONGEST_REASON = 300
MOST_IDS = 100  # in one hidden field; how many files or mentions there may be is said by the operation

# Overrides of the writing direction and controls: in one line they would reorder what stands beside it.
_UNFIT = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\s\u2800]*")


def one_line(text: str | None) -> str | None:
    """Trim, make one space of many, drop what would reorder or cannot be shown."""
    return " ".join(_UNFIT.sub("", text).split()) if text else text


def visible(_form: Form, field: Field) -> None:
    """Refuse what nobody would see: only spaces and characters without a shape."""
    if _INVISIBLE.fullmatch(field.data or ""):
        raise StopValidation(str(_("入力してください（空白だけでは送れません）")))


def is_number(_form: Form, field: Field) -> None:
    """Refuse what only a page of another kind would send."""
    if not re.fullmatch(r"[0-9]{1,9}", field.data or ""):
        raise StopValidation(str(_("画面を開き直してから、もう一度お試しください")))


class WritingForm(SubmissionForm):
    """A text to be posted once."""

    def renewed(self) -> Self:
        """The same form; shown again after a refusal, it is a new sending with a key of its own."""
        if self.errors:
            self.submission_key.data = secrets.token_hex(16)
        return self


class IdsField(Field):
    """Public ids in one hidden input, separated by spaces, or in several of the same name. What is none is left out.

    Its value is a tuple; None where the page did not send the field at all.
    """

    widget = HiddenInput()
    data: tuple[PublicId, ...] | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = "HiddenField"  # what templates ask for

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was posted apart."""
        if valuelist:
            ids = (each for value in valuelist for each in value.split())
            self.data = tuple(dict.fromkeys(each for each in ids if is_public_id(each)))[:MOST_IDS]

    def _value(self) -> str:
        return " ".join(self.data or ())


def _title() -> Any:
    return LineField(
        _("タイトル"),
        filters=[one_line],
        validators=[required(), visible, longest(LONGEST_TITLE), fits(200)],
    )


def _body(label: str) -> Any:
    return TextAreaField(
        label,
        filters=[no_nul],
        validators=[required(), visible, longest(MAX_BODY_LENGTH), fits(MAX_BODY_LENGTH * 4)],
    )


class TopicForm(WritingForm):
    """A new topic. `mentions` are the people chosen by completion, `files` uploads in their order."""

    title = _title()
    body = _body(_("本文"))
    mentions = IdsField(_("呼びかけた人"))
    files = IdsField(_("ファイル"))
    # Who reads along, as the page said it; scripts that were told nothing leave it out.
    told = HiddenField(default="")


class ReplyForm(WritingForm):
    """A reply to a topic, perhaps to one `quoted` post of it."""

    body = _body(_("コメント"))
    quoted = HiddenField(_("引用"), default="")
    mentions = IdsField(_("呼びかけた人"))
    files = IdsField(_("ファイル"))


class EditReplyForm(BaseForm):
    """What a reply is to say from now on; `revision` is the one the form was opened with."""

    revision = HiddenField(validators=[is_number])
    body = _body(_("コメント"))
    mentions = IdsField(_("呼びかけた人"))
    files = IdsField(_("ファイル"))


class EditTopicForm(BaseForm):
    """The same for a topic's title and its first post."""

    revision = HiddenField(validators=[is_number])
    title = _title()
    body = _body(_("本文"))
    mentions = IdsField(_("呼びかけた人"))
    files = IdsField(_("ファイル"))


class ReactionForm(BaseForm):
    """One of two buttons: a sign to give, or one to take back."""

    on = HiddenField(default="")
    off = HiddenField(default="")


class ArrangeForm(BaseForm):
    """What to do with a topic; the words are those of the menu."""

    act = HiddenField(default="")


class MoveForm(BaseForm):
    """The board a topic is to stand on."""

    board = RadioField(_("移す先"), choices=[], validate_choice=False)


# Kept as the sentence the moderator saw, for that is what the author is told.
QUICK_REASONS = {
    "contact": _(
        "連絡先や個人を特定できる情報が書かれていたためです。その部分を除けば、もう一度投稿できます。"
    ),
    "private": _("家族・出身・健康など、ここでは聞かないことにしている内容が含まれていたためです。"),
    "selling": _("商品や団体への勧誘と受け取れる内容が含まれていたためです。"),
    "hurt": _("読んだ方がつらく感じるおそれのある表現が含まれていたためです。"),
}


class HideForm(BaseForm):
    """Why a post is hidden: one of the usual reasons, own words, or both."""

    quick = RadioField(
        _("よくある理由"),
        choices=[*starmap(SelectChoice, QUICK_REASONS.items()), SelectChoice("", _("自分の言葉で書く"))],
        default="",
    )
    reason = TextAreaField(
        _("投稿した方への説明"), filters=[no_nul], validators=[longest(LONGEST_REASON), fits(LONGEST_REASON)]
    )

    def words(self) -> str:
        """The whole reason as the author will read it."""
        quick = str(QUICK_REASONS.get(self.quick.data or "", ""))
        return "\n".join(part for part in (quick, (self.reason.data or "").strip()) if part)


class ChangeBoardForm(BaseForm):
    """A board's words, place, readers and writers; the tokens are checked by the operation."""

    name = LineField(
        _("ひろばの名前"), filters=[one_line], validators=[required(), visible, longest(30), fits(60)]
    )
    description = TextAreaField(_("説明"), default="", filters=[no_nul], validators=[longest(200), fits(400)])
    position = IntegerField(_("並び順"), default=0, validators=[Optional(), NumberRange(0, 999)])
    readers = SelectMultipleField(_("読める人"), choices=[], validate_choice=False)
    writers = SelectMultipleField(_("書ける人"), choices=[], validate_choice=False)


class OpenBoardForm(ChangeBoardForm):
    """A new board."""

    slug = LineField(_("アドレス"), default="")
