"""A message takes its place in a room's log.

Its place, the message, the entry of the log and its author's bookmark follow from one another. PostgreSQL takes the four
as one statement, so that the room's row, which everybody who speaks there waits for, is held for a moment only. SQLite,
which has one writer anyway, runs the same four after one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Integer,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    select,
    update,
)

from app.core.db import is_on_sqlite, session
from app.core.ids import PublicId
from app.core.operation import announce
from app.models import Member, Message, RoomEvent, RoomReader

from .. import log
from ..events import RoomMoved


@dataclass(frozen=True)
class Put:
    """A message that was entered into a log, as what follows needs it."""

    id: int
    public_id: PublicId
    seq: int
    sent_at: datetime


def _table(kind: Any) -> Table:
    table: Table = kind.__table__
    return table


_MEMBER, _MESSAGE, _EVENT, _READER = map(_table, (Member, Message, RoomEvent, RoomReader))
_GIVEN = (
    "public_id", "room_id", "author_id", "client_key", "body", "body_html", "renderer_version", "stamp", "reply_to_id",
    "sent_at",
)  # fmt: skip


def _given(name: str) -> Any:
    return bindparam(f"message_{name}", type_=_MESSAGE.c[name].type)


def _said(place: FromClause) -> Any:
    """The message at its place, with its author's cohort as it is now.

    Their row is held until the text is stored: a move to another cohort meanwhile must leave no gap in a wall.
    """
    author = (
        select(*map(_given, _GIVEN), place.c.newest_seq, _MEMBER.c.cohort_id)
        .select_from(place.join(_MEMBER, _MEMBER.c.id == _given("author_id")))
        .with_for_update(read=True, key_share=True, of=_MEMBER)
    )
    said = insert(_MESSAGE).from_select([*_GIVEN, "seq", "author_cohort_id"], author, include_defaults=False)
    return said.returning(_MESSAGE.c.id, _MESSAGE.c.seq, _MESSAGE.c.author_cohort_id)


def _entered(said: FromClause) -> Any:
    """The entry that says so."""
    author, room, sent_at = map(_given, ("author_id", "room_id", "sent_at"))
    cohort, payload = said.c.author_cohort_id, bindparam("entry_payload", type_=_EVENT.c.payload.type)
    entry = {
        "room_id": room, "seq": said.c.seq, "kind": bindparam("entry_kind", type_=_EVENT.c.kind.type),
        "message_id": said.c.id, "actor_id": author, "actor_cohort_id": cohort, "author_id": author,
        "author_cohort_id": cohort, "payload": payload, "created_at": sent_at,
    }  # fmt: skip
    return insert(_EVENT).from_select(list(entry), select(*entry.values()), include_defaults=False)


def _marked(said: FromClause) -> Update:
    """Whoever says something has read up to it."""
    is_theirs = (_READER.c.member_id == _given("author_id"), _READER.c.room_id == _given("room_id"))
    return (
        update(_READER).where(*is_theirs, _READER.c.bookmark_seq < said.c.seq).values(bookmark_seq=said.c.seq)
    )


def _whole(place: Any) -> Select[Any]:
    said = _said(place.cte("place")).cte("said")
    return select(said).add_cte(_entered(said).cte("entered"), _marked(said).cte("marked"))


# What the step before gave, where each is a statement of its own.
_placed = select(bindparam("given_newest_seq", type_=BigInteger).label("newest_seq")).subquery("place")
_spoken = select(
    bindparam("given_id", type_=BigInteger).label("id"),
    bindparam("given_seq", type_=BigInteger).label("seq"),
    bindparam("given_author_cohort_id", type_=Integer).label("author_cohort_id"),
).subquery("said")
_STEPS: tuple[Any, ...] = (_said(_placed), _entered(_spoken), _marked(_spoken))
_AT_ONCE = {place: _whole(place) for place in (log.NEXT, log.NEXT_FOR_SENDER)}


def enter(message: Mapping[str, Any], binds: Mapping[str, Any] | None) -> Put | None:
    """Enter a message, whose author has a row of RoomReader; announces RoomMoved.

    `message` holds the columns of _GIVEN. With a viewer's `binds` None is given where they may not, or no longer, write
    there: the rule is asked again once the room's row is held.
    """
    place = log.NEXT if binds is None else log.NEXT_FOR_SENDER
    given = {f"message_{name}": message[name] for name in _GIVEN} | {
        "entry_kind": "message",
        "entry_payload": {},
    }
    placing = {**(binds or {}), **log.step_in(message["room_id"])}
    if is_on_sqlite():
        said = _one_after_another(place, placing, given)
    else:
        said = session.execute(_AT_ONCE[place], {**placing, **given}).first()
    if said is None:
        return None
    announce(RoomMoved(room_id=message["room_id"], seq=said.seq))
    return Put(said.id, message["public_id"], said.seq, message["sent_at"])


def _one_after_another(place: Any, placing: Mapping[str, Any], given: dict[str, Any]) -> Any:
    placed = session.execute(place, placing).first()
    if placed is None:
        return None
    said = session.execute(_STEPS[0], given | _named(placed)).one()
    for step in _STEPS[1:]:
        session.execute(step, given | _named(said))
    return said


def _named(row: Any) -> dict[str, Any]:
    """As parameters of the next step; in an INSERT or UPDATE one that is called like a column would be its value."""
    return {f"given_{name}": value for name, value in row._mapping.items()}
