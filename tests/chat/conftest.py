"""Rooms for the tests of chat, planted as rows: how rooms come about is another test's matter."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.core.db import session
from app.core.ids import new_public_id
from app.models import Group, Member, Room, RoomMember
from tests.conftest import Client, Person, World


@dataclass(frozen=True)
class PlantedRoom:
    """A room of a test."""

    id: int
    public_id: str

    @property
    def api(self) -> str:
        """Where its doors for scripts begin."""
        return f"/api/rooms/{self.public_id}"


PlantRoom = Callable[..., PlantedRoom]


@pytest.fixture
def plant_room(write: Callable[[Callable[[], Any]], Any]) -> PlantRoom:
    """Makes a room with these people in it: plant_room("small", haruka, sora, name="映画")."""

    def plant(kind: str, *people: Person, **columns: Any) -> PlantedRoom:
        public_id = new_public_id()

        def add() -> int:
            room = Room(public_id=public_id, kind=kind, **columns)
            session.add(room)
            session.flush()
            session.add_all(RoomMember(room_id=room.id, member_id=person.id) for person in people)
            ids = [person.id for person in people]
            session.execute(update(Member).where(Member.id.in_(ids)).values(version=Member.version + 1))
            return room.id

        return PlantedRoom(write(add), public_id)

    return plant


@pytest.fixture
def group_room(plant_room: PlantRoom, world: World, write: Callable[..., Any]) -> PlantedRoom:
    """The room of 班「若葉」: haruka and sora."""
    group_id = write(lambda: session.scalars(select(Group.id)).one())
    return plant_room("group", world.haruka, world.sora, group_id=group_id)


@pytest.fixture
def square_room(plant_room: PlantRoom, world: World) -> PlantedRoom:
    """A room HR made, with a block (haruka, ren) and a wall (yui and the April cohort) inside, and two of the staff."""
    people = (world.haruka, world.sora, world.ren, world.yui, world.takumi, world.jinji)
    return plant_room("place", *people, name="広場")


@pytest.fixture
def office_room(plant_room: PlantRoom, world: World) -> PlantedRoom:
    """haruka's 人事への連絡."""
    return plant_room("office", world.haruka, candidate_id=world.haruka.id)


@pytest.fixture
def direct_room(plant_room: PlantRoom, world: World) -> PlantedRoom:
    """A talk of haruka and sora."""
    low, high = sorted((world.haruka.id, world.sora.id))
    return plant_room("direct", world.haruka, world.sora, low_id=low, high_id=high)


def new_key() -> str:
    """A client key, as a browser makes it at the tap."""
    return secrets.token_hex(16)


def send_json(client: Client, path: str, payload: Any = None) -> TestResponse:
    """The answer to a script's post, with its CSRF value in the header."""
    headers = {"Origin": "http://localhost", "X-CSRF-Token": client.csrf()}
    return client.http.post(path, json={} if payload is None else payload, headers=headers)


def say(client: Client, room: PlantedRoom, body: str, **more: Any) -> dict[str, Any]:
    """Send a message through the door for scripts; gives the ack."""
    answer = send_json(client, f"{room.api}/messages", {"key": new_key(), "body": body, **more})
    assert answer.status_code == 200, answer.text
    ack: dict[str, Any] = answer.get_json()
    return ack
