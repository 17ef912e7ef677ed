"""Files as their owner sees them in the composer, and as they go out to whoever may see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.core.images import refusal_sentence
from app.models import Upload
from app.policy import Viewer, standing

from .cards import FileToSend, UploadCard

_MINE = select(
    Upload.public_id, Upload.kind, Upload.state, Upload.name, Upload.alt, Upload.size_bytes, Upload.refusal
).where(standing("change", Upload))
_FILE = select(Upload.file_key, Upload.thumbnail_key, Upload.media_type, Upload.kind, Upload.name).where(
    standing("view", Upload), Upload.state == "ready"
)


def my_file(viewer: Viewer, upload_id: PublicId) -> UploadCard:
    """One file of the viewer's own. Raises NotFound."""
    row = session.execute(_MINE.where(Upload.public_id == upload_id), viewer.binds).first()
    if row is None:
        raise NotFound()
    return _card(row)


def my_files(viewer: Viewer, upload_ids: Sequence[PublicId]) -> tuple[UploadCard, ...]:
    """Those of these files that are the viewer's own, in the order asked: a form shown again keeps its files."""
    if not upload_ids:
        return ()
    rows = session.execute(_MINE.where(Upload.public_id.in_(upload_ids)), viewer.binds)
    found = {row.public_id: _card(row) for row in rows}
    return tuple(found[each] for each in upload_ids if each in found)


def _card(row: Row[tuple[str, str, str, str, str, int, str]]) -> UploadCard:
    is_shown = row.kind == "picture" and row.state == "ready"
    return UploadCard(
        id=row.public_id,
        kind=row.kind,
        state=row.state,
        name=row.name,
        alt=row.alt,
        size_bytes=row.size_bytes,
        thumbnail=f"/files/{row.public_id}/small" if is_shown else None,
        refusal=str(refusal_sentence(row.refusal)) if row.state == "refused" else None,
    )


def file_to_send(viewer: Viewer, upload_id: PublicId, *, is_small: bool = False) -> FileToSend:
    """A file the viewer may see. Raises NotFound; whether it is hidden, taken back or never was is one answer."""
    row = session.execute(_FILE.where(Upload.public_id == upload_id), viewer.binds).first()
    if row is None:
        raise NotFound()
    key = row.thumbnail_key if is_small else row.file_key
    if key is None:
        raise NotFound()
    return FileToSend(key, row.media_type, row.name if row.kind == "document" else None)
