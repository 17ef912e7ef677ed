"""What follows an upload: the picture is rebuilt from its pixels, outside any transaction; owners who leave are unlinked."""

from __future__ import annotations

from sqlalchemy import select, update

from app.accounts.events import MembershipEnded
from app.core.db import session
from app.core.events import Delivery, delivers, listens
from app.core.files import storage
from app.core.images import PictureRefused, rebuild
from app.core.operation import end_reading
from app.models import Upload

from .events import PictureArrived
from .operations import picture_made, picture_refused


@delivers(PictureArrived)
def rebuild_picture(fact: PictureArrived, delivery: Delivery) -> None:
    """Decode within limits, store what was made, then note it. A full disk or a killed decoder is tried again."""
    row = session.execute(
        select(Upload.state, Upload.original_key).where(Upload.id == fact.upload_id)
    ).first()
    end_reading()
    if row is None or row.state != "waiting" or row.original_key is None:
        return
    try:
        picture = rebuild(storage().read(row.original_key))
    except PictureRefused as refusal:
        picture_refused(fact.upload_id, refusal.code)
        return
    picture_made(
        fact.upload_id,
        picture,
        file_key=storage().put(picture.full),
        thumbnail_key=storage().put(picture.thumbnail),
    )


@listens(MembershipEnded)
def unlink_owner(fact: MembershipEnded, delivery: Delivery) -> None:
    """What was attached stays with the text it belongs to; nothing leads back to whoever left."""
    if fact.keeps_name:
        return
    session.execute(update(Upload).where(Upload.owner_id == fact.member_id).values(owner_id=None))
