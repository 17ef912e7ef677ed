"""Who is told of a post or an announcement, and as what: those who may see it now, for the strongest reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased, joinedload

from app import policy
from app.core.db import session
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Level,
    Member,
    Mention,
    Notice,
    Post,
    TopicReader,
)
from app.policy import viewers_of

from .telling import Subject

Told = tuple[dict[int, str], Subject]


def told_of_post(post_id: int) -> Told:
    """Member → kind for a new post: mentioned before answered before following."""
    post = _post(post_id)
    if post is None:
        return {}, Subject(post_id=post_id)
    kinds = dict.fromkeys(_followers(post), "reply")
    if not post.is_first:
        kinds.update(dict.fromkeys(_answered(post), "answer"))
    mentioned = session.scalars(select(Mention.member_id).where(Mention.post_id == post_id))
    kinds.update(dict.fromkeys(mentioned, "mention"))
    return _narrowed(kinds, post), Subject(post_id=post_id)


def told_of_edit(post_id: int, mentioned: Iterable[int]) -> Told:
    """Member → kind for those an edited post speaks to for the first time."""
    post = _post(post_id)
    kinds = dict.fromkeys(mentioned, "mention")
    return ({} if post is None else _narrowed(kinds, post)), Subject(post_id=post_id)


def _post(post_id: int) -> Post | None:
    return session.scalar(
        select(Post)
        .where(Post.id == post_id, Post.withdrawn_at.is_(None), Post.hidden_at.is_(None))
        .options(joinedload(Post.topic))
    )


def _answered(post: Post) -> set[int]:
    """Who opened the topic, and who wrote what the post quotes."""
    found = {post.topic.author_id}
    if post.quoted_id is not None:
        found.add(session.scalar(select(Post.author_id).where(Post.id == post.quoted_id)))
    return {member_id for member_id in found if member_id is not None}


def _followers(post: Post) -> list[int]:
    return list(
        session.scalars(
            select(TopicReader.member_id).where(
                TopicReader.topic_id == post.topic_id, TopicReader.level == int(Level.FOLLOWED)
            )
        )
    )


def _narrowed(kinds: dict[int, str], post: Post) -> dict[int, str]:
    """Without the author, those who were told of this post before, who muted its topic, or may not see it now."""
    silent = {post.author_id, *_told_before(post), *_muted(post, kinds)}
    kinds = {member_id: kind for member_id, kind in kinds.items() if member_id not in silent}
    viewers = viewers_of(list(kinds))
    return {
        member_id: kind
        for member_id, kind in kinds.items()
        if member_id in viewers and policy.can(viewers[member_id], "view", post)
    }


def _told_before(post: Post) -> list[int]:
    return list(session.scalars(select(Notice.member_id).where(Notice.post_id == post.id)))


def _muted(post: Post, kinds: Collection[int]) -> list[int]:
    return list(
        session.scalars(
            select(TopicReader.member_id).where(
                TopicReader.topic_id == post.topic_id,
                TopicReader.level == int(Level.MUTED),
                TopicReader.member_id.in_(kinds),
            )
        )
    )


# ── announcements ────────────────────────────────────────────────────────────────────────────────────────────


def told_of_announcement(announcement_id: int) -> Told:
    """Everybody a sent announcement is for, and those of them whose contact budget is spent."""
    return _recipients(announcement_id, "announcement")


def told_on_joining(member_id: int) -> list[Told]:
    """What was announced to somebody before they joined and no letter had brought them yet: in the quiet hours, say."""
    waiting = session.scalars(
        select(AnnouncementRecipient.announcement_id)
        .where(AnnouncementRecipient.member_id == member_id, AnnouncementRecipient.letters == 0)
        .order_by(AnnouncementRecipient.announcement_id)
    ).all()
    found = []
    for announcement_id in waiting:
        kinds, subject = told_of_announcement(announcement_id)
        found.append(({key: kind for key, kind in kinds.items() if key == member_id}, subject))
    return found


def reminded(announcement_id: int) -> Told:
    """Everybody it is for who has not acknowledged. What reminded them before is taken out of their list."""
    session.execute(
        delete(Notice).where(Notice.announcement_id == announcement_id, Notice.kind == "reminder")
    )
    return _recipients(announcement_id, "reminder")


def _recipients(announcement_id: int, kind: str) -> Told:
    announcement = session.scalar(
        select(Announcement).where(
            Announcement.id == announcement_id,
            Announcement.sent_at.is_not(None),
            Announcement.cancelled_at.is_(None),
        )
    )
    if announcement is None:
        return {}, Subject(announcement_id=announcement_id)
    told = aliased(Notice)
    query = (
        select(AnnouncementRecipient.member_id, AnnouncementRecipient.reach)
        .join(Member, Member.id == AnnouncementRecipient.member_id)
        .outerjoin(
            told,
            (told.announcement_id == announcement_id) & (told.member_id == Member.id) & (told.kind == kind),
        )
        .where(
            AnnouncementRecipient.announcement_id == announcement_id,
            Member.suspended_at.is_(None),
            Member.ended_at.is_(None),
            Member.id.is_distinct_from(announcement.author_id),
            told.id.is_(None),
        )
    )
    if kind == "reminder":
        query = query.where(AnnouncementRecipient.is_acknowledged.is_(False))
    rows = session.execute(query).all()
    subject = Subject(
        announcement_id=announcement_id,
        is_procedure=announcement.is_procedure,
        is_emergency=bool(announcement.emergency_reason) and kind == "announcement",
        for_digest=frozenset(row.member_id for row in rows if row.reach == "digest"),
    )
    return {row.member_id: kind for row in rows}, subject
