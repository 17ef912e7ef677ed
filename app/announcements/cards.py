"""What HR and recipients are shown of announcements. Nothing here says who read what, or when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from app.core.i18n import _
from app.core.ids import PublicId
from app.files.cards import FileCard
from app.people.cards import Pager, folded_groups

STATES: dict[str, str] = {
    "draft": _("下書き"),
    "scheduled": _("予約済み"),
    "sent": _("送信済み"),
    "cancelled": _("取り消し済み"),
}
# The languages of a variant, as their tabs say it: each in its own.
VARIANTS: dict[str, str] = {"easy": "やさしい日本語", "en": "English"}


@dataclass(frozen=True)
class Manuscript:
    """What HR typed: `audience` are tokens of people.audiences, `files` public ids of uploads."""

    title: str = ""
    body: str = ""
    is_procedure: bool = False
    audience: tuple[str, ...] = ()
    reaches_invited: bool = False
    asks_acknowledgement: bool = False
    names_from: date | None = None
    remind_on: date | None = None
    easy_title: str = ""
    easy_body: str = ""
    english_title: str = ""
    english_body: str = ""
    files: tuple[PublicId, ...] = ()


# ── HR ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class AudienceOption:
    """One set of people the form offers."""

    token: str
    label: str
    note: str
    is_chosen: bool


@dataclass(frozen=True)
class OfficeRow:
    """One announcement in HR's list; `at` is when it was or will be sent, or taken back.

    A draft that was booked for `missed_at` could not be sent; the booking for `unbooked_at` was taken back.
    """

    id: PublicId
    title: str
    state: str
    is_procedure: bool
    is_emergency: bool
    asks_acknowledgement: bool
    audience_label: str
    author: str
    at: datetime | None
    missed_at: datetime | None
    unbooked_at: datetime | None

    @property
    def state_label(self) -> str:
        """The state in words."""
        return STATES[self.state]


@dataclass(frozen=True)
class OfficeList:
    """HR's list, one state at a time or all."""

    rows: tuple[OfficeRow, ...]
    counts: dict[str, int]
    state: str
    pager: Pager

    @property
    def total(self) -> int:
        """How many there are in all states."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class WritingPage:
    """The form of one announcement, or of a new one."""

    id: PublicId | None
    state: str
    revision: int
    manuscript: Manuscript
    options: tuple[AudienceOption, ...]
    files: tuple[FileCard, ...]
    templates: tuple[tuple[PublicId, str], ...]
    scheduled_at: datetime | None
    unbooked_at: datetime | None
    fields: tuple[tuple[str, str], ...]

    def folded(self, chosen: Iterable[str]) -> frozenset[str]:
        """The options that are folded away while these are chosen."""
        return folded_groups((option.token for option in self.options), chosen)


@dataclass(frozen=True)
class Reach:
    """How many people an announcement would reach, and when.

    `at_once` and `digest` share the members; `invited` get letters. `opens_at` is when the quiet hours that hold at
    that moment end, None where none hold.
    """

    at_once: int
    digest: int
    invited: int
    invited_unsent: int
    opens_at: datetime | None

    @property
    def total(self) -> int:
        """Everybody it is for."""
        return self.at_once + self.digest + self.invited


@dataclass(frozen=True)
class CheckPage:
    """The page before sending: who is reached when, what stands against it, what to think of once more, and its text.

    `booked_for` is the moment still ahead that it is or was booked for; `received` is what `reader` would read, the
    viewer's own copy where `reader` is empty.
    """

    id: PublicId
    title: str
    state: str
    revision: int
    is_procedure: bool
    asks_acknowledgement: bool
    names_from: date | None
    remind_on: date | None
    audience_label: str
    at: datetime
    reach: Reach
    budget: int
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    arrival: str
    suggestion: datetime
    zone: str
    scheduled_at: datetime | None
    booked_for: datetime | None
    has_files: bool
    reader: str
    received: ReceivedPage


@dataclass(frozen=True)
class AbsentRow:
    """Somebody who has not acknowledged, from the 名簿表示日 on. `id` is None for whoever has not joined."""

    id: PublicId | None
    legal_name: str
    kana: str
    display_name: str


@dataclass(frozen=True)
class SentPage:
    """What became of a sent or cancelled announcement.

    `floor` is how many of the `counted` (members but HR) acknowledged as of the morning of `counted_on`, rounded down
    to a step of five; None where it may not be told. `absent` is None before the 名簿表示日.
    """

    id: PublicId
    title: str
    body_html: Markup
    state: str
    is_procedure: bool
    audience_label: str
    author: str
    sent_at: datetime | None
    cancelled_at: datetime | None
    scheduled_at: datetime | None
    emergency_reason: str
    members: int
    invited: int
    digest: int
    counted: int
    asks_acknowledgement: bool
    names_from: date | None
    remind_on: date | None
    reminders: int
    most_reminders: int
    counted_on: date | None
    floor: int | None
    is_too_small: bool
    absent: tuple[AbsentRow, ...] | None
    can_remind: bool
    can_cancel: bool
    has_letters: bool
    files: tuple[FileCard, ...]


@dataclass(frozen=True)
class PreviewPage:
    """What one person of the audience would read."""

    id: PublicId
    people: tuple[tuple[PublicId, str], ...]
    chosen: PublicId | None
    query: str
    received: ReceivedPage


@dataclass(frozen=True)
class TemplateRow:
    """A text HR uses again."""

    id: PublicId
    name: str
    title: str


# ── recipients ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ReceivedRow:
    """One announcement in its recipient's list."""

    id: PublicId
    title: str
    sent_at: datetime
    is_procedure: bool
    asks_acknowledgement: bool
    is_acknowledged: bool


@dataclass(frozen=True)
class ReceivedList:
    """The announcements sent to the viewer, newest first."""

    rows: tuple[ReceivedRow, ...]
    pager: Pager


@dataclass(frozen=True)
class VariantTab:
    """One of the languages an announcement is there in; `value` is empty for the text as it was written."""

    value: str
    label: str
    language: str
    is_active: bool


@dataclass(frozen=True)
class ReceivedPage:
    """One announcement as its reader sees it, merge fields filled in. `language` is that of the text.

    `roster_sentence` says from which day HR sees who has not acknowledged.
    """

    id: PublicId
    title: str
    body_html: Markup
    language: str
    sent_at: datetime | None
    is_procedure: bool
    is_emergency: bool
    tabs: tuple[VariantTab, ...]
    variant: str
    files: tuple[FileCard, ...]
    roster_sentence: str | None
    asks_acknowledgement: bool
    is_acknowledged: bool
    can_acknowledge: bool
    is_unsent: bool
    is_office: bool


@dataclass(frozen=True)
class WaitingCard:
    """An announcement that still asks the viewer for 確認しました, for home."""

    id: PublicId
    title: str
    href: str
    names_from: date | None
    is_procedure: bool


@dataclass(frozen=True)
class LetterPage:
    """What somebody without an account reads behind the link of their letter."""

    title: str
    body_html: Markup
    sent_at: datetime
    roster_sentence: str | None
    is_acknowledged: bool
    file_count: int
