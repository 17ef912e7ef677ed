"""The end of となりの席: closed after a fortnight, and gone a day later with everything that was said."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from app.core.clock import now
from app.core.db import session
from app.core.operation import announce, operation
from app.models import (
    Draft,
    Message,
    MessageMention,
    MessageReaction,
    MessageReport,
    Notice,
    ReportedMessage,
    Room,
    RoomEvent,
    RoomMember,
    RoomPin,
    RoomReader,
    SavedMessage,
    SeatAnswer,
    Upload,
)
from app.people.marks import company_today
from app.people.places import raise_versions

from .. import log
from ..events import RoomLeft
from ..index import MESSAGES
from ..rooms.membership import members_of

A_DAY = timedelta(days=1)


@operation
def close_seats() -> None:
    """What was said can still be read for a day; nobody writes any more."""
    over = session.scalars(
        select(Room)
        .where(Room.kind == "seat", Room.archived_at.is_(None), Room.closes_on < company_today())
        .order_by(Room.id)
        .with_for_update(of=Room)
    ).all()
    for room in over:
        room.archived_at = now()
        session.flush()
        log.append(None, room.id, "system", payload={"text": "seat_closed"})


def clear_seats() -> None:
    """One room in one transaction."""
    gone = select(Room.id).where(
        Room.kind == "seat", Room.closes_on.is_not(None), Room.archived_at <= now() - A_DAY
    )
    for room_id in session.scalars(gone.order_by(Room.id)).all():
        _clear(room_id)


@operation
def _clear(room_id: int) -> None:
    """Delete the room and all in it. What somebody reported stays as it was copied, with its author and nothing else."""
    room = session.scalar(select(Room).where(Room.id == room_id).with_for_update(of=Room))
    if room is None:
        return
    here = members_of(room.id)
    _delete_around(room)
    _delete_messages(room.id)
    session.execute(delete(RoomMember).where(RoomMember.room_id == room.id))
    raise_versions(here)
    announce(RoomLeft(room_id=room.id, member_ids=sorted(here)))
    if session.scalar(select(MessageReport.id).where(MessageReport.room_id == room.id).limit(1)) is None:
        session.delete(room)
    else:
        room.closes_on = None  # nobody is in it and nothing is said there: only the report knows of it


def _delete_around(room: Room) -> None:
    for kept in (RoomPin, RoomEvent, RoomReader, SeatAnswer):
        session.execute(delete(kept).where(kept.room_id == room.id))
    session.execute(delete(Draft).where(Draft.composer == f"room-{room.public_id}"))


def _delete_messages(room_id: int) -> None:
    said = select(Message.id).where(Message.room_id == room_id)
    for row in session.execute(select(Message.id, Message.body).where(Message.room_id == room_id)).all():
        MESSAGES.drop(row.id, room_id, row.body)
    # Their files lose their last mention here; the store forgets them with the other orphans.
    for about in (MessageMention, MessageReaction, SavedMessage, Notice, Upload):
        session.execute(delete(about).where(about.message_id.in_(said)))
    everything = update(Message).where(Message.room_id == room_id)
    session.execute(everything.values(reply_to_id=None, body="", body_html="", stamp="", unsent_at=now()))
    reported = select(ReportedMessage.message_id)
    session.execute(delete(Message).where(Message.room_id == room_id, Message.id.not_in(reported)))
