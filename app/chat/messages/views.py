"""Doors to messages over HTTP: the twins of the sockets, and a plain form for whoever has no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, flash, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.forms import PressForm, parse, parse_payload, redisplay
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.limits import spend

from .. import log
from ..door import bp
from . import operations, queries
from .budgets import EDITING, PINNING, POLLING, REACTING, READING, SAVING
from .forms import (
    CatchUpForm,
    EditForm,
    HeadsForm,
    OlderForm,
    PinForm,
    PlainSendForm,
    ReactForm,
    ReadForm,
    SaveForm,
    SendForm,
)


def _payload() -> Any:
    """What a script sent as JSON; None where it is none, which no form takes."""
    return request.get_json(silent=True)


def _asked() -> Mapping[str, str]:
    """What the address asks for."""
    return request.args.to_dict()


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/api/rooms/<id:room_id>/events")
def room_events(room_id: PublicId) -> Response:
    """What I missed in a room after a place in its log: the same events as are pushed, oldest first."""
    asked = parse_payload(CatchUpForm, _asked())
    spend(POLLING, g.viewer.public_id)
    missed = log.events_after(g.viewer, log.room_key(g.viewer, room_id), asked["after"], asked["limit"])
    return jsonify(
        ok=True,
        events=[event.as_json() for event in missed.events],
        head=missed.head,
        more=missed.more,
        epoch=missed.epoch,
    )


@bp.get("/api/rooms/<id:room_id>/messages")
def room_messages(room_id: PublicId) -> Response:
    """The latest page of a room's log, or the page before a message."""
    asked = parse_payload(OlderForm, _asked())
    spend(POLLING, g.viewer.public_id)
    found = queries.log_page(g.viewer, room_id, before=asked["before"] or None)
    return jsonify(ok=True, **found.as_json())


@bp.get("/api/rooms/heads")
def room_heads() -> Response:
    """Whether something happened in the rooms I follow: their newest seqs."""
    asked = parse_payload(HeadsForm, _asked())
    spend(POLLING, g.viewer.public_id)
    return jsonify(ok=True, rooms=queries.heads(g.viewer, asked["ids"]))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.post("/api/rooms/<id:room_id>/messages")
def send_message(room_id: PublicId) -> Response:
    """Say something; the same key twice is one message."""
    typed = parse_payload(SendForm, _payload())
    return jsonify(operations.send_message(g.viewer, room_id, **typed).as_json())


def _room_again(room_id: PublicId) -> Any:
    """The room's page, with what was typed."""
    return current_app.view_functions["chat.room"](room_id=room_id)


@bp.post("/rooms/<id:room_id>/messages")
@redisplay(_room_again)
def send_plainly(room_id: PublicId) -> Response:
    """Say something without a script: the form of the room's page."""
    typed = parse(PlainSendForm)
    key = operations.sound_key(typed.pop("submission_key"))
    operations.send_message(g.viewer, room_id, key=key, **typed)
    return redirect(f"/rooms/{room_id}#newest", 303)


@bp.post("/api/rooms/<id:room_id>/messages/<id:message_id>/edit")
def edit_message(room_id: PublicId, message_id: PublicId) -> Response:
    """Change what my message says."""
    typed = parse_payload(EditForm, _payload())
    spend(EDITING, g.viewer.public_id)
    return jsonify(ok=True, seq=operations.edit_message(g.viewer, room_id, message_id, **typed))


@bp.post("/api/rooms/<id:room_id>/messages/<id:message_id>/unsend")
def unsend_message(room_id: PublicId, message_id: PublicId) -> Response:
    """Take my message back."""
    parse_payload(PressForm, _payload())
    spend(EDITING, g.viewer.public_id)
    return jsonify(ok=True, seq=operations.unsend_message(g.viewer, room_id, message_id))


@bp.post("/api/rooms/<id:room_id>/messages/<id:message_id>/reactions")
def react_to_message(room_id: PublicId, message_id: PublicId) -> Response:
    """Give a sign to a message, or take it back."""
    typed = parse_payload(ReactForm, _payload())
    spend(REACTING, g.viewer.public_id)
    operations.set_reaction(g.viewer, room_id, message_id, **typed)
    return jsonify(ok=True)


@bp.post("/api/rooms/<id:room_id>/messages/<id:message_id>/saved")
def save_message(room_id: PublicId, message_id: PublicId) -> Response:
    """Keep a message for myself, or no longer."""
    typed = parse_payload(SaveForm, _payload())
    spend(SAVING, g.viewer.public_id)
    operations.set_saved(g.viewer, room_id, message_id, **typed)
    return jsonify(ok=True)


@bp.post("/messages/<id:message_id>/save")
def keep_message(message_id: PublicId) -> Response:
    """Keep a message for myself, without a script."""
    parse(PressForm)
    spend(SAVING, g.viewer.public_id)
    operations.set_saved(g.viewer, None, message_id, on=True)
    flash(t("保存しました。マイページの「保存したもの」で読めます"))
    return redirect(url_for(".message_acts", message_id=message_id), 303)


@bp.post("/messages/<id:message_id>/unsave")
def drop_message(message_id: PublicId) -> Response:
    """Keep it no longer; back to the list of what I keep, if the button stood there."""
    parse(PressForm)
    spend(SAVING, g.viewer.public_id)
    operations.set_saved(g.viewer, None, message_id, on=False)
    if request.args.get("from") == "saved":
        return redirect("/me/saved?of=messages", 303)
    flash(t("保存をやめました"))
    return redirect(url_for(".message_acts", message_id=message_id), 303)


@bp.post("/api/rooms/<id:room_id>/pin")
def pin_message(room_id: PublicId) -> Response:
    """Let a message stand above the room, or none."""
    typed = parse_payload(PinForm, _payload())
    spend(PINNING, g.viewer.public_id)
    if typed["message"]:
        operations.pin_message(g.viewer, room_id, typed["message"])
    else:
        operations.unpin_message(g.viewer, room_id)
    return jsonify(ok=True)


@bp.post("/api/rooms/<id:room_id>/read")
def read_room(room_id: PublicId) -> Response:
    """I have read up to here; nobody else ever hears of it."""
    typed = parse_payload(ReadForm, _payload())
    spend(READING, g.viewer.public_id)
    return jsonify(ok=True, seq=operations.move_bookmark(g.viewer, room_id, **typed))
