"""What a viewer is shown around an act of their own: before editing, answering, taking back, moving, and after edits."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app import policy
from app.core.db import session
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.text import mentions_in, show_mentions, stored_html
from app.models import Board, Member, Mention, Post, PostRevision, Topic, Upload
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed, standing

from .audience import has_same_readers
from .cards import EditPage, HistoryPage, MovePage, PostVersion, QuoteCard, WithdrawPage
from .queries import board_card

MOST_VERSIONS = 50  # of one post on its history page; whoever edits more often corrects commas

_QUOTED = (
    select(Post.public_id, Post.excerpt, *person_columns())
    .join(Topic, Topic.id == Post.topic_id)
    .outerjoin(Member, Member.id == Post.author_id)
    .where(standing("quote", Post))
)


def quote_to_answer(viewer: Viewer, topic_id: PublicId, post_id: PublicId) -> QuoteCard | None:
    """The post of this topic somebody is about to answer; None where the viewer cannot quote it."""
    row = session.execute(
        _QUOTED.where(Post.public_id == post_id, Topic.public_id == topic_id), viewer.binds
    ).first()
    if row is None:
        return None
    return QuoteCard(row.public_id, person_card(viewer, row), row.excerpt, is_withdrawn=False)


def edit_page(viewer: Viewer, post_id: PublicId) -> EditPage:
    """One's own post about to be changed. Raises NotFound, Forbidden."""
    post = policy.fetch(viewer, Post, post_id, "edit")
    slug = session.scalars(select(Board.slug).where(Board.id == post.topic.board_id)).one()
    mentioned = (
        select(Member.public_id)
        .join(Mention, Mention.member_id == Member.id)
        .where(Mention.post_id == post.id, allowed(viewer, "view", Member))
    )
    files = select(Upload.public_id).where(Upload.post_id == post.id).order_by(Upload.position, Upload.id)
    return EditPage(
        post_id=post.public_id,
        topic_title=post.topic.title,
        board=board_card(viewer, slug),
        title=post.topic.title if post.is_first else None,
        body=post.body,
        body_html=stored_html(show_mentions(post.body_html, _visible(viewer, [post.body_html]))),
        revision=post.revision,
        mentions=tuple(session.scalars(mentioned)),
        files=tuple(session.scalars(files)),
    )


def history_page(viewer: Viewer, post_id: PublicId) -> HistoryPage:
    """What a post says and said before. Raises NotFound, Forbidden where it was taken back."""
    post = policy.fetch(viewer, Post, post_id, "history")
    earlier = session.execute(
        select(PostRevision.title, PostRevision.body_html, PostRevision.written_at)
        .where(PostRevision.post_id == post.id)
        .order_by(PostRevision.number.desc())
        .limit(MOST_VERSIONS)
    ).all()
    said = [(post.topic.title, post.body_html, post.edited_at or post.written_at)]
    said += [(row.title, row.body_html, row.written_at) for row in earlier]
    visible = _visible(viewer, [html for _title, html, _at in said])
    return HistoryPage(
        post_id=post.public_id,
        topic_title=_title_of(post.topic),
        versions=tuple(
            PostVersion(title if post.is_first else None, stored_html(show_mentions(html, visible)), at)
            for title, html, at in said
        ),
    )


def _visible(viewer: Viewer, texts: Iterable[str]) -> set[PublicId]:
    """Whom of those these texts speak to the viewer may see; asked also where there is nobody, who looks the same."""
    ids = {public_id for html in texts for public_id in mentions_in(html).values()}
    return set(
        session.scalars(
            select(Member.public_id).where(Member.public_id.in_(ids), allowed(viewer, "view", Member))
        )
    )


def withdraw_page(viewer: Viewer, post_id: PublicId) -> WithdrawPage:
    """One's own post about to be taken back. Raises NotFound, Forbidden."""
    post = policy.fetch(viewer, Post, post_id, "withdraw")
    return WithdrawPage(
        post_id=post.public_id,
        topic_title=_title_of(post.topic),
        excerpt=post.excerpt,
        is_topic=post.is_first,
        is_withdrawn=post.withdrawn_at is not None,
    )


def move_page(viewer: Viewer, topic_id: PublicId) -> MovePage:
    """A topic and the boards it may be moved to. Raises NotFound, Forbidden."""
    topic = policy.fetch(viewer, Topic, topic_id, "arrange")
    boards = session.execute(
        select(Board.id, Board.slug)
        .where(Board.archived_at.is_(None), allowed(viewer, "view", Board))
        .order_by(Board.position, Board.id)
    ).all()
    here = session.scalars(select(Board.slug).where(Board.id == topic.board_id)).one()
    return MovePage(
        topic_id=topic.public_id,
        title=_title_of(topic),
        board=board_card(viewer, here),
        boards=tuple(
            board_card(viewer, each.slug)
            for each in boards
            if each.id != topic.board_id and has_same_readers(each.id, topic.board_id)
        ),
    )


def _title_of(topic: Topic) -> str:
    return t("取り消されたトピック") if topic.withdrawn_at is not None else topic.title
