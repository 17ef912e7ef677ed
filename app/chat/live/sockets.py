"""Doors to rooms over sockets: the same forms, limits and operations as over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.core.forms import PressForm, parse_payload
from app.core.i18n import _
from app.core.ids import is_public_id
from app.core.sockets import Payload, handles
from app.policy.viewer import Viewer

from ..messages import operations
from ..messages.budgets import EDITING, POLLING, REACTING, READING
from ..messages.forms import EditForm, ReactForm, ReadForm, SendForm
from .sync import read_sync, sync_rooms


@handles("rooms:sync", budget=POLLING)
def sync(viewer: Viewer, payload: Payload) -> Mapping[str, Any]:
    """What I missed in my rooms; from now on this page hears of them."""
    return {"rooms": sync_rooms(viewer, read_sync(payload))}


@handles("message:send", budget=None)  # the operation counts, and a repeated try never
def send_message(viewer: Viewer, payload: Payload) -> Mapping[str, Any]:
    """Say something; the same key twice is one message."""
    (room_id,), rest = _places(payload, "room")
    return operations.send_message(viewer, room_id, **parse_payload(SendForm, rest)).as_json()


@handles("message:edit", budget=EDITING)
def edit_message(viewer: Viewer, payload: Payload) -> Mapping[str, Any]:
    """Change what my message says."""
    (room_id, message_id), rest = _places(payload, "room", "message")
    return {"seq": operations.edit_message(viewer, room_id, message_id, **parse_payload(EditForm, rest))}


@handles("message:unsend", budget=EDITING)
def unsend_message(viewer: Viewer, payload: Payload) -> Mapping[str, Any]:
    """Take my message back."""
    (room_id, message_id), rest = _places(payload, "room", "message")
    parse_payload(PressForm, rest)
    return {"seq": operations.unsend_message(viewer, room_id, message_id)}


@handles("message:react", budget=REACTING)
def react_to_message(viewer: Viewer, payload: Payload) -> None:
    """Give a sign to a message, or take it back."""
    (room_id, message_id), rest = _places(payload, "room", "message")
    operations.set_reaction(viewer, room_id, message_id, **parse_payload(ReactForm, rest))


@handles("room:read", budget=READING)
def read_room(viewer: Viewer, payload: Payload) -> Mapping[str, Any]:
    """I have read up to here; nobody else ever hears of it."""
    (room_id,), rest = _places(payload, "room")
    return {"seq": operations.move_bookmark(viewer, room_id, **parse_payload(ReadForm, rest))}


def _places(payload: Payload, *names: str) -> tuple[list[str], dict[str, Any]]:
    """The ids a payload names, which over HTTP stand in the address, and the rest of it. Raises Invalid."""
    ids = [payload.get(name) for name in names]
    if not all(isinstance(each, str) and is_public_id(each) for each in ids):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    return [str(each) for each in ids], {name: value for name, value in payload.items() if name not in names}
