"""Rooms as they are read: the latest page of the log, the page before a message, catching up, and what one saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
    union_all,
)

from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.core.reading import Reading
from app.models import Member, Message, Room, RoomEvent, RoomPin, RoomReader, SavedMessage
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from .. import log
from ..cards import MessageCard
from ..entries import LOG_COLUMNS, cards_of, entries_of, excerpt_of, message_cards, with_log
from .cards import LogItem, LogPage, MessageActs, PinnedCard, SavedMessageCard

MESSAGES_A_PAGE = 50
# Lines between the messages of a page; in a large room more people come in a day than anybody wants to read.
NOTES_A_PAGE = 100
MOST_ROOMS = 200  # whose heads are asked for at once
MOST_SAVED = 200

_viewer_id = bindparam("viewer_id", type_=Integer)
_before = bindparam("before", type_=BigInteger)
_room_id = bindparam("room_id", type_=BigInteger)


# ── statements, built once ───────────────────────────────────────────────────────────────────────────────────


def _of_room(column: Any) -> ColumnElement[Any]:
    """A column of something of the row's room, 0 if there is none."""
    return func.coalesce(column.correlate(Room).scalar_subquery(), 0)


_PAGE = Reading(
    select(
        Room.id,
        log.newest().label("head"),
        log.epoch_now().label("epoch"),
        _of_room(
            select(RoomReader.bookmark_seq).where(
                RoomReader.room_id == Room.id, RoomReader.member_id == _viewer_id
            )
        ).label("bookmark"),
        _of_room(
            select(Message.seq)
            .join(RoomPin, RoomPin.message_id == Message.id)
            .where(RoomPin.room_id == Room.id, standing("view", Message, Room))
        ).label("pinned"),
        _of_room(
            select(Message.seq).where(
                Message.room_id == Room.id,
                Message.public_id == bindparam("before_id", type_=String),
                standing("view", Message, Room),
            )
        ).label("before"),
    ).where(Room.public_id == bindparam("public_id"), standing("view", Room))
)


def _seqs(which: ColumnElement[bool]) -> Select[Any]:
    """The seqs of these entries of the room before a place, the newest first."""
    return (
        select(RoomEvent.seq)
        .join(Room, Room.id == RoomEvent.room_id)
        .where(RoomEvent.room_id == _room_id, RoomEvent.seq < _before, which, log.is_seen)
        .order_by(RoomEvent.seq.desc())
    )


def _on_page() -> ColumnElement[bool]:
    """The messages of a page and one more, the lines between them, and the message above the room."""
    is_message = RoomEvent.kind == "message"
    messages = _seqs(is_message).limit(MESSAGES_A_PAGE + 1)
    oldest = _seqs(is_message).offset(MESSAGES_A_PAGE).limit(1).scalar_subquery()
    is_note = and_(RoomEvent.kind.in_(("member", "system")), RoomEvent.seq > func.coalesce(oldest, 0))
    notes = _seqs(is_note).limit(NOTES_A_PAGE)
    pinned = select(bindparam("pinned", type_=BigInteger).label("seq"))
    # One list of seqs leads into the index; an alternative beside it would read the whole log.
    return RoomEvent.seq.in_(union_all(*(select(each.subquery()) for each in (messages, notes, pinned))))


_IS_SAVED = (
    select(SavedMessage.id)
    .where(SavedMessage.message_id == Message.id, SavedMessage.member_id == _viewer_id)
    .correlate(Message)
    .exists()
    .label("is_saved")
)
_PAGE_ROWS = Reading(
    with_log(select(*LOG_COLUMNS, _IS_SAVED))
    .where(Room.id == _room_id, _on_page(), standing("view", Room), log.is_seen)
    .order_by(RoomEvent.seq)
)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────


def log_page(viewer: Viewer, room_id: PublicId, *, before: PublicId | None = None) -> LogPage:
    """The latest page of a room's log, or the page before a message; four queries, whatever there is.

    Raises NotFound if the viewer sees neither the room nor that message in it.
    """
    place = _PAGE.first({**viewer.binds, "public_id": room_id, "before_id": before or ""})
    if place is None or (before and not place.before):
        raise NotFound()
    rows = _PAGE_ROWS.all(
        {
            **viewer.binds,
            "room_id": place.id,
            "before": place.before or log.HIGHEST_SEQ,
            "pinned": 0 if before else place.pinned,
        }
    )
    entries = entries_of(rows)
    messages = message_cards(viewer, entries)
    shown, older = _cut(rows)
    notes = {
        card.seq: card
        for card in cards_of(viewer, [each for each in entries if each.message is None], prev=0)
    }
    return LogPage(
        room=room_id,
        items=tuple(
            LogItem(messages.get(row.seq), notes.get(row.seq), bool(row.is_saved))
            for row in shown
            if row.seq in messages or row.seq in notes
        ),
        head=place.head,
        epoch=place.epoch,
        older=older,
        bookmark=place.bookmark,
        pinned=_pinned(messages, 0 if before else place.pinned),
    )


def _cut(rows: Sequence[Row[Any]]) -> tuple[Sequence[Row[Any]], PublicId | None]:
    """The rows of the page, and its oldest message where there are more before it."""
    messages = [row for row in rows if row.kind == "message"]
    if len(messages) <= MESSAGES_A_PAGE:
        return rows, None
    # The one more, and what stands above the room, may be older than the page.
    oldest = messages[-MESSAGES_A_PAGE]
    return [row for row in rows if row.seq >= oldest.seq], oldest.message_id


def _pinned(messages: Mapping[int, MessageCard], seq: int) -> PinnedCard | None:
    card = messages.get(seq)
    if card is None or card.is_unsent:
        return None
    return PinnedCard(card.id, card.author, excerpt_of(card.body, card.stamp))


def heads(viewer: Viewer, room_ids: Collection[PublicId]) -> dict[PublicId, int | None]:
    """The newest seq the viewer sees in each of these rooms; None where a room is not theirs, or is none."""
    asked = list(room_ids)[:MOST_ROOMS]
    rows = session.execute(
        select(Room.public_id, log.newest().label("head")).where(
            Room.public_id.in_(asked), standing("view", Room)
        ),
        viewer.binds,
    )
    found = {row.public_id: row.head for row in rows}
    return {each: found.get(each) for each in asked}


_ONE = Reading(
    with_log(select(*LOG_COLUMNS, _IS_SAVED)).where(
        Message.public_id == bindparam("message_id", type_=String),
        RoomEvent.kind == "message",
        standing("view", Room),
        log.is_seen,
    )
)


def message_acts(viewer: Viewer, message_id: PublicId) -> MessageActs:
    """One message of any room the viewer sees. Raises NotFound; three queries."""
    row = _ONE.first({**viewer.binds, "message_id": message_id})
    if row is None:
        raise NotFound()
    (card,) = message_cards(viewer, entries_of([row])).values()
    return MessageActs(row.room_id, card, bool(row.is_saved))


# ── what one saved ───────────────────────────────────────────────────────────────────────────────────────────

_SAVED = (
    select(
        Room.public_id.label("room_id"),
        Message.public_id.label("message_id"),
        Message.body,
        Message.stamp,
        Message.sent_at,
        *person_columns(),
    )
    .select_from(SavedMessage)
    .join(Message, Message.id == SavedMessage.message_id)
    .join(Room, Room.id == Message.room_id)
    .outerjoin(Member, Member.id == Message.author_id)
    .where(SavedMessage.member_id == _viewer_id, standing("view", Message), Message.unsent_at.is_(None))
    .order_by(SavedMessage.id.desc())
    .limit(MOST_SAVED)
)


def saved_messages(viewer: Viewer) -> tuple[SavedMessageCard, ...]:
    """The messages the viewer keeps and still sees, the latest kept first; one query."""
    return tuple(
        SavedMessageCard(
            room=row.room_id,
            message_id=row.message_id,
            author=person_card(viewer, row),
            excerpt=excerpt_of(row.body, row.stamp),
            sent_at=row.sent_at,
        )
        for row in session.execute(_SAVED, viewer.binds)
    )
