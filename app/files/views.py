"""Doors to files: taking one in, describing it, taking it away, and handing it out."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, g, jsonify, request

from app.core.documents import attachment
from app.core.errors import Invalid, NotFound
from app.core.files import NoSuchFile, storage
from app.core.forms import parse
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.uploads import sent_files
from app.core.web import CONTENT_SECURITY_POLICY, takes_files

from . import operations, queries
from .forms import AltForm
from .receiving import MOST_BYTES_OF_ONE, take_in

bp = Blueprint("files", __name__)
log = structlog.get_logger(__name__)


@bp.post("/api/files")
@takes_files(MOST_BYTES_OF_ONE)
def take() -> Response:
    """Take in one file; a picture is then rebuilt by a job."""
    given = next(sent_files("file"), None)
    if given is None:
        raise Invalid(_("ファイルが届きませんでした。もう一度選んでください。"))
    upload_id = take_in(g.viewer, given)
    return jsonify(ok=True, **queries.my_file(g.viewer, upload_id).as_json())


@bp.get("/api/files/<id:upload_id>")
def state(upload_id: PublicId) -> Response:
    """How far one of my files is."""
    return jsonify(ok=True, **queries.my_file(g.viewer, upload_id).as_json())


@bp.post("/api/files/<id:upload_id>/alt")
def describe(upload_id: PublicId) -> Response:
    """Say in words what a picture shows."""
    operations.describe_file(g.viewer, upload_id, **parse(AltForm))
    return jsonify(ok=True)


@bp.post("/api/files/<id:upload_id>/delete")
def discard(upload_id: PublicId) -> Response:
    """Take away a file that was not posted."""
    operations.discard_file(g.viewer, upload_id)
    return jsonify(ok=True)


@bp.get("/files/<id:upload_id>")
def file(upload_id: PublicId) -> Response:
    """A picture in full, or a document to save."""
    return _send(upload_id, is_small=False)


@bp.get("/files/<id:upload_id>/small")
def thumbnail(upload_id: PublicId) -> Response:
    """A picture, small."""
    return _send(upload_id, is_small=True)


def _send(upload_id: PublicId, *, is_small: bool) -> Response:
    found = queries.file_to_send(g.viewer, upload_id, is_small=is_small)
    # What lies under an id never changes; whether one may see it is asked each time, before any 304.
    tag = f"{upload_id}{'-small' if is_small else ''}"
    if tag in request.if_none_match:
        answer = Response(status=304)
    else:
        answer = Response(_content(found.key), content_type=found.media_type)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; sandbox"
    if found.download_name is not None:
        answer.headers["Content-Disposition"] = attachment(found.download_name)
    return answer


def _content(key: str) -> bytes:
    try:
        return storage().read(key)
    except NoSuchFile:
        log.error("a stored file is gone", key=key)
        raise NotFound() from None
