"""Whom a room of HR is for: in words, and the people themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select

from app.core.db import session
from app.core.reading import IdSet, Reading, is_found_among
from app.models import Cohort, Group, GroupMember, Member, Role, Room, RoomAudience
from app.people.audiences import SetKey
from app.policy import Viewer, standing


@dataclass(frozen=True)
class RoomSet:
    """One set of people a room is for, with the names this viewer may know."""

    role: int | None
    cohort_id: int | None
    cohort_name: str | None
    group_id: int | None
    group_name: str | None
    is_cohort_known: bool
    is_group_known: bool

    @property
    def key(self) -> SetKey:
        """The set by internal ids."""
        return SetKey(self.role, self.cohort_id, self.group_id)


_SETS = Reading(
    select(
        RoomAudience.room_id,
        RoomAudience.role,
        RoomAudience.cohort_id,
        Cohort.name.label("cohort_name"),
        RoomAudience.group_id,
        Group.name.label("group_name"),
        standing("view", Cohort).label("is_cohort_known"),
        standing("view", Group).label("is_group_known"),
    )
    .select_from(RoomAudience)
    .outerjoin(Group, Group.id == RoomAudience.group_id)
    .outerjoin(Cohort, Cohort.id == func.coalesce(RoomAudience.cohort_id, Group.cohort_id))
    .where(is_found_among(RoomAudience.room_id, bindparam("shown_room_ids", type_=IdSet())))
    .order_by(RoomAudience.room_id, RoomAudience.id)
)


def sets_of(viewer: Viewer, room_ids: Iterable[int]) -> dict[int, list[RoomSet]]:
    """The sets of people each room is for, in one query."""
    rows = _SETS.all({**viewer.binds, "shown_room_ids": frozenset(room_ids)})
    found: dict[int, list[RoomSet]] = {}
    for row in rows:
        found.setdefault(row.room_id, []).append(
            RoomSet(
                role=row.role,
                cohort_id=row.cohort_id,
                cohort_name=row.cohort_name,
                group_id=row.group_id,
                group_name=row.group_name,
                is_cohort_known=bool(row.is_cohort_known),
                is_group_known=bool(row.is_group_known),
            )
        )
    return found


def has_staff(sets: Collection[RoomSet] | Collection[SetKey]) -> bool:
    """Whether one of the sets is of people who work at the company."""
    return any((each.role or 0) & ~int(Role.CANDIDATE) for each in sets)


def has_hr(sets: Iterable[RoomSet] | Iterable[SetKey]) -> bool:
    """Whether HR is among them: where only HR writes, somebody then does."""
    return any((each.role or 0) & Role.HR for each in sets)


def is_addressed(room_id: int) -> ColumnElement[bool]:
    """A WHERE over Member: those who have not left the community and whom the room is for.

    Suspended people stay in: they are out of everybody's sight, and come back to where they were.
    """
    groups = select(GroupMember.group_id).where(GroupMember.member_id == Member.id).correlate(Member)
    is_let_in = exists().where(
        RoomAudience.room_id == room_id,
        or_(
            Member.roles.bitwise_and(func.coalesce(RoomAudience.role, 0)) != 0,
            RoomAudience.cohort_id == Member.cohort_id,
            RoomAudience.group_id.in_(groups.scalar_subquery()),
        ),
    )
    return Member.ended_at.is_(None) & is_let_in.correlate(Member)


def placed_rooms() -> list[int]:
    """The rooms of HR that were not put away."""
    return list(session.scalars(select(Room.id).where(Room.kind == "place", Room.archived_at.is_(None))))
