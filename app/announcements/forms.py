"""The shape of what HR types about an announcement, and of the buttons around it."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, NumberRange, Optional

from app.core.forms import BaseForm, LineField, fits, longest, no_nul, required, trimmed
from app.core.i18n import _
from app.core.text import MAX_BODY_LENGTH

from .cards import Manuscript

LONGEST_TITLE = 100
LONGEST_REASON = 200
WALL_CLOCK = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]  # what browsers send for a date with a time


def _text(value: str | None) -> str:
    return value or ""


def _line(label: str, *validators: Any) -> LineField:
    return LineField(
        label,
        default="",
        filters=[trimmed, _text],
        validators=[*validators, longest(LONGEST_TITLE), fits(200)],
    )


def _body(label: str) -> TextAreaField:
    return TextAreaField(
        label,
        default="",
        filters=[no_nul, _text],
        validators=[longest(MAX_BODY_LENGTH), fits(MAX_BODY_LENGTH * 4)],
    )


class AnnouncementForm(BaseForm):
    """One announcement; tokens and files are checked by the operation."""

    title = _line(_("タイトル"), required())
    body = _body(_("本文"))
    kind = RadioField(
        _("種類"),
        choices=[SelectChoice("news", _("一般のお知らせ")), SelectChoice("procedure", _("手続きのお知らせ"))],
        default="news",
    )
    audience = SelectMultipleField(_("届ける相手"), choices=[], validate_choice=False)
    reaches_invited = BooleanField(_("招待済みで、まだ参加していない方にもメールで届ける"))
    asks_acknowledgement = BooleanField(_("「確認しました」をお願いする"))
    names_from = DateField(_("名簿表示日"), validators=[Optional()])
    remind_on = DateField(_("未確認の方へ、もう一度お知らせする日"), validators=[Optional()])
    easy_title = _line(_("タイトル（やさしい日本語）"))
    easy_body = _body(_("本文（やさしい日本語）"))
    english_title = _line(_("タイトル（English）"))
    english_body = _body(_("本文（English）"))
    files = SelectMultipleField(_("付いているファイル"), choices=[], validate_choice=False)
    attachments = MultipleFileField(_("ファイルを付ける"))
    revision = IntegerField(validators=[Optional(), NumberRange(min=0)])
    then = HiddenField(default="")


def manuscript_of(typed: dict[str, Any]) -> Manuscript:
    """What was typed, as the operations take it."""
    names = ("title", "body", "reaches_invited", "asks_acknowledgement", "names_from", "remind_on")
    variants = ("easy_title", "easy_body", "english_title", "english_body")
    return Manuscript(
        **{name: typed[name] for name in (*names, *variants)},
        is_procedure=typed["kind"] == "procedure",
        audience=tuple(typed["audience"] or ()),
        files=tuple(typed["files"] or ()),
    )


def typed_of(manuscript: Manuscript, revision: int) -> dict[str, Any]:
    """A manuscript as defaults of AnnouncementForm."""
    names = ("title", "body", "reaches_invited", "asks_acknowledgement", "names_from", "remind_on")
    variants = ("easy_title", "easy_body", "english_title", "english_body")
    return {
        **{name: getattr(manuscript, name) for name in (*names, *variants)},
        "kind": "procedure" if manuscript.is_procedure else "news",
        "audience": list(manuscript.audience),
        "files": list(manuscript.files),
        "revision": revision,
    }


class SendForm(BaseForm):
    """Send what was just checked."""

    revision = IntegerField(validators=[InputRequired()])


class EmergencyForm(SendForm):
    """Send at once, past quiet hours and budget."""

    reason = TextAreaField(
        _("緊急に送る理由"),
        filters=[no_nul, trimmed],
        validators=[required(), longest(LONGEST_REASON), fits(400)],
    )


class ScheduleForm(SendForm):
    """Send what was just checked at the moment it was checked for, on the company's clock."""

    at = DateTimeLocalField(_("送信する日時"), format=WALL_CLOCK, validators=[InputRequired()])


class MomentForm(BaseForm):
    """The moment somebody wishes to check."""

    at = DateTimeLocalField(format=WALL_CLOCK, validators=[InputRequired()])


class TemplateForm(BaseForm):
    """The name of a text to be used again."""

    name = LineField(_("テンプレートの名前"), validators=[required(), longest(30), fits(60)])
