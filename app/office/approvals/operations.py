"""Asking, approving, declining and taking back. Their doors ask who it is first: at most five minutes ago."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.models import Approval, Member, Role
from app.policy import Viewer

from ..checks import wrong
from ..gate import claimed_community
from .acts import Asked, NoSuchAct, act_of, seal_of
from .events import ApprovalAsked, ApprovalDecided

OPEN_FOR = timedelta(hours=72)  # privacy.md: requests expire
_HR = int(Role.HR | Role.LEAD)


@operation
def ask(viewer: Viewer, kind: str, asked: Asked, reason: str) -> PublicId:
    """Ask another person of HR for something; it stays open for 72 hours. Returns the request's id.

    Announces ApprovalAsked. Raises NotFound for whoever does not govern, NoSuchAct for a kind nobody carries out, Invalid
    where it could not be done or no reason is given, Conflict where nobody else could approve it or it is asked already.
    """
    claimed_community(viewer, "govern")
    act_of(kind).checks(asked)
    if not reason.strip():
        raise wrong("reason", _("理由を入力してください"))
    if not other_approvers(viewer):
        raise Conflict(_("承認できる人事の担当者がもう1名必要です。招待してから、もう一度お試しください。"))
    assert viewer.id is not None
    if _is_asked(kind, asked):
        raise Conflict(_("同じ内容の依頼が、すでに承認を待っています。"))
    row = Approval(
        kind=kind,
        asked=dict(asked),
        reason=reason.strip(),
        requester_id=viewer.id,
        requested_at=now(),
        expires_at=now() + OPEN_FOR,
    )
    session.add(row)
    session.flush()
    announce(ApprovalAsked(row.id))
    return row.public_id


def _is_asked(kind: str, asked: Asked) -> bool:
    waiting = session.scalars(
        select(Approval.asked).where(
            Approval.kind == kind, Approval.decided_at.is_(None), Approval.expires_at > now()
        )
    )
    return any(each == asked for each in waiting)


def other_approvers(viewer: Viewer) -> int:
    """How many people of HR there are besides this one."""
    return (
        session.scalar(select(func.count()).select_from(Member).where(_is_hr_now(), Member.id != viewer.id))
        or 0
    )


def _is_hr_now() -> ColumnElement[bool]:
    return Member.suspended_at.is_(None) & Member.ended_at.is_(None) & (Member.roles.bitwise_and(_HR) != 0)


@operation
def approve(viewer: Viewer, approval_id: PublicId, *, seal: str) -> None:
    """Approve another's request: what was asked is done in this very operation, or nothing happens at all.

    `seal` says what the viewer read. Announces ApprovalDecided. Raises NotFound, Forbidden for one's own request and for
    one that is decided, Conflict where it expired, reads differently now, or can no longer be done.
    """
    claimed_community(viewer, "govern")  # before the request: whoever changes a cap takes them in this order
    row = _claimed(viewer, approval_id, "decide")
    if seal_of(row.kind, row.asked) != seal:
        raise Conflict(_("依頼の内容が、表示したときと変わっています。内容をもう一度ご確認ください。"))
    if session.scalar(select(Member.id).where(Member.id == row.requester_id, _is_hr_now())) is None:
        raise Conflict(_("依頼した方が人事の担当ではなくなったため、承認できません。"))
    try:
        act = act_of(row.kind)
    except NoSuchAct as missing:
        raise Conflict(_("この依頼の内容は読み取れないため、承認できません。")) from missing
    _settle(row, viewer, "approved")
    act.carry_out(row.asked)


@operation
def decline(viewer: Viewer, approval_id: PublicId) -> None:
    """Decline another's request: nothing changes. Announces ApprovalDecided. Raises as `approve`."""
    _settle(_claimed(viewer, approval_id, "decide"), viewer, "declined")


@operation
def withdraw(viewer: Viewer, approval_id: PublicId) -> None:
    """Take one's own request back. Announces ApprovalDecided.

    Raises NotFound, Forbidden for another's and for one that is decided, Conflict for one that expired.
    """
    _settle(_claimed(viewer, approval_id, "withdraw"), None, "withdrawn")


def _claimed(viewer: Viewer, approval_id: PublicId, action: str) -> Approval:
    row = policy.claim(viewer, Approval, approval_id, action)
    if row.expires_at <= now():
        raise Conflict(
            _("この依頼は、期限の72時間を過ぎました。必要なときは、あらためて依頼からお願いします。")
        )
    return row


def _settle(row: Approval, approver: Viewer | None, outcome: str) -> None:
    row.approver_id = approver.id if approver else None
    row.decided_at = now()
    row.outcome = outcome
    session.flush()
    announce(ApprovalDecided(row.id))
