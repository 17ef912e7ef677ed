"""Who mentors whom, as keys; called by operations that hold the community."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, insert, or_, select

from app.core.db import session
from app.models import UNBLOCKABLE, Block, Member, Mentor
from app.people.places import raise_versions


def mentors_of(candidate_keys: Collection[int]) -> dict[int, set[int]]:
    """Candidate → the employees assigned to them."""
    found: dict[int, set[int]] = {}
    for candidate, employee in session.execute(
        select(Mentor.candidate_id, Mentor.employee_id).where(Mentor.candidate_id.in_(candidate_keys))
    ):
        found.setdefault(candidate, set()).add(employee)
    return found


def refused_pairs(employee_key: int, candidate_keys: Collection[int]) -> set[int]:
    """Which of these candidates would never meet this employee: a mentor nobody sees leaves somebody alone."""
    roles = session.scalar(select(Member.roles).where(Member.id == employee_key)) or 0
    if roles & UNBLOCKABLE:
        return set()
    rows = session.execute(
        select(Block.blocker_id, Block.blocked_id).where(
            or_(Block.blocker_id == employee_key, Block.blocked_id == employee_key)
        )
    )
    return {one for row in rows for one in row} & {*candidate_keys}


def put_mentors(candidate_keys: Collection[int], employee_keys: Iterable[int]) -> None:
    """Let exactly these employees stand beside each of these candidates."""
    if not candidate_keys:
        return
    before = {one for each in mentors_of(candidate_keys).values() for one in each}
    session.execute(delete(Mentor).where(Mentor.candidate_id.in_(candidate_keys)))
    employees = [*employee_keys]
    rows = [{"candidate_id": one, "employee_id": other} for one in candidate_keys for other in employees]
    if rows:
        session.execute(insert(Mentor), rows)
    raise_versions({*candidate_keys, *employees, *before})
