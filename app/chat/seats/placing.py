"""Into a 班 by itself: the one with the fewest people, where nobody stands against it."""

from __future__ import annotations

from sqlalchemy import func, select

from app.core.db import session
from app.models import Community, Group, GroupMember, Member
from app.people.places import put_members, refused_places

MOST_IN_GROUP = 7  # product.md: a 班 has five to seven


def place_newcomer(member_id: int) -> None:
    """Put a candidate who is in no 班 into one of their cohort, if there is room and they wish it.

    Called within an operation or a listener. A blocked pair is never put together; whoever fits nowhere stays
    without, and HR may open another 班. Again and again is harmless. Announces PlacesChanged.
    """
    # The community is held: two who come at once do not both take the last place.
    community = session.get_one(Community, 1, with_for_update=True, populate_existing=True)
    member = session.get(Member, member_id, populate_existing=True)
    if not community.fills_groups or member is None or not _wishes(member):
        return
    for group_id in _groups_with_room(member):
        if not refused_places(group_id, [member.id]):
            put_members([member.id], group_id)
            return


def _wishes(member: Member) -> bool:
    """A candidate who is here, wishes to be in a 班, and is in none."""
    if member.cohort_id is None or not member.joins_groups:
        return False
    if member.ended_at is not None or member.suspended_at is not None:
        return False
    return (
        session.scalar(select(GroupMember.group_id).where(GroupMember.member_id == member.id).limit(1))
        is None
    )


def _groups_with_room(member: Member) -> list[int]:
    """The 班 of their cohort that are not full, the one with the fewest people first."""
    count = func.count(GroupMember.member_id)
    return list(
        session.scalars(
            select(Group.id)
            .outerjoin(GroupMember, GroupMember.group_id == Group.id)
            .where(Group.cohort_id == member.cohort_id)
            .group_by(Group.id)
            .having(count < MOST_IN_GROUP)
            .order_by(count, Group.id)
        )
    )
