"""What HR sees of the limits of profile fields; never what a person chose."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.i18n import t

STEP = 5  # product.md, promise 2: counts in steps of five, and none of fewer people


@dataclass(frozen=True)
class FieldRow:
    """One field: its cap as of now, and how far it could reach at most; `is_asked` while a wider one is asked for."""

    key: str
    label: str
    cap: str
    cap_label: str
    widest_label: str
    is_narrowed: bool
    is_reciprocal: bool
    has_floor: bool
    is_asked: bool


@dataclass(frozen=True)
class PrivacyPage:
    """Every field, and what else stands around: the reach of direct messages, walls, cohorts for minors, open requests."""

    fields: tuple[FieldRow, ...]
    direct_label: str
    walls: int
    minor_cohorts: int
    waiting: int


@dataclass(frozen=True)
class CapPage:
    """One field with the caps that can be chosen, as (word, label).

    `chosen` is the cap being looked at, '' before one is; `affected` how many people would be seen by fewer where it is
    narrower. `needs_person` where it is wider and nobody else could approve it.
    """

    row: FieldRow
    choices: tuple[tuple[str, str], ...]
    chosen: str
    chosen_label: str
    is_wider: bool
    affected: int
    needs_person: bool
    can_appoint: bool

    @property
    def affected_words(self) -> str:
        """The number in steps: never of fewer than five people."""
        floor = self.affected // STEP * STEP
        return t("%(count)s名以上", count=f"{floor:,}") if floor else t("5名未満")
