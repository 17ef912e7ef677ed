"""What HR keeps for its own work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_public_id


class SavedView(Base):
    """A filter of HR's list of people that one person of HR uses again."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    owner_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(400))


class BulkAct(Base):
    """One act of HR on many people at once, with what it needs to be undone; deleted after a day.

    `before` maps the public id of each person (or invitation) it changed to pairs of before and after, such as
    {"group": [public id or null, public id or null]}: only whoever still stands as the act left them is put back.
    """

    __tablename__ = "bulk_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    actor_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(String(20))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    done_at: Mapped[datetime]
