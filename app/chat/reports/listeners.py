"""What follows for reports when somebody leaves."""

from __future__ import annotations

from app.accounts.events import MembershipEnded
from app.core.events import Delivery, listens

from . import operations


@listens(MembershipEnded)
def forget_who_reported(fact: MembershipEnded, delivery: Delivery) -> None:
    """Nobody is led from a report to somebody who left."""
    operations.forget_reporter(fact.member_id)
