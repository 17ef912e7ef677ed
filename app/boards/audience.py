"""Who reads a board, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.core.reading import IdSet, Reading, is_found_among
from app.models import BoardAudience, Cohort, Community, Group, GroupMember, Member, Role
from app.people.audiences import HR, ROLE_TOKENS, SetKey, audience_label, keys_of, staff_label
from app.policy import Viewer, standing

__all__ = [
    "HR",
    "LET_COLUMNS",
    "ROLE_TOKENS",
    "Let",
    "SetKey",
    "audience_label",
    "has_new_readers",
    "has_same_readers",
    "keys_of",
    "lets_of",
    "organised_community",
    "reads_board",
    "staff_label",
]


@dataclass(frozen=True)
class Let:
    """One set of people let in to a board, with the names this viewer may know."""

    board_id: int
    role: int | None
    cohort_id: int | None
    cohort_name: str | None
    group_id: int | None
    group_name: str | None
    is_cohort_known: bool
    is_group_known: bool
    is_writer: bool


# What `let_of` needs, to be selected beside `with_lets`.
LET_COLUMNS = (
    BoardAudience.board_id.label("let_board_id"),
    BoardAudience.role.label("let_role"),
    BoardAudience.cohort_id.label("let_cohort_id"),
    Cohort.name.label("let_cohort_name"),
    BoardAudience.group_id.label("let_group_id"),
    Group.name.label("let_group_name"),
    standing("view", Cohort).label("let_is_cohort_known"),
    standing("view", Group).label("let_is_group_known"),
    BoardAudience.is_writer.label("let_is_writer"),
)


def with_lets(query: Select[Any]) -> Select[Any]:
    """The query over BoardAudience with the names of its cohorts and groups; a group's cohort is there for the wall."""
    return query.outerjoin(Group, Group.id == BoardAudience.group_id).outerjoin(
        Cohort, Cohort.id == func.coalesce(BoardAudience.cohort_id, Group.cohort_id)
    )


def let_of(row: Row[Any]) -> Let:
    """One set of people from a row with LET_COLUMNS."""
    return Let(
        board_id=row.let_board_id,
        role=row.let_role,
        cohort_id=row.let_cohort_id,
        cohort_name=row.let_cohort_name,
        group_id=row.let_group_id,
        group_name=row.let_group_name,
        is_cohort_known=row.let_is_cohort_known,
        is_group_known=row.let_is_group_known,
        is_writer=row.let_is_writer,
    )


_LETS = Reading(
    with_lets(select(*LET_COLUMNS).select_from(BoardAudience))
    .where(is_found_among(BoardAudience.board_id, bindparam("shown_board_ids", type_=IdSet())))
    .order_by(BoardAudience.board_id, BoardAudience.id)
)


def lets_of(viewer: Viewer, board_ids: Iterable[int]) -> dict[int, list[Let]]:
    """Who is let in, per board, in one query."""
    rows = _LETS.all({**viewer.binds, "shown_board_ids": frozenset(board_ids)})
    found: dict[int, list[Let]] = {}
    for row in rows:
        found.setdefault(row.let_board_id, []).append(let_of(row))
    return found


def organised_community(viewer: Viewer) -> Community:
    """The community, if the viewer arranges its boards. Raises NotFound, as for everything of the office."""
    community = session.get(Community, 1)
    if community is None or not policy.can(viewer, "organise", community):
        raise NotFound()
    return community


# ── the people themselves ────────────────────────────────────────────────────────────────────────────────────


def reads_board(board_id: int) -> ColumnElement[bool]:
    """A WHERE over Member: those who are here and whom one of the board's sets lets in."""
    groups = (
        select(GroupMember.group_id).where(GroupMember.member_id == Member.id).correlate(Member)
    ).scalar_subquery()
    is_let_in = (
        select(BoardAudience.id)
        .where(
            BoardAudience.board_id == board_id,
            or_(
                Member.roles.bitwise_and(func.coalesce(BoardAudience.role, 0)) != 0,
                BoardAudience.cohort_id == Member.cohort_id,
                BoardAudience.group_id.in_(groups),
            ),
        )
        .correlate(Member)
        .exists()
    )
    return and_(Member.ended_at.is_(None), Member.suspended_at.is_(None), is_let_in)


def has_new_readers(board_id: int, sets: Collection[SetKey]) -> bool:
    """Whether these sets hold anybody the board does not let in: what was written there is for its readers."""
    before = session.execute(
        select(BoardAudience.role, BoardAudience.cohort_id, BoardAudience.group_id).where(
            BoardAudience.board_id == board_id
        )
    ).all()
    roles = 0
    for row in before:
        roles |= row.role or 0
    cohorts = {row.cohort_id for row in before if row.cohort_id is not None}
    groups = {row.group_id for row in before if row.group_id is not None}
    groups |= set(session.scalars(select(Group.id).where(Group.cohort_id.in_(cohorts))))
    all_candidates = bool(roles & Role.CANDIDATE)
    return not all(
        not (key.role or 0) & ~roles
        and (key.cohort_id is None or all_candidates or key.cohort_id in cohorts)
        and (key.group_id is None or all_candidates or key.group_id in groups)
        for key in sets
    )


def has_same_readers(board_id: int, other_id: int) -> bool:
    """Whether both boards let in the same people: a topic may then move from one to the other.

    To new readers it was not written, and with fewer its writers could lose sight of their own words unheard.
    """
    return not has_new_readers(board_id, _sets_of(other_id)) and not has_new_readers(
        other_id, _sets_of(board_id)
    )


def _sets_of(board_id: int) -> set[SetKey]:
    rows = session.execute(
        select(BoardAudience.role, BoardAudience.cohort_id, BoardAudience.group_id).where(
            BoardAudience.board_id == board_id
        )
    )
    return {SetKey(row.role, row.cohort_id, row.group_id) for row in rows}
