"""What one reader has not read: three bookmarks（しおり）, of which the furthest counts, as parts of statements.

Nothing here is ever asked about anybody but the viewer: every part is bound to `viewer.binds`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, select
from sqlalchemy.orm import aliased

from app.core.db import greatest
from app.models import BoardReader, Level, Member, Post, Topic, TopicReader
from app.policy import rules, standing_part

MOST_UNREAD = 100  # counting stops here; the screen says 99+

_viewer_id = bindparam("viewer_id", type_=Integer)
_me = aliased(Member, name="me")

# Up to where everything is old to me: since I joined, or since I marked everything as read. One value for a statement.
MY_BOOKMARK = func.coalesce(
    select(_me.bookmark_id).where(_me.id == _viewer_id).correlate(None).scalar_subquery(), 0
)
BOARD_BOOKMARK = func.coalesce(BoardReader.bookmark_id, 0)
TOPIC_BOOKMARK = func.coalesce(TopicReader.bookmark_id, 0)
level_chosen = func.coalesce(TopicReader.level, int(Level.NORMAL))
# The newest post I have read, as far as this topic is concerned.
POINTER = greatest(MY_BOOKMARK, BOARD_BOOKMARK, TOPIC_BOOKMARK)

# No post of a topic is newer than `newest_id`, so one comparison spares looking for most topics.
MAY_BE_UNREAD = and_(level_chosen != int(Level.MUTED), Topic.newest_id > POINTER)


def with_bookmarks(query: Select[Any]) -> Select[Any]:
    """The query over Topic with my own rows of its board and of the topic beside it."""
    return with_board_bookmark(query).outerjoin(
        TopicReader, and_(TopicReader.topic_id == Topic.id, TopicReader.member_id == _viewer_id)
    )


def with_board_bookmark(query: Select[Any]) -> Select[Any]:
    """The query over Topic with my own row of its board beside it."""
    return query.outerjoin(
        BoardReader, and_(BoardReader.board_id == Topic.board_id, BoardReader.member_id == _viewer_id)
    )


def is_mine(author_id: Any) -> ColumnElement[bool]:
    """The viewer wrote it; never unknown, also where the author was erased."""
    return author_id.is_not_distinct_from(_viewer_id)  # type: ignore[no-any-return]


def _unread_posts() -> Select[Any]:
    """What others wrote in the topic of the row behind my bookmark, as far as I see it and it still stands."""
    return (
        select(Post.id)
        .where(
            Post.topic_id == Topic.id,
            Post.id > POINTER,
            ~is_mine(Post.author_id),
            Post.withdrawn_at.is_(None),
            standing_part(rules.post_within_topic, Post),
        )
        .correlate(Topic, TopicReader, BoardReader)
    )


def _first_post_id() -> ColumnElement[int]:
    return select(func.min(Post.id)).where(Post.topic_id == Topic.id).correlate(Topic).scalar_subquery()


# How many there are, up to MOST_UNREAD.
UNREAD = case(
    (
        MAY_BE_UNREAD,
        select(func.count())
        .select_from(_unread_posts().limit(MOST_UNREAD).subquery())
        .correlate(Topic, TopicReader, BoardReader)
        .scalar_subquery(),
    ),
    else_=0,
)
FIRST_UNREAD = case((MAY_BE_UNREAD, _unread_posts().order_by(Post.id).limit(1).scalar_subquery()), else_=None)
NEWEST_UNREAD = case(
    (MAY_BE_UNREAD, _unread_posts().order_by(Post.id.desc()).limit(1).scalar_subquery()), else_=None
)
# Somebody else's topic that I never opened, begun behind my bookmarks.
IS_NEW = and_(
    MAY_BE_UNREAD,
    TOPIC_BOOKMARK == 0,
    ~is_mine(Topic.author_id),
    func.coalesce(_first_post_id(), 0) > POINTER,
)
