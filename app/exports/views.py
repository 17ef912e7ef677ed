"""Doors to one's own export. Asking for it and fetching it ask who it is first, at most five minutes ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import structlog
from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.freshness import fresh
from app.core.documents import attachment
from app.core.errors import NotFound
from app.core.files import CHUNK_BYTES
from app.core.forms import PressForm, parse
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.limits import Budget, spend
from app.core.web import page

from . import operations, queries

bp = Blueprint("exports", __name__)
log = structlog.get_logger(__name__)

ASKING = Budget(
    "exports",
    "10/hour",
    _("書き出しが続いたため、いったん止めています。時間をおいてもう一度お試しください。"),
)


@bp.get("/me/export")
def export() -> str:
    """What the export holds, and how far it is."""
    return page("exports/export.html", card=queries.my_export(g.viewer))


@bp.post("/me/export")
@fresh
def ask_export() -> AnyResponse:
    """Have it made; a job writes it."""
    parse(PressForm)
    spend(ASKING, g.viewer.public_id)
    operations.ask_export(g.viewer)
    return redirect(request.path, 303)


@bp.get("/me/export/<id:export_id>/file")
@fresh
def export_file(export_id: PublicId) -> Response:
    """The file, for its member only."""
    path = queries.file_of_export(g.viewer, export_id)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        log.error("an export is gone", export=export_id)
        raise NotFound() from None
    answer = Response(_chunks(path), mimetype="application/zip")
    answer.content_length = size
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = attachment("tsubomi-export.zip")
    return answer


@bp.get("/me/data")
def retention() -> str:
    """How long what is kept."""
    return page("exports/retention.html", kept=queries.retention_page(g.viewer))


def _chunks(path: Path) -> Iterator[bytes]:
    """The file piece by piece; opened only once somebody reads it, so it is always closed again."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
