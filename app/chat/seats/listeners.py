"""What follows for first friends when somebody comes or leaves."""

from __future__ import annotations

from sqlalchemy import delete

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, listens
from app.invitations.events import MemberJoined
from app.models import SeatAnswer

from .placing import place_newcomer


@listens(MemberJoined)
def find_group(fact: MemberJoined, _delivery: Delivery) -> None:
    """Somebody is new: into a 班, unless they are in one already."""
    place_newcomer(fact.member_id)


@listens(MembershipEnded)
def forget_answers(fact: MembershipEnded, _delivery: Delivery) -> None:
    """Somebody left the community: what they chose in a quiz goes with them."""
    session.execute(delete(SeatAnswer).where(SeatAnswer.member_id == fact.member_id))
