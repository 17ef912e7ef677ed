"""What home shows."""

from __future__ import annotations

from dataclasses import dataclass

from app.announcements.cards import WaitingCard
from app.boards.cards import BoardCard, TopicRow
from app.core.ids import PublicId
from app.people.cards import PersonCard


@dataclass(frozen=True)
class ForMe:
    """Posts of one topic that speak to the viewer and that they have not read: one of them, and how many `others`.

    `is_mention`: it does by name, else as an answer. `post_id` is the oldest of them, where to begin.
    """

    topic_id: PublicId
    post_id: PublicId
    is_mention: bool
    author: PersonCard
    topic_title: str
    excerpt: str
    others: int = 0


@dataclass(frozen=True)
class HomePage:
    """Home for one member; it ends, there is no endless feed. `must_set_up`: this administrator has begun set-up.

    `waiting` are announcements that ask for 確認しました, `alive` topics with new comments, `fresh` the newest topics;
    each topic stands on it once.
    """

    greeting: str
    is_candidate: bool
    has_first_steps: bool
    must_set_up: bool
    waiting: tuple[WaitingCard, ...]
    for_me: tuple[ForMe, ...]
    alive: tuple[TopicRow, ...]
    fresh: tuple[TopicRow, ...]
    boards: tuple[BoardCard, ...]

    @property
    def has_news(self) -> bool:
        """Something waits for the viewer."""
        return bool(self.waiting or self.for_me or self.alive)


@dataclass(frozen=True)
class DemoDoor:
    """One of the demo's people to be for a minute."""

    key: str
    name: str
    role: str
    bud: int
    sentence: str
