"""Rooms over sockets, with the test client: who is let in, what is answered, who is told what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.operations import end_every_session
from app.chat.live.fanout import lane
from app.chat.live.listeners import _arrivals as arrivals
from app.chat.messages.operations import send_message
from app.chat.rooms.operations import leave_room
from app.core import bus, clock
from app.core.db import session
from app.core.limits import install_limits
from app.core.sockets import BURST, followers, socketio
from app.models import REACTIONS, Community, Member, RoomMember
from app.people.operations import block_person
from tests.chat.conftest import PlantedRoom, new_key
from tests.conftest import Client, Person


class Page:
    """An open page of one person: says things and keeps what it was told."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def say(self, event: str, *payload: Any) -> Any:
        """The ack of an event."""
        return self.socket.emit(event, *payload, callback=True)

    def told(self, event: str = "room:event") -> list[Any]:
        """What it was told since it was last asked, of one kind."""
        assert lane.settle()
        assert arrivals.settle()
        return [each["args"][0] for each in self.socket.get_received() if each["name"] == event]

    def sync(self, *rooms: PlantedRoom, have: int = 0, **more: Any) -> Any:
        """The answer to rooms:sync."""
        return self.say("rooms:sync", {"rooms": {room.public_id: have for room in rooms}, **more})

    def send(self, room: PlantedRoom, body: str, **more: Any) -> Any:
        """The answer to message:send."""
        return self.say("message:send", {"room": room.public_id, "key": new_key(), "body": body, **more})


@pytest.fixture
def opens(app: Flask, as_: Callable[[Person], Client]) -> Iterator[Callable[[Person], Page]]:
    """Opens a page of this person from our own site."""

    def make(person: Person) -> Page:
        client = as_(person)
        csrf = client.csrf()
        socket = socketio.test_client(
            app, flask_test_client=client.http, auth={"csrf": csrf}, headers={"Origin": "http://localhost"}
        )
        assert socket.is_connected()
        return Page(socket)

    yield make
    assert lane.settle(), "the workers must be done before the world is taken away"
    assert arrivals.settle(), "the workers must be done before the world is taken away"


# ── sending and being told ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_said_reaches_everybody_who_follows_the_room(world, opens, square_room):
    haruka, sora = opens(world.haruka), opens(world.sora)
    assert haruka.sync(square_room)["rooms"][square_room.public_id] == {
        "epoch": 1, "events": [], "head": 0, "reset": False,
    }  # fmt: skip
    sora.sync(square_room)
    sent = haruka.send(square_room, "おはようございます")
    assert sent["ok"]
    assert set(sent) == {"ok", "id", "seq", "at"}
    (hers,), (his,) = haruka.told(), sora.told()
    assert (hers["seq"], hers["prev"], hers["kind"]) == (sent["seq"], 0, "message")
    assert (hers["message"]["mine"], his["message"]["mine"]) == (True, False)
    assert {**hers, "message": {**hers["message"], "mine": False}} == his
    assert json.dumps(his["message"]["body"], ensure_ascii=False) == '"おはようございます"'


def test_every_push_names_the_entry_before_it(world, opens, square_room):
    sora = opens(world.sora)
    sora.sync(square_room)
    haruka = opens(world.haruka)
    seqs = [haruka.send(square_room, str(number))["seq"] for number in range(5)]
    events = sora.told()
    assert [event["seq"] for event in events] == seqs
    assert [event["prev"] for event in events] == [0, *seqs[:-1]]


def test_one_key_twice_is_one_message_and_one_push(world, opens, square_room):
    haruka = opens(world.haruka)
    haruka.sync(square_room)
    said = {"room": square_room.public_id, "key": new_key(), "body": "一度だけ"}
    first, second = haruka.say("message:send", said), haruka.say("message:send", said)
    assert second == {**first, "dup": True}
    assert haruka.say("message:send", {**said, "body": "別の内容"})["code"] == "invalid"
    assert len(haruka.told()) == 1


def test_edits_signs_and_taking_back_are_pushed_too(world, opens, square_room):
    haruka, sora = opens(world.haruka), opens(world.sora)
    sora.sync(square_room)
    sent = haruka.send(square_room, "あした")
    place = {"room": square_room.public_id, "message": sent["id"]}
    assert haruka.say("message:edit", {**place, "body": "あさって"})["ok"]
    assert sora.say("message:react", {**place, "name": REACTIONS[0], "on": True}) == {"ok": True}
    assert haruka.say("message:unsend", place)["ok"]
    assert [event["kind"] for event in sora.told()] == ["message", "edit", "react", "unsend"]
    assert sora.say("message:edit", {**place, "body": "わたしのではない"})["code"] == "forbidden"


def test_a_bookmark_moves_and_nobody_else_is_told(world, opens, square_room):
    haruka, sora = opens(world.haruka), opens(world.sora)
    for page in (haruka, sora):
        page.sync(square_room)
    sent = haruka.send(square_room, "しおり")
    sora.told(), haruka.told()
    assert sora.say("room:read", {"room": square_room.public_id, "seq": sent["seq"]})["seq"] == sent["seq"]
    assert haruka.told() == []


# ── catching up ──────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_comes_back_gets_what_they_missed(world, opens, acting, square_room):
    haruka = opens(world.haruka)
    first = haruka.send(square_room, "一")
    for body in ("二", "三"):
        acting(world.haruka, send_message, square_room.public_id, key=new_key(), body=body)
    answer = opens(world.sora).sync(square_room, have=first["seq"])["rooms"][square_room.public_id]
    assert [event["message"]["body"] for event in answer["events"]] == ["二", "三"]
    assert answer["events"][0]["prev"] == first["seq"]
    assert answer["head"] == answer["events"][-1]["seq"]


def test_another_epoch_begins_afresh(world, opens, acting, write, square_room):
    acting(world.haruka, send_message, square_room.public_id, key=new_key(), body="一")
    sora = opens(world.sora)
    epochs = {square_room.public_id: 1}
    assert sora.sync(square_room, epochs=epochs)["rooms"][square_room.public_id]["reset"] is False
    write(
        lambda: session.execute(
            update(RoomMember).where(RoomMember.member_id == world.sora.id).values(epoch=RoomMember.epoch + 1)
        )
    )
    answer = sora.sync(square_room, epochs=epochs)["rooms"][square_room.public_id]
    assert (answer["reset"], answer["events"], answer["epoch"]) == (True, [], 2)


def test_a_room_of_others_is_as_missing_as_one_that_never_was(world, opens, plant_room):
    theirs = plant_room("small", world.haruka, world.takumi)
    sora = opens(world.sora)
    answer = sora.say("rooms:sync", {"rooms": {theirs.public_id: 0, "aaaaaaaaaaaaa": 0}})["rooms"]
    assert answer == {theirs.public_id: {"gone": True}, "aaaaaaaaaaaaa": {"gone": True}}
    assert followers(("room", theirs.id)) == []
    sent = [
        sora.say("message:send", {"room": room, "key": new_key(), "body": "?"})
        for room in (theirs.public_id, "aaaaaaaaaaaaa")
    ]
    assert sent[0] == sent[1]
    assert sent[0]["code"] == "not_found"


def test_a_room_somebody_comes_into_is_said_to_their_open_pages(world, opens, acting, plant_room, write):
    room = plant_room("small", world.haruka, world.sora)
    acting(world.haruka, send_message, room.public_id, key=new_key(), body="ようこそ")
    sora = opens(world.sora)
    with_room = sora.told("room:heads")
    assert with_room == []
    acting(world.sora, leave_room, room.public_id)
    assert sora.told("room:heads") == [{"rooms": {room.public_id: None}}]


# ── what one may not see ─────────────────────────────────────────────────────────────────────────────────────


def test_nothing_of_a_blocked_person_is_pushed_and_no_hole_shows(world, opens, plant_room):
    room = plant_room("small", world.haruka, world.sora, world.ren)
    haruka, sora, ren = opens(world.haruka), opens(world.sora), opens(world.ren)
    for page in (haruka, sora, ren):
        page.sync(room)
    first = sora.send(room, "一")
    ren.send(room, "二")
    last = sora.send(room, "三")
    hers = haruka.told()
    assert [event["message"]["body"] for event in hers] == ["一", "三"]
    assert [event["prev"] for event in hers] == [0, first["seq"]]
    assert [event["message"]["body"] for event in ren.told()] == ["一", "二", "三"]
    assert hers[-1]["seq"] == last["seq"]


def test_a_block_works_from_the_next_message_on_without_closing_anything(world, opens, acting, plant_room):
    room = plant_room("small", world.haruka, world.sora, world.takumi)
    haruka, sora = opens(world.haruka), opens(world.sora)
    for page in (haruka, sora):
        page.sync(room)
    sora.send(room, "まだ見える")
    assert lane.settle()
    acting(world.haruka, block_person, world.sora.public_id)
    sora.send(room, "もう見えない")
    assert [event["message"]["body"] for event in haruka.told() if event["kind"] == "message"] == [
        "まだ見える"
    ]
    assert haruka.socket.is_connected()
    assert sora.socket.is_connected()


def test_whoever_left_hears_nothing_more_and_what_was_said_before_stays_unsaid(
    world, opens, acting, plant_room
):
    room = plant_room("small", world.haruka, world.sora, world.takumi)
    haruka, sora = opens(world.haruka), opens(world.sora)
    for page in (haruka, sora):
        page.sync(room)
    acting(world.sora, leave_room, room.public_id)
    haruka.send(room, "行ってしまった")
    assert [event["kind"] for event in haruka.told()][-1] == "message"
    assert all(event["kind"] != "message" for event in sora.told())
    assert sora.send(room, "戻りたい")["code"] == "not_found"
    assert sora.sync(room)["rooms"] == {room.public_id: {"gone": True}}


def test_a_channel_that_went_stale_leaks_nothing(world, opens, write, plant_room):
    """Whatever took somebody out of a room, the policy is asked again with each push."""
    room = plant_room("small", world.haruka, world.sora, world.takumi)
    haruka, sora = opens(world.haruka), opens(world.sora)
    for page in (haruka, sora):
        page.sync(room)

    def take_out() -> None:
        session.execute(update(RoomMember).where(RoomMember.member_id == world.sora.id).values(left_seq=1))
        session.execute(update(Member).where(Member.id == world.sora.id).values(version=Member.version + 1))

    write(take_out)
    haruka.send(room, "秘密")
    assert sora.told() == []
    assert len(followers(("room", room.id))) == 2, "the channel was stale indeed"


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_signing_out_everywhere_closes_every_page_and_says_so(world, opens, acting, square_room):
    first, second, other = opens(world.haruka), opens(world.haruka), opens(world.sora)
    for page in (first, second, other):
        page.sync(square_room)
    acting(world.haruka, end_every_session)
    assert not first.socket.is_connected()
    assert not second.socket.is_connected()
    assert [one.member_id for one in followers(("room", square_room.id))] == [world.sora.id]
    assert other.send(square_room, "まだいます")["ok"]


def test_an_event_of_a_session_that_ended_is_answered_and_the_page_is_closed(
    world, opens, write, square_room
):
    page = opens(world.haruka)
    write(
        lambda: session.execute(
            update(Member).where(Member.id == world.haruka.id).values(suspended_at=clock.now(), version=99)
        )
    )
    answer = page.send(square_room, "途中まで")
    assert (answer["ok"], answer["code"]) == (False, "signed_out")
    assert answer["message"]
    socketio.sleep(0.5)
    assert not page.socket.is_connected()


def test_new_rules_close_the_door_for_events_as_for_pages(world, opens, write, square_room):
    page = opens(world.haruka)
    write(lambda: session.execute(update(Community).values(rules_version=2, version=Community.version + 1)))
    assert page.send(square_room, "読む前に")["code"] == "forbidden"


def test_staff_with_powers_are_signed_out_after_thirty_idle_minutes(world, opens, held_clock, app):
    jinji, haruka = opens(world.jinji), opens(world.haruka)
    assert jinji.say("rooms:sync", {"rooms": {}})["ok"]
    later = clock.now() + timedelta(minutes=31)
    with held_clock(later), pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.core.sockets.awake_until", _frozen(later - timedelta(minutes=31)))
        assert jinji.say("rooms:sync", {"rooms": {}})["code"] == "signed_out"
        assert haruka.say("rooms:sync", {"rooms": {}})["ok"]


def _frozen(opened: Any) -> Callable[[Any], float | None]:
    """The cookie of the test client was made without the moment of the last page; here it is."""
    return lambda visitor: opened.timestamp() + 1800 if visitor.is_idle_limited else None


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────

DEEP: Any = []
for _level in range(90):
    DEEP = [DEEP]


BOMBS: list[Any] = [
    None, 1, "x", [], [[]], DEEP, {}, {"room": 1}, {"room": None, "key": "x"}, {"room": ["aaaaaaaaaaaaa"]},
    {"room": "aaaaaaaaaaaaa", "body": DEEP}, {"room": "aaaaaaaaaaaaa", "key": "0" * 32, "body": "\0"},
    {"room": "aaaaaaaaaaaaa", "key": "0" * 32, "body": "x", "more": 1}, {"rooms": DEEP}, {"rooms": {"x": 1}},
    {"rooms": {"aaaaaaaaaaaaa": -1}}, {"rooms": {"aaaaaaaaaaaaa": 2**70}}, {"rooms": {"aaaaaaaaaaaaa": True}},
    {"rooms": {"aaaaaaaaaaaaa": 1.5}}, {"rooms": {"aaaaaaaaaaaaa": "1"}}, {"epochs": [1]},
    {"rooms": {f"aaaaaaaaaa{a}{b}a": 0 for a in "abcdefghijklmnopq" for b in "abcdefghijklmnopq"}},
    {"room": "aaaaaaaaaaaaa", "message": "aaaaaaaaaaaaa", "name": DEEP, "on": "x"},
    {"room": "aaaaaaaaaaaaa", "seq": "９" * 40}, {"room": "aaaaaaaaaaaaa", "seq": -1},
]  # fmt: skip


def test_whatever_is_sent_is_answered_with_a_sentence(app, world, opens):
    page = opens(world.haruka)
    events = ("rooms:sync", "message:send", "message:edit", "message:unsend", "message:react", "room:read")
    for payload in BOMBS:
        install_limits(app)
        for event in events:
            answer = page.say(event, payload)
            assert answer == {"ok": True, "rooms": {}} or (answer["ok"] is False and answer["message"]), event
            assert answer.get("code") in {None, "invalid", "not_found"}, (event, payload, answer)
        page.socket.emit("no:such", payload)
    assert page.say("rooms:sync")["code"] == "invalid"
    assert page.say("rooms:sync", {}, {})["code"] == "invalid"
    assert page.say("rooms:sync", {}) == {"ok": True, "rooms": {}}


def test_a_page_that_says_too_much_is_answered_cheaply_and_then_sent_away(world, opens, queries, monkeypatch):
    monkeypatch.setattr("app.core.sockets.EVENTS_A_SECOND", 0.0)
    page = opens(world.haruka)
    answers = [page.say("rooms:sync", {"rooms": {}}) for _each in range(int(BURST) + 50)]
    assert answers[-1]["code"] == "too_often"
    assert answers[-1]["retry_after"] == 1
    with queries() as seen:
        for _each in range(950):
            page.say("rooms:sync", {"rooms": {}})
    assert len(seen) < 300, "a refused event asks the database nothing"
    with suppress(RuntimeError):  # it is closed while it goes on
        for _each in range(400):
            page.socket.emit("rooms:sync", {"rooms": {}})
    for _each in range(100):
        if page.socket.is_connected():
            socketio.sleep(0.1)
    assert not page.socket.is_connected()


# ── between processes ────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_malformed_on_the_bus_is_dropped():
    for data in (b"", b"x", b"[]", b"{}", b'["a","rooms:moved"]', b'["a",["x"],{}]', b"[" * 9999):
        assert bus._read(data) is None
    assert bus._read(b'["a","rooms:moved",{"room":1}]') == ("a", "rooms:moved", {"room": 1})


def test_a_subscriber_that_fails_harms_nobody(world, opens, square_room, monkeypatch):
    def fails(told: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setitem(bus._subscribers, "rooms:moved", [fails, *bus._subscribers["rooms:moved"]])
    haruka = opens(world.haruka)
    haruka.sync(square_room)
    assert haruka.send(square_room, "届く")["ok"]
    assert len(haruka.told()) == 1
