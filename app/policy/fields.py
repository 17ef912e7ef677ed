"""The table of profile fields: who may see each at most, at least, and by default (privacy.md). Pure functions, no queries.

A member chooses two things for a field: how far towards candidates, and how far towards colleagues (staff). The two are
not ordered against each other, so what is stored is a set of relations. `models.ProfileValue` holds the choice and what
follows from it; `rules.profile_value_view` decides with the latter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.models import CANDIDATES, COLLEAGUES, RECIPROCAL_FIELDS, Relation

from .viewer import Viewer

_NONE = Relation(0)
# What can be chosen, narrowest first. Whoever shows something to their cohort shows it to their 班, too.
TOWARDS_CANDIDATES: Mapping[str, Relation] = {
    "nobody": _NONE,
    "group": Relation.GROUP,
    "cohort": Relation.GROUP | Relation.COHORT,
    "all": Relation.GROUP | Relation.COHORT | Relation.ALLCAND,
}
TOWARDS_COLLEAGUES: Mapping[str, Relation] = {
    "nobody": _NONE,
    "hr": Relation.HR,
    "mentor": Relation.HR | Relation.MENTOR,
    "employees": Relation.HR | Relation.MENTOR | Relation.EMPLOYEE,
}


@dataclass(frozen=True)
class Field:
    """One field. `widest` holds bits of CANDIDATES; `floor` holds what nobody can take away, never a candidate (I1).

    What the office gave (`is_given`) the member does not write themselves. `longest` is in characters.
    """

    key: str
    default: Relation
    widest: Relation
    floor: Relation = _NONE
    is_given: bool = False
    longest: int = 200

    @property
    def is_reciprocal(self) -> bool:
        """Seen of others only while one's own is shared at least as widely (I8)."""
        return self.key in RECIPROCAL_FIELDS


_UP_TO_GROUP, _UP_TO_COHORT, _UP_TO_ALL = (TOWARDS_CANDIDATES[key] for key in ("group", "cohort", "all"))

FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field(
            "legal_name",
            default=Relation.HR | Relation.MENTOR,
            widest=_UP_TO_COHORT,
            floor=Relation.HR,
            is_given=True,
        ),
        Field("university", default=_NONE, widest=_UP_TO_COHORT, longest=80),
        Field("pastime", default=_UP_TO_GROUP, widest=_UP_TO_ALL),
        Field("wish", default=_UP_TO_GROUP, widest=_UP_TO_ALL),
        Field("topics", default=_UP_TO_GROUP, widest=_UP_TO_ALL),
        Field("links", default=_NONE, widest=_UP_TO_GROUP),
    )
}


def choice_of(candidates: str, colleagues: str) -> Relation:
    """The bits of what somebody chose. Raises KeyError for a word that cannot be chosen."""
    return Relation.SELF | TOWARDS_CANDIDATES[candidates] | TOWARDS_COLLEAGUES[colleagues]


def words_of(bits: int) -> tuple[str, str]:
    """The two words that say the same as these bits: the widest of each list that lies within them."""
    return (
        [key for key, reach in TOWARDS_CANDIDATES.items() if reach & bits == reach][-1],
        [key for key, reach in TOWARDS_COLLEAGUES.items() if reach & bits == reach][-1],
    )


def default_of(field: Field, cap: int) -> Relation:
    """What holds until the member chooses: the privacy default within the cap (I3)."""
    return Relation.SELF | within(field.default, cap)


def within(choice: int, cap: int) -> Relation:
    """A choice as far as the cap allows it. A cap narrows candidates only."""
    return Relation(choice & (cap | COLLEAGUES | Relation.SELF))


def effective(field: Field, choice: int, cap: int) -> Relation:
    """Who sees it: `(choice ∩ cap) ∪ floor`, and always the member."""
    return within(choice, cap) | field.floor | Relation.SELF


def cap_of(field: Field, narrowed: Mapping[str, int]) -> Relation:
    """How far it may reach among candidates: the table's limit, narrowed where HR did so (field → bits)."""
    return Relation(field.widest & narrowed.get(field.key, int(CANDIDATES)))


def relations(viewer: Viewer, owner: Any) -> Relation:
    """How `viewer` stands to `owner` (id, cohort_id), blocks and walls aside. ALLCAND is every candidate."""
    found = _NONE
    if owner.id == viewer.id:
        found |= Relation.SELF
    if viewer.is_hr:
        found |= Relation.HR
    if viewer.is_employee:
        found |= Relation.EMPLOYEE
        if owner.id in viewer.mentee_ids:
            found |= Relation.MENTOR
    if viewer.is_candidate:
        found |= Relation.ALLCAND
        if owner.id in viewer.mate_ids:
            found |= Relation.GROUP
        if owner.cohort_id is not None and owner.cohort_id == viewer.cohort_id:
            found |= Relation.COHORT
    return found
