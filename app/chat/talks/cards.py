"""What a viewer is shown of 人事への連絡, 話したい and お変わりありませんか."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import PersonCard


@dataclass(frozen=True)
class OfficeLine:
    """Who reads 人事への連絡, by name, with the promise of an answer; and in which hours somebody is there."""

    readers: str
    hours: str


@dataclass(frozen=True)
class AskedCard:
    """A wish to talk that is still open: `mentor` is whom it went to, None for the HR team."""

    id: PublicId
    room_id: PublicId
    asked_at: datetime
    mentor: PersonCard | None


@dataclass(frozen=True)
class TalkPage:
    """話したい: whom one may turn to, and what one asked already.

    `room_id` is one's 人事への連絡, None as long as nobody opened it.
    """

    office: OfficeLine
    room_id: PublicId | None
    asked: tuple[AskedCard, ...]
    mentors: tuple[PersonCard, ...]

    @property
    def asked_office(self) -> AskedCard | None:
        """The open wish to talk with HR."""
        return next((each for each in self.asked if each.mentor is None), None)

    @property
    def asked_mentor(self) -> AskedCard | None:
        """The open wish to talk with a mentor."""
        return next((each for each in self.asked if each.mentor is not None), None)


@dataclass(frozen=True)
class Candidate:
    """A candidate in HR's list. `has_left`: nothing leads to them any more."""

    display_name: str
    legal_name: str
    bud: int
    has_left: bool


@dataclass(frozen=True)
class Wait:
    """Since when somebody waits, and how long that is in business hours; `is_late`: longer than was promised."""

    since: datetime
    label: str
    is_late: bool


@dataclass(frozen=True)
class RequestRow:
    """One open 話したい in HR's list."""

    id: PublicId
    room_id: PublicId
    candidate: Candidate
    wait: Wait


@dataclass(frozen=True)
class TalkRow:
    """One 人事への連絡 in HR's list. `speaker` is set where the last words are HR's; `wait` where HR's answer is due."""

    room_id: PublicId
    candidate: Candidate
    words: str
    speaker: str | None
    at: datetime
    wait: Wait | None


@dataclass(frozen=True)
class TalkCounts:
    """How many wishes to talk are open, and how many further threads wait for HR's answer."""

    requests: int
    waiting: int


@dataclass(frozen=True)
class TalksPage:
    """HR's inbox, or a further page of it. `rest` is None where only what waits is shown.

    `more_waiting`: the address of what waits, where the first page does not hold it all.
    """

    counts: TalkCounts
    show: str
    requests: tuple[RequestRow, ...]
    waiting: tuple[TalkRow, ...]
    rest: tuple[TalkRow, ...] | None
    more_waiting: str | None
    previous: str | None
    next: str | None

    @property
    def is_empty(self) -> bool:
        """Nothing stands on this page."""
        return not (self.requests or self.waiting or self.rest)


@dataclass(frozen=True)
class CheckInCard:
    """One round of「お変わりありませんか」. `is_leaving`: it has begun, so it cannot be taken back."""

    id: PublicId
    body: str
    due_at: datetime
    is_leaving: bool
    is_finished: bool
    recipients: int


@dataclass(frozen=True)
class CheckInPage:
    """Before the next round: to how many, and when it would leave; `newest` is the round before, `free_on` names the
    moment from which on there may be another one, None for now."""

    newest: CheckInCard | None
    free_at: datetime | None
    people: int
    opens_at: datetime | None
    body: str

    @property
    def is_free(self) -> bool:
        """A round may be sent."""
        return self.free_at is None
