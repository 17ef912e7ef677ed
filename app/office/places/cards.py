"""What HR sees of cohorts, groups and walls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.core.ids import PublicId

from ..people.cards import PersonRow, cohort_label

SMALLEST, LARGEST = 5, 7  # people in a 班: product.md, promise 11


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
        return cohort_label(self.name, self.office_note)


@dataclass(frozen=True)
class GroupPart:
    """One 班 with the people in it."""

    id: PublicId
    name: str
    people: tuple[PersonRow, ...]


@dataclass(frozen=True)
class GroupPage:
    """The name of a 班 and where it belongs; `can_close` where nothing depends on it."""

    id: PublicId
    name: str
    cohort_id: PublicId
    cohort: str
    can_close: bool


@dataclass(frozen=True)
class CohortPage:
    """One cohort: what can be changed, its groups, and who is in none."""

    row: CohortRow
    groups: tuple[GroupPart, ...]
    ungrouped: tuple[PersonRow, ...]
    invited_without_group: int

    @property
    def without_group(self) -> int:
        """How many are in no 班, those invited among them."""
        return len(self.ungrouped) + self.invited_without_group


@dataclass(frozen=True)
class ProposedGroup:
    """A 班 that would be made, with the people who would be in it."""

    name: str
    people: tuple[PersonRow, ...]


@dataclass(frozen=True)
class GroupingPage:
    """How the people without a 班 would be divided. `seal` tells this proposal from any other."""

    cohort_id: PublicId
    cohort: str
    size: int
    seed: str
    groups: tuple[ProposedGroup, ...]
    left_out: tuple[PersonRow, ...]
    seal: str

    @property
    def count(self) -> int:
        """How many would be in a 班."""
        return sum(len(group.people) for group in self.groups)


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
