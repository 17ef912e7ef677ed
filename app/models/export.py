"""A member's own export: a file with what is theirs, made when they ask and kept for a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_public_id


class MemberExport(Base):
    """The one export of a member: asking again replaces it, and with it `public_id`. Theirs alone, so no rule names it.

    `state`: `waiting` until the job has written the file, then `ready` until `ready_until`; or `failed`.
    """

    __tablename__ = "member_export"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ready', 'failed')", name="state"),
        CheckConstraint("(state = 'ready') = (ready_until IS NOT NULL)", name="ready_ends"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, autoincrement=False)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    ready_until: Mapped[datetime | None]
