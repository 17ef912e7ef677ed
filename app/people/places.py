"""Who is in which 班, and who may not be put beside whom; called by operations that hold the community."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select, update

from app.core.db import session
from app.core.operation import announce
from app.models import Block, GroupMember, Member

from .events import PlacesChanged


def put_members(member_keys: Collection[int], group_key: int | None) -> None:
    """Into this 班 and out of any other; None: into none."""
    if not member_keys:
        return
    left = set(
        session.scalars(select(GroupMember.group_id).where(GroupMember.member_id.in_(member_keys)).distinct())
    )
    beside = {key for group in left for key in members_of(group)}
    session.execute(delete(GroupMember).where(GroupMember.member_id.in_(member_keys)))
    if group_key is not None:
        session.execute(
            insert(GroupMember), [{"group_id": group_key, "member_id": key} for key in member_keys]
        )
        beside |= members_of(group_key)
    raise_versions(beside | {*member_keys})
    announce(PlacesChanged(member_ids=sorted(member_keys), group_ids=sorted(left | _some(group_key))))


def _some(group_key: int | None) -> set[int]:
    return set() if group_key is None else {group_key}


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
