"""Who in the office looked at whose data, and what needs two people.

The ledger is append-only. Each entry's `link` is the hash of the entry before it and of its own `content`, so nothing in the
middle can be changed, taken out or put in without breaking every later link. When somebody is erased the words of the
entries about them go and `content` stays: the chain still holds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId
from app.core.ids import new_public_id

APPROVAL_KINDS = ("raise_cap", "export")


class AccessEntry(Base):
    """Somebody from the office looked at something of one member: one entry a day, viewer, action and purpose."""

    __tablename__ = "access_entry"
    __table_args__ = (
        Index(
            "uq_access_entry_once_a_day", "subject_id", "viewer_id", "action", "purpose", "day", unique=True
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    day: Mapped[date]  # of the company; no clock time: nobody's working minutes are kept
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    viewer_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # As they were on that day; empty once the subject is erased.
    viewer_name: Mapped[str] = mapped_column(String(120), default="")
    viewer_role: Mapped[str] = mapped_column(String(20), default="")
    action: Mapped[str] = mapped_column(String(20), default="")
    purpose: Mapped[str] = mapped_column(String(20), default="")
    approver_name: Mapped[str] = mapped_column(String(120), default="")
    salt: Mapped[str] = mapped_column(String(32), default="")
    content: Mapped[str] = mapped_column(String(64))  # sha256, hex: of the salt and the words
    link: Mapped[str] = mapped_column(String(64))  # sha256, hex: of the link before and `content`


class LedgerHead(Base):
    """Exactly one row: the newest link. Whoever appends holds it, so the chain is one."""

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    link: Mapped[str] = mapped_column(String(64), default="")
    entries: Mapped[int] = mapped_column(default=0)


class Approval(Base):
    """Something that needs a second person: asked for by one, decided by another, or expired."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(f"kind IN {APPROVAL_KINDS}", name="kind"),
        CheckConstraint("outcome IN ('', 'approved', 'declined', 'withdrawn')", name="outcome"),
        CheckConstraint("approver_id IS NULL OR approver_id <> requester_id", name="two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    kind: Mapped[str] = mapped_column(String(20))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)  # what exactly, so that nothing else can be approved
    reason: Mapped[str] = mapped_column(String(400), default="")
    requester_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12), default="")
