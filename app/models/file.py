"""Files people add to what they write: pictures rebuilt from pixels, and documents to download."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId
from app.core.ids import new_public_id

from .announcement import Announcement
from .board import Post
from .chat import Message


class Upload(Base):
    """One file: uploaded first, then attached to a post, an announcement or a message, or collected after a day.

    `state`: `waiting` until a job has rebuilt the picture, then `ready`, or `refused` with a sentence for its owner.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("kind IN ('picture', 'document')", name="kind"),
        CheckConstraint("state IN ('waiting', 'ready', 'refused')", name="state"),
        CheckConstraint(
            "(CASE WHEN post_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN announcement_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN message_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name="in_one_place",
        ),
        Index("ix_upload_message_id", "message_id"),
        Index("ix_upload_post_id", "post_id"),
        Index("ix_upload_announcement_id", "announcement_id"),
        Index("ix_upload_owner_id", "owner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    refusal: Mapped[str] = mapped_column(String(40), default="")
    # Kept for documents only: the name of a picture may tell more than the picture.
    name: Mapped[str] = mapped_column(String(200), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    size_bytes: Mapped[int]
    # Keys of core.files: the original while it waits, then what was made from it.
    original_key: Mapped[str | None] = mapped_column(String(64))
    file_key: Mapped[str | None] = mapped_column(String(64))
    thumbnail_key: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    thumbnail_width: Mapped[int | None]
    thumbnail_height: Mapped[int | None]
    alt: Mapped[str] = mapped_column(String(300), default="")
    # The day after which a file that was never attached is collected.
    kept_until: Mapped[date]
    position: Mapped[int] = mapped_column(default=0)
    post_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("post.id"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"))
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))

    post: Mapped[Post | None] = relationship(lazy="raise")
    announcement: Mapped[Announcement | None] = relationship(lazy="raise")
    message: Mapped[Message | None] = relationship(lazy="raise")
