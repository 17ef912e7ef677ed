"""The export as its member finds it. There is no rule: the row is its member's alone, and nobody else's page asks for it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Integer, bindparam, func, select

from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.models import Draft, MemberExport, MemberSession
from app.policy import Viewer

from . import shelf
from .cards import ExportCard, KeptCard
from .retention import RETENTION


def my_export(viewer: Viewer) -> ExportCard | None:
    """How far the viewer's export is; None before they asked, and once its day is over."""
    row = session.execute(
        select(MemberExport.public_id, MemberExport.state, MemberExport.ready_until).where(
            MemberExport.member_id == viewer.id
        )
    ).first()
    if row is None or not viewer.is_active or (row.ready_until is not None and row.ready_until <= now()):
        return None
    return ExportCard(id=row.public_id, state=row.state, ready_until=row.ready_until)


def file_of_export(viewer: Viewer, export_id: PublicId) -> Path:
    """The file of the viewer's own export. Raises NotFound: somebody else's, over, replaced and never made are one answer."""
    card = my_export(viewer)
    if card is None or viewer.id is None or card.id != export_id or card.state != "ready":
        raise NotFound()
    return shelf.path_of(viewer.id, export_id)


_viewer_id = bindparam("viewer_id", type_=Integer)
_OWN_DATES = select(
    select(func.min(Draft.kept_until)).where(Draft.member_id == _viewer_id).scalar_subquery().label("drafts"),
    select(func.max(MemberSession.expires_on))
    .where(MemberSession.member_id == _viewer_id)
    .scalar_subquery()
    .label("sessions"),
)


def retention_page(viewer: Viewer) -> tuple[KeptCard, ...]:
    """How long what is kept, and where something of the viewer's own ends next, the day of that."""
    dates = session.execute(_OWN_DATES, {"viewer_id": viewer.id}).one()._mapping
    return tuple(
        KeptCard(str(each.what), str(each.since), each.how_long, dates.get(each.key)) for each in RETENTION
    )
