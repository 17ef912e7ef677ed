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


@dataclass(frozen=True)
class PlacesChanged(Fact):
    """These members came into, or left, these groups; perhaps their cohort changed too."""

    member_ids: list[int]
    group_ids: list[int]


@dataclass(frozen=True)
class WallsDrawn(Fact):
    """HR drew, or took away, walls between cohorts."""
