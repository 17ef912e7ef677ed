"""What home changes: the member's language, and the demo's one-click entrance."""

from __future__ import annotations

from sqlalchemy import select, update

from app.accounts.operations import open_session
from app.accounts.sessions import visitor_of
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import LANGUAGES, _
from app.core.operation import operation
from app.core.web import Visitor
from app.models import Community, Member
from app.policy import Viewer

# Who may be visited from /demo, in the order they stand there.
DEMO_KEYS = ("haruka", "jinji", "takumi", "mod")


@operation
def choose_language(viewer: Viewer, language: str) -> None:
    """Remember in which language this member reads pages and letters."""
    if language not in LANGUAGES:
        raise Invalid(_("この言語にはまだ対応していません。"))
    session.execute(update(Member).where(Member.id == viewer.id).values(language=language))


def open_demo_session(key: str, *, device: str) -> Visitor:
    """Sign in as one of the demo's people. Raises NotFound unless this is a demo and the person belongs to it."""
    member_id = session.scalar(
        select(Member.id)
        .join(Community, Community.id == 1)
        .where(
            Community.is_demo,
            Member.is_demo,
            Member.mail == f"{key}@example.jp",
            Member.ended_at.is_(None),
            Member.suspended_at.is_(None),
        )
    )
    if member_id is None or key not in DEMO_KEYS:
        raise NotFound()
    visitor = visitor_of(open_session(member_id, device=device))
    if visitor is None:
        raise NotFound()
    return visitor
