"""What HR sees of memberships: 氏名, フリガナ, 入社年, 班, 手続き; never what somebody reads, writes or when they come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from app.core.i18n import _
from app.core.ids import PublicId
from app.people.cards import ShownField

# 手続き: how far somebody's joining has come. Every one is an act of HR, a letter of ours, or consent to the rules.
STATES: dict[str, str] = {
    "unsent": _("未送信"),
    "sent": _("招待済み"),
    "late": _("招待から3日以上"),
    "expired": _("期限切れ"),
    "failed": _("送信できていません"),
    "joined": _("参加中"),
    "rules": _("ルールの確認待ち"),
    "suspended": _("停止中"),
}
# Those who have not joined yet.
INVITED = ("unsent", "sent", "late", "expired", "failed")
TONES = {"joined": "leaf", "unsent": "plain", "sent": "plain"}
# The choice of a place or a mentor: none at all.
NONE = "none"


def cohort_label(name: str | None, office_note: str | None) -> str:
    """A cohort as HR's lists tell it apart: 「2027年4月入社（高卒）」."""
    return f"{name}（{office_note}）" if name and office_note else name or ""


@dataclass(frozen=True)
class PersonRow:
    """One person in HR's lists: a member, or somebody invited who has not joined."""

    id: PublicId
    legal_name: str
    kana: str
    display_name: str
    cohort: str
    group: str
    role_label: str
    state: str

    @property
    def name(self) -> str:
        """What HR calls them."""
        return self.legal_name or self.display_name

    @property
    def is_invited(self) -> bool:
        """Not here yet; the row leads to the invitation."""
        return self.state in INVITED

    @property
    def is_suspended(self) -> bool:
        """The doors are closed for a while."""
        return self.state == "suspended"

    @property
    def state_label(self) -> str:
        """手続き in words."""
        return STATES[self.state]

    @property
    def tone(self) -> str:
        """The tone of the chip beside it."""
        return TONES.get(self.state, "amber")


@dataclass(frozen=True)
class PeopleFilter:
    """What HR's list is narrowed to: public ids, a kind of role, a procedure, a text; empty means all."""

    query: str = ""
    cohort: str = ""
    group: str = ""
    mentor: str = ""
    role: str = "candidate"
    state: str = ""

    @property
    def address(self) -> str:
        """The same as the query part of an address; what is empty is left out."""
        parts = {"q" if name == "query" else name: value for name, value in asdict(self).items() if value}
        return urlencode(parts)

    @property
    def is_narrowed(self) -> bool:
        """More is chosen than the kind of role."""
        return bool(self.query or self.cohort or self.group or self.mentor or self.state)


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class SavedFilter:
    """A filter its owner keeps."""

    id: PublicId
    name: str
    href: str
    is_shown: bool


@dataclass(frozen=True)
class PeoplePage:
    """A page of HR's list in フリガナ order, at most 100 rows; `total` counts all pages."""

    rows: tuple[PersonRow, ...]
    chosen: PeopleFilter
    cohorts: tuple[Option, ...]
    groups: tuple[Option, ...]
    states: tuple[Option, ...]
    saved: tuple[SavedFilter, ...]
    total: int
    can_act: bool
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class NamedPerson:
    """A person in a line, by 氏名."""

    id: PublicId
    name: str


@dataclass(frozen=True)
class PersonDetails:
    """What the list does not show of a person: there once the viewer said what for, today."""

    display_name: str
    mail: str
    department: str
    mentors: tuple[NamedPerson, ...]
    mentees: tuple[NamedPerson, ...]
    fields: tuple[ShownField, ...]


@dataclass(frozen=True)
class PersonPage:
    """One person, for those who look after the membership: what the list shows, and `details` once opened."""

    id: PublicId
    name: str
    kana: str
    cohort: str
    cohort_id: PublicId | None
    group: str
    group_id: PublicId | None
    role_label: str
    is_candidate: bool
    is_employee: bool
    state: str
    suspension_reason: str
    details: PersonDetails | None
    can_suspend: bool
    can_end: bool
    can_correspond: bool
    can_place: bool
    cohorts: tuple[tuple[PublicId, str], ...]
    groups: tuple[tuple[PublicId, str], ...]

    @property
    def is_suspended(self) -> bool:
        """The doors are closed for a while."""
        return self.state == "suspended"

    @property
    def state_label(self) -> str:
        """手続き in words."""
        return STATES[self.state]

    @property
    def tone(self) -> str:
        """The tone of the chip beside it."""
        return TONES.get(self.state, "amber")
