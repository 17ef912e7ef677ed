"""What the set-up and the administrator's pages show; HR's desk stands in the folders beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
