"""What the office shows: facts of procedure, never what somebody reads, writes or when they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.core.ids import PublicId

# ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FirstAdministrator:
    """Who has just become the first member, and the recovery codes to show this once."""

    member_id: int
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True)
class SetUpStep:
    """One question of the set-up; `answer` is what was said so far, empty where nothing was.

    `is_open` turns false where HR has taken the question over from the administrator.
    """

    key: str
    label: str
    answer: str
    is_done: bool
    is_needed: bool
    is_open: bool = True


@dataclass(frozen=True)
class SetUpPage:
    """The set-up as it stands; `current` is the first question still open, None when it can be finished."""

    steps: tuple[SetUpStep, ...]
    name: str
    expected_candidates: int | None
    help_line: str
    is_small: bool
    is_finished: bool
    current: str | None
    cohorts: tuple[str, ...]
    boards: tuple[str, ...]
    invited: tuple[str, ...]

    def number_of(self, key: str) -> int:
        """Which step this is, counted from 1."""
        return next(number for number, step in enumerate(self.steps, start=1) if step.key == key)

    def after(self, key: str) -> str | None:
        """The key of the next step, None behind the last one."""
        number = self.number_of(key)
        return self.steps[number].key if number < len(self.steps) else None


# ── HR's desk ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DeskPage:
    """What HR can do today; every number is one of procedure."""

    unsent: int
    expired: int
    awaited: int
    without_group: int
    members: int
    is_set_up: bool
    can_set_up: bool

    @property
    def is_quiet(self) -> bool:
        """Nothing waits for HR."""
        return not (self.unsent or self.expired or self.without_group)


@dataclass(frozen=True)
class PersonRow:
    """One person in HR's list."""

    id: PublicId
    legal_name: str
    kana: str
    display_name: str
    cohort: str
    group: str
    role_label: str
    is_suspended: bool


@dataclass(frozen=True)
class PeopleFilter:
    """What HR's list is narrowed to: public ids, a kind of role, a text; empty means all."""

    query: str = ""
    cohort: str = ""
    group: str = ""
    role: str = "candidate"


@dataclass(frozen=True)
class PeoplePage:
    """A page of HR's list in フリガナ order, at most 100 rows."""

    rows: tuple[PersonRow, ...]
    chosen: PeopleFilter
    cohorts: tuple[tuple[PublicId, str], ...]
    groups: tuple[tuple[PublicId, str], ...]
    total: int
    number: int
    last_number: int


@dataclass(frozen=True)
class PersonPage:
    """One person, for those who look after the membership."""

    id: PublicId
    legal_name: str
    kana: str
    display_name: str
    mail: str
    cohort: str
    cohort_id: PublicId | None
    group: str
    group_id: PublicId | None
    role_label: str
    department: str
    is_candidate: bool
    is_suspended: bool
    suspension_reason: str
    can_suspend: bool
    can_end: bool
    can_place: bool
    cohorts: tuple[tuple[PublicId, str], ...]
    groups: tuple[tuple[PublicId, str], ...]


# ── cohorts, groups, walls ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class CohortsPage:
    """Every cohort. `folds_walls`: in a small community they stay folded away until one stands (product.md)."""

    rows: tuple[CohortRow, ...]
    folds_walls: bool


@dataclass(frozen=True)
class CohortRow:
    """One cohort in the list."""

    id: PublicId
    name: str
    office_note: str
    starts_on: date
    is_minor_profile: bool
    members: int
    groups: int
    walled_from: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name as HR's lists tell cohorts apart."""
        return f"{self.name}（{self.office_note}）" if self.office_note else self.name


@dataclass(frozen=True)
class GroupPart:
    """One 班 with the people in it."""

    id: PublicId
    name: str
    people: tuple[PersonRow, ...]


@dataclass(frozen=True)
class GroupPage:
    """The name of a 班 and where it belongs."""

    id: PublicId
    name: str
    cohort_id: PublicId
    cohort: str


@dataclass(frozen=True)
class CohortPage:
    """One cohort: what can be changed, its groups, and who is in none."""

    row: CohortRow
    groups: tuple[GroupPart, ...]
    ungrouped: tuple[PersonRow, ...]


@dataclass(frozen=True)
class WallPair:
    """Two cohorts, and whether a wall stands between them; `key` is what the form sends."""

    key: str
    one: str
    other: str
    is_walled: bool


@dataclass(frozen=True)
class WallsPage:
    """Every pair of cohorts as rows of a matrix: the label of a cohort, then its pairs with those above it."""

    cohorts: tuple[str, ...]
    lines: tuple[tuple[str, tuple[WallPair, ...]], ...]


# ── the administrator's pages ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Check:
    """One line of the system page; `is_fine` None: only told."""

    label: str
    value: str
    is_fine: bool | None = None
    advice: str = ""


@dataclass(frozen=True)
class SystemPage:
    """How the installation stands."""

    checks: tuple[Check, ...]
    is_set_up: bool
    has_letters: bool


@dataclass(frozen=True)
class ShelfRow:
    """One letter kept in the mail folder."""

    id: str
    to: str
    subject: str
    at: datetime | None


@dataclass(frozen=True)
class ShelfPage:
    """The letters kept, newest first; `is_whole` where nothing is left out (demo)."""

    rows: tuple[ShelfRow, ...]
    has_mail_server: bool
    is_whole: bool


@dataclass(frozen=True)
class LetterPage:
    """One kept letter, with its secrets left out."""

    to: str
    subject: str
    at: datetime | None
    text: str
    is_whole: bool


@dataclass(frozen=True)
class RolesRow:
    """One member of staff and what they may do."""

    id: PublicId
    display_name: str
    legal_name: str
    department: str
    role_label: str
    is_me: bool


@dataclass(frozen=True)
class RolesPage:
    """Everybody on the staff."""

    rows: tuple[RolesRow, ...]


@dataclass(frozen=True)
class RolePage:
    """One member of staff; `roles` are the names of those held."""

    row: RolesRow
    roles: tuple[str, ...]


@dataclass(frozen=True)
class CommunityPage:
    """What can be said about the community."""

    name: str
    help_line: str
    expected_candidates: int | None
