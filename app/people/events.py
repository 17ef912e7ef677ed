"""Facts about people."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class PersonBlocked(Fact):
    """Two people no longer exist for each other."""

    blocker_id: int
    blocked_id: int


@dataclass(frozen=True)
class PersonUnblocked(Fact):
    """A block was taken back; another one, in the other direction, may still stand."""

    blocker_id: int
    blocked_id: int
