"""What HR's pages of invitations show, and what the holder of a link is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, select

from app import policy
from app.accounts.queries import newest_rules_version
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound, Sentence
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.names import NameRefused, check_display_name, fold
from app.core.tokens import hashed
from app.models import POWERS, Cohort, Community, Group, Invitation, Member, Role
from app.policy import Viewer

from .cards import (
    STATES,
    InvitationList,
    InvitationPage,
    InvitationRow,
    Invitee,
    InvitingChoices,
    Review,
    Welcome,
)
from .scope import invitable_roles, names_of, role_choices, role_label

PAGE_SIZE = 100
BUDS = 48
# Code points that member.display_name and member.display_fold hold; an emoji can be ten of them.
LONGEST_NAME = 80
LONGEST_FOLD = 160
LONGEST_PERSON_NAME = 120


# ── HR's list ────────────────────────────────────────────────────────────────────────────────────────────────


def invitations_page(viewer: Viewer, *, state: str, cohort: PublicId, number: int) -> InvitationList:
    """HR's list in フリガナ order; `state` and `cohort` (public id) filter, unknown ones mean all.

    Raises NotFound for whoever may not invite.
    """
    invitable_roles(viewer)
    moment = now()
    state = state if state in STATES else ""
    cohorts = cohort_choices(viewer)
    cohort = cohort if cohort in dict(cohorts) else ""
    counts = _counts(viewer, cohort, moment)
    total = counts[state] if state else sum(counts.values())
    last_number = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), last_number)
    query = rows_query(viewer, moment).where(*filters(state, cohort, moment))
    found = session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return InvitationList(
        rows=tuple(_row_card(row) for row in found),
        counts=counts,
        state=state,
        cohort=cohort,
        cohorts=cohorts,
        number=number,
        last_number=last_number,
    )


def rows_query(viewer: Viewer, moment: datetime) -> Select[Any]:
    """The invitations this viewer handles, as columns, in フリガナ order; those without kana stand last."""
    return (
        select(
            Invitation.public_id,
            Invitation.legal_name,
            Invitation.kana,
            Invitation.mail,
            Invitation.roles,
            Invitation.sent_at,
            Invitation.expires_at,
            _state_at(moment).label("state"),
            Cohort.name.label("cohort"),
            Cohort.office_note,
            Group.name.label("group"),
        )
        .select_from(Invitation)
        .outerjoin(Cohort, Cohort.id == Invitation.cohort_id)
        .outerjoin(Group, Group.id == Invitation.group_id)
        .where(policy.allowed(viewer, "handle", Invitation))
        .order_by(Invitation.kana == "", Invitation.kana, Invitation.legal_name, Invitation.id)
    )


def filters(state: str, cohort: PublicId, moment: datetime) -> list[ColumnElement[bool]]:
    """WHERE clauses of the list's filter; empty texts mean all."""
    clauses = []
    if state:
        clauses.append(_state_at(moment) == state)
    if cohort:
        clauses.append(
            Invitation.cohort_id == select(Cohort.id).where(Cohort.public_id == cohort).scalar_subquery()
        )
    return clauses


def _state_at(moment: datetime) -> ColumnElement[str]:
    return case(
        (Invitation.revoked_at.is_not(None), "revoked"),
        (Invitation.sent_at.is_(None), "unsent"),
        (Invitation.expires_at <= moment, "expired"),
        else_="sent",
    )


def _counts(viewer: Viewer, cohort: PublicId, moment: datetime) -> dict[str, int]:
    state = _state_at(moment).label("state")
    found = session.execute(
        select(state, func.count().label("number"))
        .select_from(Invitation)
        .where(policy.allowed(viewer, "handle", Invitation), *filters("", cohort, moment))
        .group_by(state)
    ).all()
    return dict.fromkeys(STATES, 0) | {row.state: row.number for row in found}


def _row_card(row: Row[Any]) -> InvitationRow:
    return InvitationRow(
        id=row.public_id,
        legal_name=row.legal_name,
        kana=row.kana,
        mail=row.mail,
        role_label=role_label(row.roles),
        cohort=_cohort_label(row.cohort, row.office_note),
        group=row.group or "",
        state=row.state,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
    )


def _cohort_label(name: str | None, office_note: str | None) -> str:
    """A cohort as HR tells it apart: 「2027年4月入社（高卒）」."""
    return f"{name}（{office_note}）" if name and office_note else name or ""


# ── choices, one invitation, bulk acts ───────────────────────────────────────────────────────────────────────


def inviting_choices(viewer: Viewer) -> InvitingChoices:
    """Roles, cohorts and groups this viewer can choose for an invitation. Raises NotFound like the list."""
    roles = invitable_roles(viewer)
    return InvitingChoices(
        roles=role_choices(roles),
        cohorts=cohort_choices(viewer),
        groups=tuple(
            (group.public_id, f"{group.cohort}・{group.name}")
            for group in session.execute(
                select(Group.public_id, Group.name, Cohort.name.label("cohort"))
                .join(Cohort, Cohort.id == Group.cohort_id)
                .where(policy.allowed(viewer, "view", Group))
                .order_by(Cohort.starts_on, Cohort.id, Group.name)
            )
        ),
    )


def cohort_choices(viewer: Viewer) -> tuple[tuple[PublicId, str], ...]:
    """The cohorts in order of their start, with the note that tells HR two of one name apart."""
    found = session.execute(
        select(Cohort.public_id, Cohort.name, Cohort.office_note)
        .where(policy.allowed(viewer, "view", Cohort))
        .order_by(Cohort.starts_on, Cohort.id)
    )
    return tuple((row.public_id, _cohort_label(row.name, row.office_note)) for row in found)


def invitation_page(viewer: Viewer, invitation_id: PublicId) -> InvitationPage:
    """One invitation with what can be corrected. Raises NotFound."""
    choices = inviting_choices(viewer)
    found = session.execute(
        rows_query(viewer, now())
        .add_columns(
            Cohort.public_id.label("cohort_id"),
            Group.public_id.label("group_id"),
            Invitation.department,
            Invitation.joined_company_on,
        )
        .where(Invitation.public_id == invitation_id)
    ).first()
    if found is None:
        raise NotFound()
    row = _row_card(found)
    invitee = Invitee(
        mail=row.mail,
        legal_name=row.legal_name,
        kana=row.kana,
        roles=names_of(found.roles),
        cohort=found.cohort_id,
        group=found.group_id,
        department=found.department,
        joined_company_on=found.joined_company_on,
    )
    return InvitationPage(row, invitee, choices)


def selection_review(viewer: Viewer, invitation_ids: Collection[PublicId]) -> Review:
    """What sending to, or revoking, the chosen ones would do. Raises NotFound where one cannot be handled."""
    invitable_roles(viewer)
    wanted = set(invitation_ids)
    found = session.execute(rows_query(viewer, now()).where(Invitation.public_id.in_(wanted))).all()
    if len(found) != len(wanted):
        raise NotFound()
    return _review([_row_card(row) for row in found])


def whole_review(viewer: Viewer, *, state: str, cohort: PublicId) -> Review:
    """What sending to everyone of a filtered list would do; the page shows the first hundred."""
    listed = invitations_page(viewer, state=state, cohort=cohort, number=1)
    if not listed.sendable_count:
        raise NotFound()
    return Review(
        rows=listed.rows,
        count=listed.sendable_count,
        left_out_count=0,
        again_count=0 if listed.state == "unsent" else listed.sendable_count,
        state=listed.state,
        cohort=listed.cohort,
    )


def _review(rows: Sequence[InvitationRow]) -> Review:
    meant = tuple(row for row in rows if row.state != "revoked")
    return Review(
        rows=meant,
        count=len(meant),
        left_out_count=len(rows) - len(meant),
        again_count=sum(row.state != "unsent" for row in meant),
    )


# ── the invited person ───────────────────────────────────────────────────────────────────────────────────────


def open_link(secret: str, moment: datetime) -> ColumnElement[bool]:
    """The invitation this secret opens: sent, not past its time, not revoked."""
    return and_(
        Invitation.secret_hash == hashed(secret),
        Invitation.sent_at.is_not(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > moment,
    )


def welcome(secret: str) -> Welcome:
    """What the holder of a link is told. Raises NotFound alike for used, expired, revoked and unknown ones."""
    found = session.execute(
        select(
            Invitation.legal_name,
            Invitation.roles,
            Invitation.mail,
            Invitation.expires_at,
            Invitation.nonce,
            Cohort.name.label("cohort"),
            Member.display_name.label("inviter"),
            select(Community.is_demo).where(Community.id == 1).scalar_subquery().label("is_demo"),
        )
        .select_from(Invitation)
        .outerjoin(Cohort, Cohort.id == Invitation.cohort_id)
        .outerjoin(Member, and_(Member.id == Invitation.invited_by_id, Member.ended_at.is_(None)))
        .where(open_link(secret, now()))
    ).first()
    if found is None:
        raise NotFound()
    return Welcome(
        legal_name=found.legal_name,
        role_label=role_label(found.roles),
        is_candidate=bool(found.roles & Role.CANDIDATE),
        has_powers=bool(found.roles & POWERS),
        cohort=found.cohort or "",
        inviter=found.inviter or "",
        expires_at=found.expires_at,
        mail=found.mail,
        # A start that differs from person to person, the same each time the page is opened.
        suggested_bud=int(found.nonce, 16) % BUDS + 1,
        rules_version=newest_rules_version(),
        is_demo=bool(found.is_demo),
    )


def free_name(secret: str, display_name: str) -> str:
    """A 呼び名 cleaned, that passes for nobody official and for no group (privacy.md). Raises Invalid.

    Groups of the cohort this link leads to: those of another must not be found out by trying their names.
    """
    try:
        name = check_display_name(display_name, reserved=_reserved_names(secret))
    except NameRefused as refused:
        raise _name_refused(refused.sentence) from refused
    if len(name) > LONGEST_NAME or len(fold(name)) > LONGEST_FOLD:
        raise _name_refused(_("長すぎるため保存できません。もう少し短くしてください"))
    return name


def _name_refused(sentence: Sentence | str) -> Invalid:
    return Invalid(
        _("入力内容をご確認ください。書いた内容はそのまま残っています。"), {"display_name": [sentence]}
    )


def _reserved_names(secret: str) -> list[str]:
    staff = session.execute(
        select(Member.display_name, Member.legal_name).where(
            Member.roles.bitwise_and(int(POWERS)) != 0, Member.ended_at.is_(None)
        )
    )
    groups = session.scalars(
        select(Group.name)
        .join(Invitation, Invitation.cohort_id == Group.cohort_id)
        .where(Invitation.secret_hash == hashed(secret))
    )
    return [*(name for row in staff for name in row if name), *groups]
