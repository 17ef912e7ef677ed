"""The shape of what is said about rooms."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from app.core.forms import BaseForm, LineField, SubmissionForm, fits, longest, no_nul, required
from app.core.i18n import _

from .cards import ICONS

LONGEST_MESSAGE = 4_000
LONGEST_DESCRIPTION = 120

ICON_NAMES = {
    "sprout": _("芽"),
    "chat": _("ふきだし"),
    "people": _("みんな"),
    "calendar": _("カレンダー"),
    "announce": _("メガホン"),
    "helpful": _("電球"),
    "laugh": _("笑顔"),
    "thanks": _("ハート"),
    "company": _("会社"),
    "document": _("書類"),
}
REACH_CHOICES = [
    SelectChoice("nobody", _("ほかの内定者からは受け取らない")),
    SelectChoice("group", _("同じ班の人から")),
    SelectChoice("cohort", _("同期から")),
]


def _name(most: int) -> Any:
    return LineField(_("ルームの名前"), validators=[required(), longest(most), fits(60)])


def _description() -> Any:
    return TextAreaField(
        _("説明"), default="", filters=[no_nul], validators=[longest(LONGEST_DESCRIPTION), fits(400)]
    )


def _icon(default: str) -> Any:
    choices = [SelectChoice(name, ICON_NAMES[name]) for name in ICONS]
    return RadioField(_("アイコン"), choices=choices, default=default)


class SmallRoomForm(BaseForm):
    """The name, picture and description of a small room."""

    name = _name(20)
    description = _description()
    icon = _icon("sprout")


class OpenRoomForm(SmallRoomForm):
    """A small room with the people it begins with."""

    people = SelectMultipleField(_("メンバー"), choices=[], validate_choice=False)


class AddPeopleForm(BaseForm):
    """More people for a small room."""

    people = SelectMultipleField(_("メンバー"), choices=[], validate_choice=False)


class ListingForm(BaseForm):
    """How one likes to have a room listed: which way, `on` or `off`, and where to go on."""

    how = HiddenField(default="")
    to = HiddenField(default="on")
    back = HiddenField(default="about")


class FirstMessageForm(SubmissionForm):
    """The first message to somebody."""

    body = TextAreaField(
        _("メッセージ"),
        filters=[no_nul],
        validators=[required(), longest(LONGEST_MESSAGE), fits(LONGEST_MESSAGE)],
    )


class ChatChoicesForm(BaseForm):
    """Who may write to one first, and whether one comes into 班 and となりの席 by itself."""

    messages_from = RadioField(_("最初のメッセージを受け取る相手"), choices=REACH_CHOICES)
    joins_groups = BooleanField(_("班に入る"))
    joins_seats = BooleanField(_("となりの席に参加する"))


class ReachForm(BaseForm):
    """How candidates reach each other in this community."""

    direct_cap = RadioField(
        _("内定者どうしのメッセージ"),
        choices=[
            SelectChoice("nobody", _("使わない")),
            SelectChoice("group", _("同じ班まで")),
            SelectChoice("cohort", _("同期まで")),
        ],
    )
    lets_open_rooms = BooleanField(_("内定者がルームを開けるようにする"))
    fills_groups = BooleanField(_("参加した内定者を、自動で班に入れる"))
    has_seats = BooleanField(_("毎週月曜日に「となりの席」を開く"))


class PlaceForm(BaseForm):
    """One room of HR; the tokens of its audience are checked by the operation."""

    name = _name(30)
    description = _description()
    icon = _icon("people")
    audience = SelectMultipleField(_("参加できる人"), choices=[], validate_choice=False)
    is_open = RadioField(
        _("参加のしかた"),
        choices=[
            SelectChoice("no", _("はじめから全員が参加")),
            SelectChoice("yes", _("参加したい人だけ")),
        ],
        default="no",
    )
    is_announcement = BooleanField(_("人事だけが書き込めます"))
    slow_seconds = SelectField(
        _("書き込みの間隔"),
        coerce=int,
        choices=[
            SelectChoice(0, _("制限しない")),
            SelectChoice(10, _("1人につき10秒に1回")),
            SelectChoice(30, _("1人につき30秒に1回")),
            SelectChoice(60, _("1人につき1分に1回")),
            SelectChoice(300, _("1人につき5分に1回")),
        ],
        default=0,
    )
