"""Two processes of one installation: what is said on one is told on the other, and who is sent away is sent away on both."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import update

from app.accounts.operations import end_every_session, suspend_member
from app.chat.rooms.operations import leave_room
from app.core import bus
from app.core.db import session
from app.core.operation import unit_of_work
from app.models import Member
from app.people.operations import block_person
from tests.chat.live import Connection, play
from tests.chat.live_houses import Place, act, door_of, more_candidates, plant_room
from tests.services.houses import Served, another, serving


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two processes over PostgreSQL and Redis; `port` is the first one's."""
    folder = tmp_path_factory.mktemp("two")
    url: str = request.getfixturevalue("new_postgres_url")()
    redis: str = request.getfixturevalue("redis_url")
    with serving(folder, url, TSUBOMI_ASYNC_MODE="gevent", TSUBOMI_REDIS_URL=redis) as server:
        more_candidates(server, 6)
        with another(server) as port:
            server.environ["SECOND_PORT"] = str(port)
            yield server


@pytest.fixture
def third(served: Served) -> Iterator[None]:
    """This process, which holds no page, on the bus of the two: what a job or a command does reaches them."""
    bus.install_bus(served.app, served.environ["TSUBOMI_REDIS_URL"])
    yield
    bus.install_bus(served.app, None)


async def _enter(served: Served, key: str, room: Place, *, second: bool = False) -> Connection:
    port = int(served.environ["SECOND_PORT"]) if second else served.port
    connection = await Connection.open(door_of(served, key, port=port))
    assert (await connection.ask("rooms:sync", {"rooms": {room.public_id: 0}}))["ok"]
    return connection


async def _says(connection: Connection, room: Place, body: str) -> Any:
    key = secrets.token_hex(16)
    return await connection.ask("message:send", {"room": room.public_id, "key": key, "body": body})


async def _next(connection: Connection, seconds: float = 5) -> Any:
    return await asyncio.wait_for(connection.told.get(), seconds)


async def _hears_nothing(connection: Connection) -> None:
    with pytest.raises(TimeoutError):
        await _next(connection, 0.7)


def test_what_is_said_on_one_is_told_on_the_other(served: Served) -> None:
    room = plant_room(served, ["guest0000", "guest0001"])

    async def scene() -> None:
        here, there = (
            await _enter(served, "guest0000", room),
            await _enter(served, "guest0001", room, second=True),
        )
        first = await _says(here, room, "こちらから")
        second = await _says(there, room, "そちらから")
        for page in (here, there):
            told = [(await _next(page))[1] for _each in range(2)]
            assert [(each["seq"], each["prev"]) for each in told] == [
                (first["seq"], 0),
                (second["seq"], first["seq"]),
            ]

    play(scene())


@pytest.mark.parametrize("what", ["sign out everywhere", "suspend"])
def test_revocation_closes_the_sockets_of_both(served: Served, third: None, what: str) -> None:
    key = {"suspend": "guest0002", "sign out everywhere": "sora"}[what]
    room = plant_room(served, [key, "takumi"])

    async def scene() -> None:
        pages = [await _enter(served, key, room, second=second) for second in (False, True)]
        other = await _enter(served, "takumi", room, second=True)
        if what == "suspend":
            person = served.world.people[key].public_id
            await asyncio.to_thread(act, served, "admin", suspend_member, person, reason="確認のため")
        else:
            await asyncio.to_thread(act, served, key, end_every_session)
        for page in pages:
            assert await _next(page) == ("session:ended", {})
            assert await _next(page) is None
        said = await _says(other, room, "残っています")
        assert said["ok"], said

    play(scene())


def test_leaving_a_room_stops_it_on_both_and_closes_nothing(served: Served, third: None) -> None:
    room = plant_room(served, ["guest0003", "takumi", "naomi"])

    async def scene() -> None:
        pages = [await _enter(served, "guest0003", room, second=second) for second in (False, True)]
        other = await _enter(served, "takumi", room)
        await asyncio.to_thread(act, served, "guest0003", leave_room, room.public_id)
        for page in pages:
            assert await _next(page) == ("room:heads", {"rooms": {room.public_id: None}})
        said = await _says(other, room, "もう聞こえない")
        assert said["ok"], said
        for page in pages:
            await _hears_nothing(page)
            assert (await _says(page, room, "?"))["code"] == "not_found"

    play(scene())


def test_a_block_in_a_shared_room_works_on_both_at_once(served: Served, third: None) -> None:
    room = plant_room(served, ["guest0004", "guest0005", "takumi"])

    async def scene() -> None:
        hers = [await _enter(served, "guest0004", room, second=second) for second in (False, True)]
        his = await _enter(served, "guest0005", room, second=True)
        person = served.world.people["guest0005"].public_id
        await asyncio.to_thread(act, served, "guest0004", block_person, person)
        said = await _says(his, room, "見えない")
        assert said["ok"], said
        for page in hers:
            await _hears_nothing(page)
        assert (await _next(his))[1]["message"]["body"] == "見えない"

    play(scene())


def test_a_suspension_nobody_hears_of_still_tells_nothing_more(served: Served) -> None:
    """The hint is lost; the policy is asked with each push, and the session with each event."""
    room = plant_room(served, ["yui", "takumi", "naomi"])

    async def scene() -> None:
        yui, other = await _enter(served, "yui", room, second=True), await _enter(served, "naomi", room)

        def suspend() -> None:
            from app.core.clock import now

            with served.app.app_context(), unit_of_work():
                which = Member.id == served.world.yui.id
                session.execute(
                    update(Member).where(which).values(suspended_at=now(), version=Member.version + 1)
                )

        await asyncio.to_thread(suspend)
        said = await _says(other, room, "秘密")
        assert said["ok"], said
        await _hears_nothing(yui)
        assert (await _says(yui, room, "途中"))["code"] == "signed_out"
        assert await _next(yui) is None

    play(scene())


def test_a_session_ended_while_nobody_could_be_told_ends_when_they_can(
    served: Served, third: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis answers nobody for a moment, so the hint is lost; whoever lost it owns up."""
    monkeypatch.setattr(bus, "REST_SECONDS", 0.1)
    room = plant_room(served, ["ren", "takumi"])
    redis = Redis.from_url(served.environ["TSUBOMI_REDIS_URL"])

    async def scene() -> None:
        page = await _enter(served, "ren", room, second=True)
        redis.execute_command("CLIENT", "PAUSE", "1500", "WRITE")
        await asyncio.to_thread(act, served, "ren", end_every_session)
        await asyncio.to_thread(redis.execute_command, "CLIENT", "UNPAUSE")
        await asyncio.sleep(0.2)
        other = await _enter(served, "takumi", room)
        said = await _says(other, room, "だれかが話します")
        assert said["ok"], said
        told = await _next(page, 20)
        if told[0] == "room:event":  # what was said may still arrive first
            told = await _next(page, 20)
        assert told == ("session:ended", {})

    play(scene())


def test_a_connection_to_redis_that_breaks_is_a_reason_to_prove_every_session(served: Served) -> None:
    room = plant_room(served, ["haruka", "takumi"])

    async def scene() -> None:
        page, other = await _enter(served, "haruka", room, second=True), await _enter(served, "takumi", room)
        await asyncio.to_thread(act, served, "haruka", end_every_session)
        await _hears_nothing(page)
        redis = Redis.from_url(served.environ["TSUBOMI_REDIS_URL"])
        redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert await _next(page, 20) == ("session:ended", {})
        said = await _says(other, room, "残っています")
        assert said["ok"], said

    play(scene())
