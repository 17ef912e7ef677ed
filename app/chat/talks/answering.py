"""When somebody who was asked to talk says something, the wish is answered: by the saying itself."""

from __future__ import annotations

from sqlalchemy import update

from app.core.clock import now
from app.core.db import session
from app.models import Room, TalkRequest
from app.policy import Viewer

from .threads import is_open_request


def note_answer(viewer: Viewer, room: Room) -> None:
    """Call it in the operation in which the viewer says something in the room: open 話したい of others are answered."""
    if viewer.is_staff and room.kind in {"office", "direct"}:
        session.execute(
            update(TalkRequest)
            .where(TalkRequest.room_id == room.id, TalkRequest.member_id != viewer.id, is_open_request())
            .values(answered_at=now())
            .execution_options(synchronize_session=False)
        )
