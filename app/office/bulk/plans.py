"""Who an act on many people is for, and who is left out and why; the page and the operation ask the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.core.errors import NotFound, Sentence
from app.core.i18n import _
from app.core.ids import PublicId
from app.models import Cohort, Community, Group, Member, Role
from app.people.places import refused_places
from app.policy import Viewer

from ..gate import administered
from ..mentors.pairs import mentors_of, refused_pairs
from ..people.cards import INVITED, cohort_label
from ..people.listing import people_of
from .cards import Selection

Reason = Sentence | str | None
NOBODY = "none"  # the target of an act that takes out of a 班, or away from a mentor


@dataclass(frozen=True)
class Target:
    """Where an act leads: the key and the name of a group, a cohort or an employee; key None: nowhere."""

    id: str
    key: int | None
    label: str
    cohort_key: int | None = None


@dataclass(frozen=True)
class Plan:
    """Rows of the list (people.listing) the act is for, and those it leaves out; `seal` tells it from any other."""

    act: str
    target: Target | None
    meant: tuple[Any, ...]
    left_out: tuple[tuple[Any, Sentence | str], ...]
    gone: int

    @property
    def seal(self) -> str:
        """The same for the same act on the same people."""
        parts = (
            self.act,
            self.target.id if self.target else "",
            ",".join(sorted(row.public_id for row in self.meant)),
            ",".join(sorted(row.public_id for row, _reason in self.left_out)),
        )
        return sha256("|".join(parts).encode()).hexdigest()[:20]

    @property
    def members(self) -> list[int]:
        """The keys of those who are here."""
        return [row.key for row in self.meant if row.state not in INVITED]

    @property
    def invited(self) -> list[int]:
        """The keys of the invitations among them."""
        return [row.key for row in self.meant if row.state in INVITED]


def plan(viewer: Viewer, community: Community, selection: Selection, act: str, target: Target | None) -> Plan:
    """What the act would do as of now. Whoever is not in the viewer's care any more counts as gone."""
    rows = people_of(viewer, community, selection.chosen, selection.ids)
    reasons = dict.fromkeys(row.public_id for row in rows)
    if act == "invite":
        reasons |= {row.public_id: _why_no_letter(row) for row in rows}
    elif target is not None:
        reasons |= _REASONS[act](rows, target)
    return Plan(
        act=act,
        target=target,
        meant=tuple(row for row in rows if reasons[row.public_id] is None),
        left_out=tuple((row, reason) for row in rows if (reason := reasons[row.public_id]) is not None),
        gone=0 if selection.ids is None else len(set(selection.ids)) - len(rows),
    )


# ── who is left out ──────────────────────────────────────────────────────────────────────────────────────────


def _why_no_letter(row: Any) -> Reason:
    return None if row.state in INVITED else _("すでに参加しています")


def _why_no_group(rows: Sequence[Any], group: Target) -> dict[PublicId, Reason]:
    def simple(row: Any) -> Reason:
        if not row.roles & Role.CANDIDATE:
            return _("班に入るのは内定者だけです")
        if group.key is None:
            return None if row.group_key else _("どの班にも入っていません")
        if row.cohort_key != group.cohort_key:
            return _("この班とは入社時期が違います")
        return _("すでにこの班です") if row.group_key == group.key else None

    found = {row.public_id: simple(row) for row in rows}
    if group.key is not None:
        newcomers = _members_without(rows, found)
        refused = refused_places(group.key, [row.key for row in newcomers])
        sentence = _("この班には入れられません。別の班を選んでください")
        found |= {row.public_id: sentence for row in newcomers if row.key in refused}
    return found


def _why_no_cohort(rows: Sequence[Any], cohort: Target) -> dict[PublicId, Reason]:
    def simple(row: Any) -> Reason:
        if not row.roles & Role.CANDIDATE:
            return _("入社時期があるのは内定者だけです")
        return _("すでにこの入社時期です") if row.cohort_key == cohort.key else None

    return {row.public_id: simple(row) for row in rows}


def _why_no_mentor(rows: Sequence[Any], employee: Target) -> dict[PublicId, Reason]:
    mentors = mentors_of([row.key for row in rows if row.state not in INVITED])

    def simple(row: Any) -> Reason:
        if not row.roles & Role.CANDIDATE:
            return _("メンターを決めるのは内定者だけです")
        if row.state in INVITED:
            return _("まだ参加していません。参加してから決められます")
        if employee.key is None:
            return None if mentors.get(row.key) else _("メンターは決まっていません")
        return _("すでにこの方が担当しています") if mentors.get(row.key) == {employee.key} else None

    found = {row.public_id: simple(row) for row in rows}
    if employee.key is not None:
        free = _members_without(rows, found)
        refused = refused_pairs(employee.key, [row.key for row in free])
        sentence = _("この組み合わせにはできません。別の方を選んでください")
        found |= {row.public_id: sentence for row in free if row.key in refused}
    return found


def _members_without(rows: Iterable[Any], reasons: dict[PublicId, Reason]) -> list[Any]:
    return [row for row in rows if row.state not in INVITED and reasons[row.public_id] is None]


_REASONS: dict[str, Callable[[Sequence[Any], Target], dict[PublicId, Reason]]] = {
    "group": _why_no_group,
    "cohort": _why_no_cohort,
    "mentor": _why_no_mentor,
}


# ── where an act can lead ────────────────────────────────────────────────────────────────────────────────────


def targets_of(viewer: Viewer, act: str) -> list[Target]:
    """Every place or person this act can lead to, in the order of the menu."""
    if act == "group":
        return [*_groups(), Target(NOBODY, None, str(_("班から外す")))]
    if act == "cohort":
        return [*_cohorts()]
    if act == "mentor":
        return [*_employees(viewer), Target(NOBODY, None, str(_("メンターを外す")))]
    return []


def target_of(viewer: Viewer, act: str, target_id: str) -> Target | None:
    """The one with this id; None where nothing was chosen yet. Raises NotFound for one there is not."""
    if not target_id or act == "invite":
        return None
    found = next((one for one in targets_of(viewer, act) if one.id == target_id), None)
    if found is None:
        raise NotFound()
    return found


def _groups() -> Iterable[Target]:
    rows = session.execute(
        select(Group.public_id, Group.id, Group.name, Group.cohort_id, Cohort.name.label("cohort"))
        .join(Cohort, Cohort.id == Group.cohort_id)
        .order_by(Cohort.starts_on, Cohort.id, Group.name)
    )
    return [Target(row.public_id, row.id, f"{row.cohort}・{row.name}", row.cohort_id) for row in rows]


def _cohorts() -> Iterable[Target]:
    rows = session.execute(
        select(Cohort.public_id, Cohort.id, Cohort.name, Cohort.office_note).order_by(
            Cohort.starts_on, Cohort.id
        )
    )
    return [Target(row.public_id, row.id, cohort_label(row.name, row.office_note)) for row in rows]


def _employees(viewer: Viewer) -> Iterable[Target]:
    rows = session.execute(
        select(Member.public_id, Member.id, Member.legal_name, Member.display_name, Member.department)
        .where(
            administered(viewer),
            Member.roles.bitwise_and(int(Role.EMPLOYEE)) != 0,
            Member.suspended_at.is_(None),
        )
        .order_by(Member.kana == "", Member.kana, Member.legal_name, Member.id)
    )
    return [Target(row.public_id, row.id, _employee_label(row)) for row in rows]


def _employee_label(row: Any) -> str:
    name = row.legal_name or row.display_name
    return f"{name}（{row.department}）" if row.department else name
