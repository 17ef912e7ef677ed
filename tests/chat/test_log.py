"""The log of a room: what is read for one viewer and what is told to many is the same, whatever happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from app.accounts.operations import tidy_doors
from app.chat import log
from app.chat.messages import operations, queries
from app.core import clock
from app.core.db import session
from app.core.errors import AppError
from app.core.ids import new_public_id
from app.core.limits import install_limits
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION
from app.files.operations import forget_loose_files
from app.models import Block, Member, Message, Room, RoomEvent, RoomMember, Upload
from app.policy import viewer_of, viewers_of
from tests.chat.conftest import PlantedRoom, new_key, say, send_json
from tests.conftest import NOON, Client, Person, World

As = Callable[[Person], Client]
Write = Callable[[Callable[[], Any]], Any]
TALKING = ("haruka", "sora", "ren", "yui", "takumi", "jinji")

# ── random worlds ────────────────────────────────────────────────────────────────────────────────────────────

_person = st.sampled_from(TALKING)
_steps = st.one_of(
    st.tuples(st.just("send"), _person, st.integers(0, 9)),
    st.tuples(st.just("reply"), _person, st.integers(0, 9)),
    st.tuples(st.just("again"), _person, st.integers(0, 9)),
    st.tuples(st.just("edit"), _person, st.integers(0, 9)),
    st.tuples(st.just("unsend"), _person, st.integers(0, 9)),
    st.tuples(st.just("react"), _person, st.integers(0, 9)),
    st.tuples(st.just("unreact"), _person, st.integers(0, 9)),
    st.tuples(st.just("pin"), st.just("jinji"), st.integers(0, 9)),
    st.tuples(st.just("unpin"), st.just("jinji"), st.integers(0, 9)),
    st.tuples(st.just("block"), st.sampled_from(("haruka", "sora", "takumi")), st.integers(0, 5)),
    st.tuples(st.just("leave"), _person, st.integers(0, 9)),
    st.tuples(st.just("join"), _person, st.integers(0, 9)),
)


class Talk:
    """A room in which things happen, each through its operation; what is refused changes nothing."""

    def __init__(self, world: World, room: PlantedRoom) -> None:
        self.world, self.room = world, room
        self.sent: list[tuple[Person, str, str, str]] = []  # who, key, text, id

    def step(self, act: str, key: str, number: int) -> None:
        person = self.world.people[key]
        try:
            getattr(self, act)(person, number)
        except AppError:
            session.rollback()

    def _chosen(self, number: int) -> str:
        return self.sent[number % len(self.sent)][3] if self.sent else new_public_id()

    def send(self, person: Person, number: int, reply_to: str | None = None) -> None:
        key, body = new_key(), f"{person.name}の{number}"
        sent = operations.send_message(
            viewer_of(person.id), self.room.public_id, key=key, body=body, reply_to=reply_to
        )
        self.sent.append((person, key, body, sent.id))

    def reply(self, person: Person, number: int) -> None:
        self.send(person, number, reply_to=self._chosen(number))

    def again(self, _person: Person, number: int) -> None:
        """The same sending once more, by whoever sent it."""
        if not self.sent:
            return
        person, key, body, public_id = self.sent[number % len(self.sent)]
        quoted = session.scalar(
            select(Message.public_id).where(
                Message.id.in_(select(Message.reply_to_id).where(Message.public_id == public_id))
            )
        )
        sent = operations.send_message(
            viewer_of(person.id), self.room.public_id, key=key, body=body, reply_to=quoted
        )
        assert (sent.id, sent.is_dup) == (public_id, True)

    def edit(self, person: Person, number: int) -> None:
        body = f"{number}番に直した"
        operations.edit_message(viewer_of(person.id), self.room.public_id, self._chosen(number), body=body)

    def unsend(self, person: Person, number: int) -> None:
        operations.unsend_message(viewer_of(person.id), self.room.public_id, self._chosen(number))

    def react(self, person: Person, number: int, *, on: bool = True) -> None:
        operations.set_reaction(
            viewer_of(person.id), self.room.public_id, self._chosen(number), name="thanks", on=on
        )

    def unreact(self, person: Person, number: int) -> None:
        self.react(person, number, on=False)

    def pin(self, person: Person, number: int) -> None:
        operations.pin_message(viewer_of(person.id), self.room.public_id, self._chosen(number))

    def unpin(self, person: Person, _number: int) -> None:
        operations.unpin_message(viewer_of(person.id), self.room.public_id)

    def block(self, person: Person, number: int) -> None:
        other = self.world.people[TALKING[number]]
        if other.id == person.id or other.key == "jinji":
            return
        with unit_of_work():
            session.merge(Block(blocker_id=person.id, blocked_id=other.id))
            self._seen_anew(person, other)

    def leave(self, person: Person, _number: int) -> None:
        with unit_of_work():
            membership = session.get_one(RoomMember, (self.room.id, person.id))
            if membership.left_seq is None:
                acted = (person.id, viewer_of(person.id).cohort_id)
                membership.left_seq = log.append(
                    None, self.room.id, "member", payload={"act": "left"}, actor=acted
                )
                self._seen_anew(person)

    def join(self, person: Person, _number: int) -> None:
        with unit_of_work():
            membership = session.get_one(RoomMember, (self.room.id, person.id))
            if membership.left_seq is not None:
                membership.joined_seq = session.scalars(
                    select(Room.newest_seq).where(Room.id == self.room.id)
                ).one()
                membership.left_seq, membership.epoch = None, membership.epoch + 1
                acted = (person.id, viewer_of(person.id).cohort_id)
                log.append(None, self.room.id, "member", payload={"act": "joined"}, actor=acted)
                self._seen_anew(person)

    def _seen_anew(self, *people: Person) -> None:
        ids = [person.id for person in people]
        session.execute(update(Member).where(Member.id.in_(ids)).values(version=Member.version + 1))


def _bytes(cards: Any) -> bytes:
    return json.dumps([card.as_json() for card in cards], ensure_ascii=False).encode()


def _plain(cards: Any) -> list[dict[str, Any]]:
    """Cards without what is the viewer's own."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(each) for key, each in value.items() if key != "mine"}
        return value

    return [bare(card.as_json()) for card in cards]


def _check(world: World, room: PlantedRoom, have: list[int]) -> None:
    """For each viewer: told and caught up are the same bytes, the chain has no hole, the page says the same."""
    everything = log.entries(room.id, after=0, most=1000)
    alike: dict[Any, list[dict[str, Any]]] = {}
    for person in (*(world.people[key] for key in TALKING), world.naomi):
        viewer = viewer_of(person.id)
        try:
            whole = log.events_after(viewer, room.id, 0, 1000)
        except AppError:
            assert log.told(viewer, everything, prev=0) == []
            assert log.head(viewer, room.id) == 0
            continue
        told = log.told(viewer, everything, prev=0)
        assert _bytes(told) == _bytes(whole.events)
        assert [card.prev for card in told] == [0, *(card.seq for card in told)][: len(told)]
        assert whole.head == log.head(viewer, room.id) == (told[-1].seq if told else 0)
        _check_from(viewer, room, everything, told, have)
        page = queries.log_page(viewer, room.public_id)
        _check_page(page, log.head(viewer, room.id), told)
        # Nobody who is apart from them comes up anywhere: not by a text, a quote, a sign or a line.
        walls = {"haruka": {"yui"}, "sora": {"yui"}, "ren": {"yui"}, "yui": {"haruka", "sora", "ren"}}
        for other in TALKING:
            if world.people[other].id in viewer.blocked_ids or other in walls.get(person.key, ()):
                everything_told = json.dumps([page.as_json(), _plain(told)], ensure_ascii=False)
                assert world.people[other].name not in everything_told
        joined = dict(viewer.joined)[room.id]
        sight = (viewer.blocked_ids, viewer.walled_cohort_ids, joined)
        assert alike.setdefault(sight, _plain(told)) == _plain(told)


def _check_from(viewer: Any, room: PlantedRoom, everything: Any, told: Any, have: list[int]) -> None:
    for share in have:
        after = everything[share % len(everything)].event.seq if everything else share
        missed = log.events_after(viewer, room.id, after, 1000)
        assert _bytes(missed.events) == _bytes([card for card in told if card.seq > after])
        assert missed.head == (told[-1].seq if told else 0)
        assert log.previous(viewer, room.id, after + 1) == max(
            (card.seq for card in told if card.seq <= after), default=0
        )
        pushed = log.told(
            viewer, log.entries(room.id, after=after), prev=log.previous(viewer, room.id, after + 1)
        )
        assert _bytes(pushed) == _bytes(missed.events)
        chained: list[Any] = []
        place = after
        while True:  # a few at a time
            part = log.events_after(viewer, room.id, place, 3)
            chained += part.events
            if not part.more:
                break
            place = part.events[-1].seq
        assert _bytes(chained) == _bytes(missed.events)


def _check_page(page: Any, head: int, told: Any) -> None:
    said = [card.more["message"] for card in told if card.kind == "message"]
    assert [item.message.as_json() for item in page.items if item.message] == said[-50:]
    notes = [card.seq for card in told if card.kind == "member"]
    assert [item.note.seq for item in page.items if item.note] == notes
    assert page.head == head


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_steps, min_size=4, max_size=24), have=st.lists(st.integers(0, 30), max_size=3))
def test_whatever_happens_each_viewer_is_told_what_they_would_catch_up_with(
    app: Flask, world: World, steps: list[tuple[str, str, int]], have: list[int]
) -> None:
    install_limits(app)  # each example begins with nothing counted
    with app.app_context():
        with unit_of_work():
            session.execute(delete(Block))
            room = Room(public_id=new_public_id(), kind="place", name="広場")
            session.add(room)
            session.flush()
            people = [world.people[key].id for key in TALKING]
            session.add_all(RoomMember(room_id=room.id, member_id=each) for each in people)
            session.add(Block(blocker_id=world.haruka.id, blocked_id=world.ren.id))
            session.execute(update(Member).values(version=Member.version + 1))
            planted = PlantedRoom(room.id, room.public_id)
        talk = Talk(world, planted)
        for step in steps:
            talk.step(*step)
        with unit_of_work():
            keys = list(session.scalars(select(Message.client_key).where(Message.room_id == planted.id)))
        assert sorted(keys) == sorted(key for _who, key, _body, _id in talk.sent)
        _check(world, planted, have)
        session.rollback()


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────


def _fill(
    room: PlantedRoom, author: Person, count: int, *, first: int = 1, cohort_id: int | None = None
) -> None:
    """Messages as rows, numbered in their texts; a line of somebody who joined after every tenth."""
    place = session.scalars(select(Room.newest_seq).where(Room.id == room.id)).one()
    for number in range(first, first + count):
        place += 10
        said = {
            "room_id": room.id,
            "seq": place,
            "author_id": author.id,
            "author_cohort_id": cohort_id,
        }
        message = Message(
            client_key=new_key(),
            body=f"{number}",
            body_html=f"{number}",
            renderer_version=RENDERER_VERSION,
            sent_at=clock.now(),
            **said,
        )
        session.add(message)
        session.flush()
        event = {"message_id": message.id, "actor_id": author.id, "actor_cohort_id": cohort_id}
        session.add(RoomEvent(kind="message", created_at=clock.now(), **said, **event))
        if number % 10 == 0:
            note = {"room_id": room.id, "seq": place + 1, "payload": {"act": "joined"}}
            session.add(RoomEvent(kind="member", actor_id=author.id, created_at=clock.now(), **note))
    session.execute(update(Room).where(Room.id == room.id).values(newest_seq=place + 5))


def test_older_pages_are_read_back_to_the_first_message_without_a_hole_or_a_repetition(
    world: World, as_: As, write: Write, group_room: PlantedRoom
) -> None:
    write(lambda: _fill(group_room, world.sora, 120))
    haruka = as_(world.haruka)
    before: str | None = ""
    texts: list[str] = []
    notes: list[int] = []
    for expected in (50, 50, 20):
        page = haruka.get(f"{group_room.api}/messages?before={before}").get_json()
        said = [item["message"]["body"] for item in page["items"] if item["type"] == "message"]
        assert len(said) == expected
        texts = said + texts
        notes += [item["seq"] for item in page["items"] if item["type"] == "note"]
        before = page["older"]
    assert before is None
    assert texts == [f"{number}" for number in range(1, 121)]
    assert len(notes) == len(set(notes)) == 12


def test_a_note_says_who_came_and_carries_no_way_to_what_is_hidden(
    world: World, as_: As, write: Write, group_room: PlantedRoom
) -> None:
    write(lambda: _fill(group_room, world.sora, 10))
    note = as_(world.haruka).get(f"{group_room.api}/messages").get_json()["items"][-1]
    person = {"id": world.sora.public_id, "name": "そら", "bud": note["person"]["bud"]}
    assert {"type": note["type"], "kind": note["kind"], "act": note["act"], "person": note["person"]} == {
        "type": "note",
        "kind": "member",
        "act": "joined",
        "person": person,
    }
    assert not {"room", "prev"} & set(note)


def test_the_page_before_a_message_one_does_not_see_is_no_page(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    hidden = say(as_(world.ren), square_room, "みえない")
    haruka = as_(world.haruka)
    unseen = haruka.get(f"{square_room.api}/messages?before={hidden['id']}")
    missing = haruka.get(f"{square_room.api}/messages?before={new_public_id()}")
    assert unseen.status_code == missing.status_code == 404
    assert unseen.data == missing.data
    assert haruka.get(f"{square_room.api}/messages?before=;--").status_code == 422


@pytest.mark.parametrize("hidden", [False, True], ids=["nothing hidden", "something hidden"])
def test_a_page_and_a_catching_up_are_a_handful_of_statements_whatever_there_is(
    world: World,
    as_: As,
    write: Write,
    queries: Any,
    square_room: PlantedRoom,
    hidden: bool,
) -> None:
    haruka = as_(world.haruka)
    write(lambda: _fill(square_room, world.sora, 60))
    ack = say(as_(world.takumi), square_room, "みんな見て")
    send_json(as_(world.jinji), f"{square_room.api}/pin", {"message": ack["id"]})
    if hidden:
        say(as_(world.ren), square_room, "みえない")
        send_json(
            as_(world.ren),
            f"{square_room.api}/messages/{ack['id']}/reactions",
            {"name": "thanks", "on": True},
        )
    haruka.get(f"{square_room.api}/messages")  # everybody's snapshot is made
    for door, most in (("messages", 6), ("events", 6), ("events?after=0&limit=5", 6)):
        with queries() as seen:
            assert haruka.get(f"{square_room.api}/{door}").status_code == 200
        assert len(seen) <= most, "\n".join(seen)
    with queries() as seen:
        assert haruka.get(f"/api/rooms/heads?ids={square_room.public_id}").status_code == 200
    assert len(seen) == 2


def test_what_is_hidden_takes_no_place_among_what_is_read_at_once(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    seen = [say(as_(world.sora), square_room, "いち")]
    for number in range(4):
        say(as_(world.ren), square_room, f"みえない{number}")
    seen.append(say(as_(world.sora), square_room, "に"))
    say(as_(world.ren), square_room, "みえない")
    answer = as_(world.haruka).get(f"{square_room.api}/events?limit=2").get_json()
    assert [each["seq"] for each in answer["events"]] == [each["seq"] for each in seen]
    assert answer["events"][1]["prev"] == seen[0]["seq"]
    assert (answer["more"], answer["head"]) == (False, seen[1]["seq"])
    page = as_(world.haruka).get(f"{square_room.api}/messages").get_json()
    assert [item["message"]["id"] for item in page["items"]] == [each["id"] for each in seen]


def test_many_are_told_without_a_statement_each(
    app: Flask, world: World, write: Write, queries: Any, square_room: PlantedRoom
) -> None:
    write(lambda: _fill(square_room, world.sora, 30))
    with app.app_context():
        viewers = viewers_of([world.people[key].id for key in TALKING])
        with queries() as seen:
            entries = log.entries(square_room.id, after=0)
        assert len(seen) == 3
        with queries() as seen:
            told = [log.told(viewer, entries, prev=0) for viewer in viewers.values()]
        assert seen == []
        assert [len(cards) for cards in told] == [33] * 6
        assert log.heads(viewers[world.sora.id], [square_room.id, 999]).keys() == {square_room.id}
        assert log.epochs(viewers[world.sora.id], [square_room.id]) == {square_room.id: 1}


def test_whoever_comes_back_reads_on_from_there_in_a_new_epoch(
    app: Flask, world: World, as_: As, square_room: PlantedRoom
) -> None:
    talk = Talk(world, square_room)
    with app.app_context():
        talk.send(world.sora, 1)
        talk.leave(world.takumi, 0)
        talk.send(world.sora, 2)
        talk.join(world.takumi, 0)
        talk.send(world.sora, 3)
    answer = as_(world.takumi).get(f"{square_room.api}/events").get_json()
    assert answer["epoch"] == 2
    assert [each["kind"] for each in answer["events"]] == ["member", "message"]
    assert answer["events"][0]["prev"] == 0


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


def _upload(owner: Person, **columns: Any) -> str:
    upload = Upload(
        owner_id=owner.id,
        kind="document",
        state="ready",
        name="持ち物.txt",
        media_type="text/plain",
        size_bytes=3,
        kept_until=clock.now().date(),
        **columns,
    )
    session.add(upload)
    session.flush()
    return upload.public_id


def test_files_go_along_with_a_message_in_their_order(
    world: World, as_: As, write: Write, group_room: PlantedRoom
) -> None:
    ids = [write(lambda: _upload(world.haruka)) for _ in range(2)]
    payload = {"key": new_key(), "body": "", "files": ",".join(reversed(ids))}
    haruka = as_(world.haruka)
    for dup in ({}, {"dup": True}):
        ack = send_json(haruka, f"{group_room.api}/messages", payload).get_json()
        assert {"ok": True, **dup}.items() <= ack.items()
    message = as_(world.sora).get(f"{group_room.api}/messages").get_json()["items"][0]["message"]
    assert [file["id"] for file in message["files"]] == list(reversed(ids))
    say(as_(world.sora), group_room, "どうも", reply_to=message["id"])
    answer = haruka.get(f"{group_room.api}/messages").get_json()["items"][1]["message"]
    assert answer["reply_to"]["excerpt"] == "写真・ファイル"


def test_files_of_others_or_of_something_else_cannot_be_sent(
    world: World, as_: As, write: Write, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    theirs, own = write(lambda: _upload(world.sora)), write(lambda: _upload(world.haruka))
    say(haruka, group_room, "どうぞ", files=own)
    for file in (theirs, own, new_public_id()):
        payload = {"key": new_key(), "body": "これも", "files": file}
        answer = send_json(haruka, f"{group_room.api}/messages", payload)
        assert answer.status_code == 422
        assert "files" in answer.get_json()["fields"]


def test_a_picture_that_is_still_being_made_is_shown_to_its_author_only(
    world: World, as_: As, write: Write, group_room: PlantedRoom
) -> None:
    picture = write(lambda: _upload(world.haruka))

    def wait() -> None:
        session.execute(
            update(Upload).where(Upload.public_id == picture).values(state="waiting", kind="picture")
        )

    write(wait)
    say(as_(world.haruka), group_room, "撮れたて", files=picture)
    for person, count in ((world.haruka, 1), (world.sora, 0)):
        item = as_(person).get(f"{group_room.api}/messages").get_json()["items"][0]
        assert len(item["message"]["files"]) == count


def test_files_stay_with_their_message_and_go_two_weeks_after_it_was_taken_back(
    app: Flask, world: World, as_: As, write: Write, rows: Any, held_clock: Any, group_room: PlantedRoom
) -> None:
    with held_clock(NOON):
        haruka = as_(world.haruka)
        kept, gone = write(lambda: _upload(world.haruka)), write(lambda: _upload(world.haruka))
        say(haruka, group_room, "残す", files=kept)
        ack = say(haruka, group_room, "取り消す", files=gone)
        send_json(haruka, f"{group_room.api}/messages/{ack['id']}/unsend")
    for days, left in ((13, {kept, gone}), (15, {kept})):
        with held_clock(NOON + timedelta(days=days)), app.app_context():
            forget_loose_files()
        assert set(rows(select(Upload.public_id))) == left


# ── leaving the community ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("keeps_name", [False, True], ids=["without a name", "with the name"])
def test_what_a_leaver_said_stays_and_leads_to_them_no_more(
    world: World, as_: As, deliver: Callable[[], int], square_room: PlantedRoom, keeps_name: bool
) -> None:
    sora, takumi = as_(world.sora), as_(world.takumi)
    ack = say(sora, square_room, "またね")
    other = say(takumi, square_room, "さみしい")
    send_json(sora, f"{square_room.api}/messages/{other['id']}/reactions", {"name": "thanks", "on": True})
    answer = sora.post("/me/leave", {"keeps_name": "yes" if keeps_name else "no"})
    assert answer.location == "/left"
    deliver()
    page = takumi.get(f"{square_room.api}/messages").get_json()
    said = {item["message"]["id"]: item["message"] for item in page["items"] if item["type"] == "message"}
    assert said[ack["id"]]["body"] == "またね"
    assert said[ack["id"]]["author"]["id"] is None
    assert said[ack["id"]]["author"]["name"] == ("そら" if keeps_name else "退会した方")
    assert len(said[other["id"]]["reactions"]) == keeps_name
    kinds = [each["kind"] for each in takumi.get(f"{square_room.api}/events").get_json()["events"]]
    assert ("react" in kinds) == keeps_name


def test_what_a_blocked_person_said_stays_hidden_when_they_leave(
    world: World, as_: As, deliver: Callable[[], int], square_room: PlantedRoom, plant_room: Any
) -> None:
    low, high = sorted((world.haruka.id, world.ren.id))
    talk = plant_room("direct", world.haruka, world.ren, low_id=low, high_id=high)
    ren, haruka = as_(world.ren), as_(world.haruka)
    say(ren, square_room, "れんです")
    assert ren.post("/me/leave", {"keeps_name": "no"}).location == "/left"
    deliver()
    with haruka.app.app_context():
        tidy_doors()
    assert haruka.get(f"{square_room.api}/events").get_json()["events"] == []
    assert haruka.get(f"{talk.api}/events").status_code == 404
    assert len(as_(world.sora).get(f"{square_room.api}/events").get_json()["events"]) >= 1
