"""What follows in rooms when people come, move, leave, or no longer meet."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, or_, select, update

from app.accounts.events import MembershipEnded, RolesGiven
from app.core.clock import now
from app.core.db import session
from app.core.events import Delivery, listens
from app.core.operation import announce
from app.invitations.events import MemberJoined
from app.models import GroupMember, Member, Room, RoomMember
from app.people.events import PersonBlocked, PersonUnblocked, PlacesChanged, WallsDrawn

from ..events import RoomLeft
from ..log import append
from .audience import placed_rooms
from .membership import follow_audience, follow_group, renew_around, renew_everybody, renew_pair
from .ownership import hand_on


@listens(MemberJoined)
def come_into_rooms(fact: MemberJoined, _delivery: Delivery) -> None:
    """Somebody is new: the room of their 班 and those HR made for people like them are theirs."""
    _place([fact.member_id])


@listens(PlacesChanged)
def move_between_rooms(fact: PlacesChanged, _delivery: Delivery) -> None:
    """People came into a 班, left one, or changed cohorts: so do the rooms, and what they see of each other."""
    for group_id in fact.group_ids:
        follow_group(group_id)
    _place(fact.member_ids)
    renew_around(fact.member_ids)


@listens(RolesGiven)
def follow_roles(fact: RolesGiven, _delivery: Delivery) -> None:
    """Rooms HR made for a role hold who has it."""
    _place([fact.member_id])


def _place(member_ids: Collection[int]) -> None:
    groups = select(GroupMember.group_id).where(GroupMember.member_id.in_(member_ids)).distinct()
    for group_id in list(session.scalars(groups)):
        follow_group(group_id)
    for room_id in placed_rooms():
        follow_audience(session.get_one(Room, room_id), member_ids)


@listens(PersonBlocked)
def begin_afresh_apart(fact: PersonBlocked, _delivery: Delivery) -> None:
    """Two people no longer exist for each other; nothing is said to either."""
    renew_pair(fact.blocker_id, fact.blocked_id)


@listens(PersonUnblocked)
def begin_afresh_together(fact: PersonUnblocked, _delivery: Delivery) -> None:
    """A block was taken back."""
    renew_pair(fact.blocker_id, fact.blocked_id)


@listens(WallsDrawn)
def begin_afresh_around_walls(_fact: WallsDrawn, _delivery: Delivery) -> None:
    """Walls came or went between cohorts."""
    renew_everybody()


@listens(MembershipEnded)
def leave_rooms(fact: MembershipEnded, _delivery: Delivery) -> None:
    """Somebody left the community: out of every room; talks of two end, small rooms go on without them."""
    for room in _rooms_of(fact.member_id):
        _go_for_good(room, fact)
    session.execute(delete(RoomMember).where(RoomMember.member_id == fact.member_id))
    session.execute(update(Room).where(Room.owner_id == fact.member_id).values(owner_id=None))
    _end_talks(fact)


def _rooms_of(member_id: int) -> list[Room]:
    return list(
        session.scalars(
            select(Room)
            .join(RoomMember, RoomMember.room_id == Room.id)
            # A talk of two that they declined as well: for the other one they were in it.
            .where(
                RoomMember.member_id == member_id,
                or_(RoomMember.left_seq.is_(None), Room.kind == "direct"),
            )
            .order_by(Room.id)
        )
    )


def _go_for_good(room: Room, fact: MembershipEnded) -> None:
    """The line that says so carries the name only where they wished to keep it."""
    if not room.is_announcement:
        cohort_id = session.scalar(select(Member.cohort_id).where(Member.id == fact.member_id))
        actor_id = fact.member_id if fact.keeps_name else fact.placeholder_id
        append(None, room.id, "member", payload={"act": "left"}, actor=(actor_id, cohort_id))
    announce(RoomLeft(room_id=room.id, member_ids=[fact.member_id]))
    if room.owner_id == fact.member_id:
        hand_on(room, besides=fact.member_id)


def _end_talks(fact: MembershipEnded) -> None:
    """Nobody answers any more. Where a block goes on, the nameless row may stand on the person's side by now."""
    gone = [key for key in (fact.member_id, fact.placeholder_id) if key is not None]
    session.execute(
        update(Room)
        .where(or_(Room.low_id.in_(gone), Room.high_id.in_(gone)), Room.archived_at.is_(None))
        .values(archived_at=now(), asked_by_id=None)
    )
