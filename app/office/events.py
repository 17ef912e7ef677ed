"""What happened in the office; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class SampleLetterAsked(Fact):
    """The administrator wants to see whether letters arrive."""

    member_id: int
