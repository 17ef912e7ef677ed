"""What somebody who is apart from a reader does in a room they share: nothing of it shows, and nothing shows by halves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.operations import end_membership
from app.chat import log
from app.chat.rooms.operations import leave_room
from app.chat.seats.operations import change_prompt
from app.core.db import session
from app.models import Group, Room
from tests.chat.conftest import PlantedRoom, new_key, say, send_json

NEVER_WAS = "b" * 13  # not the id that stands in what the page's scripts cut messages from
LOOKING = (
    "/",
    "/rooms",
    "/notices",
    "/me/saved?of=messages",
    "/rooms/{room}",
    "/rooms/{room}?at={message}",
    "/rooms/{room}?before={last}",
    "/rooms/{room}/about",
    "/rooms/{room}/search?q=いち",
    "/messages/{message}/acts",
    "/reports/new?message={message}",
    "/api/rooms/heads?ids={room}",
    "/api/rooms/{room}/events",
    "/api/rooms/{room}/events?after={after}&limit=1",
    "/api/rooms/{room}/messages",
    "/api/rooms/{room}/messages?before={last}",
    "/api/rooms/{room}/people?q=れ",
)


@pytest.fixture
def shared_room(plant_room, world, write) -> Callable[..., PlantedRoom]:
    """A room of はるか, そら and somebody who is apart from はるか, and keeps it if it is a small one."""

    def make(kind: str, who: str = "ren") -> PlantedRoom:
        apart = getattr(world, who)
        more: dict[str, Any] = {"name": "映画"}
        if kind == "group":
            more = {"group_id": write(lambda: session.scalars(select(Group.id)).one())}
        if kind == "small":
            more["owner_id"] = apart.id
        return plant_room(kind, world.haruka, world.sora, apart, **more)

    return make


@pytest.mark.parametrize(
    ("kind", "who"), [("small", "ren"), ("group", "ren"), ("seat", "ren"), ("group", "yui")]
)
def test_what_somebody_apart_does_in_a_room_of_a_few_changes_no_byte(
    world, as_, opens, shared_room, kind, who, deliver, queries, acting
):
    """れん is behind a block, ゆい behind a wall."""
    room = shared_room(kind, who)
    apart = getattr(world, who)
    haruka, sora, ren = as_(world.haruka), as_(world.sora), as_(apart)
    first = say(sora, room, "いち")
    last = say(haruka, room, "いち、に", reply_to=first["id"])
    send_json(haruka, f"{room.api}/messages/{first['id']}/saved", {"on": True})
    places = {"room": room.public_id, "message": first["id"], "last": last["id"], "after": first["seq"]}
    page = opens(world.haruka)
    page.sync(room)

    def seen(path: str) -> Any:
        haruka.get(path)
        with queries() as statements:
            answer = haruka.get(path)
        words = re.sub(r'(csrf_token|submission_key)" (type="hidden" )?value="[^"]*"', "", answer.text)
        return answer.status_code, words, list(statements)

    paths = [path.format(**places) for path in LOOKING]
    before = {path: seen(path) for path in paths}
    told = page.sync(room)
    said = say(ren, room, "いち、はるかさん", mentions=world.haruka.public_id)["id"]
    say(ren, room, "いち", reply_to=first["id"] if who == "ren" else said)
    gone = say(ren, room, "いち、けす")["id"]
    send_json(ren, f"{room.api}/messages/{gone}/unsend")
    send_json(
        ren,
        f"{room.api}/messages/{said}/edit",
        {"body": "いちを直しました", "mentions": world.haruka.public_id},
    )
    for message in (first["id"], last["id"]):
        send_json(ren, f"{room.api}/messages/{message}/reactions", {"name": "thanks", "on": True})
        send_json(ren, f"{room.api}/messages/{message}/saved", {"on": True})
    send_json(sora, f"{room.api}/messages/{said}/reactions", {"name": "thanks", "on": True})
    send_json(ren, f"{room.api}/pin", {"message": said})
    ren.post(f"/reports/new?message={last['id']}", {"messages": [last["id"]], "reason": "unkind", "note": ""})
    deliver()
    assert (page.told(), page.told("room:heads"), page.told("notice:new")) == ([], [], [])
    assert page.sync(room) == told
    for path, was in before.items():
        assert seen(path) == was, path
    acting(apart, leave_room, room.public_id)
    deliver()
    assert (page.told(), page.told("room:heads"), page.told("notice:new")) == ([], [], [])
    for path, was in before.items():
        assert seen(path) == was, path


@pytest.mark.parametrize("kind", ["group", "seat"])
def test_a_message_pinned_by_somebody_apart_is_the_same_in_the_log_and_on_the_page(
    world, as_, shared_room, kind
):
    room = shared_room(kind)
    haruka, sora, ren = as_(world.haruka), as_(world.sora), as_(world.ren)
    hers, theirs = say(sora, room, "いち")["id"], say(ren, room, "に")["id"]

    def agree() -> str | None:
        events = haruka.get(f"{room.api}/events").get_json()["events"]
        pins = [event["message"] for event in events if event["kind"] == "pin"]
        pinned = haruka.get(f"{room.api}/messages").get_json()["pinned"]
        assert (pins[-1] if pins else None) == pinned
        return pinned and pinned["id"]

    for who, message in (
        (ren, hers),
        (sora, ""),
        (sora, hers),
        (ren, theirs),
        (ren, hers),
        (haruka, hers),
        (ren, ""),
    ):
        send_json(who, f"{room.api}/pin", {"message": message})
        agree()


def test_a_card_changed_by_somebody_apart_is_not_changed_without_a_line(world, as_, shared_room, acting):
    room = shared_room("seat")
    acting(world.ren, change_prompt, room.public_id)
    events = as_(world.haruka).get(f"{room.api}/events").get_json()["events"]
    assert [event.get("text") for event in events] == ["prompt"]


@pytest.mark.parametrize("leaves", ["the room", "the community"])
def test_a_room_is_handed_on_only_to_who_sees_that_its_keeper_went(
    world, acting, deliver, rows, shared_room, leaves
):
    """はるか would find herself its keeper out of nothing; そら saw れん go."""
    room = shared_room("small")
    if leaves == "the room":
        acting(world.ren, leave_room, room.public_id)
    else:
        acting(world.ren, end_membership, keeps_name=False)
    deliver()
    assert rows(select(Room.owner_id).where(Room.id == room.id)) == [world.sora.id]


def test_a_jump_in_the_log_is_no_longer_for_entries_between_than_one_step_can_be():
    """With steps of equal chance up to a longest one, every second hidden entry would prove itself by the gap."""
    steps = [log.step_in(1)["step"] for _ in range(20_000)]
    longest = max(steps)
    over = sum(one + two > longest for one, two in zip(steps[::2], steps[1::2], strict=True))
    assert over < len(steps) / 2 / 50, "two steps are hardly ever longer than one can be"
    short = sorted(steps)[: len(steps) // 2]
    assert short[-1] < longest / 1_000, "of every order of magnitude"


def test_a_message_of_somebody_apart_is_as_missing_as_one_that_never_was(world, as_, opens, shared_room):
    room = shared_room("group")
    haruka, ren = as_(world.haruka), as_(world.ren)
    seen = say(as_(world.sora), room, "いち")["id"]
    hidden = [say(ren, room, "いち")["id"] for _ in range(2)]
    send_json(ren, f"{room.api}/messages/{hidden[1]}/unsend")
    page = opens(world.haruka)
    for each in hidden:
        for path in (
            "/rooms/{room}?at={message}",
            "/rooms/{room}?before={message}",
            "/rooms/{room}/search?q=いち&before={message}",
            "/messages/{message}/acts",
            "/reports/new?message={message}",
            "/api/rooms/{room}/messages?before={message}",
        ):
            _is_same(lambda key, path=path: haruka.get(path.format(room=room.public_id, message=key)), each)
        for path in (
            "/messages/{message}/save",
            "/messages/{message}/unsave",
            "/messages/{message}/unsave?from=saved",
        ):
            _is_same(lambda key, path=path: haruka.post(path.format(message=key)), each)
        report = {"reason": "unkind", "note": ""}
        _is_same(
            lambda key, report=report: haruka.post(
                f"/reports/new?message={seen}", {**report, "messages": [seen, key]}
            ),
            each,
        )
        for path, payload in (
            ("messages/{message}/edit", {"body": "やあ"}),
            ("messages/{message}/unsend", {}),
            ("messages/{message}/reactions", {"name": "thanks", "on": True}),
            ("messages/{message}/reactions", {"name": "nothing", "on": True}),
            ("messages/{message}/saved", {"on": True}),
            ("messages/{message}/saved", {"on": False}),
            ("pin", {"message": "{message}"}),
            ("messages", {"key": new_key(), "body": "やあ", "reply_to": "{message}"}),
        ):
            _is_same(
                lambda key, path=path, payload=payload: send_json(
                    haruka,
                    f"{room.api}/{path.format(message=key)}",
                    {name: key if value == "{message}" else value for name, value in payload.items()},
                ),
                each,
            )
        for event, more in (
            ("message:edit", {"body": "やあ"}),
            ("message:unsend", {}),
            ("message:react", {"name": "thanks", "on": True}),
        ):
            hers, none = (
                page.say(event, {"room": room.public_id, "message": key, **more}) for key in (each, NEVER_WAS)
            )
            assert hers == none == {"ok": False, "code": "not_found", "message": hers["message"]}


def _is_same(ask: Callable[[str], Any], message_id: str) -> None:
    hidden, missing = ask(message_id), ask(NEVER_WAS)
    texts = [
        re.sub(r'(csrf_token|submission_key)" (type="hidden" )?value="[^"]*"', "", answer.text).replace(
            key, ""
        )
        for answer, key in ((hidden, message_id), (missing, NEVER_WAS))
    ]
    assert (hidden.status_code, texts[0]) == (missing.status_code, texts[1])


# ── an edit ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_is_no_way_to_go_on_talking_where_only_hr_writes(world, as_, square_room, write):
    haruka = as_(world.haruka)
    mine = say(haruka, square_room, "おはようございます")["id"]
    theirs = say(as_(world.jinji), square_room, "ご連絡です")["id"]

    def announce() -> None:
        session.get_one(Room, square_room.id).is_announcement = True

    write(announce)
    edited = send_json(haruka, f"{square_room.api}/messages/{mine}/edit", {"body": "まだ話せます"})
    assert edited.status_code == 403, edited.text
    again = send_json(as_(world.jinji), f"{square_room.api}/messages/{theirs}/edit", {"body": "直しました"})
    assert again.status_code == 200, again.text
    assert send_json(haruka, f"{square_room.api}/messages/{mine}/unsend").status_code == 200


def test_a_room_that_was_spoken_in_half_a_billion_times_goes_on(
    world, as_, opens, group_room, write, deliver
):
    """On both databases, with every door that takes or gives a seq."""
    far = 2**53 - 2**40

    def age() -> None:
        session.get_one(Room, group_room.id).newest_seq = far

    write(age)
    haruka, sora, page = as_(world.haruka), as_(world.sora), opens(world.haruka)
    page.sync(group_room)
    first = say(sora, group_room, "いち、はるかさん", mentions=world.haruka.public_id)
    last = say(haruka, group_room, "に", reply_to=first["id"])
    place = f"{group_room.api}/messages/{first['id']}"
    send_json(haruka, f"{place}/reactions", {"name": "thanks", "on": True})
    send_json(sora, f"{place}/edit", {"body": "いちを直しました"})
    send_json(haruka, f"{group_room.api}/pin", {"message": first["id"]})
    deliver()
    told = page.told()
    assert [event["kind"] for event in told] == ["message", "message", "react", "edit", "pin"]
    assert far < first["seq"] < last["seq"] < 2**53
    assert (
        send_json(haruka, f"{group_room.api}/read", {"seq": told[-1]["seq"]}).get_json()["seq"]
        == told[-1]["seq"]
    )
    missed = haruka.get(f"{group_room.api}/events?after={first['seq']}").get_json()
    assert (missed["events"][0]["prev"], missed["head"]) == (first["seq"], told[-1]["seq"])
    for path in (
        f"/rooms/{group_room.public_id}?at={first['id']}",
        f"/rooms/{group_room.public_id}?before={last['id']}",
        f"/rooms/{group_room.public_id}/search?q=いち&before={last['id']}",
        "/rooms",
    ):
        assert "いちを直しました" in haruka.page(path) or path == "/rooms"
