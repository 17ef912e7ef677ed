"""What changes files: taking them in, describing, attaching and taking away, and collecting what nobody uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid
from app.core.files import storage
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.images import Picture
from app.core.operation import announce, operation
from app.models import Message, Post, Upload
from app.policy import Viewer

from .events import PictureArrived, PictureSettled

MOST_FILES = 10  # under one post, announcement or message
MOST_LOOSE = 30  # uploaded by one person and not attached to anything yet
KEPT_FOR = timedelta(days=1)
# Younger files may belong to an upload whose row is being written just now.
YOUNGEST_ORPHAN = timedelta(hours=2)
WITHDRAWN_KEPT_FOR = timedelta(days=14)
LONGEST_ALT = 300


@operation
def take_picture(viewer: Viewer, *, original_key: str, size_bytes: int) -> PublicId:
    """Note a picture whose original lies in the storage; a job rebuilds it. Announces PictureArrived.

    Raises Invalid where too many files of this person wait to be attached.
    """
    upload = _added(viewer, Upload(kind="picture", original_key=original_key, size_bytes=size_bytes))
    announce(PictureArrived(upload_id=upload.id))
    return upload.public_id


@operation
def take_document(viewer: Viewer, *, file_key: str, size_bytes: int, name: str, media_type: str) -> PublicId:
    """Note a document that lies in the storage; it is only ever downloaded. Raises Invalid as above."""
    upload = Upload(
        kind="document",
        state="ready",
        file_key=file_key,
        size_bytes=size_bytes,
        name=name,
        media_type=media_type,
    )
    return _added(viewer, upload).public_id


def _added(viewer: Viewer, upload: Upload) -> Upload:
    loose = session.scalar(
        select(func.count()).select_from(Upload).where(Upload.owner_id == viewer.id, _is_loose())
    )
    if (loose or 0) >= MOST_LOOSE:
        raise Invalid(
            _(
                "まだ投稿していないファイルが%(most)s個あります。投稿するか、いくつか外してください。",
                most=MOST_LOOSE,
            )
        )
    upload.owner_id = viewer.id
    upload.kept_until = now().date() + KEPT_FOR
    session.add(upload)
    session.flush()
    return upload


@operation
def describe_file(viewer: Viewer, upload_id: PublicId, *, alt: str) -> None:
    """Say in words what a picture shows. Raises NotFound, Forbidden where it hangs on what cannot be edited any more."""
    upload = policy.claim(viewer, Upload, upload_id, "describe")
    upload.alt = " ".join(alt.split())[:LONGEST_ALT]


@operation
def discard_file(viewer: Viewer, upload_id: PublicId) -> None:
    """Take away a file that is attached to nothing yet; its bytes are collected later.

    Raises NotFound, Invalid where it already belongs to something.
    """
    upload = policy.claim(viewer, Upload, upload_id, "change")
    if any(place is not None for place in (upload.post_id, upload.announcement_id, upload.message_id)):
        raise Invalid(_("このファイルはすでに投稿に付いています。外すときは、投稿を編集してください。"))
    session.delete(upload)


def check_number(count: int) -> None:
    """Refuse more than MOST_FILES under one text; a door asks before it stores what came along. Raises Invalid."""
    if count > MOST_FILES:
        sentence = _("ファイルは%(most)s個までです（いま%(count)s個です）", most=MOST_FILES, count=count)
        raise Invalid(sentence, {"files": [sentence]})


def attach_files(
    viewer: Viewer,
    upload_ids: Sequence[PublicId],
    *,
    post_id: int | None = None,
    announcement_id: int | None = None,
    message_id: int | None = None,
) -> None:
    """Make exactly these files, in this order, the files of one text; inside the caller's operation.

    The text is a post, an announcement or a message.

    Only the viewer's own that hang on nothing else; ones already there stay. What is left out hangs on nothing and is
    collected. Raises Invalid for one that is not theirs to attach, was refused, or for more than MOST_FILES.
    """
    chosen = list(dict.fromkeys(upload_ids))
    check_number(len(chosen))
    place = {"post_id": post_id, "announcement_id": announcement_id, "message_id": message_id}
    given = [getattr(Upload, name) == key for name, key in place.items() if key is not None]
    if len(given) != 1:
        raise ValueError("files hang on a post, on an announcement or on a message")
    here = given[0]
    found = {
        upload.public_id: upload
        for upload in session.scalars(
            select(Upload)
            .where(
                or_(and_(Upload.owner_id == viewer.id, _is_loose(), Upload.state != "refused"), here),
                or_(Upload.public_id.in_(chosen), here),
            )
            .with_for_update()
        )
    }
    if not set(chosen) <= set(found):
        sentence = _("付けられないファイルが含まれています。そのファイルを外して、もう一度お試しください。")
        raise Invalid(sentence, {"files": [sentence]})
    for upload in found.values():
        is_chosen = upload.public_id in chosen
        for name, key in place.items():
            setattr(upload, name, key if is_chosen else None)
        upload.position = chosen.index(upload.public_id) if is_chosen else 0
        upload.kept_until = now().date() + KEPT_FOR


def _is_loose() -> ColumnElement[bool]:
    return and_(Upload.post_id.is_(None), Upload.announcement_id.is_(None), Upload.message_id.is_(None))


# ── the job ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def picture_made(upload_id: int, picture: Picture, *, file_key: str, thumbnail_key: str) -> None:
    """Note what was made from a picture; harmless when it is gone or was made before. Announces PictureSettled."""
    upload = session.get(Upload, upload_id, with_for_update=True)
    if upload is None or upload.state != "waiting":
        return
    upload.state = "ready"
    upload.media_type = picture.media_type
    upload.file_key, upload.thumbnail_key, upload.original_key = file_key, thumbnail_key, None
    upload.width, upload.height = picture.width, picture.height
    upload.thumbnail_width, upload.thumbnail_height = picture.thumbnail_width, picture.thumbnail_height
    _tell_of(upload)


@operation
def picture_refused(upload_id: int, code: str) -> None:
    """Note that a picture could not be rebuilt; `code` leads to the sentence its owner reads. Announces PictureSettled."""
    upload = session.get(Upload, upload_id, with_for_update=True)
    if upload is not None and upload.state == "waiting":
        upload.state, upload.refusal, upload.original_key = "refused", code, None
        _tell_of(upload)


def _tell_of(upload: Upload) -> None:
    """A page that shows the message already does not ask again by itself; posts and announcements are opened anew."""
    if upload.message_id is not None:
        announce(PictureSettled(upload_id=upload.id))


# ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def forget_loose_files() -> None:
    """Delete the rows of files that nobody attached in a day, and of what was taken back two weeks ago."""
    long_ago = now() - WITHDRAWN_KEPT_FOR
    session.execute(
        delete(Upload).where(
            or_(
                and_(_is_loose(), Upload.kept_until < now().date()),
                Upload.post_id.in_(select(Post.id).where(Post.withdrawn_at < long_ago)),
                Upload.message_id.in_(select(Message.id).where(Message.unsent_at < long_ago)),
            )
        )
    )


def collect_orphans() -> int:
    """Delete stored files no row speaks of; gives how many. Outside any transaction: deleting files is slow."""
    orphans = list(storage().keys(older_than=YOUNGEST_ORPHAN))
    count = 0
    for start in range(0, len(orphans), 500):
        count += _collect(orphans[start : start + 500])
    return count


def _collect(keys: Sequence[str]) -> int:
    used = _used(keys)
    session.rollback()
    unused = [key for key in keys if key not in used]
    for key in unused:
        storage().delete(key, older_than=YOUNGEST_ORPHAN)
    return len(unused)


def _used(keys: Iterable[str]) -> set[str]:
    wanted = list(keys)
    columns = (Upload.original_key, Upload.file_key, Upload.thumbnail_key)
    return {
        key
        for column in columns
        for key in session.scalars(select(column).where(column.in_(wanted)))
        if key is not None
    }
