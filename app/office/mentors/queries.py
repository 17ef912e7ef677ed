"""The list of mentors, for HR."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import aliased

from app import policy
from app.core.db import session
from app.models import Member, Mentor, Role
from app.policy import Viewer

from ..gate import administered, community_for
from ..people.cards import NamedPerson
from .cards import MentorRow, MentorsPage


def mentors_page(viewer: Viewer) -> MentorsPage:
    """Who stands beside whom. Raises NotFound for whoever does not organise."""
    community_for(viewer, "organise")
    candidate = aliased(Member)
    rows = session.execute(
        select(
            Member.public_id,
            Member.legal_name,
            Member.display_name,
            Member.kana,
            Member.department,
            Member.suspended_at.is_not(None).label("is_suspended"),
            candidate.public_id.label("mentee_id"),
            candidate.legal_name.label("mentee_legal_name"),
            candidate.display_name.label("mentee_display_name"),
        )
        .select_from(Mentor)
        .join(Member, Member.id == Mentor.employee_id)
        .join(candidate, candidate.id == Mentor.candidate_id)
        .where(policy.allowed(viewer, "view", Mentor), administered(viewer), candidate.ended_at.is_(None))
        .order_by(Member.kana == "", Member.kana, Member.legal_name, Member.id, candidate.kana, candidate.id)
    ).all()
    by_mentor = groupby(rows, key=lambda row: row.public_id)
    return MentorsPage(
        rows=tuple(_mentor_row(list(pairs)) for _key, pairs in by_mentor),
        without_mentor=_without_mentor(viewer),
    )


def _mentor_row(pairs: list[Row[Any]]) -> MentorRow:
    """One mentor from the rows of their mentees."""
    mentor = pairs[0]
    return MentorRow(
        id=mentor.public_id,
        name=mentor.legal_name or mentor.display_name,
        kana=mentor.kana,
        department=mentor.department,
        is_suspended=mentor.is_suspended,
        mentees=tuple(
            NamedPerson(one.mentee_id, one.mentee_legal_name or one.mentee_display_name) for one in pairs
        ),
    )


def _without_mentor(viewer: Viewer) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Member)
            .where(
                administered(viewer),
                Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
                Member.id.not_in(select(Mentor.candidate_id)),
            )
        )
        or 0
    )
