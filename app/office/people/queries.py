"""What HR's list of people and one person's page show, already for a viewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from app import policy
from app.accounts.cards import role_names
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import join_names, t
from app.core.ids import PublicId
from app.core.paging import Cursor
from app.ledger.queries import opened_today
from app.ledger.words import PROFILE
from app.models import Cohort, Community, Group, GroupMember, Member, Mentor, Role, SavedView
from app.people.queries import shown_fields
from app.policy import Viewer

from ..gate import administered, community_of_the_office
from .cards import (
    INVITED,
    NONE,
    STATES,
    NamedPerson,
    Option,
    PeopleFilter,
    PeoplePage,
    PersonDetails,
    PersonPage,
    SavedFilter,
    cohort_label,
)
from .listing import Listing, in_state, listing, person_row

PAGE_SIZE = 100


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


def people_page(viewer: Viewer, chosen: PeopleFilter, cursor: Cursor) -> PeoplePage:
    """HR's list in フリガナ order, at most 100 rows a page; those without kana stand last.

    A cursor that leads to nobody begins anew. Raises NotFound for whoever does not look after memberships.
    """
    community = community_of_the_office(viewer)
    people = listing(viewer, community, chosen)
    counts = _counts(people)
    rows, previous, following = _slice(people, chosen, cursor)
    cohorts, groups = _places(chosen)
    return PeoplePage(
        rows=tuple(person_row(row) for row in rows),
        chosen=chosen,
        cohorts=cohorts,
        groups=groups,
        states=_states(chosen, counts),
        saved=_saved(viewer, chosen),
        total=sum(_of_state(counts, chosen.state).values()),
        can_act=policy.can(viewer, "organise", community),
        previous=_address(chosen, before=previous) if previous else None,
        next=_address(chosen, after=following) if following else None,
    )


def _slice(people: Listing, chosen: PeopleFilter, cursor: Cursor) -> tuple[list[Any], str | None, str | None]:
    """One page of rows, and the ids around it where there is more."""
    anchor = cursor.before or cursor.after
    place = people.beside(anchor, is_before=cursor.before is not None) if anchor else None
    is_backwards = place is not None and cursor.before is not None
    query = select(people.chosen).where(in_state(people.chosen, chosen.state))
    if place is not None:
        query = query.where(place)
    order = [column.desc() for column in people.order] if is_backwards else people.order
    rows = list(session.execute(query.order_by(*order).limit(PAGE_SIZE + 1)))
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if is_backwards:
        rows.reverse()
    if not rows:
        return [], None, None
    has_earlier = has_more if is_backwards else place is not None
    has_later = is_backwards or has_more
    return rows, rows[0].public_id if has_earlier else None, rows[-1].public_id if has_later else None


def _address(chosen: PeopleFilter, **place: str) -> str:
    return f"/hr/people?{'&'.join(part for part in (chosen.address, urlencode(place)) if part)}"


def _counts(people: Listing) -> dict[str, int]:
    """How many stand in each 手続き, whichever of them is chosen."""
    state = people.chosen.c.state
    found = session.execute(select(state, func.count().label("number")).group_by(state))
    return {row.state: row.number for row in found}


def _of_state(counts: dict[str, int], chosen: str) -> dict[str, int]:
    wanted = INVITED if chosen == "invited" else (chosen,)
    return {state: number for state, number in counts.items() if not chosen or state in wanted}


def _states(chosen: PeopleFilter, counts: dict[str, int]) -> tuple[Option, ...]:
    labels: dict[str, str] = {
        "invited": t("未参加（すべて）"),
        **{key: str(label) for key, label in STATES.items()},
    }
    return tuple(
        Option(
            state,
            f"{label} {sum(_of_state(counts, state).values()):,}",
            state == chosen.state,
        )
        for state, label in labels.items()
    )


def _places(chosen: PeopleFilter) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """Cohorts and groups to choose from, in one statement."""
    rows = session.execute(
        select(
            Cohort.public_id.label("cohort_id"),
            Cohort.name.label("cohort"),
            Cohort.office_note,
            Group.public_id.label("group_id"),
            Group.name.label("group"),
        )
        .outerjoin(Group, Group.cohort_id == Cohort.id)
        .order_by(Cohort.starts_on, Cohort.id, Group.name)
    ).all()
    cohorts = {row.cohort_id: cohort_label(row.cohort, row.office_note) for row in rows}
    groups = {row.group_id: f"{cohorts[row.cohort_id]}・{row.group}" for row in rows if row.group_id}
    return (
        tuple(Option(key, label, key == chosen.cohort) for key, label in cohorts.items()),
        tuple(
            Option(key, label, key == chosen.group)
            for key, label in {NONE: t("班が決まっていない"), **groups}.items()
        ),
    )


def _saved(viewer: Viewer, chosen: PeopleFilter) -> tuple[SavedFilter, ...]:
    rows = session.execute(
        select(SavedView.public_id, SavedView.name, SavedView.query)
        .where(policy.allowed(viewer, "view", SavedView))
        .order_by(SavedView.name, SavedView.id)
    )
    return tuple(
        SavedFilter(row.public_id, row.name, f"/hr/people?{row.query}", row.query == chosen.address)
        for row in rows
    )


# ── one person ───────────────────────────────────────────────────────────────────────────────────────────────


def person_page(viewer: Viewer, member_id: PublicId) -> PersonPage:
    """One person and what the viewer may do about their membership. Raises NotFound."""
    community = community_of_the_office(viewer)
    row = session.execute(_person(viewer).where(Member.public_id == member_id)).first()
    if row is None:
        raise NotFound()
    is_candidate = bool(row.roles & Role.CANDIDATE)
    can_place = is_candidate and policy.can(viewer, "organise", community)
    return PersonPage(
        id=row.public_id,
        name=row.legal_name or row.display_name,
        kana=row.kana,
        cohort=cohort_label(row.cohort, row.office_note),
        cohort_id=row.cohort_id,
        group=row.group or "",
        group_id=row.group_id,
        role_label=join_names(role_names(row.roles)),
        is_candidate=is_candidate,
        is_employee=bool(row.roles & Role.EMPLOYEE),
        state=_state(row, community),
        suspension_reason=row.suspension_reason,
        details=_details(viewer, row) if row.is_open else None,
        can_suspend=row.can_suspend,
        can_end=row.can_end,
        can_correspond=row.can_correspond,
        can_place=can_place,
        cohorts=_cohort_choices() if can_place else (),
        groups=_group_choices(row.cohort_key) if can_place else (),
    )


def _details(viewer: Viewer, row: Row[Any]) -> PersonDetails:
    """What the list does not show; asked for only where an entry of today says what for."""
    mentors, mentees = _pairs_of(viewer, row.key)
    return PersonDetails(
        display_name=row.display_name,
        mail=row.mail or "",
        department=row.department,
        mentors=mentors,
        mentees=mentees,
        # 氏名 stands above the page already.
        fields=tuple(field for field in shown_fields(viewer, row.key) if field.key != "legal_name"),
    )


def _is_open(viewer: Viewer) -> ColumnElement[bool]:
    """Oneself always; others where the viewer said today what for."""
    return or_(Member.id == viewer.id, opened_today(viewer, Member.id, PROFILE))


def _person(viewer: Viewer) -> Select[Any]:
    return (
        select(
            Member.id.label("key"),
            Member.public_id,
            Member.legal_name,
            Member.kana,
            Member.display_name,
            Member.roles,
            Member.mail,
            Member.department,
            Member.rules_version,
            Member.suspended_at,
            Member.suspension_reason,
            Member.cohort_id.label("cohort_key"),
            Cohort.public_id.label("cohort_id"),
            Cohort.name.label("cohort"),
            Cohort.office_note,
            Group.public_id.label("group_id"),
            Group.name.label("group"),
            _is_open(viewer).label("is_open"),
            policy.allowed(viewer, "suspend", Member).label("can_suspend"),
            policy.allowed(viewer, "end", Member).label("can_end"),
            policy.allowed(viewer, "correspond", Member).label("can_correspond"),
        )
        .select_from(Member)
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .outerjoin(GroupMember, GroupMember.member_id == Member.id)
        .outerjoin(Group, Group.id == GroupMember.group_id)
        .where(administered(viewer))
    )


def _state(row: Row[Any], community: Community) -> str:
    if row.suspended_at is not None:
        return "suspended"
    return "rules" if row.rules_version < community.rules_version else "joined"


def _pairs_of(viewer: Viewer, member_key: int) -> tuple[tuple[NamedPerson, ...], tuple[NamedPerson, ...]]:
    """The mentors and the mentees of one person, as far as the viewer may know them."""
    mine = select(
        Mentor.candidate_id,
        Member.public_id,
        Member.legal_name,
        Member.display_name,
    ).where(
        policy.allowed(viewer, "view", Mentor),
        administered(viewer),
        Member.id != member_key,
        (Mentor.candidate_id == member_key) | (Mentor.employee_id == member_key),
    )
    joined = mine.select_from(Mentor).join(
        Member, (Member.id == Mentor.candidate_id) | (Member.id == Mentor.employee_id)
    )
    rows = session.execute(joined.order_by(Member.kana == "", Member.kana, Member.id)).all()
    return (
        _named(row for row in rows if row.candidate_id == member_key),
        _named(row for row in rows if row.candidate_id != member_key),
    )


def _named(rows: Iterable[Row[Any]]) -> tuple[NamedPerson, ...]:
    return tuple(NamedPerson(row.public_id, row.legal_name or row.display_name) for row in rows)


def _cohort_choices() -> tuple[tuple[PublicId, str], ...]:
    rows = session.execute(
        select(Cohort.public_id, Cohort.name, Cohort.office_note).order_by(Cohort.starts_on, Cohort.id)
    )
    return tuple((row.public_id, cohort_label(row.name, row.office_note)) for row in rows)


def _group_choices(cohort_key: int | None) -> tuple[tuple[PublicId, str], ...]:
    rows = session.execute(
        select(Group.public_id, Group.name).where(Group.cohort_id == cohort_key).order_by(Group.name)
    )
    return tuple((row.public_id, row.name) for row in rows)
