"""Whom a candidate may ask into a small room."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, exists, select

from app.core.db import session
from app.core.ids import PublicId
from app.core.names import fold
from app.models import Cohort, Member, Role
from app.people.cards import PersonCard
from app.people.queries import LONGEST_QUERY, person_card, person_columns
from app.policy import Viewer, allowed

MOST_FOUND = 60
MOST_CHOSEN = 24  # more than a room holds, so that the sentence about it can be said


def may_be_asked(viewer: Viewer) -> ColumnElement[bool]:
    """A WHERE over Member: other candidates the viewer meets, but none of a cohort of minors."""
    is_minor = exists().where(Cohort.id == Member.cohort_id, Cohort.is_minor_profile).correlate(Member)
    return and_(
        allowed(viewer, "view", Member),
        Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
        Member.id != viewer.id,
        ~is_minor,
    )


def people_named(viewer: Viewer, chosen: list[PublicId]) -> tuple[PersonCard, ...]:
    """Those chosen so far, as far as the viewer may ask them, in the order they were chosen."""
    wanted = chosen[:MOST_CHOSEN]
    rows = session.execute(
        select(*person_columns()).where(Member.public_id.in_(wanted), may_be_asked(viewer)), viewer.binds
    )
    cards = {row.person_id: person_card(viewer, row) for row in rows}
    return tuple(cards[each] for each in dict.fromkeys(wanted) if each in cards)


def people_found(viewer: Viewer, query: str) -> tuple[list[PersonCard], bool]:
    """Whom the viewer may ask and who is called so, the own 班 first; and whether there are more."""
    typed = fold(" ".join(query.split())[:LONGEST_QUERY])
    is_mate = Member.id.in_(sorted(viewer.mate_ids))
    is_same = Member.cohort_id == viewer.cohort_id
    rows = list(
        session.execute(
            select(*person_columns())
            .where(may_be_asked(viewer), Member.display_fold.contains(typed, autoescape=True))
            .order_by(case((is_mate, 0), (is_same, 1), else_=2), Member.display_fold, Member.id)
            .limit(MOST_FOUND + 1),
            viewer.binds,
        )
    )
    return [person_card(viewer, row) for row in rows[:MOST_FOUND]], len(rows) > MOST_FOUND
