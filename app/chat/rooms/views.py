"""Doors to rooms: the list, what stands about one, small rooms, talks of two, one's choices, HR's rooms."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import NotFound
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.web import page

from ..door import bp
from ..seats import operations as seats
from ..seats.queries import gathering, joining
from . import operations, queries
from .forms import (
    AddPeopleForm,
    ChatChoicesForm,
    FirstMessageForm,
    ListingForm,
    OpenRoomForm,
    PlaceForm,
    ReachForm,
    SmallRoomForm,
)

_SLOWER = _("変更が続いたため、いったん止めています。時間をおいてもう一度お試しください。")
OPENING = Budget("opening rooms", "10/hour;30/day", _SLOWER)
# Somebody who writes to everybody is not what a first message is for.
FIRST_WORDS = Budget(
    "first messages",
    "20/hour;60/day",
    _("短い時間にたくさん送信されました。少し時間をおいてください。書いた内容は、下に残してあります。"),
)
LISTING = Budget("listing rooms", "60/minute;600/hour", _SLOWER)
COMING = Budget("coming and going", "60/hour", _SLOWER)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/rooms")
def rooms() -> str:
    """My rooms."""
    return page("chat/rooms.html", page=queries.rooms_page(g.viewer))


@bp.get("/rooms/hidden")
def hidden_rooms() -> str:
    """The rooms I have hidden from the list."""
    return page("chat/hidden_rooms.html", page=queries.rooms_page(g.viewer))


@bp.get("/rooms/<id:room_id>/about")
def about_room(room_id: PublicId) -> str:
    """Who is in a room and who reads it."""
    return page("chat/about.html", page=queries.about_page(g.viewer, room_id))


@bp.post("/rooms/<id:room_id>/listing")
def list_room(room_id: PublicId) -> Response:
    """Mute a room, rest from it, hide it or keep it on top: for me alone."""
    typed = parse(ListingForm)
    spend(LISTING, g.viewer.public_id)
    how, is_on = typed["how"], typed["to"] == "on"
    operations.list_room(g.viewer, room_id, how=how, is_on=is_on)
    flash(_LISTED[how, is_on]())
    if typed["back"] == "rooms" or (how == "hidden" and is_on):
        return redirect(url_for(".rooms"), 303)
    return redirect(url_for(".about_room", room_id=room_id), 303)


_LISTED = {
    ("muted", True): lambda: t("このルームの通知を止めました"),
    ("muted", False): lambda: t("このルームの通知を再開しました"),
    ("paused", True): lambda: t("このルームをしばらく休みます。ほかの人には知らされません"),
    ("paused", False): lambda: t("このルームに戻りました"),
    ("hidden", True): lambda: t("一覧から隠しました。新しいメッセージが届くと、また表示されます"),
    ("hidden", False): lambda: t("一覧に戻しました"),
    ("pinned", True): lambda: t("一覧の上に固定しました"),
    ("pinned", False): lambda: t("固定を外しました"),
}


@bp.post("/rooms/<id:room_id>/join")
def join_room(room_id: PublicId) -> Response:
    """Come into a room, or back."""
    parse(PressForm)
    spend(COMING, g.viewer.public_id)
    operations.join_room(g.viewer, room_id)
    return redirect(_room_address(room_id), 303)


@bp.post("/rooms/<id:room_id>/leave")
def leave_room(room_id: PublicId) -> Response:
    """Go out of a room."""
    parse(PressForm)
    spend(COMING, g.viewer.public_id)
    operations.leave_room(g.viewer, room_id)
    flash(t("ルームを退出しました"))
    return redirect(url_for(".rooms"), 303)


def _room_address(room_id: PublicId) -> str:
    return f"/rooms/{room_id}"


# ── small rooms ──────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/rooms/new")
def new_room() -> str:
    """Choose people for a small room; with `step=name` the form of its name."""
    chosen = _chosen()
    is_next = request.args.get("step") == "name"
    if is_next and chosen:
        return _naming(chosen)
    found = queries.choose_page(g.viewer, request.args.get("q", ""), chosen)
    return page("chat/choose.html", page=found, is_nobody=is_next)


def _chosen() -> list[PublicId]:
    return [each for each in request.args.getlist("people") if is_public_id(each)]


def _naming(chosen: list[PublicId]) -> str:
    found = queries.choose_page(g.viewer, "", chosen)
    return page("chat/new_room.html", page=found, form=blank(OpenRoomForm, people=chosen))


def _name_again() -> str:
    return _naming([each for each in request.form.getlist("people") if is_public_id(each)])


@bp.post("/rooms/new")
@redisplay(_name_again)
def open_room() -> Response:
    """Open a small room."""
    typed = parse(OpenRoomForm)
    spend(OPENING, g.viewer.public_id)
    room_id = operations.open_room(g.viewer, **{**typed, "people": typed["people"] or ()})
    return redirect(_room_address(room_id), 303)


@bp.get("/rooms/<id:room_id>/edit")
def edit_room(room_id: PublicId) -> str:
    """The form of my small room."""
    face = queries.kept_face(g.viewer, room_id)
    frame = queries.room_frame(g.viewer, room_id)
    form = blank(SmallRoomForm, name=face.name, icon=face.icon, description=frame.description)
    return page("chat/edit_room.html", face=face, form=form)


@bp.post("/rooms/<id:room_id>/edit")
@redisplay(edit_room)
def change_room(room_id: PublicId) -> Response:
    """Change my small room."""
    typed = parse(SmallRoomForm)
    spend(OPENING, g.viewer.public_id)
    operations.change_room(g.viewer, room_id, **typed)
    flash(t("ルームの設定を保存しました"))
    return redirect(url_for(".about_room", room_id=room_id), 303)


@bp.get("/rooms/<id:room_id>/people")
def choose_more(room_id: PublicId) -> str:
    """Choose people to ask into my small room."""
    return _choosing_more(room_id, request.args.get("q", ""), _chosen())


def _choosing_more(room_id: PublicId, query: str, chosen: list[PublicId]) -> str:
    found = queries.choose_page(g.viewer, query, chosen, room_id)
    return page("chat/add_people.html", page=found, form=blank(AddPeopleForm, people=chosen))


def _choose_more_again(room_id: PublicId) -> str:
    return _choosing_more(
        room_id, "", [each for each in request.form.getlist("people") if is_public_id(each)]
    )


@bp.post("/rooms/<id:room_id>/people")
@redisplay(_choose_more_again)
def add_people(room_id: PublicId) -> Response:
    """Ask people into my small room."""
    typed = parse(AddPeopleForm)
    spend(OPENING, g.viewer.public_id)
    operations.add_people(g.viewer, room_id, typed["people"] or ())
    flash(t("ルームに加えました"))
    return redirect(url_for(".about_room", room_id=room_id), 303)


# ── talks of two ─────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/people/<id:person_id>/message")
def message_person(person_id: PublicId) -> str | Response:
    """Write to somebody for the first time; where the two talk already, their room."""
    room_id = queries.talk_with(g.viewer, person_id)
    return _first_message(person_id) if room_id is None else redirect(_room_address(room_id), 303)


def _first_message(person_id: PublicId) -> str:
    person = queries.person_to_message(g.viewer, person_id)
    is_request = g.viewer.is_candidate and not person.is_staff
    return page("chat/message.html", person=person, form=blank(FirstMessageForm), is_request=is_request)


@bp.post("/people/<id:person_id>/message")
@redisplay(_first_message)
def begin_talk(person_id: PublicId) -> Response:
    """Send the first message."""
    typed = parse(FirstMessageForm)
    spend(FIRST_WORDS, g.viewer.public_id)
    room_id = operations.begin_talk(g.viewer, person_id, body=typed["body"], key=typed["submission_key"])
    return redirect(_room_address(room_id), 303)


@bp.post("/rooms/<id:room_id>/accept")
def accept_request(room_id: PublicId) -> Response:
    """Talk with somebody who asked."""
    parse(PressForm)
    operations.accept_request(g.viewer, room_id)
    return redirect(_room_address(room_id), 303)


@bp.post("/rooms/<id:room_id>/decline")
def decline_request(room_id: PublicId) -> Response:
    """Do not answer somebody who asked; they are not told."""
    parse(PressForm)
    operations.decline_request(g.viewer, room_id)
    flash(t("リクエストを一覧から消しました。相手には知らされません"))
    return redirect(url_for(".rooms"), 303)


@bp.get("/me/chat")
def chat_choices() -> str:
    """My choices about トーク."""
    mine = joining(g.viewer)
    form = blank(
        ChatChoicesForm,
        messages_from=queries.messages_from(g.viewer),
        joins_groups=mine.joins_groups,
        joins_seats=mine.joins_seats,
    )
    return page("chat/choices.html", form=form, is_candidate=g.viewer.is_candidate)


@bp.post("/me/chat")
@redisplay(chat_choices)
def change_chat_choices() -> Response:
    """Save my choices."""
    typed = parse(ChatChoicesForm)
    operations.choose_messages_from(g.viewer, messages_from=typed.pop("messages_from"))
    seats.choose_joining(g.viewer, **typed)
    flash(t("トークの設定を保存しました"))
    return redirect(url_for(".chat_choices"), 303)


# ── rooms of HR ──────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/rooms")
def office_rooms() -> str:
    """Every room of HR, and how candidates reach each other."""
    reach = queries.reach(g.viewer)
    ours = gathering(g.viewer)
    form = blank(
        ReachForm,
        direct_cap=reach.direct_cap,
        lets_open_rooms=reach.lets_open_rooms,
        fills_groups=ours.fills_groups,
        has_seats=ours.has_seats,
    )
    return page("chat/office_rooms.html", rooms=queries.office_rooms(g.viewer), form=form)


@bp.post("/hr/rooms")
@redisplay(office_rooms)
def change_reach() -> Response:
    """Save how candidates reach each other."""
    typed = parse(ReachForm)
    reach = {name: typed.pop(name) for name in ("direct_cap", "lets_open_rooms")}
    operations.change_reach(g.viewer, **reach)
    seats.change_gathering(g.viewer, **typed)
    flash(t("トークの設定を保存しました"))
    return redirect(url_for(".office_rooms"), 303)


@bp.get("/hr/rooms/new")
def new_place() -> str:
    """The form for a new room of HR."""
    found = queries.office_room_page(g.viewer)
    return page("chat/office_room.html", page=found, form=blank(PlaceForm, audience=[]))


@bp.post("/hr/rooms/new")
@redisplay(new_place)
def open_place() -> Response:
    """Open a room of HR."""
    operations.open_place(g.viewer, **_place(parse(PlaceForm)))
    flash(t("ルームを開きました"))
    return redirect(url_for(".office_rooms"), 303)


@bp.get("/hr/rooms/<id:room_id>")
def edit_place(room_id: PublicId) -> str:
    """The form of one room of HR."""
    found = queries.office_room_page(g.viewer, room_id)
    if found.face is None:
        raise NotFound()
    form = blank(
        PlaceForm,
        name=found.face.name,
        description=found.description,
        icon=found.face.icon,
        audience=list(found.chosen),
        is_open="yes" if found.is_open else "no",
        is_announcement=found.is_announcement,
        slow_seconds=found.slow_seconds,
    )
    return page("chat/office_room.html", page=found, form=form)


@bp.post("/hr/rooms/<id:room_id>")
@redisplay(edit_place)
def change_place(room_id: PublicId) -> Response:
    """Change a room of HR."""
    operations.change_place(g.viewer, room_id, **_place(parse(PlaceForm)))
    flash(t("ルームの設定を保存しました"))
    return redirect(url_for(".office_rooms"), 303)


def _place(typed: dict[str, Any]) -> dict[str, Any]:
    return {**typed, "is_open": typed["is_open"] == "yes", "audience": typed["audience"] or ()}


@bp.post("/hr/rooms/<id:room_id>/archive")
def archive_place(room_id: PublicId) -> Response:
    """Put a room of HR away."""
    parse(PressForm)
    operations.archive_place(g.viewer, room_id)
    flash(t("ルームを終了しました。これまでの会話は、メンバーが読めます"))
    return redirect(url_for(".office_rooms"), 303)


@bp.post("/hr/rooms/<id:room_id>/reopen")
def reopen_place(room_id: PublicId) -> Response:
    """Take it out again."""
    parse(PressForm)
    operations.reopen_place(g.viewer, room_id)
    flash(t("ルームを再開しました"))
    return redirect(url_for(".office_rooms"), 303)
