"""What follows: the file is written outside any transaction, and goes with its member."""

from __future__ import annotations

import structlog
from sqlalchemy import delete, select

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, delivers, listens
from app.core.i18n import speaking
from app.core.ids import PublicId
from app.core.operation import end_reading
from app.models import Member, MemberExport
from app.policy import viewer_of

from . import shelf
from .archive import write_archive
from .events import ExportAsked
from .operations import export_failed, export_written

log = structlog.get_logger(__name__)


@delivers(ExportAsked)
def write_export(fact: ExportAsked, delivery: Delivery) -> None:
    """Gather and write. A full disk is told to its member, who can ask again; a mistake of ours also to the log."""
    export_id = PublicId(fact.export_id)
    row = session.execute(
        select(MemberExport.state, Member.language)
        .join(Member, Member.id == MemberExport.member_id)
        .where(MemberExport.member_id == fact.member_id, MemberExport.public_id == export_id)
    ).first()
    viewer = viewer_of(fact.member_id)
    end_reading()
    if row is None or row.state != "waiting":
        return
    try:
        shelf.take_down(fact.member_id, besides=export_id)
        if viewer.is_active:
            with speaking(row.language):
                shelf.write(fact.member_id, export_id, lambda file: write_archive(viewer, file))
        is_awaited = export_written(fact.member_id, export_id)
    except OSError as error:
        log.warning("an export could not be written", reason=type(error).__name__)
        export_failed(fact.member_id, export_id)
        return
    except Exception:
        export_failed(fact.member_id, export_id)
        raise
    if not is_awaited:
        shelf.path_of(fact.member_id, export_id).unlink(missing_ok=True)


@listens(MembershipEnded)
def forget_export(fact: MembershipEnded, delivery: Delivery) -> None:
    """Nobody is left to fetch it."""
    session.execute(delete(MemberExport).where(MemberExport.member_id == fact.member_id))


@delivers(MembershipEnded)
def delete_export(fact: MembershipEnded, delivery: Delivery) -> None:
    """The file goes at once; one that is just being written goes when it is done (`write_export`)."""
    shelf.take_down(fact.member_id)
