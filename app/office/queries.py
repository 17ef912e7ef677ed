"""What HR's desk and the set-up show: facts of procedure, already for a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from app import policy
from app.accounts.cards import role_names
from app.accounts.queries import alive
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import join_names, t
from app.core.ids import PublicId
from app.core.names import NameRefused, to_kana
from app.core.tokens import hashed
from app.models import (
    POWERS,
    SMALL_COMMUNITY,
    Board,
    Cohort,
    Community,
    Group,
    GroupMember,
    Invitation,
    Member,
    OneTimeLink,
    Role,
    Wall,
)
from app.policy import Viewer

from .cards import (
    CohortPage,
    CohortRow,
    CohortsPage,
    CommunityPage,
    DeskPage,
    GroupPage,
    GroupPart,
    PeopleFilter,
    PeoplePage,
    PersonPage,
    PersonRow,
    SetUpPage,
    SetUpStep,
    WallPair,
    WallsPage,
)
from .gate import administered, check_entrance, community_for, may
from .operations import PURPOSE

PAGE_SIZE = 100
HR_ROLES = int(Role.HR | Role.LEAD)


# ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────


def check_first_link(secret: str) -> None:
    """Raise NotFound unless this link still makes the first administrator."""
    found = session.scalar(
        select(OneTimeLink.id).where(
            alive(PURPOSE), OneTimeLink.secret_hash == hashed(secret), ~select(Member.id).exists()
        )
    )
    if found is None:
        raise NotFound(
            t(
                "このリンクは、すでに使われたか、有効期限が切れています。"
                "まだ管理者がいないときは、つぼみを起動し直すと新しいリンクが表示されます。"
            )
        )


def set_up_page(viewer: Viewer, *, has_mail: bool) -> SetUpPage:
    """The set-up as it stands. Raises NotFound for whoever does not configure the community."""
    community = community_for(viewer, "configure")
    cohorts = tuple(session.scalars(select(Cohort.name).order_by(Cohort.starts_on, Cohort.id)))
    boards = tuple(session.scalars(select(Board.name).order_by(Board.position, Board.id)))
    invited = _invited_hr()
    can_organise = policy.can(viewer, "organise", community)
    steps = _steps(community, cohorts, invited, has_mail=has_mail, can_organise=can_organise)
    open_steps = [step.key for step in steps if step.is_needed and step.is_open and not step.is_done]
    return SetUpPage(
        steps=steps,
        name=community.name,
        expected_candidates=community.expected_candidates,
        help_line=community.help_line,
        is_small=_is_small(community),
        is_finished=community.set_up_at is not None,
        current=open_steps[0] if open_steps else None,
        cohorts=cohorts,
        boards=boards,
        invited=invited,
    )


def _steps(
    community: Community,
    cohorts: Sequence[str],
    invited: Sequence[str],
    *,
    has_mail: bool,
    can_organise: bool,
) -> tuple[SetUpStep, ...]:
    count = community.expected_candidates
    size = t("およそ%(count)s名", count=f"{count:,}") if count else ""
    mail = t("メールサーバーを使います") if has_mail else t("このサーバーの中に保存します")
    return (
        SetUpStep("company", t("会社名"), community.name, bool(community.name), is_needed=True),
        SetUpStep("size", t("内定者の人数"), size, bool(size), is_needed=True),
        SetUpStep("mail", t("メール"), mail, has_mail, is_needed=False),
        SetUpStep(
            "help-line", t("相談窓口の電話"), community.help_line, bool(community.help_line), is_needed=False
        ),
        SetUpStep("hr", t("人事の担当者"), join_names(invited), bool(invited), is_needed=True),
        SetUpStep(
            "cohort",
            t("入社時期とひろば"),
            join_names(cohorts),
            bool(cohorts),
            is_needed=True,
            is_open=can_organise,
        ),
    )


def _invited_hr() -> tuple[str, ...]:
    """People of HR: those here, and those invited."""
    here = session.scalars(
        select(Member.display_name).where(Member.roles.bitwise_and(HR_ROLES) != 0, Member.ended_at.is_(None))
    )
    invited = session.scalars(
        select(Invitation.legal_name).where(
            Invitation.roles.bitwise_and(HR_ROLES) != 0, Invitation.revoked_at.is_(None)
        )
    )
    return (*here, *invited)


def check_may_organise(viewer: Viewer) -> None:
    """Raise NotFound for whoever does not organise."""
    community_for(viewer, "organise")


def community_page(viewer: Viewer) -> CommunityPage:
    """What can be said about the community, for whoever configures it."""
    community = community_for(viewer, "configure")
    return CommunityPage(community.name, community.help_line, community.expected_candidates)


# ── HR's desk ────────────────────────────────────────────────────────────────────────────────────────────────


def desk_page(viewer: Viewer) -> DeskPage:
    """What HR can do today."""
    community = community_for(viewer, "organise")
    handled = policy.allowed(viewer, "handle", Invitation) & Invitation.revoked_at.is_(None)
    is_sent = Invitation.sent_at.is_not(None)
    candidates = Member.cohort_id.is_not(None) & Member.ended_at.is_(None) & Member.suspended_at.is_(None)
    counts = session.execute(
        select(
            _count(Invitation, handled, ~is_sent).label("unsent"),
            _count(Invitation, handled, is_sent, Invitation.expires_at <= now()).label("expired"),
            _count(Invitation, handled, is_sent, Invitation.expires_at > now()).label("awaited"),
            _count(Member, Member.ended_at.is_(None)).label("members"),
            # Only cohorts that have groups: a small company may do without.
            _count(
                Member,
                candidates,
                Member.cohort_id.in_(select(Group.cohort_id)),
                Member.id.not_in(select(GroupMember.member_id)),
            ).label("without_group"),
        )
    ).one()
    return DeskPage(
        unsent=counts.unsent,
        expired=counts.expired,
        awaited=counts.awaited,
        without_group=counts.without_group,
        members=counts.members,
        is_set_up=community.set_up_at is not None,
        can_set_up=policy.can(viewer, "configure", community),
    )


def _count(kind: Any, *clauses: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(kind).where(*clauses).scalar_subquery()


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


def people_page(viewer: Viewer, chosen: PeopleFilter, *, number: int) -> PeoplePage:
    """HR's list in フリガナ order, at most 100 rows a page; those without kana stand last.

    Raises NotFound for whoever does not look after memberships.
    """
    clauses = [_in_care(viewer), *_narrowed(chosen)]
    found = session.scalar(_listed(select(func.count())).where(*clauses)) or 0
    last_number = max(1, -(-found // PAGE_SIZE))
    number = min(max(1, number), last_number)
    rows = session.execute(
        _listed(_person_columns())
        .where(*clauses)
        .order_by(*_in_kana_order())
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    return PeoplePage(
        rows=tuple(_person_row(row) for row in rows),
        chosen=chosen,
        cohorts=_cohort_choices(),
        groups=_group_choices(),
        total=found,
        number=number,
        last_number=last_number,
    )


def _in_care(viewer: Viewer) -> ColumnElement[bool]:
    check_entrance(viewer)
    return administered(viewer)


def _person_columns() -> Select[Any]:
    return select(
        Member.id,
        Member.public_id,
        Member.legal_name,
        Member.kana,
        Member.display_name,
        Member.roles,
        Member.suspended_at.is_not(None).label("is_suspended"),
        Cohort.name.label("cohort"),
        Cohort.office_note,
        Group.name.label("group"),
        Group.public_id.label("group_id"),
    )


def _listed(columns: Select[Any]) -> Select[Any]:
    """A candidate is in one 班 at most, so a person stays one row."""
    return (
        columns.select_from(Member)
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .outerjoin(GroupMember, GroupMember.member_id == Member.id)
        .outerjoin(Group, Group.id == GroupMember.group_id)
    )


def _in_kana_order() -> tuple[Any, ...]:
    return (Member.kana == "", Member.kana, Member.legal_name, Member.id)


def _person_row(row: Row[Any]) -> PersonRow:
    return PersonRow(
        id=row.public_id,
        legal_name=row.legal_name,
        kana=row.kana,
        display_name=row.display_name,
        cohort=_cohort_label(row.cohort, row.office_note),
        group=row.group or "",
        role_label=join_names(role_names(row.roles)),
        is_suspended=row.is_suspended,
    )


def _cohort_label(name: str | None, office_note: str | None) -> str:
    return f"{name}（{office_note}）" if name and office_note else name or ""


_KINDS = {
    "candidate": Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
    "employee": Member.roles.bitwise_and(int(Role.EMPLOYEE)) != 0,
    "powers": Member.roles.bitwise_and(int(POWERS)) != 0,
}


def _narrowed(chosen: PeopleFilter) -> list[ColumnElement[bool]]:
    clauses = []
    if chosen.role in _KINDS:
        clauses.append(_KINDS[chosen.role])
    if chosen.cohort:
        clauses.append(Cohort.public_id == chosen.cohort)
    if chosen.group:
        clauses.append(Group.public_id == chosen.group)
    for word in chosen.query.split():
        clauses.append(_says(word))
    return clauses


def _says(word: str) -> ColumnElement[bool]:
    """The word stands in 氏名, フリガナ or 呼び名; ひらがな finds カタカナ."""
    try:
        kana = to_kana(word)
    except NameRefused:
        kana = word
    return or_(
        Member.legal_name.icontains(word, autoescape=True),
        Member.display_name.icontains(word, autoescape=True),
        Member.kana.icontains(kana, autoescape=True),
    )


def _cohort_choices() -> tuple[tuple[PublicId, str], ...]:
    rows = session.execute(
        select(Cohort.public_id, Cohort.name, Cohort.office_note).order_by(Cohort.starts_on, Cohort.id)
    )
    return tuple((row.public_id, _cohort_label(row.name, row.office_note)) for row in rows)


def _group_choices(cohort_id: int | None = None) -> tuple[tuple[PublicId, str], ...]:
    query = (
        select(Group.public_id, Group.name, Cohort.name.label("cohort"))
        .join(Cohort, Cohort.id == Group.cohort_id)
        .order_by(Cohort.starts_on, Cohort.id, Group.name)
    )
    if cohort_id is not None:
        return tuple(
            (row.public_id, row.name) for row in session.execute(query.where(Cohort.id == cohort_id))
        )
    return tuple((row.public_id, f"{row.cohort}・{row.name}") for row in session.execute(query))


def person_page(viewer: Viewer, member_id: PublicId) -> PersonPage:
    """One person and what the viewer may do about their membership. Raises NotFound."""
    row = session.execute(
        _listed(_person_columns())
        .add_columns(
            Member.cohort_id,
            Member.mail,
            Member.department,
            Member.suspension_reason,
            Cohort.public_id.label("cohort_public_id"),
            policy.allowed(viewer, "suspend", Member).label("can_suspend"),
            policy.allowed(viewer, "end", Member).label("can_end"),
        )
        .where(Member.public_id == member_id, _in_care(viewer))
    ).first()
    if row is None:
        raise NotFound()
    is_candidate = bool(row.roles & Role.CANDIDATE)
    return PersonPage(
        id=row.public_id,
        legal_name=row.legal_name,
        kana=row.kana,
        display_name=row.display_name,
        mail=row.mail or "",
        cohort=_cohort_label(row.cohort, row.office_note),
        cohort_id=row.cohort_public_id,
        group=row.group or "",
        group_id=row.group_id,
        role_label=join_names(role_names(row.roles)),
        department=row.department,
        is_candidate=is_candidate,
        is_suspended=row.is_suspended,
        suspension_reason=row.suspension_reason,
        can_suspend=row.can_suspend,
        can_end=row.can_end,
        can_place=is_candidate and may(viewer, "organise"),
        cohorts=_cohort_choices() if is_candidate else (),
        groups=_group_choices(row.cohort_id) if is_candidate else (),
    )


def _is_small(community: Community) -> bool:
    """Whether the quiet preset for small companies applies; not while nobody has said how many are expected."""
    return (community.expected_candidates or SMALL_COMMUNITY) < SMALL_COMMUNITY


# ── cohorts, groups, walls ───────────────────────────────────────────────────────────────────────────────────


def cohorts_page(viewer: Viewer) -> CohortsPage:
    """Every cohort. Raises NotFound for whoever does not organise."""
    community = community_for(viewer, "organise")
    rows = tuple(_cohort_rows())
    has_walls = any(row.walled_from for row in rows)
    return CohortsPage(rows=rows, folds_walls=_is_small(community) and not has_walls)


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
    labels = {row.id: _cohort_label(row.name, row.office_note) for row in rows}
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
    community_for(viewer, "organise")
    row = next((one for one in _cohort_rows() if one.id == cohort_id), None)
    if row is None:
        raise NotFound()
    people = session.execute(
        _listed(_person_columns())
        .where(Cohort.public_id == cohort_id, Member.ended_at.is_(None))
        .order_by(*_in_kana_order())
    ).all()
    groups = session.execute(
        select(Group.public_id, Group.name)
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(Cohort.public_id == cohort_id)
        .order_by(Group.name, Group.id)
    )
    return CohortPage(
        row=row,
        groups=tuple(GroupPart(one.public_id, one.name, _people_of(people, one.public_id)) for one in groups),
        ungrouped=_people_of(people, None),
    )


def _people_of(rows: Sequence[Row[Any]], group_id: PublicId | None) -> tuple[PersonRow, ...]:
    return tuple(_person_row(row) for row in rows if row.group_id == group_id)


def group_page(viewer: Viewer, group_id: PublicId) -> GroupPage:
    """One 班 to be renamed. Raises NotFound."""
    community_for(viewer, "organise")
    row = session.execute(
        select(
            Group.name, Cohort.public_id.label("cohort_id"), Cohort.name.label("cohort"), Cohort.office_note
        )
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(Group.public_id == group_id)
    ).first()
    if row is None:
        raise NotFound()
    return GroupPage(group_id, row.name, row.cohort_id, _cohort_label(row.cohort, row.office_note))


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
