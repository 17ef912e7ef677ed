"""What becomes of messages afterwards: their pictures are ready, or their author leaves the community."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, listens
from app.files.events import PictureSettled
from app.models import (
    Message,
    MessageMention,
    MessageReaction,
    Room,
    RoomEvent,
    RoomReader,
    SavedMessage,
    Upload,
)

from .. import log


@listens(PictureSettled)
def show_pictures(fact: PictureSettled, delivery: Delivery) -> None:
    """When the last picture of a message is settled, pages that show the message are told, once a message."""
    message = session.scalar(
        select(Message)
        .join(Upload, Upload.message_id == Message.id)
        .where(Upload.id == fact.upload_id, Message.unsent_at.is_(None))
        .with_for_update(of=Message)  # two pictures may be settled in the same moment
    )
    if message is None or _is_waiting(message.id) or _is_shown(message.id):
        return
    log.append(
        None,
        message.room_id,
        "edit",
        message=message,
        payload={"files": True},
        actor=(message.author_id, message.author_cohort_id),
    )


def _is_waiting(message_id: int) -> bool:
    pictures = select(Upload.id).where(Upload.message_id == message_id, Upload.state == "waiting")
    return session.scalar(select(pictures.exists())) is True


def _is_shown(message_id: int) -> bool:
    """Whether the log says already that the pictures of this message are there."""
    edits = select(RoomEvent.payload).where(RoomEvent.message_id == message_id, RoomEvent.kind == "edit")
    return any(payload.get("files") for payload in session.scalars(edits))


@listens(MembershipEnded)
def unlink_author(fact: MembershipEnded, delivery: Delivery) -> None:
    """Take the author off everything said, unless they wished to keep their name there; delete what was theirs alone.

    The cohort stays: it names nobody, and without it a wall would open for these messages alone. So does, as a
    placeholder, whom a block keeps away.
    """
    if not fact.keeps_name:
        _take_signs_away(fact.member_id)
        for column in (Message.author_id, RoomEvent.author_id, RoomEvent.actor_id):
            written = update(column.class_).where(column == fact.member_id)
            session.execute(written.values({column.key: fact.placeholder_id}))
        _hand_on_talks(fact.member_id, fact.placeholder_id)
    for own in (MessageMention, RoomReader, SavedMessage):
        session.execute(delete(own).where(own.member_id == fact.member_id))


def _take_signs_away(member_id: int) -> None:
    """Their signs go, and with them the entries of the log that would bring them back."""
    session.execute(
        delete(RoomEvent).where(RoomEvent.actor_id == member_id, RoomEvent.kind.in_(("react", "unreact")))
    )
    session.execute(delete(MessageReaction).where(MessageReaction.member_id == member_id))


def _hand_on_talks(member_id: int, placeholder_id: int | None) -> None:
    """A talk of two that a block has ended stays ended: the placeholder, blocked as they were, takes their side."""
    if placeholder_id is None:
        return
    for low_id, high_id, key in session.execute(
        select(Room.low_id, Room.high_id, Room.id).where(
            or_(Room.low_id == member_id, Room.high_id == member_id)
        )
    ).all():
        other_id = high_id if low_id == member_id else low_id
        low, high = sorted((other_id, placeholder_id))
        session.execute(update(Room).where(Room.id == key).values(low_id=low, high_id=high))
