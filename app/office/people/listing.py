"""HR's list as one query: members and those invited, side by side in フリガナ order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.sql.elements import Label
from sqlalchemy.sql.selectable import Subquery

from app import policy
from app.accounts.cards import role_names
from app.core.clock import now
from app.core.db import session
from app.core.events import OutboxRow
from app.core.i18n import join_names, t
from app.core.ids import PublicId
from app.core.names import NameRefused, to_kana
from app.invitations.events import InvitationSent
from app.models import (
    POWERS,
    Cohort,
    Community,
    Group,
    GroupMember,
    Invitation,
    Member,
    Mentor,
    Role,
)
from app.policy import Viewer

from ..gate import administered, check_entrance
from .cards import INVITED, NONE, PeopleFilter, PersonRow, cohort_label

# Whoever has not answered by now may have missed the letter; it can be sent again.
LATE_AFTER = timedelta(days=3)
# Deliveries that failed this often (about a minute apart in all) are told to HR.
FAILED_AFTER = 3


@dataclass(frozen=True)
class Listing:
    """Everybody in the viewer's care, narrowed by nothing or by what HR chose."""

    everybody: Subquery
    chosen: Subquery

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        """フリガナ, then 氏名; those without kana stand last."""
        return self.place_in(self.chosen)

    def place_in(self, people: Subquery) -> tuple[ColumnElement[Any], ...]:
        """The columns that say where a row of this list stands."""
        column = people.c
        return (column.without_kana, column.kana, column.legal_name, column.public_id)

    def beside(self, anchor: PublicId, *, is_before: bool) -> ColumnElement[bool] | None:
        """Rows before or after this person, who may have left the narrowed list; None where there is nobody."""
        found = session.execute(
            select(*self.place_in(self.everybody)).where(self.everybody.c.public_id == anchor)
        ).first()
        if found is None:
            return None
        here, there = tuple_(*self.order), tuple_(*(literal(value) for value in found))
        return here < there if is_before else here > there


def listing(viewer: Viewer, community: Community, chosen: PeopleFilter) -> Listing:
    """The list for this viewer: HR's whole community; the administrator's members and invited staff."""
    check_entrance(viewer)
    members = _members(viewer, community.rules_version)
    invited = _invited(viewer)
    return Listing(
        everybody=union_all(members, invited).subquery("everybody"),
        chosen=union_all(
            members.where(*_narrowed(chosen, Member), _has_mentor(chosen)),
            invited.where(*_narrowed(chosen, Invitation), false() if chosen.mentor else true()),
        ).subquery("chosen"),
    )


def _members(viewer: Viewer, newest_rules: int) -> Select[Any]:
    state = case(
        (Member.suspended_at.is_not(None), "suspended"),
        (Member.rules_version < newest_rules, "rules"),
        else_="joined",
    )
    return (
        select(*_columns(Member, state), Member.display_name.label("display_name"))
        .select_from(Member)
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .outerjoin(GroupMember, GroupMember.member_id == Member.id)
        .outerjoin(Group, Group.id == GroupMember.group_id)
        .where(administered(viewer))
    )


def _invited(viewer: Viewer) -> Select[Any]:
    moment = now()
    state = case(
        (Invitation.sent_at.is_(None), "unsent"),
        (Invitation.id.in_(_stuck_invitations()), "failed"),
        (Invitation.expires_at <= moment, "expired"),
        (Invitation.sent_at <= moment - LATE_AFTER, "late"),
        else_="sent",
    )
    return (
        select(*_columns(Invitation, state), literal("").label("display_name"))
        .select_from(Invitation)
        .outerjoin(Cohort, Cohort.id == Invitation.cohort_id)
        .outerjoin(Group, Group.id == Invitation.group_id)
        .where(policy.allowed(viewer, "handle", Invitation), Invitation.revoked_at.is_(None))
    )


def _columns(kind: type[Member] | type[Invitation], state: ColumnElement[Any]) -> tuple[Label[Any], ...]:
    return (
        kind.id.label("key"),
        kind.public_id.label("public_id"),
        kind.legal_name.label("legal_name"),
        kind.kana.label("kana"),
        case((kind.kana == "", 1), else_=0).label("without_kana"),
        kind.roles.label("roles"),
        kind.cohort_id.label("cohort_key"),
        Cohort.public_id.label("cohort_id"),
        Cohort.name.label("cohort"),
        Cohort.office_note.label("office_note"),
        kind.joined_company_on.label("joined_company_on"),
        Group.id.label("group_key"),
        Group.public_id.label("group_id"),
        Group.name.label("group"),
        state.label("state"),
    )


def _stuck_invitations() -> list[int]:
    """Invitations whose letter failed several times and is still being tried."""
    payloads = session.scalars(
        select(OutboxRow.payload).where(
            OutboxRow.fact == InvitationSent.__name__, OutboxRow.attempts >= FAILED_AFTER
        )
    )
    return [int(payload["invitation_id"]) for payload in payloads]


def letters_waiting() -> int:
    """How many letters of invitations have not left yet."""
    waiting = select(func.count()).where(OutboxRow.fact == InvitationSent.__name__)
    return session.scalar(waiting) or 0


# ── narrowing ────────────────────────────────────────────────────────────────────────────────────────────────


def _narrowed(chosen: PeopleFilter, kind: type[Member] | type[Invitation]) -> list[ColumnElement[bool]]:
    clauses = []
    kinds = {"candidate": Role.CANDIDATE, "employee": Role.EMPLOYEE, "powers": POWERS}
    if chosen.role in kinds:
        clauses.append(kind.roles.bitwise_and(int(kinds[chosen.role])) != 0)
    if chosen.cohort:
        clauses.append(Cohort.public_id == chosen.cohort)
    if chosen.group == NONE:
        clauses.append(and_(kind.roles.bitwise_and(int(Role.CANDIDATE)) != 0, Group.id.is_(None)))
    elif chosen.group:
        clauses.append(Group.public_id == chosen.group)
    for word in chosen.query.split():
        clauses.append(_says(word, kind))
    return clauses


def _says(word: str, kind: type[Member] | type[Invitation]) -> ColumnElement[bool]:
    """The word stands in 氏名, フリガナ or 呼び名; ひらがな finds カタカナ."""
    try:
        kana = to_kana(word)
    except NameRefused:
        kana = word
    places = [kind.legal_name.icontains(word, autoescape=True), kind.kana.icontains(kana, autoescape=True)]
    if kind is Member:
        places.append(Member.display_name.icontains(word, autoescape=True))
    return or_(*places)


def _has_mentor(chosen: PeopleFilter) -> ColumnElement[bool]:
    if not chosen.mentor:
        return true()
    is_alone = Member.id.not_in(select(Mentor.candidate_id))
    return and_(Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0, is_alone)


def in_state(people: Subquery, state: str) -> ColumnElement[bool]:
    """Those whose 手続き stands here; `invited` means everybody who has not joined, empty everybody."""
    if state == "invited":
        return people.c.state.in_(INVITED)
    return people.c.state == state if state else true()


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def person_row(row: Any) -> PersonRow:
    """The card of one row of a listing."""
    return PersonRow(
        id=row.public_id,
        legal_name=row.legal_name,
        kana=row.kana,
        display_name=row.display_name,
        cohort=cohort_label(row.cohort, row.office_note) or _company_year(row),
        group=row.group or "",
        role_label=join_names(role_names(row.roles)),
        state=row.state,
    )


def _company_year(row: Any) -> str:
    return t("%(year)s年入社", year=row.joined_company_on.year) if row.joined_company_on else ""


def people_of(
    viewer: Viewer, community: Community, chosen: PeopleFilter, ids: Collection[PublicId] | None
) -> list[Any]:
    """Rows in order: these people, or, where `ids` is None, everybody of the narrowed list."""
    people = listing(viewer, community, chosen)
    if ids is None:
        table, wanted = people.chosen, in_state(people.chosen, chosen.state)
    else:
        table = people.everybody
        wanted = table.c.public_id.in_(list(ids))
    return list(session.execute(select(table).where(wanted).order_by(*people.place_in(table))))


__all__ = ["Listing", "in_state", "letters_waiting", "listing", "people_of", "person_row"]
