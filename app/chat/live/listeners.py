"""What open pages are told when a room moves, and when somebody comes into one or leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core.bus import on_gap, publish, subscribes
from app.core.db import session
from app.core.events import hints
from app.core.lane import Lane
from app.core.sockets import followed, kept_about, pages_of, tell, unfollow
from app.models import Room
from app.policy import viewers_now

from .. import log
from ..events import RoomJoined, RoomLeft, RoomMoved
from .fanout import channel_of, lane


@hints(RoomMoved)
def say_that_room_moved(fact: RoomMoved) -> None:
    """Every process looks for itself."""
    publish("rooms:moved", {"room": fact.room_id})


@subscribes("rooms:moved")
def look_at_room(told: Mapping[str, Any]) -> None:
    """Have those told who follow it here, if there are any."""
    if kept_about(channel_of(told["room"])) is not None:
        lane.add([told["room"]])


@on_gap
def look_at_every_room() -> None:
    """Other processes may have said something that did not arrive."""
    lane.add(name[1] for name in followed() if isinstance(name, tuple) and name[0] == "room")


@hints(RoomJoined)
def say_who_joined(fact: RoomJoined) -> None:
    """Every process tells the pages it holds."""
    publish("rooms:joined", {"room": fact.room_id, "members": list(fact.member_ids)})


@subscribes("rooms:joined")
def tell_who_joined(told: Mapping[str, Any]) -> None:
    """Their open pages may list the room."""
    _arrivals.add((told["room"], member_id) for member_id in pages_of(told["members"]))


def _tell_of_room(arrival: tuple[int, int]) -> None:
    """A room is new to this member, or theirs again."""
    room_id, member_id = arrival
    viewer = viewers_now([member_id]).get(member_id)
    if viewer is None or room_id not in viewer.room_ids:
        return
    head = log.heads(viewer, [room_id]).get(room_id)
    if head is not None:
        key = session.scalars(select(Room.public_id).where(Room.id == room_id)).one()
        tell(pages_of([member_id]).get(member_id, ()), "room:heads", {"rooms": {key: head}})


_arrivals = Lane("arrivals", _tell_of_room)


@hints(RoomLeft)
def say_who_left(fact: RoomLeft) -> None:
    """Every process takes their pages off the room at once."""
    key = session.scalar(select(Room.public_id).where(Room.id == fact.room_id))
    publish("rooms:left", {"room": fact.room_id, "key": key, "members": list(fact.member_ids)})


@subscribes("rooms:left")
def part_from_room(told: Mapping[str, Any]) -> None:
    """They hear nothing more of it, but that it is gone."""
    unfollow(channel_of(told["room"]), told["members"])
    for sids in pages_of(told["members"]).values():
        tell(sids, "room:heads", {"rooms": {told["key"]: None}})
