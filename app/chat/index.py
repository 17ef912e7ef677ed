"""The index of messages: what operations enter, and what finding asks."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.core.operation import operation
from app.core.search_index import SearchIndex
from app.models import Message

MESSAGES = SearchIndex("message_index")
_BATCH = 500  # messages in one transaction of rebuilding


@operation
def clear_index() -> None:
    """Take every message out of the index, before `enter_again`."""
    MESSAGES.clear()


@operation
def enter_again(after: int) -> int | None:
    """Enter the next messages behind the key `after`; gives the last one's key, None where there are no more."""
    rows = session.execute(
        select(Message.id, Message.room_id, Message.body)
        .where(Message.id > after, Message.unsent_at.is_(None))
        .order_by(Message.id)
        .limit(_BATCH)
    ).all()
    for row in rows:
        MESSAGES.put(row.id, row.room_id, row.body)
    return rows[-1].id if rows else None
