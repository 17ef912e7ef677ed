"""What the pages of cohorts, groups and walls show, already for a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.models import SMALL_COMMUNITY, Cohort, Community, Group, Member, Wall
from app.policy import Viewer

from ..gate import community_for
from ..people.cards import INVITED, PeopleFilter, PersonRow, cohort_label
from ..people.listing import people_of, person_row
from .cards import (
    CohortPage,
    CohortRow,
    CohortsPage,
    GroupingPage,
    GroupPage,
    GroupPart,
    ProposedGroup,
    WallPair,
    WallsPage,
)
from .grouping import cohort_row, proposal
from .operations import is_unused


def is_small(community: Community) -> bool:
    """Whether the quiet preset for small companies applies; not while nobody has said how many are expected."""
    return (community.expected_candidates or SMALL_COMMUNITY) < SMALL_COMMUNITY


def cohorts_page(viewer: Viewer) -> CohortsPage:
    """Every cohort. Raises NotFound for whoever does not organise."""
    community = community_for(viewer, "organise")
    rows = tuple(_cohort_rows())
    has_walls = any(row.walled_from for row in rows)
    return CohortsPage(rows=rows, folds_walls=is_small(community) and not has_walls)


def _cohort_rows() -> list[CohortRow]:
    here = select(Member.cohort_id, func.count().label("members")).where(Member.ended_at.is_(None))
    counted = here.group_by(Member.cohort_id).subquery()
    grouped = select(Group.cohort_id, func.count().label("groups")).group_by(Group.cohort_id).subquery()
    rows = session.execute(
        select(
            Cohort.id,
            Cohort.public_id,
            Cohort.name,
            Cohort.office_note,
            Cohort.starts_on,
            Cohort.is_minor_profile,
            func.coalesce(counted.c.members, 0).label("members"),
            func.coalesce(grouped.c.groups, 0).label("groups"),
        )
        .outerjoin(counted, counted.c.cohort_id == Cohort.id)
        .outerjoin(grouped, grouped.c.cohort_id == Cohort.id)
        .order_by(Cohort.starts_on, Cohort.id)
    ).all()
    labels = {row.id: cohort_label(row.name, row.office_note) for row in rows}
    beyond: dict[int, list[str]] = {row.id: [] for row in rows}
    for low, high in session.execute(select(Wall.low_cohort_id, Wall.high_cohort_id)):
        beyond[low].append(labels[high])
        beyond[high].append(labels[low])
    return [
        CohortRow(
            id=row.public_id,
            name=row.name,
            office_note=row.office_note,
            starts_on=row.starts_on,
            is_minor_profile=row.is_minor_profile,
            members=row.members,
            groups=row.groups,
            walled_from=tuple(beyond[row.id]),
        )
        for row in rows
    ]


def cohort_page(viewer: Viewer, cohort_id: PublicId) -> CohortPage:
    """One cohort with its groups and people. Raises NotFound."""
    community = community_for(viewer, "organise")
    row = next((one for one in _cohort_rows() if one.id == cohort_id), None)
    if row is None:
        raise NotFound()
    people = people_of(viewer, community, PeopleFilter(cohort=cohort_id), None)
    here = [one for one in people if one.state not in INVITED]
    groups = session.execute(
        select(Group.public_id, Group.name)
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(Cohort.public_id == cohort_id)
        .order_by(Group.name, Group.id)
    )
    return CohortPage(
        row=row,
        groups=tuple(GroupPart(one.public_id, one.name, _people_of(here, one.public_id)) for one in groups),
        ungrouped=_people_of(here, None),
        invited_without_group=sum(one.group_id is None for one in people if one.state in INVITED),
    )


def _people_of(rows: Sequence[Any], group_id: PublicId | None) -> tuple[PersonRow, ...]:
    return tuple(person_row(row) for row in rows if row.group_id == group_id)


def group_page(viewer: Viewer, group_id: PublicId) -> GroupPage:
    """One 班 to be renamed, or to be done away with. Raises NotFound."""
    community_for(viewer, "organise")
    row = session.execute(
        select(
            Group.id,
            Group.name,
            Cohort.public_id.label("cohort_id"),
            Cohort.name.label("cohort"),
            Cohort.office_note,
        )
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(Group.public_id == group_id)
    ).first()
    if row is None:
        raise NotFound()
    can_close = bool(session.scalar(select(is_unused(row.id))))
    return GroupPage(group_id, row.name, row.cohort_id, cohort_label(row.cohort, row.office_note), can_close)


def grouping_page(viewer: Viewer, cohort_id: PublicId, *, size: int, seed: str) -> GroupingPage:
    """How the people of a cohort who are in no 班 would be divided; nothing is stored. Raises NotFound."""
    community = community_for(viewer, "organise")
    cohort = cohort_row(cohort_id)
    if cohort is None:
        raise NotFound()
    found = proposal(viewer, community, cohort, size=size, seed=seed)
    return GroupingPage(
        cohort_id=cohort_id,
        cohort=cohort_label(cohort.name, cohort.office_note),
        size=size,
        seed=seed,
        groups=tuple(
            ProposedGroup(name, tuple(person_row(row) for row in rows)) for name, rows in found.groups
        ),
        left_out=tuple(person_row(row) for row in found.left_out),
        seal=found.seal,
    )


def walls_page(viewer: Viewer) -> WallsPage:
    """The matrix of walls: each cohort with those listed before it. Raises NotFound."""
    community_for(viewer, "organise")
    rows = _cohort_rows()
    lines = tuple(
        (
            row.label,
            tuple(
                WallPair(f"{other.id}-{row.id}", other.label, row.label, other.label in row.walled_from)
                for other in rows[:number]
            ),
        )
        for number, row in enumerate(rows)
        if number
    )
    return WallsPage(cohorts=tuple(row.label for row in rows), lines=lines)
