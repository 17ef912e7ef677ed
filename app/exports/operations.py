"""What changes exports: asking for one, noting how it went, and forgetting those whose day is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId, new_public_id
from app.core.operation import announce, end_reading, operation
from app.models import Member, MemberExport
from app.policy import Viewer

from . import shelf
from .events import ExportAsked

KEPT_FOR = timedelta(hours=24)


@operation
def ask_export(viewer: Viewer) -> PublicId:
    """Begin the viewer's export; the one before, finished or not, is replaced by it. Announces ExportAsked.

    Raises NotFound for whoever is not inside.
    """
    if not viewer.is_active or viewer.id is None:
        raise NotFound()
    session.get_one(Member, viewer.id, with_for_update=True)  # two presses at once make one row
    export = session.get(MemberExport, viewer.id)
    if export is None:
        export = MemberExport(member_id=viewer.id)
        session.add(export)
    export.public_id, export.state, export.ready_until = new_public_id(), "waiting", None
    announce(ExportAsked(member_id=viewer.id, export_id=export.public_id))
    return PublicId(export.public_id)


# ── the job ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def export_written(member_id: int, export_id: PublicId) -> bool:
    """Note that the file lies there, for a day; False where nobody waits for it any more, so it has to go.

    Whoever left or was suspended meanwhile waits for nothing: their row goes, too.
    """
    export = _of_member(member_id, export_id)
    if export is None:
        return False
    member = session.get_one(Member, member_id, populate_existing=True)
    if member.ended_at is not None or member.suspended_at is not None:
        session.delete(export)
        return False
    if export.state == "waiting":
        export.state, export.ready_until = "ready", now() + KEPT_FOR
    return export.state == "ready"


@operation
def export_failed(member_id: int, export_id: PublicId) -> None:
    """Note that it could not be written; its member can ask again."""
    export = _of_member(member_id, export_id)
    if export is not None and export.state == "waiting":
        export.state = "failed"


def _of_member(member_id: int, export_id: PublicId) -> MemberExport | None:
    export = session.get(MemberExport, member_id, with_for_update=True, populate_existing=True)
    return export if export is not None and export.public_id == export_id else None


# ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────


def tidy_exports() -> None:
    """Delete exports whose day is over, and files no row speaks of. The files outside any transaction."""
    _forget_past()
    rows = session.execute(select(MemberExport.member_id, MemberExport.public_id)).all()
    end_reading()
    shelf.sweep({shelf.path_of(row.member_id, row.public_id) for row in rows})


@operation
def _forget_past() -> None:
    session.execute(delete(MemberExport).where(MemberExport.ready_until <= now()))
