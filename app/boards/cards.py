"""What a viewer is shown of boards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from app.core.ids import PublicId
from app.people.cards import Pager, PersonCard


@dataclass(frozen=True)
class BoardCard:
    """One board with its readers in words; `staff_label` says which staff read it, None where that is plain."""

    slug: str
    name: str
    description: str
    audience_label: str
    staff_label: str | None
    can_write: bool


@dataclass(frozen=True)
class BoardsPage:
    """The boards the viewer reads; `can_organise` leads to the office page."""

    boards: tuple[BoardCard, ...]
    can_organise: bool


@dataclass(frozen=True)
class TopicRow:
    """One topic in a list. `reply_count` counts replies this viewer sees, up to queries.MOST_COUNTED."""

    id: PublicId
    title: str
    author: PersonCard
    started_at: datetime
    reply_count: int
    is_hidden: bool
    board_name: str | None = None


@dataclass(frozen=True)
class BoardPage:
    """One board and a page of its topics, newest first."""

    board: BoardCard
    topics: tuple[TopicRow, ...]
    pager: Pager


@dataclass(frozen=True)
class PostCard:
    """One post. The hrefs are None where the viewer may not; the reason is there for author and moderators."""

    id: PublicId
    author: PersonCard
    body_html: Markup
    written_at: datetime
    is_mine: bool
    is_hidden: bool
    hidden_reason: str | None
    hide_href: str | None
    reveal_href: str | None
    is_first: bool


@dataclass(frozen=True)
class TopicPage:
    """One topic and a page of its posts, oldest first. `closed_sentence` says why one cannot reply."""

    id: PublicId
    title: str
    board: BoardCard
    posts: tuple[PostCard, ...]
    reply_count: int
    is_hidden: bool
    can_reply: bool
    closed_sentence: str | None
    pager: Pager


@dataclass(frozen=True)
class PostPlace:
    """Where a post is read: its topic, and the post after which its page begins (None: the first page)."""

    topic_id: PublicId
    after: PublicId | None


@dataclass(frozen=True)
class ModerationPage:
    """A post or topic about to be hidden or shown again: what it says, where it stands, where the form goes."""

    post: PostCard
    topic_title: str
    back_href: str
    action: str
    is_topic: bool


@dataclass(frozen=True)
class AudienceSet:
    """One set of people that may be let in to a board: a line of the office's matrix."""

    token: str
    label: str
    note: str
    is_reader: bool
    is_writer: bool


@dataclass(frozen=True)
class OfficeBoard:
    """One board as the office lists it. `is_read` is whether the viewer reads its topics."""

    slug: str
    name: str
    description: str
    audience_label: str
    staff_label: str | None
    is_read: bool


@dataclass(frozen=True)
class OfficeBoardPage:
    """The form of one board; `is_narrowing_only` once something was written for the readers of then."""

    slug: str | None
    name: str
    description: str
    position: int
    sets: tuple[AudienceSet, ...]
    is_narrowing_only: bool
