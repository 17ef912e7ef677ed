"""Finding a message again within a room; the viewer's filter stands in the same statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, true

from app.core.db import session
from app.core.ids import PublicId
from app.core.search_text import LONGEST_QUERY, excerpt
from app.models import Member, Message
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed, fetch

from .. import log
from ..index import MESSAGES
from ..rooms.queries import room_frame
from .cards import Hit, SearchPage

HITS_A_PAGE = 20


def search_page(
    viewer: Viewer, room_id: PublicId, query: str, *, before: PublicId | None = None
) -> SearchPage:
    """Messages of this room that hold every word of `query`, the newest first; `before` goes on from one of them.

    Order is the room's own: no ranking, whose statistics would tell of messages one may not see. Raises NotFound.
    """
    query = " ".join(query.split())[:LONGEST_QUERY]
    rows = _found(viewer, log.room_key(viewer, room_id), query, before) if query else []
    shown = rows[:HITS_A_PAGE]
    return SearchPage(
        room=room_frame(viewer, room_id),
        query=query,
        hits=tuple(
            Hit(row.public_id, person_card(viewer, row), excerpt(row.body, query), row.sent_at)
            for row in shown
        ),
        older=shown[-1].public_id if len(rows) > len(shown) else None,
    )


def _found(viewer: Viewer, room_key: int, query: str, before: PublicId | None) -> list[Any]:
    return list(
        session.execute(
            select(Message.public_id, Message.body, Message.sent_at, *person_columns())
            .outerjoin(Member, Member.id == Message.author_id)
            .where(
                Message.room_id == room_key,
                Message.unsent_at.is_(None),
                MESSAGES.holds(Message.id, room_key, query),
                allowed(viewer, "view", Message),
                _is_before(viewer, before),
            )
            .order_by(Message.seq.desc())
            .limit(HITS_A_PAGE + 1),
            viewer.binds,
        )
    )


def _is_before(viewer: Viewer, before: PublicId | None) -> ColumnElement[bool]:
    """Raises NotFound for a place the viewer cannot see."""
    return true() if before is None else Message.seq < fetch(viewer, Message, before).seq
