"""What changes boards: opening them, writing on them, keeping them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId, new_public_id
from app.core.operation import announce, operation
from app.core.text import RENDERER_VERSION, render_markdown
from app.models import Board, BoardAudience, Community, Group, Member, Post, Role, Topic
from app.policy import Viewer

from .audience import SetKey, keys_of, organised_community
from .events import (
    BoardChanged,
    BoardOpened,
    PostHidden,
    PostRevealed,
    ReplyPosted,
    TopicHidden,
    TopicRevealed,
    TopicStarted,
)

T = TypeVar("T")

LONGEST_REASON = 400  # the column's width
_KEY = re.compile(r"[0-9a-f]{32}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Text:
    """What is to be stored, rendered before the transaction so that no other writer waits for it."""

    title: str
    body: str
    body_html: str
    submission_key: str | None


def start_topic(
    viewer: Viewer, slug: str, *, title: str, body: str, submission_key: str | None = None
) -> PublicId:
    """Open a topic with its first post; gives the topic's public id. The same form twice makes one topic.

    Announces TopicStarted. Raises NotFound if the viewer does not read the board, Forbidden if they do not write
    there, Invalid if the form was already sent with another text.
    """
    text = _Text(title, body, render_markdown(body), _key(submission_key))
    return _twice(lambda: _start_topic(viewer, slug, text))


def reply_to_topic(
    viewer: Viewer, topic_id: PublicId, *, body: str, submission_key: str | None = None
) -> PublicId:
    """Reply to a topic; gives the post's public id. The same form twice makes one post.

    Announces ReplyPosted. Raises NotFound if the viewer cannot see the topic, Forbidden if they may not reply,
    Invalid if the form was already sent with another text.
    """
    text = _Text("", body, render_markdown(body), _key(submission_key))
    return _twice(lambda: _reply_to_topic(viewer, topic_id, text))


def _key(submission_key: str | None) -> str | None:
    return submission_key if submission_key and _KEY.fullmatch(submission_key) else None


def _twice(write: Callable[[], T]) -> T:
    """Where the same form arrives twice at once, one of them meets the other's row: it then finds it."""
    try:
        return write()
    except IntegrityError:
        return write()


@operation
def _start_topic(viewer: Viewer, slug: str, text: _Text) -> PublicId:
    board = policy.fetch(viewer, Board, slug, "write", key=Board.slug)
    sent = _sent_before(viewer, text)
    if sent is not None:
        _check_same(sent.is_first and sent.topic.title == text.title and sent.topic.board_id == board.id)
        return sent.topic.public_id
    topic = Topic(
        board_id=board.id,
        author_id=viewer.id,
        author_cohort_id=_cohort_of(viewer),
        title=text.title,
        started_at=now(),
    )
    session.add(topic)
    session.flush()
    _add_post(viewer, topic, text, is_first=True)
    announce(TopicStarted(topic_id=topic.id))
    return topic.public_id


@operation
def _reply_to_topic(viewer: Viewer, topic_id: PublicId, text: _Text) -> PublicId:
    topic = policy.fetch(viewer, Topic, topic_id, "reply")
    sent = _sent_before(viewer, text)
    if sent is not None:
        _check_same(not sent.is_first and sent.topic_id == topic.id)
        return sent.public_id
    post = _add_post(viewer, topic, text, is_first=False)
    announce(ReplyPosted(post_id=post.id))
    return post.public_id


def _add_post(viewer: Viewer, topic: Topic, text: _Text, *, is_first: bool) -> Post:
    post = Post(
        topic_id=topic.id,
        author_id=viewer.id,
        author_cohort_id=_cohort_of(viewer),
        is_first=is_first,
        body=text.body,
        body_html=text.body_html,
        renderer_version=RENDERER_VERSION,
        submission_key=text.submission_key,
        written_at=now(),
    )
    session.add(post)
    session.flush()
    return post


def _cohort_of(viewer: Viewer) -> int | None:
    """The author's cohort as it is now, held until the text is stored: a move meanwhile must leave no gap in a wall."""
    return session.scalar(
        select(Member.cohort_id).where(Member.id == viewer.id).with_for_update(read=True, key_share=True)
    )


def _sent_before(viewer: Viewer, text: _Text) -> Post | None:
    """What this form already became, if anything. Raises Invalid where the text is another one now."""
    if text.submission_key is None:
        return None
    sent = session.scalar(
        select(Post)
        .where(Post.author_id == viewer.id, Post.submission_key == text.submission_key)
        .options(joinedload(Post.topic))
    )
    if sent is not None:
        _check_same(sent.body == text.body)
    return sent


def _check_same(is_same: bool) -> None:
    if not is_same:
        sentence = _(
            "この内容は、すでに投稿されています。書き足した文章は残してあります。"
            "もう一度押すと、新しい投稿になります。"
        )
        raise Invalid(sentence, {"body": [sentence]})


# ── keeping order ────────────────────────────────────────────────────────────────────────────────────────────


@operation
def hide_post(viewer: Viewer, post_id: PublicId, *, reason: str) -> None:
    """Hide a reply from everybody but its author and moderators; its author is told the reason.

    Announces PostHidden. Hiding twice keeps the first reason. Raises NotFound, Forbidden (a topic's first post is
    hidden with its topic), Invalid without a reason.
    """
    post = policy.claim(viewer, Post, post_id, "hide")
    reason = _checked_reason(reason)
    if post.hidden_at is None:
        post.hidden_at, post.hidden_reason = now(), reason
        announce(PostHidden(post_id=post.id))


@operation
def reveal_post(viewer: Viewer, post_id: PublicId) -> None:
    """Show a hidden reply again. Announces PostRevealed; revealing twice is harmless."""
    post = policy.claim(viewer, Post, post_id, "hide")
    if post.hidden_at is not None:
        post.hidden_at, post.hidden_reason = None, ""
        announce(PostRevealed(post_id=post.id))


@operation
def hide_topic(viewer: Viewer, topic_id: PublicId, *, reason: str) -> None:
    """Hide a topic with all its posts from everybody but its author and moderators; its author is told why.

    Announces TopicHidden. Hiding twice keeps the first reason. Raises NotFound, Forbidden, Invalid without a reason.
    """
    topic = policy.claim(viewer, Topic, topic_id, "hide")
    reason = _checked_reason(reason)
    if topic.hidden_at is None:
        topic.hidden_at, topic.hidden_reason = now(), reason
        announce(TopicHidden(topic_id=topic.id))


@operation
def reveal_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Show a hidden topic again. Announces TopicRevealed; revealing twice is harmless."""
    topic = policy.claim(viewer, Topic, topic_id, "hide")
    if topic.hidden_at is not None:
        topic.hidden_at, topic.hidden_reason = None, ""
        announce(TopicRevealed(topic_id=topic.id))


def _checked_reason(reason: str) -> str:
    cleaned = reason.strip()
    if not cleaned:
        sentence = _("理由を書いてください。投稿した方に伝わります。")
        raise Invalid(sentence, {"reason": [sentence]})
    if len(cleaned) > LONGEST_REASON:
        sentence = _("理由は%(most)s文字以内にしてください", most=LONGEST_REASON)
        raise Invalid(sentence, {"reason": [sentence]})
    return cleaned


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_board(
    viewer: Viewer,
    *,
    name: str,
    slug: str = "",
    description: str = "",
    position: int = 0,
    readers: Collection[str],
    writers: Collection[str] = (),
) -> str:
    """Open a board; gives its slug. Readers and writers are tokens of `audience.keys_of`; who writes also reads.

    Announces BoardOpened. Raises Forbidden unless the viewer organises the community, Invalid for a taken slug or
    a board nobody reads.
    """
    community = organised_community(viewer)
    slug = _free_slug(slug)
    board = Board(slug=slug, name=name, description=description, position=position)
    session.add(board)
    session.flush()
    _let_in(board, _sets(viewer, readers, writers))
    community.version = Community.version + 1
    announce(BoardOpened(board_id=board.id))
    return slug


@operation
def change_board(
    viewer: Viewer,
    slug: str,
    *,
    name: str,
    description: str = "",
    position: int = 0,
    readers: Collection[str],
    writers: Collection[str] = (),
) -> None:
    """Change a board's words, its place in the list, and who reads and writes there.

    Once a topic was started the readers may only become fewer: whoever wrote there was told who reads along.
    Announces BoardChanged. Raises Forbidden, NotFound, Invalid.
    """
    community = organised_community(viewer)
    board = session.scalar(select(Board).where(Board.slug == slug).with_for_update())
    if board is None:
        raise NotFound()
    sets = _sets(viewer, readers, writers)
    if _has_topics(board.id):
        _check_no_new_readers(board, sets)
    board.name, board.description, board.position = name, description, position
    session.execute(delete(BoardAudience).where(BoardAudience.board_id == board.id))
    _let_in(board, sets)
    community.version = Community.version + 1
    announce(BoardChanged(board_id=board.id))


def _free_slug(slug: str) -> str:
    slug = slug.strip().lower() or f"board-{new_public_id()[:6]}"
    if len(slug) > 60 or slug == "new" or not _SLUG.fullmatch(slug):
        sentence = _("アドレスには、半角の英小文字・数字・ハイフンを使ってください（例：kenshu-2027）")
        raise Invalid(sentence, {"slug": [sentence]})
    if session.scalar(select(Board.id).where(Board.slug == slug)) is not None:
        sentence = _("このアドレスは、ほかのひろばで使われています")
        raise Invalid(sentence, {"slug": [sentence]})
    return slug


def _sets(viewer: Viewer, readers: Collection[str], writers: Collection[str]) -> dict[SetKey, bool]:
    """Set of people → whether they write."""
    writing = keys_of(viewer, writers)
    sets = {key: key in writing for key in keys_of(viewer, readers) | writing}
    if not sets:
        sentence = _("読める人を、1つ以上選んでください")
        raise Invalid(sentence, {"readers": [sentence]})
    return sets


def _let_in(board: Board, sets: dict[SetKey, bool]) -> None:
    session.add_all(
        BoardAudience(
            board_id=board.id,
            role=key.role,
            cohort_id=key.cohort_id,
            group_id=key.group_id,
            is_writer=is_writer,
        )
        for key, is_writer in sets.items()
    )


def _has_topics(board_id: int) -> bool:
    """Whether anything was ever written on a board."""
    return session.scalar(select(Topic.id).where(Topic.board_id == board_id).limit(1)) is not None


def _check_no_new_readers(board: Board, sets: Collection[SetKey]) -> None:
    """Refuse everybody who did not read along when the posts were written."""
    before = session.execute(
        select(BoardAudience.role, BoardAudience.cohort_id, BoardAudience.group_id).where(
            BoardAudience.board_id == board.id
        )
    ).all()
    roles = 0
    for row in before:
        roles |= row.role or 0
    cohorts = {row.cohort_id for row in before if row.cohort_id is not None}
    groups = {row.group_id for row in before if row.group_id is not None}
    groups |= set(session.scalars(select(Group.id).where(Group.cohort_id.in_(cohorts))))
    all_candidates = bool(roles & Role.CANDIDATE)
    for key in sets:
        was_reading = (
            not (key.role or 0) & ~roles
            and (key.cohort_id is None or all_candidates or key.cohort_id in cohorts)
            and (key.group_id is None or all_candidates or key.group_id in groups)
        )
        if not was_reading:
            sentence = _(
                "すでに投稿があるため、読める人は増やせません（いまの読み手に向けて書かれています）。"
                "新しいひろばを開いてください。"
            )
            raise Invalid(sentence, {"readers": [sentence]})


# ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def rerender_posts(*, most: int = 500) -> int:
    """Render again up to `most` posts whose stored HTML an older renderer made; gives how many there were."""
    stale = session.execute(
        select(Post.id, Post.body)
        .where(Post.renderer_version != RENDERER_VERSION)
        .order_by(Post.id)
        .limit(most)
    ).all()
    for row in stale:
        session.execute(
            update(Post)
            .where(Post.id == row.id)
            .values(body_html=render_markdown(row.body), renderer_version=RENDERER_VERSION)
        )
    return len(stale)
