"""Facts about announcements; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class AnnouncementSent(Fact):
    """An announcement was sent; its recipients and how each is to be reached stand in the database."""

    announcement_id: int


@dataclass(frozen=True)
class AnnouncementCancelled(Fact):
    """HR took back an announcement, before or after it was sent."""

    announcement_id: int


@dataclass(frozen=True)
class AcknowledgementReminded(Fact):
    """Whoever has not acknowledged is to be reminded; `number` counts the reminders from 1."""

    announcement_id: int
    number: int


@dataclass(frozen=True)
class InvitedMailDue(Fact):
    """Somebody invited who has not joined is to get the announcement by letter; from 1 on `number` is a reminder."""

    recipient_id: int
    number: int = 0


@dataclass(frozen=True)
class TestLetterAsked(Fact):
    """Whoever writes an announcement wants to see it as a letter."""

    announcement_id: int
    member_id: int
