"""Facts about notices; ids only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class NoticesMade(Fact):
    """These members have a new notice in their list."""

    member_ids: Sequence[int]


@dataclass(frozen=True)
class BundleDue(Fact):
    """What waits to be mailed to a member is to leave in one letter."""

    member_id: int


@dataclass(frozen=True)
class PushDue(Fact):
    """A notice is to be pushed to one device."""

    notice_id: int
    subscription_id: int


@dataclass(frozen=True)
class TestPushAsked(Fact):
    """A member wants to see whether pushes reach this device of theirs."""

    subscription_id: int
