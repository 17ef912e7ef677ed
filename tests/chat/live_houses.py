"""Served installations with many people in a room, for tests over real sockets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from app.core.db import session
from app.core.ids import new_public_id
from app.core.operation import unit_of_work
from app.models import Member, Message, Role, Room, RoomEvent, RoomMember
from tests.chat.live import Door
from tests.conftest import World, _member
from tests.services.houses import Served, browser_of


@dataclass(frozen=True)
class Place:
    """A room of a served installation."""

    id: int
    public_id: str


def more_candidates(served: Served, count: int) -> list[str]:
    """Plant further candidates of the April cohort; gives their keys."""
    keys = [f"guest{number:04d}" for number in range(count)]
    with served.app.app_context():
        with unit_of_work():
            session.add_all(_member(key, Role.CANDIDATE, served.world.april.id) for key in keys)
        served.world = World(served.app)
    return keys


def plant_room(served: Served, keys: Sequence[str]) -> Place:
    """A small room with these people in it."""
    public_id = new_public_id()
    with served.app.app_context(), unit_of_work():
        room = Room(public_id=public_id, kind="small", name="夜ふかし")
        session.add(room)
        session.flush()
        ids = [served.world.people[key].id for key in keys]
        session.add_all(RoomMember(room_id=room.id, member_id=each) for each in ids)
        session.execute(update(Member).where(Member.id.in_(ids)).values(version=Member.version + 1))
        return Place(room.id, public_id)


def door_of(served: Served, key: str, *, port: int | None = None, origin: str | None = None) -> Door:
    """Where this person comes in."""
    cookie, csrf = browser_of(served.app, served.world, key)
    return Door(port or served.port, cookie, csrf, origin or served.address)


def stored_log(served: Served, room_id: int) -> list[tuple[int, str, str]]:
    """What the database says happened in a room."""
    with served.app.app_context():
        rows = session.execute(
            select(RoomEvent.seq, RoomEvent.kind, Message.public_id)
            .outerjoin(Message, Message.id == RoomEvent.message_id)
            .where(RoomEvent.room_id == room_id)
            .order_by(RoomEvent.seq)
        ).all()
        return [(row.seq, row.kind, row.public_id or "") for row in rows]


def stored_keys(served: Served, room_id: int) -> list[str]:
    """The client keys of a room's messages."""
    with served.app.app_context():
        return list(session.scalars(select(Message.client_key).where(Message.room_id == room_id)))


def act(served: Served, key: str, verb: Any, *args: Any, **more: Any) -> Any:
    """Call an operation as this person, in this process; other processes hear of it through Redis, if at all."""
    from app.policy import viewer_of

    with served.app.app_context():
        return verb(viewer_of(served.world.people[key].id), *args, **more)
