"""What is begun and not yet said."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Draft(Base):
    """What one person began in one composer, for them alone; deleted when sent or after two weeks.

    `composer` names the place (`reply-<topic id>`, `topic-<slug>`); `texts` maps its text fields to what they hold.
    """

    __tablename__ = "draft"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    composer: Mapped[str] = mapped_column(String(60), primary_key=True)
    texts: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Raised by each saving: an older tab does not overwrite a newer text.
    revision: Mapped[int] = mapped_column(default=1)
    kept_until: Mapped[date]
