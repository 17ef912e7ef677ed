"""What follows on boards: authors are told of hiding, and those who leave are unlinked from what they wrote."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select, update

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, delivers, listens
from app.core.i18n import speaking, t
from app.core.mail import letter_text, link_to, send_letter
from app.core.text import mentions_in, show_mentions
from app.models import (
    BoardReader,
    Community,
    Draft,
    Member,
    Mention,
    Post,
    PostRevision,
    Reaction,
    Role,
    SavedPost,
    Topic,
    TopicReader,
)
from app.policy import allowed, viewer_of

from .events import PostHidden, PostRevealed, TopicHidden, TopicRevealed


@delivers(PostHidden)
def mail_post_hidden(fact: PostHidden, delivery: Delivery) -> None:
    """Tell the author of a hidden reply, if it is still hidden."""
    row = _post(fact.post_id)
    if row is not None and row.hidden_at is not None:
        _send(row, "post_hidden.txt", delivery, link=f"/posts/{row.public_id}", reason=row.hidden_reason)


@delivers(PostRevealed)
def mail_post_revealed(fact: PostRevealed, delivery: Delivery) -> None:
    """Tell the author that a reply is shown again, if it still is."""
    row = _post(fact.post_id)
    if row is not None and row.hidden_at is None:
        _send(row, "post_revealed.txt", delivery, link=f"/posts/{row.public_id}")


@delivers(TopicHidden)
def mail_topic_hidden(fact: TopicHidden, delivery: Delivery) -> None:
    """Tell the author of a hidden topic, if it is still hidden."""
    row = _topic(fact.topic_id)
    if row is not None and row.hidden_at is not None:
        _send(row, "post_hidden.txt", delivery, link=f"/topics/{row.public_id}", reason=row.hidden_reason)


@delivers(TopicRevealed)
def mail_topic_revealed(fact: TopicRevealed, delivery: Delivery) -> None:
    """Tell the author that a topic is shown again, if it still is."""
    row = _topic(fact.topic_id)
    if row is not None and row.hidden_at is None:
        _send(row, "post_revealed.txt", delivery, link=f"/topics/{row.public_id}")


def _post(post_id: int) -> Row[Any] | None:
    return _written(Post, post_id)


def _topic(topic_id: int) -> Row[Any] | None:
    return _written(Topic, topic_id)


def _written(kind: type[Post] | type[Topic], key: int) -> Row[Any] | None:
    """The text with its author as of now; None if the author has left, is suspended or cannot see it any more."""
    author_id = session.scalar(select(kind.author_id).where(kind.id == key))
    if author_id is None:
        return None
    return session.execute(
        select(
            kind.public_id,
            kind.hidden_at,
            kind.hidden_reason,
            Member.mail,
            Member.display_name,
            Member.language,
            Member.roles,
            Community.name.label("community"),
        )
        .join(Member, Member.id == kind.author_id)
        .join(Community, Community.id == 1)
        .where(kind.id == key, Member.mail.is_not(None), allowed(viewer_of(author_id), "view", kind))
    ).first()


def _send(row: Row[Any], template: str, delivery: Delivery, *, link: str, reason: str = "") -> None:
    with speaking(row.language):
        subject = t("【%(community)s】ひろば運営からのお知らせ", community=row.community)
    send_letter(
        to_address=row.mail,
        to_name=row.display_name,
        subject=subject,
        text=letter_text(
            f"boards/{template}",
            row.language,
            name=row.display_name,
            community=row.community,
            link=link_to(link),
            reason=reason,
            is_candidate=bool(row.roles & Role.CANDIDATE),
        ),
        language=row.language,
        key=delivery.key,
    )


@listens(MembershipEnded)
def unlink_author(fact: MembershipEnded, delivery: Delivery) -> None:
    """Take the author off everything written, unless they wished to keep their name there; delete what was theirs alone.

    The cohort stays: it names nobody, and without it a wall would open for these texts alone. So does, as a placeholder,
    whom a block keeps away.
    """
    if not fact.keeps_name:
        for kind in (Topic, Post):
            written = update(kind).where(kind.author_id == fact.member_id)
            session.execute(written.values(author_id=fact.placeholder_id))
        session.execute(delete(Reaction).where(Reaction.member_id == fact.member_id))
        _unlink_mentions(fact.member_id)
    for own in (Mention, SavedPost, TopicReader, BoardReader, Draft):
        session.execute(delete(own).where(own.member_id == fact.member_id))


def _unlink_mentions(member_id: int) -> None:
    """In what others wrote the words `@name` stay theirs; what led from them to the person goes."""
    gone = session.scalar(select(Member.public_id).where(Member.id == member_id))
    spoken_to = select(Mention.post_id).where(Mention.member_id == member_id)
    for row in session.execute(select(Post.id, Post.body_html).where(Post.id.in_(spoken_to))):
        html = _without(row.body_html, gone)
        session.execute(update(Post).where(Post.id == row.id).values(body_html=html))
    # An earlier version may speak to somebody the post no longer does, so it is found by the link itself.
    linked = select(PostRevision.post_id, PostRevision.number, PostRevision.body_html).where(
        PostRevision.body_html.contains(f"/people/{gone}")
    )
    for post_id, number, html in session.execute(linked):
        session.execute(
            update(PostRevision)
            .where(PostRevision.post_id == post_id, PostRevision.number == number)
            .values(body_html=_without(html, gone))
        )


def _without(html: str, gone: str | None) -> str:
    return show_mentions(html, set(mentions_in(html).values()) - {gone})
