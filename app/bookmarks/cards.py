"""What a viewer is shown of what they keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import Pager, PersonCard


@dataclass(frozen=True)
class SavedRow:
    """One saved post in a few words, with where it stands."""

    id: PublicId
    author: PersonCard
    excerpt: str
    topic_title: str
    board_name: str
    written_at: datetime


@dataclass(frozen=True)
class SavedPage:
    """What the viewer keeps for themselves, what was saved last first, as far as it is still there."""

    posts: tuple[SavedRow, ...]
    pager: Pager
