"""Announcements（お知らせ）: what HR tells people officially, who receives it, and who acknowledged it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.core.ids import new_public_id
from app.core.tokens import new_nonce


class Announcement(Base):
    """One announcement, from draft to sent. `state`: draft, scheduled, sent or cancelled.

    A procedure（手続き）always arrives; anything else spends the contact budget of whom it reaches.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'scheduled', 'sent', 'cancelled')", name="state"),
        Index("ix_announcement_due", "state", "scheduled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    # Raised by each saving, so that two tabs or two people do not overwrite each other.
    revision: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    body_html: Mapped[str] = mapped_column(Text, default="")
    renderer_version: Mapped[int]
    is_procedure: Mapped[bool] = mapped_column(default=False)
    reaches_invited: Mapped[bool] = mapped_column(default=False)

    asks_acknowledgement: Mapped[bool] = mapped_column(default=False)
    # 名簿表示日: from this day HR sees the names of who has not acknowledged; said in the announcement itself.
    names_from: Mapped[date | None]
    remind_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(default=0)
    # What HR sees, counted once a day: how many had acknowledged on that day.
    counted_on: Mapped[date | None]
    acknowledged: Mapped[int] = mapped_column(default=0)

    scheduled_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    # Why it was sent at once, past quiet hours and budget; empty: it was not.
    emergency_reason: Mapped[str] = mapped_column(String(400), default="")


class AnnouncementVariant(Base):
    """The same announcement in やさしい日本語 (`easy`) or English (`en`)."""

    __tablename__ = "announcement_variant"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(4), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer_version: Mapped[int]


class AnnouncementAudience(Base):
    """One set of people an announcement is for: a role, a cohort or a group, one of the three."""

    __tablename__ = "announcement_audience"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN role IS NULL THEN 0 ELSE 1 END) + (CASE WHEN cohort_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_set",
        ),
        Index("ix_announcement_audience_announcement_id", "announcement_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"))
    role: Mapped[int | None]
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))


class AnnouncementRecipient(Base):
    """One person a sent announcement is for: a member, or somebody invited who has not joined yet.

    `public_id` is the announcement's own, repeated: everybody's link is the same, and everybody finds their own row.
    `reach`: `now` for a push or mail of its own, `digest` where the contact budget is spent.
    """

    __tablename__ = "announcement_recipient"
    __table_args__ = (
        CheckConstraint("reach IN ('now', 'digest')", name="reach"),
        Index("ix_announcement_recipient_member", "member_id", "announcement_id", unique=True),
        Index("ix_announcement_recipient_invitation", "invitation_id", "announcement_id", unique=True),
        Index("ix_announcement_recipient_announcement_id", "announcement_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"))
    public_id: Mapped[str] = mapped_column(String(13))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # The row ends with the invitation, unless that was accepted: then it is the new member's.
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    reach: Mapped[str] = mapped_column(String(8), default="now")
    is_acknowledged: Mapped[bool] = mapped_column(default=False)
    # The same as of this morning: what HR sees changes once a day, so nobody can watch it change.
    is_counted: Mapped[bool] = mapped_column(default=False)
    # How many letters left to somebody without an account: the announcement itself, then reminders.
    letters: Mapped[int] = mapped_column(default=0)
    # The link in the mail to somebody without an account is made from it (core.tokens).
    nonce: Mapped[str] = mapped_column(String(32), default=new_nonce)
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)

    announcement: Mapped[Announcement] = relationship(lazy="raise")


class AnnouncementTemplate(Base):
    """A text HR uses again, with merge fields."""

    __tablename__ = "announcement_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


class ContactSpent(Base):
    """One announcement that reached one candidate outside their digest: what the contact budget counts."""

    __tablename__ = "contact_spent"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"), primary_key=True)
    spent_on: Mapped[date]
