"""What changes boards: opening them, writing on them, keeping them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId, new_public_id
from app.core.operation import announce, operation
from app.core.text import RENDERER_VERSION, mark_mentions, mentions_in, plain_text, render_markdown
from app.files.operations import WITHDRAWN_KEPT_FOR, attach_files
from app.models import (
    REACTIONS,
    Board,
    BoardAudience,
    Community,
    Draft,
    Member,
    Mention,
    Post,
    PostRevision,
    Reaction,
    Topic,
    TopicReader,
    Upload,
)
from app.policy import Viewer

from .audience import (
    SetKey,
    audience_label,
    has_new_readers,
    has_same_readers,
    keys_of,
    lets_of,
    organised_community,
    staff_label,
)
from .cards import readers_told
from .events import (
    BoardChanged,
    BoardOpened,
    PostEdited,
    PostHidden,
    PostRevealed,
    PostWithdrawn,
    ReplyPosted,
    TopicHidden,
    TopicRevealed,
    TopicStarted,
)
from .mentions import resolved_mentions

T = TypeVar("T")

LONGEST_REASON = 400  # the column's width
LONGEST_EXCERPT = 200  # the column's width
TIDIED_AT_ONCE = 500  # posts an hour: a large clearing up must not hold the database
MOST_PINNED = 5  # more of them, and what is new stands below the screen
_KEY = re.compile(r"[0-9a-f]{32}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Text:
    """What is to be stored, rendered before the transaction so that no other writer waits for it.

    `mentions` are the people chosen by completion, `files` the uploads in their order; None leaves files as they are.
    """

    title: str | None
    body: str
    body_html: str
    excerpt: str
    submission_key: str | None
    mentions: tuple[PublicId, ...]
    files: tuple[PublicId, ...] | None


def _text(
    title: str | None,
    body: str,
    submission_key: str | None,
    mentions: Collection[PublicId] | None,
    files: Sequence[PublicId] | None,
) -> _Text:
    return _Text(
        title=title,
        body=body,
        body_html=render_markdown(body),
        excerpt=plain_text(body)[:LONGEST_EXCERPT],
        submission_key=submission_key if submission_key and _KEY.fullmatch(submission_key) else None,
        mentions=tuple(mentions or ()),
        files=None if files is None else tuple(files),
    )


def start_topic(
    viewer: Viewer,
    slug: str,
    *,
    title: str,
    body: str,
    submission_key: str | None = None,
    mentions: Collection[PublicId] | None = None,
    files: Sequence[PublicId] | None = None,
    told: str | None = None,
) -> PublicId:
    """Open a topic with its first post; gives the topic's public id. The same form twice makes one topic.

    `mentions` are people chosen by completion, `files` the viewer's own uploads in their order, `told` who reads along
    as the form said it (`BoardCard.told`). Announces TopicStarted. Raises NotFound if the viewer does not read the
    board, Forbidden if they do not write there, Invalid if others read there by now, the form was already sent with
    another text, a file is not theirs to attach, or too many are mentioned.
    """
    text = _text(title, body, submission_key, mentions, files)
    return _twice(lambda: _start_topic(viewer, slug, text, told))


def reply_to_topic(
    viewer: Viewer,
    topic_id: PublicId,
    *,
    body: str,
    submission_key: str | None = None,
    quoted: PublicId | None = None,
    mentions: Collection[PublicId] | None = None,
    files: Sequence[PublicId] | None = None,
) -> PublicId:
    """Reply to a topic, perhaps to one `quoted` post of it; gives the post's public id. The same form twice makes one.

    Announces ReplyPosted. Raises NotFound if the viewer cannot see the topic or the quoted post, Forbidden if they
    may not reply or quote, Invalid as `start_topic`.
    """
    text = _text(None, body, submission_key, mentions, files)
    return _twice(lambda: _reply_to_topic(viewer, topic_id, text, quoted or None))


def _twice(write: Callable[[], T]) -> T:
    """Where the same form arrives twice at once, one of them meets the other's row: it then finds it."""
    try:
        return write()
    except IntegrityError:
        return write()


@operation
def _start_topic(viewer: Viewer, slug: str, text: _Text, told: str | None) -> PublicId:
    # Held, so that nobody widens an empty board between the words about its readers and the first topic.
    board = policy.claim(viewer, Board, slug, "write", key=Board.slug)
    sent = _sent_before(viewer, text)
    if sent is not None:
        _check_same(sent.is_first and sent.topic.title == text.title and sent.topic.board_id == board.id)
        return sent.topic.public_id
    _check_readers(viewer, board, told)
    topic = Topic(
        board_id=board.id,
        author_id=viewer.id,
        author_cohort_id=_cohort_of(viewer),
        title=text.title or "",
        started_at=now(),
    )
    session.add(topic)
    session.flush()
    _add_post(viewer, topic, text, is_first=True)
    _forget_draft(viewer, f"topic-{slug}")
    announce(TopicStarted(topic_id=topic.id))
    return topic.public_id


@operation
def _reply_to_topic(viewer: Viewer, topic_id: PublicId, text: _Text, quoted: PublicId | None) -> PublicId:
    # Claimed, so that nobody locks or moves it between the question and the answer.
    topic = policy.claim(viewer, Topic, topic_id, "reply")
    sent = _sent_before(viewer, text)
    if sent is not None:
        _check_same(not sent.is_first and sent.topic_id == topic.id)
        return sent.public_id
    post = _add_post(viewer, topic, text, is_first=False, quoted_id=_quoted(viewer, topic, quoted))
    topic.replies = Topic.replies + 1
    _forget_draft(viewer, f"reply-{topic_id}")
    announce(ReplyPosted(post_id=post.id))
    return post.public_id


def _check_readers(viewer: Viewer, board: Board, told: str | None) -> None:
    """Raise Invalid where other people read along than the writer was told."""
    lets = lets_of(viewer, [board.id]).get(board.id, [])
    readers = audience_label(lets)
    if told and told != readers_told(readers, staff_label(lets)):
        raise Invalid(
            _(
                "書いているあいだに、このひろばを読む人が変わりました（いまは「%(readers)s」です）。"
                "書いた内容は残してあります。このまま投稿してよければ、もう一度押してください。",
                readers=readers,
            )
        )


def _quoted(viewer: Viewer, topic: Topic, quoted: PublicId | None) -> int | None:
    """The post to be quoted. One of another topic is no post of this page, so it is missing."""
    if quoted is None:
        return None
    post = policy.fetch(viewer, Post, quoted, "quote")
    if post.topic_id != topic.id:
        raise NotFound()
    return post.id


def _add_post(
    viewer: Viewer, topic: Topic, text: _Text, *, is_first: bool, quoted_id: int | None = None
) -> Post:
    mentions = resolved_mentions(viewer, topic.board_id, text.body_html, chosen=text.mentions)
    post = Post(
        topic_id=topic.id,
        author_id=viewer.id,
        author_cohort_id=_cohort_of(viewer),
        is_first=is_first,
        body=text.body,
        body_html=mentions.html,
        excerpt=text.excerpt,
        renderer_version=RENDERER_VERSION,
        quoted_id=quoted_id,
        submission_key=text.submission_key,
        written_at=now(),
    )
    session.add(post)
    session.flush()
    topic.newest_id = post.id
    _speak_to(post.id, mentions.member_ids)
    if text.files:
        attach_files(viewer, text.files, post_id=post.id)
    _move_bookmark(viewer, post)
    return post


def _speak_to(post_id: int, member_ids: Collection[int]) -> None:
    session.add_all(Mention(post_id=post_id, member_id=member_id) for member_id in sorted(member_ids))


def _move_bookmark(viewer: Viewer, post: Post) -> None:
    """Whoever writes has read up to there; how much they wish to hear of the topic stays."""
    reader = session.get(TopicReader, (viewer.id, post.topic_id))
    if reader is None:
        session.add(TopicReader(member_id=viewer.id, topic_id=post.topic_id, bookmark_id=post.id))
    else:
        reader.bookmark_id = max(reader.bookmark_id, post.id)


def _forget_draft(viewer: Viewer, composer: str) -> None:
    session.execute(delete(Draft).where(Draft.member_id == viewer.id, Draft.composer == composer))


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


# ── changing one's mind ──────────────────────────────────────────────────────────────────────────────────────


def edit_post(
    viewer: Viewer,
    post_id: PublicId,
    *,
    revision: int,
    body: str,
    title: str | None = None,
    mentions: Collection[PublicId] | None = None,
    files: Sequence[PublicId] | None = None,
) -> None:
    """Change what one's own post says, and the topic's title where it is the first; the earlier text is kept.

    `revision` is the one the editing form was opened with; the same text again changes nothing. `files` None leaves
    the files as they are. Announces PostEdited with those who are newly mentioned. Raises NotFound, Forbidden, Invalid
    where the post was changed meanwhile, and as `start_topic`.
    """
    _edit_post(viewer, post_id, revision, _text(title, body, None, mentions, files))


@operation
def _edit_post(viewer: Viewer, post_id: PublicId, revision: int, text: _Text) -> None:
    post = policy.claim(viewer, Post, post_id, "edit")
    has_new_title = post.is_first and bool(text.title) and text.title != post.topic.title
    has_new_words = has_new_title or text.body != post.body
    has_new_files = text.files is not None and list(text.files) != _files_of(post)
    _forget_draft(viewer, f"edit-{post_id}")
    if not has_new_words and not has_new_files:
        return
    if revision != post.revision:
        raise Invalid(
            _(
                "編集しているあいだに、別の画面でこの投稿が変更されました。"
                "いまの内容を下に表示しています。見比べてから、もう一度保存してください。"
            )
        )
    if has_new_words:
        _keep_version(post)
    mentioned = _rewrite(viewer, post, text) if text.body != post.body else []
    if has_new_title:
        post.topic.title = text.title or ""
    if has_new_files:
        attach_files(viewer, text.files or (), post_id=post.id)
    post.revision, post.edited_at = post.revision + 1, now()
    announce(PostEdited(post_id=post.id, mentioned=mentioned))


def _files_of(post: Post) -> list[PublicId]:
    return list(
        session.scalars(
            select(Upload.public_id).where(Upload.post_id == post.id).order_by(Upload.position, Upload.id)
        )
    )


def _keep_version(post: Post) -> None:
    session.add(
        PostRevision(
            post_id=post.id,
            number=post.revision,
            title=post.topic.title if post.is_first else "",
            body=post.body,
            body_html=post.body_html,
            renderer_version=post.renderer_version,
            written_at=post.edited_at or post.written_at,
        )
    )


def _rewrite(viewer: Viewer, post: Post, text: _Text) -> list[int]:
    """Store the new text; gives the members it speaks to and did not before."""
    mentions = resolved_mentions(
        viewer,
        post.topic.board_id,
        text.body_html,
        chosen=text.mentions,
        before=mentions_in(post.body_html),
    )
    before = set(session.scalars(select(Mention.member_id).where(Mention.post_id == post.id)))
    gone, new = before - mentions.member_ids, mentions.member_ids - before
    session.execute(delete(Mention).where(Mention.post_id == post.id, Mention.member_id.in_(gone)))
    _speak_to(post.id, new)
    post.body, post.body_html, post.excerpt = text.body, mentions.html, text.excerpt
    post.renderer_version = RENDERER_VERSION
    return sorted(new)


@operation
def withdraw_post(viewer: Viewer, post_id: PublicId) -> None:
    """Take back one's own post; replies stay. A first post takes its topic's title along, and nobody replies any more.

    Announces PostWithdrawn. Withdrawing twice is harmless. Raises NotFound if the viewer cannot see the post,
    Forbidden if it is not theirs.
    """
    post = policy.claim(viewer, Post, post_id, "withdraw")
    if post.withdrawn_at is not None:
        return
    post.withdrawn_at = now()
    if post.is_first:
        post.topic.withdrawn_at, post.topic.pinned_at = post.withdrawn_at, None
    session.execute(delete(Reaction).where(Reaction.post_id == post.id))
    announce(PostWithdrawn(post_id=post.id))


@operation
def forget_withdrawn() -> None:
    """Delete the words of what was taken back two weeks ago, and what they were before; the trace stays."""
    is_long_gone = and_(Post.withdrawn_at < now() - WITHDRAWN_KEPT_FOR, Post.body != "")
    gone = session.scalars(select(Post.id).where(is_long_gone).order_by(Post.id).limit(TIDIED_AT_ONCE)).all()
    for kept in (PostRevision, Mention):
        session.execute(delete(kept).where(kept.post_id.in_(gone)))
    began = select(Post.topic_id).where(Post.id.in_(gone), Post.is_first)
    session.execute(update(Topic).where(Topic.id.in_(began)).values(title=""))
    session.execute(update(Post).where(Post.id.in_(gone)).values(body="", body_html="", excerpt=""))


def set_reaction(viewer: Viewer, post_id: PublicId, name: str, on: bool) -> None:
    """Give one of the six signs to a post, or take it back; doing so again changes nothing.

    Raises NotFound, Forbidden, Invalid for a sign there is not.
    """
    _twice(lambda: _set_reaction(viewer, post_id, name, on))


@operation
def _set_reaction(viewer: Viewer, post_id: PublicId, name: str, on: bool) -> None:
    post = policy.fetch(viewer, Post, post_id, "react")
    if name not in REACTIONS:
        raise Invalid(_("このリアクションはありません。画面を開き直してください。"))
    given = session.get(Reaction, (post.id, viewer.id, name))
    if on and given is None:
        session.add(
            Reaction(post_id=post.id, member_id=viewer.id, name=name, member_cohort_id=_cohort_of(viewer))
        )
    elif not on and given is not None:
        session.delete(given)


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
        post.topic.replies = Topic.replies - 1
        announce(PostHidden(post_id=post.id))


@operation
def reveal_post(viewer: Viewer, post_id: PublicId) -> None:
    """Show a hidden reply again. Announces PostRevealed; revealing twice is harmless."""
    post = policy.claim(viewer, Post, post_id, "hide")
    if post.hidden_at is not None:
        post.hidden_at, post.hidden_reason = None, ""
        post.topic.replies = Topic.replies + 1
        announce(PostRevealed(post_id=post.id))


@operation
def hide_topic(viewer: Viewer, topic_id: PublicId, *, reason: str) -> None:
    """Hide a topic with all its posts from everybody but its author and moderators; its author is told why.

    Announces TopicHidden. Hiding twice keeps the first reason. Raises NotFound, Forbidden, Invalid without a reason.
    """
    topic = policy.claim(viewer, Topic, topic_id, "hide")
    reason = _checked_reason(reason)
    if topic.hidden_at is None:
        topic.hidden_at, topic.hidden_reason, topic.pinned_at = now(), reason, None
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


# ── arranging ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def pin_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Keep a topic at the head of its board. Raises NotFound, Forbidden, Invalid where MOST_PINNED stand there."""
    topic = policy.claim(viewer, Topic, topic_id, "arrange")
    if topic.pinned_at is not None:
        return
    # One pin after another: two at once would both find the last place free.
    session.execute(select(Board.id).where(Board.id == topic.board_id).with_for_update(key_share=True))
    pinned = select(func.count()).where(
        Topic.board_id == topic.board_id, Topic.pinned_at.is_not(None), Topic.archived_at.is_(None)
    )
    if (session.scalar(pinned) or 0) >= MOST_PINNED:
        raise Invalid(
            _(
                "固定できるのは、ひとつのひろばに%(most)s件までです。どれかの固定を外してから、もう一度お試しください。",
                most=MOST_PINNED,
            )
        )
    topic.pinned_at = now()


@operation
def unpin_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Let a topic stand among the others again. Raises NotFound, Forbidden."""
    policy.claim(viewer, Topic, topic_id, "arrange").pinned_at = None


@operation
def lock_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Close a topic: it is read, and nobody replies. Raises NotFound, Forbidden."""
    topic = policy.claim(viewer, Topic, topic_id, "arrange")
    topic.locked_at = topic.locked_at or now()


@operation
def unlock_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Open a closed topic again. Raises NotFound, Forbidden."""
    policy.claim(viewer, Topic, topic_id, "arrange").locked_at = None


@operation
def archive_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Put a topic among the past ones: it is read there, and nobody replies. Raises NotFound, Forbidden."""
    topic = policy.claim(viewer, Topic, topic_id, "arrange")
    if topic.archived_at is None:
        topic.archived_at, topic.pinned_at = now(), None


@operation
def unarchive_topic(viewer: Viewer, topic_id: PublicId) -> None:
    """Bring a past topic back. Raises NotFound, Forbidden."""
    policy.claim(viewer, Topic, topic_id, "arrange").archived_at = None


@operation
def move_topic(viewer: Viewer, topic_id: PublicId, *, board: str) -> None:
    """Move a topic to the board with this slug; its address stays. Moving to where it is changes nothing.

    Only to a board the viewer reads and that has the same readers. Raises NotFound, Forbidden, Invalid for any other
    board.
    """
    topic = policy.claim(viewer, Topic, topic_id, "arrange")
    target_id = session.scalar(
        select(Board.id).where(
            Board.slug == board, Board.archived_at.is_(None), policy.allowed(viewer, "view", Board)
        )
    )
    if target_id == topic.board_id:
        return
    if target_id is None or not has_same_readers(target_id, topic.board_id):
        sentence = _("このひろばには移せません。移せるひろばから選んでください。")
        raise Invalid(sentence, {"board": [sentence]})
    topic.board_id, topic.pinned_at = target_id, None


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
    if has_new_readers(board.id, sets):
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
        select(Post.id, Post.body, Post.body_html)
        .where(Post.renderer_version != RENDERER_VERSION)
        .order_by(Post.id)
        .limit(most)
    ).all()
    for row in stale:
        html = mark_mentions(render_markdown(row.body), mentions_in(row.body_html))
        session.execute(
            update(Post)
            .where(Post.id == row.id)
            .values(
                body_html=html,
                excerpt=plain_text(row.body)[:LONGEST_EXCERPT],
                renderer_version=RENDERER_VERSION,
            )
        )
    return len(stale)
