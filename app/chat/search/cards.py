"""What a viewer is shown of finding a message again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import PersonCard

from ..rooms.cards import RoomFrame


@dataclass(frozen=True)
class Hit:
    """One message that holds what was looked for."""

    id: PublicId
    author: PersonCard
    excerpt: str
    sent_at: datetime


@dataclass(frozen=True)
class SearchPage:
    """What was found in one room, the newest first. `older` leads on; None: that was all."""

    room: RoomFrame
    query: str
    hits: tuple[Hit, ...]
    older: PublicId | None
