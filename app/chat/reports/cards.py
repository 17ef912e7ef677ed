"""What is shown around a report: to whoever writes it, and to moderators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import PersonCard

from ..rooms.cards import RoomFrame


@dataclass(frozen=True)
class Choice:
    """One message the reporter may choose; their own stand there for sense and cannot be chosen."""

    id: PublicId
    author: PersonCard
    words: str
    sent_at: datetime
    is_mine: bool


@dataclass(frozen=True)
class ReportPage:
    """The messages around the one it is about. `tells_who`: in a talk of two everybody knows who reported."""

    room: RoomFrame
    message_id: PublicId
    choices: tuple[Choice, ...]
    tells_who: bool


@dataclass(frozen=True)
class ReportedWords:
    """One message as it read when it was reported."""

    author: PersonCard
    words: str
    sent_at: datetime


@dataclass(frozen=True)
class ReportCard:
    """One report, as moderators see it: never who reported, nothing else of the room."""

    id: PublicId
    reason: str
    note: str
    audience: str
    reported_at: datetime
    is_closed: bool
    messages: tuple[ReportedWords, ...]


@dataclass(frozen=True)
class ModerationPage:
    """Every report, the open ones first, oldest first: those wait the longest."""

    open: tuple[ReportCard, ...]
    closed: tuple[ReportCard, ...]
