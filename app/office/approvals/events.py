"""What happened to requests that need two people; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class ApprovalAsked(Fact):
    """Somebody of HR asked for something that another one decides."""

    approval_id: int


@dataclass(frozen=True)
class ApprovalDecided(Fact):
    """It was approved and carried out, declined, or taken back."""

    approval_id: int
