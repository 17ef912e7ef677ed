"""What a viewer is shown of boards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

from markupsafe import Markup

from app.core.ids import PublicId
from app.files.cards import FileCard
from app.people.cards import Pager, PersonCard, folded_groups

# What can be done with a post, in the order of its menu.
ACTS = ("quote", "save", "unsave", "edit", "withdraw", "hide", "reveal")


@dataclass(frozen=True)
class BoardCard:
    """One board with its readers in words; `staff_label` says which staff read it, None where that is plain."""

    slug: str
    name: str
    description: str
    audience_label: str
    staff_label: str | None
    can_write: bool
    is_archived: bool = False

    @property
    def told(self) -> str:
        """Who reads along, as whoever writes is told before the first word."""
        return readers_told(self.audience_label, self.staff_label)


def readers_told(audience_label: str, staff_label: str | None) -> str:
    """Both labels of a board in one line."""
    return "／".join(filter(None, (audience_label, staff_label)))


@dataclass(frozen=True)
class BoardNews:
    """One board in the list, and in how many of its topics something is new to the viewer; it stops at `MOST_NEWS`."""

    board: BoardCard
    topics: int


@dataclass(frozen=True)
class BoardsPage:
    """The boards the viewer reads, those put away apart; `can_organise` leads to the office page."""

    boards: tuple[BoardNews, ...]
    archived: tuple[BoardCard, ...]
    can_organise: bool

    @property
    def has_news(self) -> bool:
        """Something is new on one of them."""
        return any(each.topics for each in self.boards)


@dataclass(frozen=True)
class TopicRow:
    """One topic in a list. `reply_count` counts the replies this viewer may meet; `unread` stops at 100.

    `is_new`: never opened by the viewer, and started since they joined. Any other row leads to what is unread in it.
    """

    id: PublicId
    title: str
    author: PersonCard
    started_at: datetime
    reply_count: int
    is_hidden: bool
    board_name: str | None = None
    unread: int = 0
    is_new: bool = False
    is_pinned: bool = False
    is_locked: bool = False
    is_archived: bool = False


@dataclass(frozen=True)
class BoardPage:
    """One board: what is pinned, what came alive again since the viewer read it, and a page of its topics."""

    board: BoardCard
    topics: tuple[TopicRow, ...]
    pager: Pager
    pinned: tuple[TopicRow, ...] = ()
    alive: tuple[TopicRow, ...] = ()
    is_archive: bool = False

    @property
    def has_news(self) -> bool:
        """Something on this page is new to the viewer."""
        return any(row.unread for row in (*self.pinned, *self.alive, *self.topics))


@dataclass(frozen=True)
class ReactionCard:
    """One of the six signs under a post: how many gave it, whether the viewer did; names on small boards only."""

    name: str
    count: int
    is_mine: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuoteCard:
    """The post another one answers, in a few words; only there where the viewer sees that post."""

    post_id: PublicId
    author: PersonCard
    excerpt: str
    is_withdrawn: bool


@dataclass(frozen=True)
class PostCard:
    """One post. `can_*` and hrefs say what the viewer may; the reason is there for author and moderators."""

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
    is_withdrawn: bool = False
    edited_at: datetime | None = None
    quote: QuoteCard | None = None
    reactions: tuple[ReactionCard, ...] = ()
    files: tuple[FileCard, ...] = ()
    is_saved: bool = False
    can_react: bool = False
    can_quote: bool = False
    can_edit: bool = False
    can_withdraw: bool = False

    @property
    def acts(self) -> tuple[str, ...]:
        """What the viewer may do with it, beside giving signs, in the order of the menu."""
        is_kept = not (self.is_withdrawn or self.is_hidden)
        is_offered = (
            self.can_quote,
            is_kept and not self.is_saved,
            is_kept and self.is_saved,
            self.can_edit,
            self.can_withdraw,
            self.hide_href is not None,
            self.reveal_href is not None,
        )
        return tuple(compress(ACTS, is_offered))


@dataclass(frozen=True)
class TopicPage:
    """One topic and a page of its posts, oldest first. `closed_sentence` says why one cannot reply.

    `unread_from` is the first post on this page the viewer has not read, `unread_href` the way to it wherever it is,
    `unread` how many there are (it stops at 100). `newest_id` is the last post of the page; `moves_bookmark` where
    reading up to it is further than before. `level` is one of models.Level: 0 muted, 1 normal, 2 followed.
    """

    id: PublicId
    title: str
    board: BoardCard
    posts: tuple[PostCard, ...]
    reply_count: int
    is_hidden: bool
    can_reply: bool
    closed_sentence: str | None
    pager: Pager
    is_pinned: bool = False
    is_locked: bool = False
    is_archived: bool = False
    can_arrange: bool = False
    level: int = 1
    unread: int = 0
    unread_from: PublicId | None = None
    unread_href: str | None = None
    newest_id: PublicId | None = None
    moves_bookmark: bool = False

    @property
    def acts(self) -> tuple[str, ...]:
        """What may be done with any of the posts, in the order of their menus."""
        offered = {act for post in self.posts for act in post.acts}
        return tuple(act for act in ACTS if act in offered)

    @property
    def takes_signs(self) -> bool:
        """Whether signs may be given to any of the posts."""
        return any(post.can_react for post in self.posts)

    @property
    def posts_read(self) -> tuple[PostCard, ...]:
        """The posts above the line 「ここから新着」; without a line all of them."""
        return self.posts[: self._line]

    @property
    def posts_unread(self) -> tuple[PostCard, ...]:
        """The posts below the line."""
        return self.posts[self._line :]

    @property
    def _line(self) -> int:
        if self.unread_from is None:
            return len(self.posts)
        return next(place for place, post in enumerate(self.posts) if post.id == self.unread_from)


@dataclass(frozen=True)
class PostPlace:
    """Where a post is read: its topic, and the post after which its page begins (None: the first page)."""

    topic_id: PublicId
    after: PublicId | None


@dataclass(frozen=True)
class PostActsPage:
    """One post and everything the viewer may do with it; `given` are the signs they gave."""

    post: PostCard
    topic_title: str
    given: tuple[str, ...]


@dataclass(frozen=True)
class ModerationPage:
    """A post or topic about to be hidden or shown again: what it says, where it stands, where the form goes."""

    post: PostCard
    topic_title: str
    back_href: str
    action: str
    is_topic: bool


@dataclass(frozen=True)
class EditPage:
    """One's own post about to be changed: what it says now, whom it speaks to, which files it has.

    `revision` tells whether it was changed since the form was opened; `title` is the topic's, None for replies.
    """

    post_id: PublicId
    topic_title: str
    board: BoardCard
    title: str | None
    body: str
    body_html: Markup
    revision: int
    mentions: tuple[PublicId, ...]
    files: tuple[PublicId, ...]


@dataclass(frozen=True)
class PostVersion:
    """What a post said from `written_at` on; `title` is the topic's where it was another one."""

    title: str | None
    body_html: Markup
    written_at: datetime


@dataclass(frozen=True)
class HistoryPage:
    """What a post says now and said before, newest first."""

    post_id: PublicId
    topic_title: str
    versions: tuple[PostVersion, ...]


@dataclass(frozen=True)
class WithdrawPage:
    """One's own post about to be taken back; `is_topic` where its topic's title goes with it."""

    post_id: PublicId
    topic_title: str
    excerpt: str
    is_topic: bool
    is_withdrawn: bool


@dataclass(frozen=True)
class MovePage:
    """A topic and the boards it may be moved to."""

    topic_id: PublicId
    title: str
    board: BoardCard
    boards: tuple[BoardCard, ...]


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
    is_archived: bool = False


@dataclass(frozen=True)
class OfficeBoardPage:
    """The form of one board; `is_narrowing_only` once something was written for the readers of then."""

    slug: str | None
    name: str
    description: str
    position: int
    sets: tuple[AudienceSet, ...]
    is_narrowing_only: bool
    is_archived: bool = False

    def folded(self, chosen: Iterable[str]) -> frozenset[str]:
        """The lines that are folded away while these are chosen."""
        return folded_groups((each.token for each in self.sets), chosen)
