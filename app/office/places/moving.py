"""What moves when somebody's place changes; called by operations that hold the community."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select, update

from app.core.db import session
from app.models import Block, GroupMember, Invitation, Member, Post, Reaction, Topic


def put_members(member_keys: Collection[int], group_key: int | None) -> None:
    """Into this 班 and out of any other; None: into none."""
    if not member_keys:
        return
    session.execute(delete(GroupMember).where(GroupMember.member_id.in_(member_keys)))
    if group_key is not None:
        session.execute(
            insert(GroupMember), [{"group_id": group_key, "member_id": key} for key in member_keys]
        )
    raise_versions(member_keys)


def move_members(member_keys: Collection[int], cohort_key: int) -> None:
    """To this cohort, out of every 班; what they wrote moves with them, so that no wall has a gap."""
    if not member_keys:
        return
    session.execute(update(Member).where(Member.id.in_(member_keys)).values(cohort_id=cohort_key))
    for author, cohort in (
        (Topic.author_id, Topic.author_cohort_id),
        (Post.author_id, Post.author_cohort_id),
        (Reaction.member_id, Reaction.member_cohort_id),
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


def raise_versions(member_keys: Collection[int]) -> None:
    """What these members may see has changed."""
    session.execute(update(Member).where(Member.id.in_(member_keys)).values(version=Member.version + 1))


def members_of(group_key: int) -> set[int]:
    """The keys of everybody in a 班."""
    return set(session.scalars(select(GroupMember.member_id).where(GroupMember.group_id == group_key)))


def blocks_among(member_keys: Collection[int]) -> dict[int, set[int]]:
    """Who of these may not be put beside whom, in both directions."""
    rows = session.execute(
        select(Block.blocker_id, Block.blocked_id).where(
            Block.blocker_id.in_(member_keys), Block.blocked_id.in_(member_keys)
        )
    )
    apart: dict[int, set[int]] = {}
    for one, other in rows:
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    return apart


def refused_places(group_key: int, newcomers: Sequence[int]) -> set[int]:
    """Which of these members cannot be put into a 班, taken in this order (privacy.md, I4)."""
    together = members_of(group_key) - {*newcomers}
    apart = blocks_among({*together, *newcomers})
    refused = set()
    for key in newcomers:
        if apart.get(key, set()) & together:
            refused.add(key)
        else:
            together.add(key)
    return refused
