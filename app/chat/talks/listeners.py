"""What follows in 人事への連絡: rounds go on leaving, and a thread ends with its candidate's membership."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from app.accounts.events import MembershipEnded
from app.core.clock import now
from app.core.db import session
from app.core.events import Delivery, listens
from app.models import CheckIn, Notice, Room, TalkRequest

from ..events import CheckInDue
from .sending import send_batch


@listens(CheckInDue)
def send_check_in(fact: CheckInDue, _delivery: Delivery) -> None:
    """The next few people of a round."""
    send_batch(fact.check_in_id)


@listens(MembershipEnded)
def end_thread(fact: MembershipEnded, _delivery: Delivery) -> None:
    """The thread ends. What was wished is gone; unless the name stays, nothing leads from the thread to the person."""
    room = session.scalar(select(Room).where(Room.candidate_id == fact.member_id))
    if room is not None:
        room.archived_at = room.archived_at or now()
        if not fact.keeps_name:
            room.candidate_id = None
    wishes = select(TalkRequest.id).where(TalkRequest.member_id == fact.member_id)
    session.execute(delete(Notice).where(Notice.talk_request_id.in_(wishes)))
    session.execute(delete(TalkRequest).where(TalkRequest.member_id == fact.member_id))
    if not fact.keeps_name:
        session.execute(
            update(CheckIn).where(CheckIn.author_id == fact.member_id).values(author_id=fact.placeholder_id)
        )
