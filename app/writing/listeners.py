"""What follows for drafts when somebody leaves."""

from __future__ import annotations

from sqlalchemy import delete

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, listens
from app.models import Draft


@listens(MembershipEnded)
def forget_drafts(fact: MembershipEnded, delivery: Delivery) -> None:
    """What somebody began and never said goes with them."""
    session.execute(delete(Draft).where(Draft.member_id == fact.member_id))
