"""Taking files in, whichever form brought them: told apart by content, stored, noted."""

from __future__ import annotations

from app.core.documents import FileRefused, safe_filename, sniff
from app.core.errors import Invalid
from app.core.files import storage
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.images import MOST_BYTES as MOST_BYTES_OF_A_PICTURE
from app.core.images import is_picture, refusal_sentence
from app.core.limits import Budget, spend
from app.core.uploads import SentFile
from app.policy import Viewer

from . import operations

# One file of a script, with what a form says around it.
MOST_BYTES_OF_ONE = MOST_BYTES_OF_A_PICTURE + 64 * 1024

UPLOADS = Budget(
    "uploads",
    "40/10 minute;200/day",
    _("短い時間にたくさんのファイルが送られました。少し時間をおいてから、もう一度お試しください。"),
)


def take_in(viewer: Viewer, given: SentFile) -> PublicId:
    """Store one file and note it as the viewer's; a picture is then rebuilt by a job. Not inside an operation.

    Raises Invalid for what is neither a picture nor a document we take, TooOften.
    """
    spend(UPLOADS, viewer.public_id)
    head = given.content.read(16)
    given.content.seek(0)
    if is_picture(head):
        return _take_picture(viewer, given)
    try:
        kind = sniff(given.content, given.name)
    except FileRefused as refusal:
        raise Invalid(refusal.sentence, {"files": [refusal.sentence]}) from None
    return operations.take_document(
        viewer,
        file_key=storage().put(given.content),
        size_bytes=given.size_bytes,
        name=safe_filename(given.name),
        media_type=kind.media_type,
    )


def _take_picture(viewer: Viewer, given: SentFile) -> PublicId:
    if given.size_bytes > MOST_BYTES_OF_A_PICTURE:
        sentence = refusal_sentence("too_large")
        raise Invalid(sentence, {"files": [sentence]})
    key = storage().put(given.content)
    return operations.take_picture(viewer, original_key=key, size_bytes=given.size_bytes)
