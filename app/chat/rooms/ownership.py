"""Who keeps a small room in order."""

from __future__ import annotations

from sqlalchemy import Select, select

from app.core.db import session
from app.models import Member, Room, RoomMember
from app.policy import Viewer, viewers_of


def hand_on(room: Room, *, besides: int) -> None:
    """To whoever has been in the room longest and sees the one who goes; to nobody, where there is nobody, and the room
    goes on.

    Whoever is apart from them would keep the room from one moment to the next while nobody they see has gone.
    """
    keys = list(session.scalars(_next_in(room, besides)))
    viewers = viewers_of(keys)
    cohort_id = session.scalar(select(Member.cohort_id).where(Member.id == besides))
    room.owner_id = next((key for key in keys if not _is_apart(viewers[key], besides, cohort_id)), None)


def _next_in(room: Room, besides: int) -> Select[tuple[int]]:
    return (
        select(RoomMember.member_id)
        .join(Member, Member.id == RoomMember.member_id)
        .where(
            RoomMember.room_id == room.id,
            RoomMember.left_seq.is_(None),
            RoomMember.member_id != besides,
            Member.suspended_at.is_(None),
            Member.ended_at.is_(None),
        )
        .order_by(RoomMember.joined_seq, RoomMember.member_id)
    )


def _is_apart(viewer: Viewer, member_id: int, cohort_id: int | None) -> bool:
    return member_id in viewer.blocked_ids or cohort_id in viewer.walled_cohort_ids
