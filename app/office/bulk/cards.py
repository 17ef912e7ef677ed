"""What HR sees of an act on many people: before it, and for a day after it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import Sentence
from app.core.i18n import _
from app.core.ids import PublicId

from ..people.cards import PeopleFilter, PersonRow

# What can be done with many people at once, in the order of the menu.
ACTS: dict[str, str] = {
    "invite": _("招待メールを送る"),
    "group": _("班を変える"),
    "cohort": _("入社時期を変える"),
    "mentor": _("メンターを決める"),
}
# What was done, as the list of the last day names it.
DONE: dict[str, str] = {
    "invite": _("招待メールの送信"),
    "group": _("班の変更"),
    "groups": _("班の自動作成"),
    "cohort": _("入社時期の変更"),
    "mentor": _("メンターの変更"),
}


@dataclass(frozen=True)
class Selection:
    """Whom HR chose: the ticked ones, or, where `ids` is None, everybody of the narrowed list."""

    chosen: PeopleFilter
    ids: tuple[PublicId, ...] | None


@dataclass(frozen=True)
class LeftOut:
    """Somebody the act would not touch, and why."""

    person: PersonRow
    reason: Sentence | str


@dataclass(frozen=True)
class ReviewPage:
    """What an act would do. `targets` are the places or mentors to choose from; `is_ready` once one is chosen.

    `shown` is how many HR saw in the list; `gone` how many of the ticked ones are no longer there.
    """

    act: str
    targets: tuple[tuple[str, str], ...]
    target: str
    target_label: str
    is_ready: bool
    meant: tuple[PersonRow, ...]
    left_out: tuple[LeftOut, ...]
    gone: int
    shown: int
    seal: str

    @property
    def count(self) -> int:
        """How many people the act is for."""
        return len(self.meant)

    @property
    def chosen_count(self) -> int:
        """How many were chosen, as of now."""
        return len(self.meant) + len(self.left_out)

    @property
    def has_changed(self) -> bool:
        """The list has another length than HR saw."""
        return bool(self.shown) and self.shown != self.chosen_count


@dataclass(frozen=True)
class ActRow:
    """One act of the last day. Letters cannot be taken back."""

    id: PublicId
    kind: str
    count: int
    can_undo: bool

    @property
    def label(self) -> str:
        """What was done, in words."""
        return DONE[self.kind]


@dataclass(frozen=True)
class ActsPage:
    """One's own acts of the last day, newest first, and how many letters are still leaving."""

    rows: tuple[ActRow, ...]
    letters_waiting: int


@dataclass(frozen=True)
class Undone:
    """How many were put back, and how many stay because they have been changed since."""

    count: int
    kept: int
