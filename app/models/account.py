"""Doors: invitations, sessions, one-time links, recovery codes. Secrets are kept as hashes only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.core.ids import new_public_id
from app.core.tokens import new_nonce

from .community import Cohort, Group
from .member import Member


class Invitation(Base):
    """Somebody HR wants here. One open invitation per address; accepting makes the Member and spends it."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_cohort_id", "cohort_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    mail: Mapped[str] = mapped_column(String(254), unique=True)
    legal_name: Mapped[str] = mapped_column(String(120), default="")
    kana: Mapped[str] = mapped_column(String(120), default="")
    roles: Mapped[int]
    department: Mapped[str] = mapped_column(String(60), default="")
    joined_company_on: Mapped[date | None]
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    # A new nonce with every sending: the earlier link stops working.
    nonce: Mapped[str] = mapped_column(String(32), default=new_nonce)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    cohort: Mapped[Cohort | None] = relationship(lazy="raise")
    group: Mapped[Group | None] = relationship(lazy="raise")


class OneTimeLink(Base):
    """A link that works once: purpose `sign_in`, `reset_password`, `change_mail` or `first_administrator`.

    Deleted when used or past its time, so that no trace of a sign-in remains.
    """

    __tablename__ = "one_time_link"
    __table_args__ = (Index("ix_one_time_link_member_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    new_mail: Mapped[str | None] = mapped_column(String(254))
    nonce: Mapped[str] = mapped_column(String(32), default=new_nonce)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # Hash of a value in the cookie of the browser that asked: the link works there, or with the code typed there.
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    wrong_codes: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


class MemberSession(Base):
    """One signed-in device: the hash of its id, a coarse name, and the day it ends. No times, no addresses."""

    __tablename__ = "member_session"
    __table_args__ = (Index("ix_member_session_member_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(40))
    expires_on: Mapped[date]

    member: Mapped[Member] = relationship(lazy="raise")


class RecoveryCode(Base):
    """One unused recovery code of a second factor; deleted when used."""

    __tablename__ = "recovery_code"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
