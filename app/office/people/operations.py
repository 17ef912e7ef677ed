"""Opening somebody's profile, and the filters somebody of HR keeps for themselves."""

from __future__ import annotations

from sqlalchemy import func, select

from app import policy
from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import operation
from app.ledger.operations import record
from app.ledger.words import PROFILE, PURPOSES
from app.models import Member, SavedView
from app.policy import Viewer

from ..gate import check_entrance

MOST_VIEWS = 20
LONGEST_QUERY = 400  # the column's width


@operation
def open_profile(viewer: Viewer, member_id: PublicId, *, purpose: str) -> None:
    """Open what the list does not show of somebody, for the rest of the day; they see who did, and what for.

    Raises NotFound for people who are not in the viewer's care, Invalid for a purpose that is none.
    """
    member = policy.fetch(viewer, Member, member_id, "administer")
    if purpose not in PURPOSES:
        raise Invalid(_("何のために開くかを選んでください。"), {"purpose": [_("一覧から選んでください")]})
    record(viewer, [member.id], PROFILE, purpose)


@operation
def save_view(viewer: Viewer, *, name: str, query: str) -> PublicId:
    """Keep a filter under a name of one's own; the same name again replaces it.

    Raises NotFound for whoever has no business in the office, Invalid where there is no more room.
    """
    check_entrance(viewer)
    name = " ".join(name.split())
    found = session.scalar(
        select(SavedView).where(policy.allowed(viewer, "view", SavedView), SavedView.name == name)
    )
    if found is None:
        _check_room(viewer)
        found = SavedView(owner_id=viewer.id or 0, name=name)
        session.add(found)
    if len(query) > LONGEST_QUERY:
        raise _wrong(_("条件が長すぎるため、保存できません。検索の言葉を短くしてください"))
    found.query = query
    session.flush()
    return found.public_id


def _check_room(viewer: Viewer) -> None:
    kept = session.scalar(
        select(func.count()).select_from(SavedView).where(policy.allowed(viewer, "view", SavedView))
    )
    if (kept or 0) >= MOST_VIEWS:
        raise _wrong(_("保存できる条件は%(most)s件までです。使わないものを消してください", most=MOST_VIEWS))


def _wrong(sentence: str) -> Invalid:
    return Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), {"name": [sentence]})


@operation
def forget_view(viewer: Viewer, view_id: PublicId) -> None:
    """Drop a filter one keeps. Raises NotFound for anybody else's."""
    session.delete(policy.claim(viewer, SavedView, view_id, "view"))
