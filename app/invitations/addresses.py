"""Which mail addresses are taken already, asked in a bounded number of statements."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.core.db import session
from app.core.errors import Sentence
from app.core.i18n import _
from app.models import Invitation, Member
from app.policy import Viewer

# SQLite takes 32,766 values in a statement, PostgreSQL 65,535; a sheet has at most 5,000 lines.
MOST_AT_ONCE = 5_000


def known_addresses(viewer: Viewer, mails: Collection[str]) -> dict[str, str]:
    """Of these addresses those which are taken: `member`, or `invited` by an invitation that is not revoked."""
    wanted = sorted(set(mails) - {""})
    known: dict[str, str] = {}
    for start in range(0, len(wanted), MOST_AT_ONCE):
        some = wanted[start : start + MOST_AT_ONCE]
        invited = session.scalars(
            select(Invitation.mail).where(Invitation.mail.in_(some), Invitation.revoked_at.is_(None))
        )
        known.update(dict.fromkeys(invited, "invited"))
        known.update(
            dict.fromkeys(session.scalars(select(Member.mail).where(Member.mail.in_(some))), "member")
        )
    return known


def why_taken(viewer: Viewer, outcome: str) -> Sentence | str:
    """The sentence for an address that is taken: HR, who sees both lists, is told which; others are not."""
    if not viewer.is_hr:
        return _("このメールアドレスには招待を作れません。人事担当者にご確認ください")
    if outcome == "member":
        return _("このメールアドレスの方は、すでに参加しています")
    return _("このメールアドレスには、すでに招待があります。一覧から再送できます")
