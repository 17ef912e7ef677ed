"""The demo's rooms: rooms.py's people say what stands there, through the operations, with the clock held.

What no door can do (leaving everybody else's reading of the past behind them) stands in `_have_read`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select

from app import policy
from app.chat.messages.operations import (
    LYING,
    edit_message,
    move_bookmark,
    pin_message,
    put_message,
    set_reaction,
    unsend_message,
    words,
)
from app.chat.rooms.operations import (
    begin_talk,
    choose_messages_from,
    give_rooms_to_groups,
    join_room,
    open_place,
    open_room,
)
from app.chat.seats.operations import change_gathering, lay_tables
from app.chat.talks.operations import ask_office, open_office
from app.core import clock
from app.core.db import session
from app.core.events import OutboxRow, drain
from app.core.ids import PublicId
from app.core.operation import unit_of_work
from app.models import Group, Member, Message, Room, RoomMember, RoomReader
from app.policy import Viewer, viewer_of

from . import rooms
from .rooms import Said

TOKYO = ZoneInfo("Asia/Tokyo")
_A_MINUTE = timedelta(minutes=1)
Act = tuple[datetime, Callable[[], None]]


@dataclass
class _House:
    """Who may speak, and what was said so far: keys of people, public ids of groups, tokens of audiences."""

    people: Mapping[str, int]
    groups: Mapping[str, PublicId]
    token: Callable[[str], str]
    # Line → its message; room → its public id once it is there.
    messages: dict[int, PublicId] = field(default_factory=dict)
    opened: dict[int, PublicId] = field(default_factory=dict)
    said: int = 0

    def viewer(self, key: str) -> Viewer:
        """Somebody as they are at this moment."""
        return viewer_of(self.people[key])

    def next_key(self) -> str:
        """The client key of the next message; the same ones in every demo."""
        self.said += 1
        return f"{self.said:032x}"


def talk_in_rooms(
    people: Mapping[str, int],
    groups: Mapping[str, PublicId],
    token: Callable[[str], str],
    caught_up: datetime,
) -> None:
    """Fill the rooms; what was said before `caught_up` is nobody's news. Takes some seconds."""
    house = _House(people, groups, token)
    choose_messages_from(house.viewer("haruka"), messages_from="cohort")
    give_rooms_to_groups()
    acts = sorted(_acts(house), key=lambda act: act[0])
    with clock.hold(caught_up), unit_of_work():
        _play([act for act in acts if act[0] <= caught_up])
        _have_read()
    # Nobody is told of it again.
    with unit_of_work():
        session.execute(delete(OutboxRow).where(OutboxRow.fact == "MessageWaits"))
    reading = (_at(rooms.HARUKA_READ_UNTIL), lambda: _read_as_haruka(house))
    for at, act in sorted([*acts, reading], key=lambda each: each[0]):
        if at > caught_up:
            _play_and_tell(at, act)


def sit_down(hr: Viewer) -> None:
    """Switch となりの席 on, and lay the tables of this very week: nobody has said anything there yet."""
    change_gathering(hr, fills_groups=True, has_seats=True)
    today = clock.today(TOKYO)
    monday = today - timedelta(days=today.weekday())
    with clock.hold(datetime.combine(monday, time(8, 30), TOKYO).astimezone(UTC)):
        lay_tables()


def _play(acts: Sequence[Act]) -> None:
    for at, act in acts:
        with clock.hold(at):
            act()


def _play_and_tell(at: datetime, act: Callable[[], None]) -> None:
    """Whoever is told of it is told when it has lain there for a while, not on the day the demo is made."""
    with clock.hold(at), unit_of_work():
        act()
    with clock.hold(at + LYING):
        drain()


def _at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=TOKYO).astimezone(UTC)


# ── what happens, and when ───────────────────────────────────────────────────────────────────────────────────


def _acts(house: _House) -> list[Act]:
    acts: list[Act] = []
    number = count()
    for key, lines in rooms.GROUPS.items():
        here = next(number)
        house.opened[here] = _room_of_group(house.groups[key])
        acts += _talk(house, here, lines)
    for place in rooms.PLACES:
        acts += _placed(house, next(number), place)
    for small in rooms.SMALLS:
        acts += _small(house, next(number), small)
    for pair in rooms.PAIRS:
        acts += _pair(house, next(number), pair)
    for office in rooms.OFFICES:
        acts += _office(house, next(number), office)
    return acts


def _room_of_group(group_id: PublicId) -> PublicId:
    room = select(Room.public_id).join(Group, Group.id == Room.group_id).where(Group.public_id == group_id)
    return session.scalars(room).one()


def _placed(house: _House, number: int, place: rooms.Place) -> list[Act]:
    def opening() -> None:
        house.opened[number] = open_place(
            house.viewer(place.author),
            name=place.name,
            audience=[house.token(each) for each in place.audience],
            description=place.description,
            icon=place.icon,
            is_open=place.is_open,
            is_announcement=place.is_announcement,
        )

    def coming(who: str) -> Callable[[], None]:
        return lambda: join_room(house.viewer(who), house.opened[number])

    come = [(_at(at), coming(who)) for who, at in place.comes]
    return [(_at(place.opened_at), opening), *come, *_talk(house, number, place.said)]


def _small(house: _House, number: int, small: rooms.Small) -> list[Act]:
    def opening() -> None:
        people = [house.viewer(each).public_id for each in small.people]
        house.opened[number] = open_room(
            house.viewer(small.owner), name=small.name, people=people, icon=small.icon
        )

    return [(_at(small.opened_at), opening), *_talk(house, number, small.said)]


def _pair(house: _House, number: int, pair: rooms.Pair) -> list[Act]:
    first, *others = pair.said
    other = next(each for each in pair.people if each != first.author)

    def opening() -> None:
        person_id = house.viewer(other).public_id
        key = house.next_key()
        house.opened[number] = begin_talk(house.viewer(first.author), person_id, body=first.body, key=key)
        sent = select(Message.public_id).where(Message.client_key == key)
        house.messages[id(first)] = session.scalars(sent).one()
        _follow(house, number, first)

    return [(_at(first.at), opening), *_talk(house, number, others, before=[first])]


def _office(house: _House, number: int, office: rooms.Office) -> list[Act]:
    def opening() -> None:
        viewer = house.viewer(office.candidate)
        house.opened[number] = open_office(viewer)
        if office.wish is not None:
            ask_office(house.viewer(office.candidate), line=office.wish, key=house.next_key())

    return [(_at(office.opened_at), opening), *_talk(house, number, office.said)]


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────


def _talk(house: _House, number: int, lines: Sequence[Said], before: Sequence[Said] = ()) -> list[Act]:
    """Each line at its time; `before` are those the first ones may answer."""
    acts: list[Act] = []
    said = list(before)
    for line in lines:
        answered = said[-line.to] if line.to else None
        acts.append((_at(line.at), _saying(house, number, line, answered)))
        said.append(line)
    return acts


def _saying(house: _House, number: int, line: Said, answered: Said | None) -> Callable[[], None]:
    def act() -> None:
        viewer = house.viewer(line.author)
        room = policy.claim(viewer, Room, house.opened[number], "send")
        reply_to = None if answered is None else house.messages[id(answered)]
        message = put_message(
            viewer, room, house.next_key(), words(line.body, stamp=line.stamp, reply_to=reply_to)
        )
        house.messages[id(line)] = message.public_id
        _follow(house, number, line)

    return act


def _follow(house: _House, number: int, line: Said) -> None:
    """What becomes of a line a minute later: signs, another wording, being taken back, a place above the room."""
    room_id, message_id = house.opened[number], house.messages[id(line)]
    author = house.viewer(line.author)
    with clock.hold(clock.now() + _A_MINUTE):
        if line.becomes:
            edit_message(author, room_id, message_id, body=line.becomes)
        if line.is_taken_back:
            unsend_message(author, room_id, message_id)
        if line.pinned_by:
            pin_message(house.viewer(line.pinned_by), room_id, message_id)
        for who, which in line.signs:
            set_reaction(house.viewer(who), room_id, message_id, name=which, on=True)


# ── what was read ────────────────────────────────────────────────────────────────────────────────────────────


def _have_read() -> None:
    """Everybody has read their rooms up to here. Their own words moved some bookmarks already."""
    session.flush()
    session.execute(delete(RoomReader))
    here = select(RoomMember.member_id, RoomMember.room_id, Room.newest_seq).join(
        Room, Room.id == RoomMember.room_id
    )
    session.execute(insert(RoomReader).from_select(["member_id", "room_id", "bookmark_seq"], here))


def _read_as_haruka(house: _House) -> None:
    """はるか has read on until a certain evening; the rest waits for whoever signs in as her."""
    until = _at(rooms.HARUKA_READ_UNTIL)
    haruka = house.viewer("haruka")
    newest = session.execute(
        select(Room.public_id, Message.seq)
        .join(Message, Message.room_id == Room.id)
        .join(RoomMember, RoomMember.room_id == Room.id)
        .join(Member, Member.id == RoomMember.member_id)
        .where(Member.id == haruka.id, RoomMember.left_seq.is_(None), Message.sent_at <= until)
        .order_by(Message.seq)
    )
    for room_id, seq in {row.public_id: row.seq for row in newest}.items():
        move_bookmark(haruka, room_id, seq=seq)
