"""The log of a room: one order for everything that happens in it.

`append` is the only place that gives out a seq. It is called within the operation that makes the thing happen, so the
entry is there if and only if the thing is.

It is read in two ways that say the same. `events_after` asks the policy in SQL, for one viewer who catches up.
`entries` reads what happened once, for nobody, and `told` asks the policy in memory for each of many viewers.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, Integer, bindparam, func, insert, select, update

from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.core.operation import announce
from app.core.reading import IdSet, Reading, is_found_among
from app.models import Room, RoomEvent, RoomMember
from app.policy import Viewer, standing

from .cards import EventCard
from .entries import LOG_COLUMNS, Entry, cards_of, entries_of, seen_entries, with_log
from .events import RoomMoved

# A jump tells nothing about entries one may not see: steps are of every order of magnitude, so that what several of them
# add up to is as long as the longest alone. Half a billion of them stay below what a script counts exactly (2**53).
MOST_BITS = 28
# Who acts where the entry names nobody and what it changes is there for all: a reader who is apart from whoever did it
# would otherwise find it changed by none.
NOBODY: tuple[None, None] = (None, None)
HIGHEST_SEQ = 2**62  # above every seq there will be, and what both databases can hold
MOST_AT_ONCE = 200  # realtime.md: whoever is further behind begins afresh

# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


_ROOM, _EVENT = Room.__table__, RoomEvent.__table__
NEXT = (
    update(_ROOM)  # type: ignore[arg-type]
    .where(_ROOM.c.id == bindparam("place", type_=BigInteger))
    .values(newest_seq=_ROOM.c.newest_seq + bindparam("step", type_=BigInteger))
    .returning(_ROOM.c.newest_seq)
)
# For whoever sends: who may is asked once the row is held. The room may have ended while they waited for it.
NEXT_FOR_SENDER = NEXT.where(standing("send", Room))
_ENTER = insert(_EVENT)  # type: ignore[arg-type]


def step_in(room_id: int) -> dict[str, int]:
    """The parameters of NEXT."""
    return {"place": room_id, "step": 1 + secrets.randbelow(2 ** (1 + secrets.randbelow(MOST_BITS)))}


def next_seq(room_id: int) -> int:
    """The next place in the room's log. Holds the room's row until the operation ends: that makes the order one."""
    return int(session.execute(NEXT, step_in(room_id)).scalar_one())


class AboutMessage(Protocol):
    """What an entry of the log says of the message it is about."""

    @property
    def id(self) -> int: ...
    @property
    def author_id(self) -> int | None: ...
    @property
    def author_cohort_id(self) -> int | None: ...


def append(
    viewer: Viewer | None,
    room_id: int,
    kind: str,
    *,
    seq: int | None = None,
    message: AboutMessage | None = None,
    payload: dict[str, Any] | None = None,
    actor: tuple[int | None, int | None] | None = None,
) -> int:
    """Enter something into the log and announce RoomMoved; gives its seq.

    `viewer` acted, unless `actor` names another (member, cohort): who was put into a room by HR, for example, or NOBODY.
    `seq` is one that `next_seq` gave out already. A message is entered by `messages.entering`, together with its entry.
    """
    session.flush()  # what happened is written before its entry
    number = next_seq(room_id) if seq is None else seq
    acted = actor if actor is not None else (viewer.id, viewer.cohort_id) if viewer else (None, None)
    session.execute(
        _ENTER,
        {
            "room_id": room_id,
            "seq": number,
            "kind": kind,
            "message_id": None if message is None else message.id,
            "actor_id": acted[0],
            "actor_cohort_id": acted[1],
            "author_id": None if message is None else message.author_id,
            "author_cohort_id": None if message is None else message.author_cohort_id,
            "payload": payload or {},
            "created_at": now(),
        },
    )
    announce(RoomMoved(room_id=room_id, seq=number))
    return number


# ── the statements ───────────────────────────────────────────────────────────────────────────────────────────

_after = bindparam("after", type_=BigInteger)
_most = bindparam("most", type_=Integer)
_is_room = Room.id == bindparam("room_id", type_=BigInteger)
# The room is asked beside it in every statement below, so its entries are asked only for themselves.
is_seen = standing("view", RoomEvent, Room)


def newest(*which: ColumnElement[bool]) -> ColumnElement[int]:
    """The seq of the newest entry of the row's room that the viewer sees, 0 if none."""
    seq = (
        select(RoomEvent.seq)
        .where(RoomEvent.room_id == Room.id, *which, is_seen)
        .order_by(RoomEvent.seq.desc())
        .limit(1)
        .correlate(Room)
        .scalar_subquery()
    )
    return func.coalesce(seq, 0)


def epoch_now() -> ColumnElement[int]:
    """Raised whenever the viewer came back, or sees other things of the room; whoever reads by role has always the first."""
    epoch = (
        select(RoomMember.epoch)
        .where(RoomMember.room_id == Room.id, RoomMember.member_id == bindparam("viewer_id", type_=Integer))
        .correlate(Room)
        .scalar_subquery()
    )
    return func.coalesce(epoch, 1)


_ROOM_KEY = Reading(
    select(Room.id).where(
        Room.public_id == bindparam("public_id"),
        standing("view", Room),
    )
)
_PLACE = Reading(
    select(
        newest().label("head"),
        newest(RoomEvent.seq <= _after).label("prev"),
        epoch_now().label("epoch"),
    ).where(_is_room, standing("view", Room))
)
_HEADS = Reading(
    select(Room.id, newest().label("head")).where(
        is_found_among(Room.id, bindparam("room_ids", type_=IdSet())), standing("view", Room)
    )
)
_EPOCHS = Reading(
    select(Room.id, epoch_now().label("epoch")).where(
        is_found_among(Room.id, bindparam("room_ids", type_=IdSet())), standing("view", Room)
    )
)
_SEEN_AFTER = Reading(
    with_log(select(*LOG_COLUMNS))
    .where(_is_room, RoomEvent.seq > _after, standing("view", Room), is_seen)
    .order_by(RoomEvent.seq)
    .limit(_most)
)
# For nobody: `told` asks the policy about what it finds.
_ALL_AFTER = Reading(
    with_log(select(*LOG_COLUMNS))
    .where(_is_room, RoomEvent.seq > _after, RoomEvent.seq <= bindparam("up_to", type_=BigInteger))
    .order_by(RoomEvent.seq)
    .limit(_most)
)


# ── reading for one viewer ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Catchup:
    """What a viewer missed, oldest first. `head` is the newest seq they see, `more` says the rest was too much."""

    events: tuple[EventCard, ...]
    head: int
    more: bool
    epoch: int


def room_key(viewer: Viewer, public_id: PublicId) -> int:
    """The internal id of a room this viewer sees. Raises NotFound; one query."""
    row = _ROOM_KEY.first({**viewer.binds, "public_id": public_id})
    if row is None:
        raise NotFound()
    return int(row.id)


def events_after(viewer: Viewer, room_id: int, after: int, most: int = MOST_AT_ONCE) -> Catchup:
    """The entries after `after` that this viewer sees, at most `most`; one query, three more where there are any.

    Raises NotFound where the room is not (or no longer) theirs.
    """
    values = {**viewer.binds, "room_id": room_id, "after": min(max(after, 0), HIGHEST_SEQ)}
    place = _PLACE.first(values)
    if place is None:
        raise NotFound()
    rows = _SEEN_AFTER.all({**values, "most": most + 1})
    cards = cards_of(viewer, entries_of(rows[:most]), prev=place.prev)
    # What happened between the two statements is in the events and not yet in the head.
    head = max(place.head, cards[-1].seq) if cards else place.prev
    return Catchup(tuple(cards), head, more=len(rows) > most, epoch=place.epoch)


def previous(viewer: Viewer, room_id: int, before: int) -> int:
    """The seq of the entry before `before` that this viewer sees; 0 if none, or if the room is not theirs."""
    row = _PLACE.first({**viewer.binds, "room_id": room_id, "after": before - 1})
    return 0 if row is None else int(row.prev)


def head(viewer: Viewer, room_id: int) -> int:
    """The seq of the newest entry this viewer sees; 0 if none, or if the room is not theirs."""
    return heads(viewer, [room_id]).get(room_id, 0)


def heads(viewer: Viewer, room_ids: Collection[int]) -> dict[int, int]:
    """Room → the newest seq this viewer sees, for those of these rooms that are theirs; one query."""
    rows = _HEADS.all({**viewer.binds, "room_ids": frozenset(room_ids)})
    return {row.id: row.head for row in rows}


def epochs(viewer: Viewer, room_ids: Collection[int]) -> dict[int, int]:
    """Room → the epoch of this viewer's membership, for those of these rooms that are theirs; one query."""
    rows = _EPOCHS.all({**viewer.binds, "room_ids": frozenset(room_ids)})
    return {row.id: row.epoch for row in rows}


# ── reading for many ─────────────────────────────────────────────────────────────────────────────────────────


def entries(room_id: int, *, after: int, up_to: int | None = None, most: int = MOST_AT_ONCE) -> list[Entry]:
    """What happened in a room after one seq and up to another, unfiltered, oldest first; three queries.

    Never for a page: only `told` makes something of it that a viewer may have.
    """
    return entries_of(
        _ALL_AFTER.all(
            {
                "room_id": room_id,
                "after": after,
                "up_to": HIGHEST_SEQ if up_to is None else up_to,
                "most": most,
            }
        )
    )


def told(viewer: Viewer, entries: Sequence[Entry], *, prev: int) -> list[EventCard]:
    """What this viewer is told of these entries, in the language of the moment; no query.

    `prev` is the seq of the entry before them that the viewer sees (`previous`). Viewers of equal visibility who speak
    the same language are told the same, but for what is their own (`mine`).
    """
    return cards_of(viewer, seen_entries(viewer, entries), prev=prev)
