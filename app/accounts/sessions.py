"""Who a session belongs to: one query for each request, whatever the page then asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from app import policy
from app.core.clock import today
from app.core.i18n import t
from app.core.reading import Reading
from app.core.tokens import hashed
from app.core.web import Visitor, settings_now
from app.models import POWERS, STAFF, Community, Member, MemberSession, Role
from app.policy import Viewer

from .cards import MeCard, role_names
from .devices import device_name

RULES_PATH = "/rules"
SECOND_FACTOR_PATH = "/me/security/second-factor"


def company_today() -> date:
    """The calendar day it is now where the company is."""
    return today(settings_now().zone)


# Built once: it runs with every request.
_SESSION = Reading(
    select(
        Member.id,
        Member.public_id,
        Member.version,
        Member.roles,
        Member.display_name,
        Member.bud,
        Member.language,
        Member.rules_version,
        Member.is_demo,
        Member.totp_secret.is_not(None).label("has_totp"),
        Community.version.label("community_version"),
        Community.rules_version.label("newest_rules"),
    )
    .select_from(MemberSession)
    .join(Member, Member.id == MemberSession.member_id)
    .join(Community, Community.id == 1)
    .where(
        MemberSession.secret_hash == bindparam("secret_hash"),
        MemberSession.expires_on >= bindparam("company_today"),
        Member.suspended_at.is_(None),
        Member.ended_at.is_(None),
    )
)


def visitor_of(token: str) -> Visitor | None:
    """Whose session this secret opens, in one query; None if it is over or its member is suspended or gone.

    Until somebody with powers has set up a second factor their powers sleep: they are met as an employee
    without boards and led to the page where it is set up (security.md, sign-in).
    """
    row = _SESSION.first({"secret_hash": hashed(token), "company_today": company_today()})
    return None if row is None else _visitor(token, row)


def _visitor(token: str, row: Any) -> Visitor:
    viewer = policy.viewer_of(row.id, version=row.version, community_version=row.community_version)
    has_powers = bool(row.roles & POWERS)
    lacks_factor = has_powers and not row.has_totp and not row.is_demo
    if lacks_factor:
        viewer = _asleep(viewer)
    return Visitor(
        token=token,
        viewer=viewer,
        me=_me(viewer, row),
        language=row.language,
        is_idle_limited=has_powers,
        must_go=_must_go(row, lacks_factor),
        community_version=row.community_version,
    )


def _asleep(viewer: Viewer) -> Viewer:
    return replace(
        viewer, roles=viewer.roles & ~POWERS, board_ids=frozenset(), writable_board_ids=frozenset()
    )


def _must_go(row: Any, lacks_factor: bool) -> str | None:
    if row.rules_version < row.newest_rules:
        return RULES_PATH
    return SECOND_FACTOR_PATH if lacks_factor else None


def _me(viewer: Viewer, row: Any) -> MeCard:
    return MeCard(
        id=row.public_id,
        name=row.display_name,
        bud=row.bud,
        role_mark=role_names(row.roles & ~Role.EMPLOYEE or Role.EMPLOYEE)[0] if row.roles & STAFF else "",
        is_candidate=viewer.is_candidate,
        is_staff=viewer.is_staff,
        is_hr=viewer.is_hr,
        is_moderator=viewer.is_moderator,
        is_administrator=viewer.is_administrator,
    )


def shown_device(device: str) -> str:
    """A device's name for its owner."""
    return device or t("名前の分からない端末")


__all__ = ["company_today", "device_name", "shown_device", "visitor_of"]
