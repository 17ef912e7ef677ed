"""What the pages of requests show, already for a viewer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import Label

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import AppError, Invalid, NotFound
from app.core.i18n import t
from app.core.ids import PublicId
from app.ledger.words import answering_name
from app.models import Approval, Member
from app.policy import Viewer

from ..gate import community_for
from .acts import Asked, NoSuchAct, act_of, seal_of
from .cards import ApprovalCard, ApprovalsPage
from .operations import other_approvers

KEPT_DAYS = 90  # how long a decided request stays on the page
MOST_SHOWN = 200


def waiting_approvals(viewer: Viewer) -> int:
    """How many requests of others wait for this viewer's decision."""
    found = session.scalar(
        select(func.count())
        .select_from(Approval)
        .where(policy.allowed(viewer, "decide", Approval), Approval.expires_at > now())
    )
    return found or 0


def asked_now(viewer: Viewer, kind: str) -> tuple[Asked, ...]:
    """What is asked for in the open requests of one kind, whoever asked."""
    found = session.scalars(
        select(Approval.asked).where(
            policy.allowed(viewer, "view", Approval),
            Approval.kind == kind,
            Approval.decided_at.is_(None),
            Approval.expires_at > now(),
        )
    )
    return tuple(found)


def approvals_page(viewer: Viewer) -> ApprovalsPage:
    """What is open and what was settled lately, the newest first. Raises NotFound for whoever does not govern."""
    community = community_for(viewer, "govern")
    since = now() - timedelta(days=KEPT_DAYS)
    rows = session.execute(
        _approvals(viewer).where(
            or_(
                Approval.decided_at > since,
                Approval.decided_at.is_(None) & (Approval.expires_at > since),
            )
        )
    )
    cards = [_card(viewer, row) for row in rows]
    return ApprovalsPage(
        waiting=tuple(card for card in cards if card.state == "open"),
        settled=tuple(card for card in cards if card.state != "open"),
        days=KEPT_DAYS,
        needs_person=not other_approvers(viewer),
        can_appoint=policy.can(viewer, "appoint", community),
    )


def approval_card(viewer: Viewer, approval_id: PublicId) -> ApprovalCard:
    """One request. Raises NotFound."""
    row = session.execute(_approvals(viewer).where(Approval.public_id == approval_id)).first()
    if row is None:
        raise NotFound()
    return _card(viewer, row)


def _approvals(viewer: Viewer) -> Select[Any]:
    requester, approver = aliased(Member), aliased(Member)
    return (
        select(
            Approval,
            *_name_columns(requester, "requester"),
            *_name_columns(approver, "approver"),
        )
        .join(requester, requester.id == Approval.requester_id)
        .outerjoin(approver, approver.id == Approval.approver_id)
        .where(policy.allowed(viewer, "view", Approval))
        .order_by(Approval.requested_at.desc(), Approval.id.desc())
        .limit(MOST_SHOWN)
    )


def _name_columns(member: Any, who: str) -> tuple[Label[Any], ...]:
    return tuple(
        getattr(member, name).label(f"{who}_{name}") for name in ("display_name", "legal_name", "kana")
    )


def _name(row: Row[Any], who: str) -> str:
    """Who asked, or decided: nobody does either under the name of a colleague."""
    parts = (getattr(row, f"{who}_{name}") or "" for name in ("display_name", "legal_name", "kana"))
    return answering_name(*parts) or t("退会した方")


def _card(viewer: Viewer, row: Row[Any]) -> ApprovalCard:
    approval: Approval = row[0]
    state = _state(approval)
    is_open = state == "open"
    words, obstacle = _words(approval)
    return ApprovalCard(
        id=approval.public_id,
        words=words,
        obstacle=obstacle if is_open else "",
        reason=approval.reason,
        requester=_name(row, "requester"),
        is_mine=approval.requester_id == viewer.id,
        requested_at=approval.requested_at,
        expires_at=approval.expires_at,
        state=state,
        approver=_name(row, "approver") if approval.approver_id else "",
        decided_at=approval.decided_at,
        can_decide=is_open and policy.can(viewer, "decide", approval),
        can_withdraw=is_open and policy.can(viewer, "withdraw", approval),
        seal=seal_of(approval.kind, approval.asked),
    )


def _state(approval: Approval) -> str:
    if approval.outcome:
        return approval.outcome
    return "open" if approval.expires_at > now() else "expired"


def _words(approval: Approval) -> tuple[str, str]:
    """What exactly changes, and why it cannot be done as things stand."""
    try:
        act = act_of(approval.kind)
        words = act.says(approval.asked)
    except (NoSuchAct, Invalid):
        return t("（読み取れない依頼）"), t("この依頼の内容は読み取れないため、承認できません。")
    try:
        act.checks(approval.asked)
    except AppError as obstacle:
        return words, str(obstacle)
    return words, ""
