"""What HR and an invited person are shown of an invitation: facts of procedure, never whether it was opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.core.errors import Sentence
from app.core.i18n import _
from app.core.ids import PublicId

STATES: dict[str, str] = {
    "unsent": _("未送信"),
    "sent": _("送信済み"),
    "expired": _("期限切れ"),
    "revoked": _("取り消し済み"),
}

OUTCOMES: dict[str, str] = {
    "new": _("新規"),
    "invited": _("すでに招待済み"),
    "member": _("すでに参加中"),
    "problem": _("問題あり"),
}


@dataclass(frozen=True)
class Invitee:
    """Somebody to invite, as a form or a pasted line says it; `roles` are names, places are public ids."""

    mail: str
    legal_name: str = ""
    kana: str = ""
    roles: tuple[str, ...] = ("candidate",)
    cohort: PublicId | None = None
    group: PublicId | None = None
    department: str = ""
    joined_company_on: date | None = None


@dataclass(frozen=True)
class InvitingChoices:
    """What HR can choose from; pairs of value and label."""

    roles: tuple[tuple[str, str], ...]
    cohorts: tuple[tuple[PublicId, str], ...]
    groups: tuple[tuple[PublicId, str], ...]

    @property
    def has_powers(self) -> bool:
        """Whether staff with powers can be invited too."""
        return any(value not in {"candidate", "employee"} for value, _label in self.roles)


@dataclass(frozen=True)
class InvitationRow:
    """One invitation in HR's list."""

    id: PublicId
    legal_name: str
    kana: str
    mail: str
    role_label: str
    cohort: str
    group: str
    state: str
    sent_at: datetime | None
    expires_at: datetime | None

    @property
    def name(self) -> str:
        """What stands for the person in sentences: the name, else the address."""
        return self.legal_name or self.mail

    @property
    def state_label(self) -> str:
        """The state in words."""
        return STATES[self.state]


@dataclass(frozen=True)
class InvitationList:
    """A page of HR's list: at most 100 rows in フリガナ order; `counts` by state within the chosen cohort."""

    rows: tuple[InvitationRow, ...]
    counts: dict[str, int]
    state: str
    cohort: PublicId
    cohorts: tuple[tuple[PublicId, str], ...]
    number: int
    last_number: int

    @property
    def total(self) -> int:
        """How many there are in all states."""
        return sum(self.counts.values())

    @property
    def sendable_count(self) -> int:
        """How many of the chosen state may get a letter."""
        return 0 if self.state == "revoked" else self.counts.get(self.state, 0)


@dataclass(frozen=True)
class InvitationPage:
    """One invitation with what can be corrected."""

    row: InvitationRow
    invitee: Invitee
    choices: InvitingChoices

    @property
    def is_open(self) -> bool:
        """Not revoked: it can be corrected, sent and revoked."""
        return self.row.state != "revoked"

    @property
    def can_correct(self) -> bool:
        """Open, and of roles this viewer could give: with another address it would give them to somebody else."""
        return self.is_open and {*self.invitee.roles} <= {value for value, _label in self.choices.roles}


@dataclass(frozen=True)
class Review:
    """What a bulk act would do: who is meant, and who is left out because their invitation is revoked."""

    rows: tuple[InvitationRow, ...]
    count: int
    left_out_count: int
    again_count: int
    state: str = ""
    cohort: PublicId = ""

    @property
    def ids(self) -> tuple[PublicId, ...]:
        """The public ids of all rows."""
        return tuple(row.id for row in self.rows)


@dataclass(frozen=True)
class SheetRow:
    """One pasted line and what would happen; `line_number` counts from 1 in what was pasted."""

    line_number: int
    legal_name: str
    kana: str
    mail: str
    role_label: str
    cohort: str
    group: str
    outcome: str
    sentences: tuple[Sentence | str, ...] = ()

    @property
    def outcome_label(self) -> str:
        """The outcome in words."""
        return OUTCOMES[self.outcome]


@dataclass(frozen=True)
class SheetPreview:
    """What importing a pasted sheet would do. `rows` are the ones shown, problems first; `remaining` is the
    pasted text with only its header and the lines that have problems."""

    rows: tuple[SheetRow, ...]
    counts: dict[str, int]
    ignored_columns: tuple[str, ...]
    refused_columns: tuple[tuple[str, Sentence | str], ...]
    invitees: tuple[Invitee, ...]
    remaining: str

    @property
    def new_count(self) -> int:
        """How many invitations would be made."""
        return self.counts["new"]

    @property
    def problem_count(self) -> int:
        """How many lines need a correction."""
        return self.counts["problem"]

    @property
    def not_shown_count(self) -> int:
        """How many lines the page leaves out of its table."""
        return sum(self.counts.values()) - len(self.rows)


@dataclass(frozen=True)
class Welcome:
    """What the person who holds a working link is told before they join."""

    legal_name: str
    role_label: str
    is_candidate: bool
    has_powers: bool
    cohort: str
    inviter: str
    expires_at: datetime
    mail: str
    suggested_bud: int
    rules_version: int
    is_demo: bool
