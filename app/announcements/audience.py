"""Whom an announcement is for: members and invited people, as clauses over the stored audience."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.models import AnnouncementAudience, Cohort, Community, Group, GroupMember, Invitation, Member
from app.people.audiences import SetKey, set_choices
from app.policy import Viewer


def check_entrance(viewer: Viewer) -> Community:
    """The community, for whoever announces. Raises NotFound for everybody else, as for all of the office."""
    community = session.get(Community, 1)
    if community is None or not policy.can(viewer, "announce", community):
        raise NotFound()
    return community


def members_of(announcement_id: int) -> ColumnElement[bool]:
    """A clause over Member: whoever is here now and in one of the sets."""
    in_group = (
        select(GroupMember.member_id)
        .where(GroupMember.member_id == Member.id, GroupMember.group_id == AnnouncementAudience.group_id)
        .correlate(Member, AnnouncementAudience)  # two levels deep it is not found out by itself
        .exists()
    )
    return and_(
        Member.ended_at.is_(None),
        Member.suspended_at.is_(None),
        select(AnnouncementAudience.id)
        .where(
            AnnouncementAudience.announcement_id == announcement_id,
            or_(
                AnnouncementAudience.role.bitwise_and(Member.roles) != 0,
                AnnouncementAudience.cohort_id == Member.cohort_id,
                in_group,
            ),
        )
        .exists(),
    )


def invited_of(announcement_id: int) -> ColumnElement[bool]:
    """A clause over Invitation: in one of the sets, invited by letter, and neither joined nor revoked."""
    return and_(
        Invitation.sent_at.is_not(None),
        Invitation.revoked_at.is_(None),
        _is_invited_to(announcement_id),
    )


def not_yet_invited_of(announcement_id: int) -> ColumnElement[bool]:
    """A clause over Invitation: in one of the sets, but no letter of invitation has left for them yet."""
    return and_(
        Invitation.sent_at.is_(None),
        Invitation.revoked_at.is_(None),
        _is_invited_to(announcement_id),
    )


def _is_invited_to(announcement_id: int) -> ColumnElement[bool]:
    return (
        select(AnnouncementAudience.id)
        .where(
            AnnouncementAudience.announcement_id == announcement_id,
            or_(
                AnnouncementAudience.role.bitwise_and(Invitation.roles) != 0,
                AnnouncementAudience.cohort_id == Invitation.cohort_id,
                AnnouncementAudience.group_id == Invitation.group_id,
            ),
        )
        .exists()
    )


# ── in words and as tokens ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NamedAudience:
    """One set of an audience with its names; HR knows every cohort and group."""

    role: int | None
    cohort_id: int | None
    cohort_name: str | None
    group_id: int | None
    group_name: str | None
    is_cohort_known: bool = True
    is_group_known: bool = True


def audiences_of(announcement_ids: Iterable[int]) -> dict[int, list[NamedAudience]]:
    """The sets of each announcement, in one query. For HR's pages only: nothing is left unnamed."""
    rows = session.execute(
        select(
            AnnouncementAudience.announcement_id,
            AnnouncementAudience.role,
            AnnouncementAudience.cohort_id,
            Cohort.name.label("cohort_name"),
            AnnouncementAudience.group_id,
            Group.name.label("group_name"),
        )
        .outerjoin(Group, Group.id == AnnouncementAudience.group_id)
        .outerjoin(Cohort, Cohort.id == func.coalesce(AnnouncementAudience.cohort_id, Group.cohort_id))
        .where(AnnouncementAudience.announcement_id.in_(list(announcement_ids)))
        .order_by(AnnouncementAudience.announcement_id, AnnouncementAudience.id)
    )
    found: dict[int, list[NamedAudience]] = {}
    for announcement_id, *names in rows:
        found.setdefault(announcement_id, []).append(NamedAudience(*names))
    return found


def tokens_of(viewer: Viewer, sets: Iterable[NamedAudience]) -> tuple[str, ...]:
    """The same sets as the form's tokens."""
    chosen = {SetKey(each.role, each.cohort_id, each.group_id) for each in sets}
    return tuple(choice.token for choice in set_choices(viewer) if choice.key in chosen)
