"""Who is in a room: coming, going, and what follows for what they may see.

Called within operations and listeners. Everybody who comes or goes has their version raised, because the Viewer knows
the rooms it is in, and enters the room's log with a line of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from app.core.db import session
from app.core.operation import announce
from app.models import Group, GroupMember, Member, Role, Room, RoomAudience, RoomMember

from ..events import RoomJoined, RoomLeft
from ..log import append
from .audience import is_addressed

MOST_TALKING = 300  # above this a room of HR is one in which only HR writes, if HR is in it (realtime.md)
SLOW_ABOVE_SECONDS = 60  # between two messages of one person in one that grew larger, and HR is not in it


# ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────


def found_members(room_id: int, member_ids: Collection[int]) -> None:
    """Those a new room begins with. They need no line about their coming: nobody was there before them."""
    if not member_ids:
        return
    session.execute(
        insert(RoomMember), [{"room_id": room_id, "member_id": each} for each in sorted(member_ids)]
    )
    _raise_versions(member_ids)
    announce(RoomJoined(room_id=room_id, member_ids=sorted(member_ids)))


def let_in(room: Room, member_ids: Collection[int], *, also_declined: bool = False) -> list[int]:
    """Into the room, from now on; gives those who really came. Whoever is in it already stays as they are.

    Whoever does not wish to be in it is left out, unless it is they who come (`also_declined`).
    """
    session.flush()
    newest = session.scalar(select(Room.newest_seq).where(Room.id == room.id)) or 0
    rows = {
        row.member_id: row
        for row in session.scalars(
            select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.member_id.in_(member_ids))
        )
    }
    came = [key for key in sorted(member_ids) if _comes(rows.get(key), also_declined)]
    for key in came:
        row = rows.get(key)
        if row is None:
            session.add(RoomMember(room_id=room.id, member_id=key, joined_seq=newest))
        else:
            row.epoch, row.joined_seq, row.left_seq, row.is_declined = row.epoch + 1, newest, None, False
    if came:
        session.flush()
        _raise_versions(came)
        _say(room, "joined", came)
        announce(RoomJoined(room_id=room.id, member_ids=came))
    return came


def _comes(row: RoomMember | None, also_declined: bool) -> bool:
    return row is None or (row.left_seq is not None and (also_declined or not row.is_declined))


def let_go(room: Room, member_ids: Collection[int], *, by_themselves: bool = False) -> list[int]:
    """Out of the room; gives those who really went. Their sight ends with the line that says so.

    Who goes `by_themselves` is not put back by anybody else.
    """
    here = set(
        session.scalars(
            select(RoomMember.member_id).where(
                RoomMember.room_id == room.id,
                RoomMember.member_id.in_(member_ids),
                RoomMember.left_seq.is_(None),
            )
        )
    )
    went = sorted(here)
    if not went:
        return []
    _say(room, "left", went)
    session.flush()
    session.execute(
        update(RoomMember)
        .where(RoomMember.room_id == room.id, RoomMember.member_id.in_(went))
        .values(left_seq=_newest_seq(room.id), is_declined=by_themselves)
    )
    _raise_versions(went)
    announce(RoomLeft(room_id=room.id, member_ids=went))
    return went


def _newest_seq(room_id: int) -> ColumnElement[int]:
    return select(Room.newest_seq).where(Room.id == room_id).scalar_subquery()


def _say(room: Room, act: str, member_ids: Collection[int]) -> None:
    """A line in the log for each; in a room where only HR writes nobody is told who came and who went."""
    if room.is_announcement:
        return
    people = session.execute(select(Member.id, Member.cohort_id).where(Member.id.in_(member_ids)))
    for member_id, cohort_id in sorted(tuple(row) for row in people):
        append(None, room.id, "member", payload={"act": act}, actor=(member_id, cohort_id))


def _raise_versions(member_ids: Collection[int]) -> None:
    session.execute(
        update(Member)
        .where(Member.id.in_(member_ids))
        .values(version=Member.version + 1)
        .execution_options(synchronize_session=False)
    )


# ── 班 ───────────────────────────────────────────────────────────────────────────────────────────────────────


def follow_group(group_id: int) -> None:
    """Make the room of a 班 hold exactly its members, but those who left by themselves. Again and again is harmless."""
    # The group is held, so that two facts about it do not make two rooms.
    if session.scalar(select(Group.id).where(Group.id == group_id).with_for_update()) is None:
        return
    members = set(
        session.scalars(
            select(GroupMember.member_id)
            .join(Member, Member.id == GroupMember.member_id)
            .where(GroupMember.group_id == group_id, Member.ended_at.is_(None))
        )
    )
    room = session.scalar(select(Room).where(Room.group_id == group_id))
    if room is not None:
        let_go(room, members_of(room.id) - members)
        let_in(room, members)
    elif members:
        room = Room(kind="group", group_id=group_id, icon="sprout")
        session.add(room)
        session.flush()
        found_members(room.id, members)


def members_of(room_id: int) -> set[int]:
    """Everybody who is in a room, whoever may see them."""
    return set(
        session.scalars(
            select(RoomMember.member_id).where(RoomMember.room_id == room_id, RoomMember.left_seq.is_(None))
        )
    )


def groups_without_room() -> list[int]:
    """Groups somebody is in that have no room yet."""
    return list(
        session.scalars(
            select(GroupMember.group_id)
            .where(~exists().where(Room.group_id == GroupMember.group_id))
            .distinct()
            .order_by(GroupMember.group_id)
        )
    )


# ── rooms of HR ──────────────────────────────────────────────────────────────────────────────────────────────


def follow_audience(room: Room, member_ids: Collection[int] | None = None) -> None:
    """Make a room of HR hold whom it is for; an open one loses those it is no longer for, and puts nobody in.

    Only about `member_ids`, where they are known to be all who moved. Again and again is harmless.
    """
    addressed = set(session.scalars(_among(select(Member.id).where(is_addressed(room.id)), member_ids)))
    here = members_of(room.id)
    if member_ids is not None:
        here &= set(member_ids)
    let_go(room, here - addressed)
    if not room.is_open:
        let_in(room, addressed - here)
    keep_calm(room)


def _among(people: Select[tuple[int]], member_ids: Collection[int] | None) -> Select[tuple[int]]:
    return people if member_ids is None else people.where(Member.id.in_(member_ids))


def keep_calm(room: Room) -> None:
    """A room that has become too large for a conversation: only HR writes; where HR is not in it, everybody slowly.

    Nobody ever stands before a room in which nobody can write.
    """
    if room.is_announcement or count_members(room.id) <= MOST_TALKING:
        return
    if is_for_hr(room.id):
        room.is_announcement = True
    elif room.slow_seconds < SLOW_ABOVE_SECONDS:
        room.slow_seconds = SLOW_ABOVE_SECONDS
        append(None, room.id, "system", payload={"text": "slowed"})


def is_for_hr(room_id: int) -> bool:
    """Whether HR is among those a room of HR is for."""
    roles = session.scalars(select(RoomAudience.role).where(RoomAudience.room_id == room_id))
    return any((role or 0) & Role.HR for role in roles)


def count_members(room_id: int) -> int:
    """How many are in a room, whoever may see them: for limits, never for a page of those in it."""
    return (
        session.scalar(
            select(func.count())
            .select_from(RoomMember)
            .where(RoomMember.room_id == room_id, RoomMember.left_seq.is_(None))
        )
        or 0
    )


# ── what they may see of it has changed ──────────────────────────────────────────────────────────────────────


def renew_pair(one_id: int, other_id: int) -> None:
    """A block came or went between two people: in the rooms they share both begin afresh."""
    other = aliased(RoomMember)
    shared = (
        select(RoomMember.room_id)
        .join(other, other.room_id == RoomMember.room_id)
        .where(
            RoomMember.member_id == one_id,
            _is_there(RoomMember),
            other.member_id == other_id,
            _is_there(other),
        )
    )
    _renew(RoomMember.room_id.in_(_now(shared)), RoomMember.member_id.in_((one_id, other_id)))


def renew_around(member_ids: Collection[int]) -> None:
    """These people changed places: whoever shares a room with one of them begins afresh there, as they do."""
    rooms = select(RoomMember.room_id).where(RoomMember.member_id.in_(member_ids), _is_there(RoomMember))
    _renew(RoomMember.room_id.in_(_now(rooms.distinct())))


def renew_everybody() -> None:
    """Walls came or went: every candidate begins afresh everywhere."""
    candidates = select(Member.id).where(Member.cohort_id.is_not(None))
    _renew(RoomMember.member_id.in_(candidates))


def _is_there(membership: Any) -> ColumnElement[bool]:
    """Over RoomMember: in the room as far as others know. Who declined a talk of two has never left it for the other."""
    is_of_two = exists().where(Room.id == membership.room_id, Room.kind == "direct")
    return or_(membership.left_seq.is_(None), is_of_two)


def _now(query: Select[tuple[int]]) -> Iterable[int]:
    return list(session.scalars(query))


def _renew(*which: ColumnElement[bool]) -> None:
    session.execute(
        update(RoomMember)
        .where(*which, RoomMember.left_seq.is_(None))
        .values(epoch=RoomMember.epoch + 1)
        .execution_options(synchronize_session=False)
    )
