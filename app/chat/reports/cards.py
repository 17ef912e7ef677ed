"""What is shown around a report: to whoever writes it, and to moderators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import PersonCard

from ..rooms.cards import RoomFrame


@dataclass(frozen=True)
class Readers:
    """The moderators who would read a report, in words. `is_nobody`: there is none; `has_hr`: one works in HR too."""

    line: str
    is_nobody: bool
    has_hr: bool


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
    """The message it is about, and those around it, oldest first.

    `readers`: of what is chosen. `could_be_fewer`: nobody could read all of that, but the message itself.
    `tells_who`: in a talk of two everybody knows who reported. `is_own_office`: the viewer's own 人事への連絡.
    `may_talk`: 話したい is there for the viewer.
    """

    room: RoomFrame
    message: Choice
    around: tuple[Choice, ...]
    readers: Readers
    could_be_fewer: bool
    tells_who: bool
    is_own_office: bool
    may_talk: bool


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
