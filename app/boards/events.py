"""Facts about boards; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class TopicStarted(Fact):
    """Somebody opened a topic."""

    topic_id: int


@dataclass(frozen=True)
class ReplyPosted(Fact):
    """Somebody replied to a topic."""

    post_id: int


@dataclass(frozen=True)
class PostEdited(Fact):
    """An author changed what a post says; `mentioned` are the members it speaks to now and did not before."""

    post_id: int
    mentioned: list[int]


@dataclass(frozen=True)
class PostWithdrawn(Fact):
    """An author took a post back; a first post takes its topic along."""

    post_id: int


@dataclass(frozen=True)
class PostHidden(Fact):
    """A moderator hid a post."""

    post_id: int


@dataclass(frozen=True)
class PostRevealed(Fact):
    """A moderator showed a post again."""

    post_id: int


@dataclass(frozen=True)
class TopicHidden(Fact):
    """A moderator hid a topic with all its posts."""

    topic_id: int


@dataclass(frozen=True)
class TopicRevealed(Fact):
    """A moderator showed a topic again."""

    topic_id: int


@dataclass(frozen=True)
class BoardOpened(Fact):
    """HR opened a board."""

    board_id: int


@dataclass(frozen=True)
class BoardChanged(Fact):
    """HR changed a board or who reads and writes there."""

    board_id: int
