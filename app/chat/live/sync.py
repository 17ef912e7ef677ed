"""Catching up: a page says how far it has the log of each of its rooms, and gets what came after.

It follows the rooms first and is answered from what is read afterwards, so nothing falls between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import _
from app.core.ids import PublicId, is_public_id
from app.core.operation import end_reading
from app.core.sockets import follow, kept_about
from app.models import Room
from app.policy import Viewer, standing

from .. import log
from .fanout import channel_of

MOST_ROOMS = 200
MOST_EVENTS = 1_000  # in one answer; the rooms beyond begin afresh


@dataclass(frozen=True)
class Asked:
    """How far a page has each room, and the epoch it knows of some."""

    rooms: dict[PublicId, int]
    epochs: dict[PublicId, int]


def read_sync(payload: Mapping[str, Any]) -> Asked:
    """What was asked, strictly: ids and numbers only. Raises Invalid."""
    if set(payload) - {"rooms", "epochs"}:
        raise _unreadable()
    return Asked(_numbers(payload.get("rooms", {})), _numbers(payload.get("epochs", {})))


def _numbers(found: Any) -> dict[PublicId, int]:
    if not isinstance(found, Mapping) or len(found) > MOST_ROOMS:
        raise _unreadable()
    for key, number in found.items():
        is_number = isinstance(number, int) and not isinstance(number, bool)
        if not is_public_id(key) or not is_number or not 0 <= number <= log.HIGHEST_SEQ:
            raise _unreadable()
    return dict(found)


def _unreadable() -> Invalid:
    return Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))


def sync_rooms(viewer: Viewer, asked: Asked) -> dict[PublicId, dict[str, Any]]:
    """Room → {epoch, events, head, reset}, or {gone: true} for what is not, or no longer, theirs.

    `reset`: what the page has is of another epoch, or too old; it loads the latest page. The page follows the rooms
    from now on.
    """
    rooms = _rooms(viewer, asked)
    follow(channel_of(room.id) for room in rooms.values())
    for room in rooms.values():
        kept = kept_about(channel_of(room.id))
        if kept is not None:
            kept.setdefault("seq", room.newest_seq)  # the fan-out goes on from here
    heads = log.heads(viewer, [room.id for room in rooms.values()])
    epochs = log.epochs(viewer, list(heads))
    answer: dict[PublicId, dict[str, Any]] = {}
    room_left = MOST_EVENTS
    for key, have in asked.rooms.items():
        room = rooms.get(key)
        if room is None or room.id not in epochs:
            answer[key] = {"gone": True}
            continue
        known = asked.epochs.get(key, epochs[room.id])
        answer[key] = _caught_up(viewer, room.id, have, heads[room.id], epochs[room.id], known, room_left)
        room_left -= len(answer[key]["events"])
    return answer


def _rooms(viewer: Viewer, asked: Asked) -> dict[PublicId, Any]:
    """Those of the rooms the viewer sees. What is read afterwards is newer than this."""
    if not asked.rooms:
        return {}
    rows = session.execute(
        select(Room.id, Room.public_id, Room.newest_seq).where(
            Room.public_id.in_(list(asked.rooms)), standing("view", Room)
        ),
        viewer.binds,
    ).all()
    end_reading()
    return {row.public_id: row for row in rows}


def _caught_up(
    viewer: Viewer, room_id: int, have: int, head: int, epoch: int, known_epoch: int, most_left: int
) -> dict[str, Any]:
    answer = {"epoch": epoch, "events": [], "head": head, "reset": known_epoch != epoch}
    if answer["reset"] or head <= have:
        return answer
    if most_left <= 0:
        return {**answer, "reset": True}
    found = log.events_after(viewer, room_id, have, log.MOST_AT_ONCE)
    if found.more:
        return {**answer, "head": found.head, "reset": True}
    events = [event.as_json() for event in found.events]
    return {"epoch": found.epoch, "events": events, "head": found.head, "reset": found.epoch != known_epoch}
