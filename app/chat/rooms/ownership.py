"""Who keeps a small room in order."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.models import Member, Room, RoomMember


def hand_on(room: Room, *, besides: int) -> None:
    """To whoever has been in the room longest; to nobody, where there is nobody, and the room goes on."""
    room.owner_id = session.scalar(
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
        .limit(1)
    )
