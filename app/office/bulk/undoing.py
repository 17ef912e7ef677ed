"""Putting people back where they stood before an act, as far as they still stand where it left them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select

from app.core.db import session
from app.models import Cohort, Community, Group, Member
from app.people.places import put_members, refused_places
from app.policy import Viewer

from ..checks import tell_everybody
from ..mentors.pairs import mentors_of, put_mentors, refused_pairs
from ..people.cards import INVITED, PeopleFilter
from ..people.listing import people_of
from ..places.moving import move_invited, move_members, put_invited
from ..places.operations import is_unused

Before = Mapping[str, Mapping[str, list[Any]]]


def put_back(viewer: Viewer, community: Community, kind: str, before: Before) -> int:
    """Undo one act; how many people were put back."""
    rows = people_of(viewer, community, PeopleFilter(role="all"), list(before))
    if kind == "mentor":
        return _mentors(rows, before)
    still = [row for row in rows if _stands_as_left(row, before[row.public_id])]
    if kind == "cohort":
        still = _cohorts(still, before)
    count = _groups(still, before)
    if kind == "groups":
        _close({change["group"][1] for change in before.values()})
    return count


def _stands_as_left(row: Any, change: Mapping[str, list[Any]]) -> bool:
    here = {"group": row.group_id, "cohort": row.cohort_id}
    return all(here[place] == after for place, (_before, after) in change.items())


def _cohorts(rows: list[Any], before: Before) -> list[Any]:
    """Back to the cohort each came from, where it still is; who could be moved."""
    keys = _keys(Cohort, (before[row.public_id]["cohort"][0] for row in rows))
    moved = []
    for cohort_id, key in keys.items():
        there = [row for row in rows if before[row.public_id]["cohort"][0] == cohort_id]
        move_members([row.key for row in there if row.state not in INVITED], key)
        move_invited([row.key for row in there if row.state in INVITED], key)
        moved += there
    return moved


def _groups(rows: list[Any], before: Before) -> int:
    """Back to the 班 each came from, or to none; how many. Nobody is put beside whom they do not wish to meet."""
    keys = _keys(Group, (before[row.public_id]["group"][0] for row in rows))
    count = 0
    for group_id in {before[row.public_id]["group"][0] for row in rows}:
        there = [row for row in rows if before[row.public_id]["group"][0] == group_id]
        group_key = keys.get(group_id) if group_id else None
        if group_id and group_key is None:
            continue  # the 班 is gone
        members = [row.key for row in there if row.state not in INVITED]
        refused = refused_places(group_key, members) if group_key else set()
        put_members([key for key in members if key not in refused], group_key)
        put_invited([row.key for row in there if row.state in INVITED], group_key)
        count += len(there) - len(refused)
    return count


def _keys(kind: type[Cohort] | type[Group], ids: Iterable[str | None]) -> dict[str, int]:
    wanted = {one for one in ids if one}
    found = session.execute(select(kind.public_id, kind.id).where(kind.public_id.in_(wanted)))
    return {row.public_id: row.id for row in found}


def _mentors(rows: list[Any], before: Before) -> int:
    candidates = {row.public_id: row.key for row in rows if row.state not in INVITED}
    wanted = {one for change in before.values() for side in change["mentor"] for one in side}
    found = session.execute(
        select(Member.public_id, Member.id).where(Member.public_id.in_(wanted), Member.ended_at.is_(None))
    )
    employees = {row.public_id: row.id for row in found}
    standing = mentors_of(candidates.values())
    count = 0
    for public_id, key in candidates.items():
        earlier, after = before[public_id]["mentor"]
        keys = [employees[one] for one in earlier if one in employees]
        is_as_left = standing.get(key, set()) == {employees.get(one) for one in after}
        if not is_as_left or len(keys) < len(earlier) or any(refused_pairs(one, [key]) for one in keys):
            continue
        put_mentors([key], keys)
        count += 1
    return count


def _close(group_ids: Iterable[str]) -> None:
    """Do away with the groups an act made, as far as nothing depends on them."""
    for key in _keys(Group, group_ids).values():
        session.execute(delete(Group).where(Group.id == key, is_unused(key)))
    tell_everybody()
