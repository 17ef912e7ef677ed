"""What HR sees of requests that need two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId


@dataclass(frozen=True)
class ApprovalCard:
    """One request. `words` say what exactly changes, `obstacle` why it cannot be approved as things stand.

    `state` is open, approved, declined, withdrawn or expired; `requester` and `approver` are names. `seal` stands for
    what is shown here: an approval of anything else is refused.
    """

    id: PublicId
    words: str
    obstacle: str
    reason: str
    requester: str
    is_mine: bool
    requested_at: datetime
    expires_at: datetime
    state: str
    approver: str
    decided_at: datetime | None
    can_decide: bool
    can_withdraw: bool
    seal: str


@dataclass(frozen=True)
class ApprovalsPage:
    """What is open, and what was decided or ran out of time in the last `days` days.

    `needs_person` where nobody else could approve; `can_appoint` whether the viewer may invite that person.
    """

    waiting: tuple[ApprovalCard, ...]
    settled: tuple[ApprovalCard, ...]
    days: int
    needs_person: bool
    can_appoint: bool
