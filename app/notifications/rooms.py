"""Who is told of a message, and as what: whoever may read it, has not read it yet, and wishes to hear of its room."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app import policy
from app.chat.messages.operations import QUIET_FOR
from app.core.clock import now
from app.core.db import session
from app.models import (
    Block,
    Member,
    Message,
    MessageMention,
    Notice,
    Role,
    RoomMember,
    RoomReader,
    Wall,
)
from app.policy import Viewer, viewers_of
from app.policy.engine import loads_of

from .audiences import Told
from .duties import knowing_of_wish
from .hours import BETWEEN_BUNDLES
from .telling import Subject

# Who is in them is spoken to, whatever is said.
_PERSONAL = frozenset({"direct", "office"})


def told_of_message(message_id: int) -> Told:
    """Member → kind for a message that lay in its room for a while: mentioned before written to before quiet.

    The HR team shares 人事への連絡 and works through it by a list, so it is told by the digest and never by a push.
    """
    message = _message(message_id)
    if message is None:
        return {}, Subject(message_id=message_id)
    kinds = _kinds(message)
    viewers = viewers_of(list(kinds))
    seeing = {
        key: viewers[key] for key in kinds if key in viewers and policy.can(viewers[key], "view", message)
    }
    quiet = _quiet_for(message, {key: each for key, each in seeing.items() if kinds[key] == "room"})
    kinds = {key: kinds[key] for key in seeing if kinds[key] != "room" or key in quiet}
    is_for_team = message.room.kind == "office" and message.author_id == message.room.candidate_id
    return kinds, Subject(
        message_id=message_id,
        for_digest=frozenset(kinds) if is_for_team else frozenset(),
        rung=_rung(message, [key for key, kind in kinds.items() if kind == "message"]),
    )


def told_of_new_words(message_id: int, seq: int, mentioned: Collection[int]) -> Told:
    """Member → kind for those an edited message speaks to for the first time and still, who have not seen it in the room.

    `seq` is the entry of the room's log that says it was edited.
    """
    subject = Subject(message_id=message_id)
    message = _message(message_id)
    if message is None:
        return {}, subject
    named = select(MessageMention.member_id).where(
        MessageMention.message_id == message.id, MessageMention.member_id.in_(mentioned)
    )
    waiting = session.execute(_waiting(message, seq).where(Member.id.in_(named)))
    viewers = viewers_of([row.id for row in waiting])
    return {key: "mention" for key, each in viewers.items() if policy.can(each, "view", message)}, subject


def _message(message_id: int) -> Message | None:
    return session.scalar(
        select(Message)
        .where(Message.id == message_id, Message.unsent_at.is_(None))
        .options(*loads_of(Message, "view"))
    )


# ── who wishes to hear of it ─────────────────────────────────────────────────────────────────────────────────


def _kinds(message: Message) -> dict[int, str]:
    """Member → kind for those in the room who have not read it, were not told of it, and did not stop its notices."""
    kind = "message" if message.room.kind in _PERSONAL else "room"
    if kind == "room" and (said := _latest_said(message)) is not None:
        # Somebody spoke before: it was quiet only for whoever does not see them.
        audience = session.execute(_waiting(message).where(_is_apart_from(said)))
    else:
        audience = session.execute(_waiting(message))
    knowing = knowing_of_wish(message.room_id) if message.room.kind == "office" else frozenset()
    kinds = {row.id: kind for row in audience if not row.is_calm and row.id not in knowing}
    named = select(MessageMention.member_id).where(MessageMention.message_id == message.id)
    kinds.update(
        {row.id: "mention" for row in session.execute(_waiting(message).where(Member.id.in_(named)))}
    )
    return kinds


def _waiting(message: Message, seq: int | None = None) -> Select[Any]:
    """Those in the room for whom the message is still to be read, and whether they muted the room.

    A room that was only hidden is back in the list with the message, and tells of it like any other. `seq` is where
    in the log it says what they may not have read, if not where it was sent.
    """
    reader, told = RoomReader, Notice
    return (
        select(
            Member.id,
            func.coalesce(reader.is_muted, False).label("is_calm"),
        )
        .outerjoin(reader, and_(reader.member_id == Member.id, reader.room_id == message.room_id))
        .outerjoin(told, and_(told.member_id == Member.id, told.message_id == message.id))
        .where(
            _is_in_room(message),
            Member.id.is_distinct_from(message.author_id),
            Member.suspended_at.is_(None),
            Member.ended_at.is_(None),
            told.id.is_(None),
            func.coalesce(reader.is_paused, False).is_(False),
            func.coalesce(reader.bookmark_seq, 0) < (seq or message.seq),
        )
        .order_by(Member.id)
    )


def _is_in_room(message: Message) -> ColumnElement[bool]:
    """Its members; the HR team where the candidate wrote to them."""
    joined = exists().where(
        RoomMember.room_id == message.room_id,
        RoomMember.member_id == Member.id,
        RoomMember.left_seq.is_(None),
    )
    if message.room.kind == "office" and message.author_id == message.room.candidate_id:
        return or_(joined, Member.roles.bitwise_and(int(Role.HR | Role.LEAD)) != 0)
    return joined


def _rung(message: Message, member_ids: Collection[int]) -> frozenset[int]:
    """Those who were told of an earlier message of the room within half an hour and have not read that one either."""
    earlier = (
        select(Notice.member_id)
        .join(Message, Message.id == Notice.message_id)
        .outerjoin(
            RoomReader,
            and_(RoomReader.room_id == Message.room_id, RoomReader.member_id == Notice.member_id),
        )
        .where(
            Notice.member_id.in_(member_ids),
            Notice.made_at > now() - BETWEEN_BUNDLES,
            Message.room_id == message.room_id,
            Message.unsent_at.is_(None),
            Message.seq > func.coalesce(RoomReader.bookmark_seq, 0),
        )
    )
    return frozenset(session.scalars(earlier))


# ── for whom the room was quiet ──────────────────────────────────────────────────────────────────────────────


def _said_lately(message: Message) -> tuple[ColumnElement[bool], ...]:
    """What still stands of the hours before the message, as conditions."""
    return (
        Message.room_id == message.room_id,
        Message.seq < message.seq,
        Message.sent_at > message.sent_at - QUIET_FOR,
        Message.unsent_at.is_(None),
    )


def _latest_said(message: Message) -> Message | None:
    return session.scalar(select(Message).where(*_said_lately(message)).order_by(Message.seq.desc()).limit(1))


def _quiet_for(message: Message, viewers: Mapping[int, Viewer]) -> set[int]:
    """Those who see nothing of what was said in the hours before: a hidden word breaks nobody's quiet."""
    if not viewers:
        return set()
    said = _latest_of_each(message)
    return {
        key for key, viewer in viewers.items() if not any(policy.can(viewer, "view", each) for each in said)
    }


def _latest_of_each(message: Message) -> Sequence[Message]:
    """The latest thing each author said in the hours before; one is as visible as their others."""
    latest = (
        select(func.max(Message.id))
        .where(*_said_lately(message))
        .group_by(Message.author_id, Message.author_cohort_id)
    )
    return session.scalars(
        select(Message).where(Message.id.in_(latest)).options(*loads_of(Message, "view"))
    ).all()


def _is_apart_from(said: Message) -> ColumnElement[bool]:
    """A WHERE over Member: a block or a wall may stand between them and who said this; the policy decides."""
    blocked = or_(
        Member.id.in_(select(Block.blocked_id).where(Block.blocker_id == said.author_id)),
        Member.id.in_(select(Block.blocker_id).where(Block.blocked_id == said.author_id)),
    )
    walled = or_(
        Member.cohort_id.in_(select(Wall.high_cohort_id).where(Wall.low_cohort_id == said.author_cohort_id)),
        Member.cohort_id.in_(select(Wall.low_cohort_id).where(Wall.high_cohort_id == said.author_cohort_id)),
    )
    return or_(blocked, walled)
