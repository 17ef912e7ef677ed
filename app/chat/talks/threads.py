"""Which 人事への連絡 waits for an answer, as clauses for statements that are built once.

A thread waits as long as something its candidate wrote was followed neither by words of HR nor by a reaction of theirs.
A stamp asks nothing. The same words sent to everybody answer nobody, so they do not count here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import aliased

from app.models import Message, MessageReaction, Room, TalkRequest
from app.policy import standing

# Begins the key of a message that goes to everybody; the keys clients make are of another shape.
CHECK_IN_KEY = "check-in-"

Newest: Any = aliased(Message, name="newest")
Waiting: Any = aliased(Message, name="waiting")
_said: Any = aliased(Message, name="said")
_asking: Any = aliased(Message, name="asking")

_newest_seq = (
    select(func.max(_said.seq))
    .where(_said.room_id == Room.id, _said.unsent_at.is_(None))
    .correlate(Room)
    .scalar_subquery()
)
_newest_seq_of_candidate = (
    select(func.max(_said.seq))
    .where(_said.room_id == Room.id, _said.author_id == Room.candidate_id, _said.unsent_at.is_(None))
    .correlate(Room)
    .scalar_subquery()
)
_answered_seq = (
    select(func.coalesce(func.max(_said.seq), 0))
    .where(
        _said.room_id == Room.id,
        _said.author_id.is_distinct_from(Room.candidate_id),
        _said.unsent_at.is_(None),
        _said.client_key.not_like(f"{CHECK_IN_KEY}%"),
    )
    .correlate(Room)
    .scalar_subquery()
)
_is_marked = exists().where(
    MessageReaction.message_id == _asking.id, MessageReaction.member_id != Room.candidate_id
)
_waiting_seq = (
    select(func.min(_asking.seq))
    .where(
        _asking.room_id == Room.id,
        _asking.author_id == Room.candidate_id,
        _asking.stamp == "",
        _asking.unsent_at.is_(None),
        _asking.seq > _answered_seq,
        ~_is_marked,
    )
    .correlate(Room)
    .scalar_subquery()
)


def is_open_request() -> ColumnElement[bool]:
    """Over TalkRequest: nobody has answered, closed or taken it back."""
    return and_(TalkRequest.answered_at.is_(None), TalkRequest.closed_at.is_(None))


_has_request = (
    exists()
    .where(TalkRequest.room_id == Room.id, TalkRequest.wish == "office", is_open_request())
    .correlate(Room)
)

IS_OFFICE: ColumnElement[bool] = and_(Room.kind == "office", standing("view", Room))
# Beside each room its newest words; a room in which nobody has said anything is in no list.
HAS_NEWEST: ColumnElement[bool] = and_(Newest.room_id == Room.id, Newest.seq == _newest_seq)
# Where an answer is due: what the candidate said last, whatever went to everybody since.
HAS_ASKED: ColumnElement[bool] = and_(Newest.room_id == Room.id, Newest.seq == _newest_seq_of_candidate)
# Beside each room the first words that wait. An open 話したい stands in a list of its own.
IS_WAITING: ColumnElement[bool] = and_(
    IS_OFFICE,
    Room.archived_at.is_(None),
    ~_has_request,
    Waiting.room_id == Room.id,
    Waiting.seq == _waiting_seq,
)
IS_REST: ColumnElement[bool] = and_(
    IS_OFFICE,
    HAS_NEWEST,
    ~_has_request,
    (_waiting_seq.is_(None)) | (Room.archived_at.is_not(None)),
)
