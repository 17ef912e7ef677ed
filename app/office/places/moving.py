"""What moves when somebody's place changes; called by operations that hold the community."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from app.core.db import session
from app.models import (
    Invitation,
    Member,
    Message,
    MessageReaction,
    Post,
    Reaction,
    RoomEvent,
    Topic,
)
from app.people.places import put_members


def move_members(member_keys: Collection[int], cohort_key: int) -> None:
    """To this cohort, out of every 班; what they wrote moves with them, so that no wall has a gap."""
    if not member_keys:
        return
    # Whoever is writing something holds their row as well: it is stored before this, or with the new cohort.
    session.execute(select(Member.id).where(Member.id.in_(member_keys)).order_by(Member.id).with_for_update())
    session.execute(update(Member).where(Member.id.in_(member_keys)).values(cohort_id=cohort_key))
    for author, cohort in (
        (Topic.author_id, Topic.author_cohort_id),
        (Post.author_id, Post.author_cohort_id),
        (Reaction.member_id, Reaction.member_cohort_id),
        (Message.author_id, Message.author_cohort_id),
        (MessageReaction.member_id, MessageReaction.member_cohort_id),
        (RoomEvent.actor_id, RoomEvent.actor_cohort_id),
        (RoomEvent.author_id, RoomEvent.author_cohort_id),
    ):
        session.execute(update(author.class_).where(author.in_(member_keys)).values({cohort.key: cohort_key}))
    put_members(member_keys, None)


def put_invited(invitation_keys: Collection[int], group_key: int | None) -> None:
    """The same for people who have not joined: they will find themselves in this 班."""
    if invitation_keys:
        session.execute(
            update(Invitation).where(Invitation.id.in_(invitation_keys)).values(group_id=group_key)
        )


def move_invited(invitation_keys: Collection[int], cohort_key: int) -> None:
    """The same for people who have not joined: they will belong to this cohort, and to no 班 yet."""
    if invitation_keys:
        session.execute(
            update(Invitation)
            .where(Invitation.id.in_(invitation_keys))
            .values(cohort_id=cohort_key, group_id=None)
        )
