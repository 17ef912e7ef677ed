"""Rooms over real sockets, in both serving modes: nothing lost, nothing twice, one order; and revocation at once."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.chat.live import Client, Connection, Gone, Mischief, Refused, frame, play, settle, until
from tests.chat.live_houses import door_of, more_candidates, plant_room, stored_keys, stored_log
from tests.services.houses import Served, serving

EACH = 24  # messages of each of thirteen; a person may send twelve at once, and twelve more ten seconds later


@pytest.fixture(scope="module", params=["threading", "gevent"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server: threads over SQLite, and gevent over PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "threading":
        with serving(folder, f"sqlite:///{folder / 'tsubomi.db'}", TSUBOMI_THREADS="60") as server:
            more_candidates(server, 13)
            yield server
        return
    url: str = request.getfixturevalue("new_postgres_url")()
    redis = request.getfixturevalue("redis_url")
    with serving(folder, url, TSUBOMI_ASYNC_MODE="gevent", TSUBOMI_REDIS_URL=redis) as server:
        more_candidates(server, 13)
        yield server


async def _crowd(clients: list[Client], work: Callable[[], Any], seconds: float) -> None:
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        await asyncio.wait_for(work(), seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.timeout(180)
def test_thirteen_clients_and_three_hundred_messages_end_with_one_log(served: Served) -> None:
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    guests = [f"guest{number:04d}" for number in range(9)]
    keys = ["haruka", "ren", "sora", "takumi", *guests]
    room = plant_room(served, keys)
    clients = [
        Client(
            door_of(served, key),
            (room.public_id,),
            random.Random(chance.random()),
            Mischief(drops=0.06, repeats=0.2, deaf=0.1),
        )
        for key in keys
    ]

    async def work() -> None:
        for number in range(EACH):
            for client in clients:
                client.say(room.public_id, f"{number} {'あ' * chance.randrange(40)}")
            await asyncio.sleep(0.02)
        assert await settle(clients, 60), [
            (len(client.outbox), client.connects, client.refused) for client in clients
        ]

    play(_crowd(clients, work, 120))
    log = stored_log(served, room.id)
    said = [key for client in clients for key in client.acked]
    assert sorted(stored_keys(served, room.id)) == sorted(said), f"seed {seed}"
    assert len(log) == len(said) == EACH * len(clients)
    by_key = dict(zip(keys, clients, strict=True))
    mine = (
        {ack["id"] for ack in by_key["haruka"].acked.values()},
        {ack["id"] for ack in by_key["ren"].acked.values()},
    )
    for key, client in by_key.items():
        hidden = mine[1] if key == "haruka" else mine[0] if key == "ren" else set()
        assert client.logs[room.public_id] == [entry for entry in log if entry[2] not in hidden], (key, seed)
    assert sum(client.connects for client in clients) > len(clients), "nothing ever broke"
    assert not any(client.refused for client in clients)


# ── revocation ───────────────────────────────────────────────────────────────────────────────────────────────


async def _enter(served: Served, key: str, *rooms: str) -> Connection:
    connection = await Connection.open(door_of(served, key))
    assert (await connection.ask("rooms:sync", {"rooms": dict.fromkeys(rooms, 0)}))["ok"]
    return connection


async def _next(connection: Connection, seconds: float = 5) -> Any:
    return await asyncio.wait_for(connection.told.get(), seconds)


async def _says(connection: Connection, room: str, body: str) -> Any:
    """The answer to a message; whoever has just sent many waits, as the page does."""
    key = secrets.token_hex(16)
    while True:
        answer = await connection.ask("message:send", {"room": room, "key": key, "body": body})
        if answer.get("code") != "too_often":
            return answer
        await asyncio.sleep(answer["retry_after"])


def test_signing_out_everywhere_ends_an_open_socket(served: Served) -> None:
    room = plant_room(served, ["sora", "takumi"])

    async def scene() -> None:
        sora, takumi = (
            await _enter(served, "sora", room.public_id),
            await _enter(served, "takumi", room.public_id),
        )
        cookie, csrf = served.cookie("sora")
        path = "/me/security/sign-out-everywhere"
        answer = await asyncio.to_thread(served.post, path, cookie, {"csrf_token": csrf})
        if answer.status == 404:
            pytest.fail("the address of signing out everywhere has changed")
        assert await _next(sora) == ("session:ended", {})
        assert await _next(sora) is None
        said = await _says(takumi, room.public_id, "ひとり")
        assert said["ok"], said
        takumi.cut()

    play(scene())


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_guessed_room_and_events_before_sync_tell_nothing(served: Served) -> None:
    theirs = plant_room(served, ["haruka", "takumi"])

    async def scene() -> None:
        sora = await Connection.open(door_of(served, "sora"))
        guessed = await _says(sora, theirs.public_id, "?")
        assert guessed == await _says(sora, "aaaaaaaaaaaaa", "?")
        assert (guessed["ok"], guessed["code"]) == (False, "not_found")
        haruka = await _enter(served, "haruka", theirs.public_id)
        said = await _says(haruka, theirs.public_id, "内緒")
        assert said["ok"], said
        assert (await _next(haruka))[0] == "room:event"
        with pytest.raises(TimeoutError):
            await _next(sora, 0.4)
        for each in (sora, haruka):
            each.cut()

    play(scene())


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example"])
def test_a_page_of_elsewhere_opens_nothing(served: Served, origin: str) -> None:
    async def scene() -> None:
        with pytest.raises(Refused) as refusal:
            await Connection.open(door_of(served, "sora", origin=origin or " "))
        assert refusal.value.status == 403

    play(scene())


SPOILT = {
    "a megabyte": frame(b"42" + b"x" * 1_000_000),
    "a megabyte in pieces": b"".join(
        frame(b"x" * 50_000, opcode=0 if number else 1, is_last=False) for number in range(20)
    ),
    "endless length": b"\x81\xff" + b"\xff" * 8,
    "not text": frame(b"42[]", opcode=2),
    "not UTF-8": frame(b'42["\xff\xfe"]'),
    "a frame without mask": b"\x81\x0242",
    "empty": frame(b""),
    "no such packet": frame(b"9"),
    "another namespace": frame(b"40/admin,{}"),
    "an event without a name": frame(b"42[]"),
    "an event whose name is a list": frame(b'42[["x"]]'),
    "a dictionary": frame(b'42{"a":1}'),
    "a binary event": frame(b'451-["message:send",{"_placeholder":true,"num":0}]'),
    "the server's own event": frame(b'427["disconnect","x"]'),
    "the server's other event": frame(b'427["connect",{}]'),
    "a long ping": frame(b"x" * 126, opcode=9),
    "a piece of nothing": frame(b"x", opcode=0),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_frame_ends_its_own_socket_only(served: Served, what: str) -> None:
    room = plant_room(served, ["sora", "takumi"])

    async def scene() -> None:
        takumi, sora = (
            await _enter(served, "takumi", room.public_id),
            await _enter(served, "sora", room.public_id),
        )
        sora.writer.write(SPOILT[what])
        assert await _next(sora) is None
        assert (await takumi.ask("rooms:sync", {"rooms": {room.public_id: 0}}))["ok"]
        takumi.cut(), sora.cut()

    play(scene())
    assert "Traceback" not in served.log


HARMLESS = {
    "an unknown event": '427["no:such",{}]',
    "a bomb of brackets": '427["rooms:sync",' + "[" * 60_000 + "]",
    "a bomb of nested brackets": '427["rooms:sync",{"rooms":' + "[" * 20_000 + "]" * 20_000 + "}]",
    "half a text": '427["message:send",{"body":"\\ud800"}]',
    "a huge number": '427["rooms:sync",{"rooms":{"aaaaaaaaaaaaa":' + "9" * 5_000 + "}}]",
    "no number": '427["rooms:sync",{"rooms":{"aaaaaaaaaaaaa":NaN}}]',
    "an ack nobody asked for": '437[{"ok":true}]',
}


@pytest.mark.parametrize("what", HARMLESS)
def test_nonsense_leaves_a_socket_as_it_was(served: Served, what: str) -> None:
    room = plant_room(served, ["guest0009", "takumi"])

    async def scene() -> None:
        page = await _enter(served, "guest0009", room.public_id)
        page.say(HARMLESS[what])
        await asyncio.sleep(0.05)
        assert (await page.ask("rooms:sync", {"rooms": {room.public_id: 0}}))["ok"]
        page.cut()

    play(scene())
    assert "Traceback" not in served.log


def test_a_thousand_events_a_second_hold_up_nobody_else(served: Served) -> None:
    room = plant_room(served, ["sora", "guest0010"])

    async def scene() -> None:
        flood, sora = (
            await _enter(served, "guest0010", room.public_id),
            await _enter(served, "sora", room.public_id),
        )
        word = frame(b'42["rooms:sync",{"rooms":{}}]') * 100
        slowest = 0.0
        for _tenth in range(20):
            with suppress(OSError):
                flood.writer.write(word)
            began = time.monotonic()
            assert (await sora.ask("rooms:sync", {"rooms": {room.public_id: 0}}))["ok"]
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.1)
        assert slowest < 1.5
        assert await until(lambda: flood.told.qsize() and flood.told.get_nowait() is None, 10), (
            "it was let go on"
        )
        sora.cut(), flood.cut()

    play(scene())


def test_a_socket_that_never_reads_is_sent_away_and_nobody_waits_for_it(served: Served) -> None:
    room = plant_room(served, ["guest0011", "guest0012"])

    async def scene() -> None:
        silent, other = (
            await _enter(served, "guest0011", room.public_id),
            await _enter(served, "guest0012", room.public_id),
        )
        for number in range(10):
            said = await _says(other, room.public_id, "長い" * 1_500 + str(number))
            assert said["ok"], said
        assert silent._reading is not None
        silent._reading.cancel()
        silent.writer.transport.pause_reading()  # type: ignore[attr-defined]
        asked = frame(b'421["rooms:sync",{"rooms":{"%s":0}}]' % room.public_id.encode())
        slowest = 0.0
        for _each in range(400):  # an answer is 200 KB, and none is read
            silent.writer.write(asked)
            began = time.monotonic()
            await asyncio.sleep(0.005)
            if _each % 20 == 0:
                assert (await other.ask("rooms:sync", {"rooms": {}}))["ok"]
                slowest = max(slowest, time.monotonic() - began)
        assert slowest < 2
        assert await until(silent.writer.transport.is_closing, 20), "it was kept for ever"

    play(scene())


def test_clients_of_no_session_find_no_door(served: Served) -> None:
    door = door_of(served, "sora")

    async def scene() -> None:
        with pytest.raises((Refused, Gone)):
            await Connection.open(type(door)(door.port, "x.y.z", door.csrf, door.origin))
        with pytest.raises((Refused, Gone)):
            await Connection.open(type(door)(door.port, door.cookie, "x", door.origin))

    play(scene())
    assert json.loads(served.get("/healthz").text) == {"ok": True}  # type: ignore[attr-defined]
