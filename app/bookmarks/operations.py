"""What a reader keeps for themselves: how far they read, how much they wish to hear, what they saved.

A bookmark only ever goes forward and carries no time. Nothing is announced: nobody else ever hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from app import policy
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import operation
from app.models import Board, BoardReader, Level, Member, Post, SavedPost, Topic, TopicReader
from app.policy import Viewer, allowed

# The words of the form and of scripts.
LEVELS = {"mute": Level.MUTED, "normal": Level.NORMAL, "follow": Level.FOLLOWED}


# ── how far ──────────────────────────────────────────────────────────────────────────────────────────────────


def move_bookmark(viewer: Viewer, topic_id: PublicId, post_id: PublicId) -> None:
    """Move one's bookmark in a topic on to a post; back it never goes, and where it is already there nothing is written.

    Raises NotFound where the viewer does not see the post in this topic.
    """
    place = _place(viewer, topic_id, post_id)
    if place.id > _bookmark(viewer, place.topic_id, place.board_id):
        _twice(lambda: _move_bookmark(viewer, topic_id, post_id))


@operation
def _move_bookmark(viewer: Viewer, topic_id: PublicId, post_id: PublicId) -> None:
    place = _place(viewer, topic_id, post_id)
    reader = _topic_reader(viewer, place.topic_id)
    reader.bookmark_id = max(reader.bookmark_id or 0, place.id)


def _place(viewer: Viewer, topic_id: PublicId, post_id: PublicId) -> Any:
    """The post in its topic and board, by internal ids."""
    row = session.execute(
        select(Post.id, Post.topic_id, Topic.board_id)
        .join(Topic, Topic.id == Post.topic_id)
        .where(Post.public_id == post_id, Topic.public_id == topic_id, allowed(viewer, "view", Post))
    ).first()
    if row is None:
        raise NotFound()
    return row


def _bookmark(viewer: Viewer, topic_key: int, board_id: int) -> int:
    """The furthest of the viewer's own bookmarks for a topic."""
    kept = session.execute(
        select(
            _own(select(TopicReader.bookmark_id), TopicReader, viewer, TopicReader.topic_id == topic_key),
            _own(select(BoardReader.bookmark_id), BoardReader, viewer, BoardReader.board_id == board_id),
            select(Member.bookmark_id).where(Member.id == viewer.id).scalar_subquery(),
        )
    ).one()
    return max(each or 0 for each in kept)


def _own(query: Select[Any], kind: Any, viewer: Viewer, which: Any) -> Any:
    return query.where(kind.member_id == viewer.id, which).scalar_subquery()


def _topic_reader(viewer: Viewer, topic_key: int) -> TopicReader:
    """What the viewer keeps about a topic, held until the operation ends; made where there is nothing yet."""
    reader = session.get(TopicReader, (viewer.id, topic_key), with_for_update=True)
    if reader is None:
        reader = TopicReader(member_id=viewer.id, topic_id=topic_key, bookmark_id=0, level=int(Level.NORMAL))
        session.add(reader)
    return reader


def mark_board_read(viewer: Viewer, slug: str) -> None:
    """Mark everything a board shows the viewer as read. Raises NotFound if they do not read it."""
    _twice(lambda: _mark_board_read(viewer, slug))


@operation
def _mark_board_read(viewer: Viewer, slug: str) -> None:
    board = policy.fetch(viewer, Board, slug, key=Board.slug)
    newest = _newest_seen(viewer, Topic.board_id == board.id)
    reader = session.get(BoardReader, (viewer.id, board.id), with_for_update=True)
    if reader is None:
        session.add(BoardReader(member_id=viewer.id, board_id=board.id, bookmark_id=newest))
    else:
        reader.bookmark_id = max(reader.bookmark_id, newest)


@operation
def mark_all_read(viewer: Viewer) -> None:
    """Mark everything the viewer may see on boards as read. Raises NotFound for nobody."""
    member = session.get(Member, viewer.id, with_for_update=True) if viewer.is_active else None
    if member is None:
        raise NotFound()
    newest = _newest_seen(viewer, Topic.board_id.in_(sorted(viewer.board_ids)))
    member.bookmark_id = max(member.bookmark_id, newest)


def _newest_seen(viewer: Viewer, which: Any) -> int:
    """The newest post the viewer may see there; 0 where there is none."""
    newest = session.scalar(
        select(Post.id)
        .join(Topic, Topic.id == Post.topic_id)
        .where(which, allowed(viewer, "view", Post))
        .order_by(Post.id.desc())
        .limit(1)
    )
    return newest or 0


# ── how much ─────────────────────────────────────────────────────────────────────────────────────────────────


def set_level(viewer: Viewer, topic_id: PublicId, level: str) -> None:
    """Follow a topic, hear of it as usual, or mute it: a word of LEVELS. Nobody else learns of it.

    Raises NotFound if the viewer cannot see the topic, Invalid for a word there is not.
    """
    if level not in LEVELS:
        raise Invalid(_("この操作はありません。画面を開き直してください。"))
    _twice(lambda: _set_level(viewer, topic_id, LEVELS[level]))


@operation
def _set_level(viewer: Viewer, topic_id: PublicId, level: Level) -> None:
    topic = policy.fetch(viewer, Topic, topic_id)
    _topic_reader(viewer, topic.id).level = int(level)


# ── saved posts ──────────────────────────────────────────────────────────────────────────────────────────────


def save_post(viewer: Viewer, post_id: PublicId) -> None:
    """Keep a post for oneself; saving twice keeps it once. Raises NotFound, Forbidden where it was taken back."""
    _twice(lambda: _save_post(viewer, post_id))


@operation
def _save_post(viewer: Viewer, post_id: PublicId) -> None:
    post = policy.fetch(viewer, Post, post_id, "save")
    kept = session.scalar(
        select(SavedPost.id).where(SavedPost.member_id == viewer.id, SavedPost.post_id == post.id)
    )
    if kept is None:
        session.add(SavedPost(member_id=viewer.id, post_id=post.id))


@operation
def unsave_post(viewer: Viewer, post_id: PublicId) -> None:
    """Keep a post no longer; also one that was never kept. Raises NotFound if the viewer cannot see it."""
    post = policy.fetch(viewer, Post, post_id)
    session.execute(delete(SavedPost).where(SavedPost.member_id == viewer.id, SavedPost.post_id == post.id))


def _twice(write: Callable[[], None]) -> None:
    """Where two tabs make the same row at once, one of them meets the other's: it then finds it."""
    try:
        write()
    except IntegrityError:
        write()
