"""People: members, what they fill in, their groups, and whom they block.

There is no sign-in time, last-seen, activity count or score here, and a test keeps it so.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId
from app.core.ids import new_public_id

from .community import Cohort
from .relations import CANDIDATES, Relation
from .roles import Role, exclusion_check


class Member(Base):
    """One person in this community, from acceptance until they leave."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(exclusion_check(), name="no_forbidden_pair"),
        CheckConstraint("cohort_id IS NULL OR roles = 1", name="only_candidates_have_cohorts"),
        Index("ix_member_cohort_id", "cohort_id"),
        Index("ix_member_display_fold", "display_fold"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    # Raised by everything that changes what this member may see; sessions and caches compare it.
    version: Mapped[int] = mapped_column(default=1)

    roles: Mapped[int] = mapped_column(default=int(Role.CANDIDATE))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))

    mail: Mapped[str | None] = mapped_column(String(254), unique=True)
    legal_name: Mapped[str] = mapped_column(String(120), default="")
    kana: Mapped[str] = mapped_column(String(120), default="")
    display_name: Mapped[str] = mapped_column(String(80))
    display_fold: Mapped[str] = mapped_column(String(160))
    bud: Mapped[int]
    department: Mapped[str] = mapped_column(String(60), default="")
    joined_company_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(2), default="ja")
    pace: Mapped[str] = mapped_column(String(12), default="few")

    rules_version: Mapped[int] = mapped_column(default=0)
    is_demo: Mapped[bool] = mapped_column(default=False)

    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    # The last time step a code was taken for, so that no code works twice (RFC 6238, 5.2).
    totp_step: Mapped[int | None]

    suspended_at: Mapped[datetime | None]
    suspension_reason: Mapped[str] = mapped_column(String(400), default="")
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(400), default="")

    # What was written on boards before this post is not new to them: set when they join, and by "mark all as read".
    bookmark_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    # The same for the list of notices.
    notice_bookmark_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")

    # Who among the candidates may write to them first: nobody, their own 班 ('group'), or their cohort.
    messages_from: Mapped[str] = mapped_column(String(8), default="group", server_default="group")
    # Is put into a 班 by itself when there is room; weekly となりの席.
    joins_groups: Mapped[bool] = mapped_column(default=True, server_default=true())
    joins_seats: Mapped[bool] = mapped_column(default=True, server_default=true())

    cohort: Mapped[Cohort | None] = relationship(lazy="raise")


class Mentor(Base):
    """An employee HR assigned to a candidate."""

    __tablename__ = "mentor"
    __table_args__ = (Index("ix_mentor_employee_id", "employee_id"),)

    candidate_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)


class GroupMember(Base):
    """A candidate is in a 班."""

    __tablename__ = "group_member"
    __table_args__ = (Index("ix_group_member_member_id", "member_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)


class Block(Base):
    """One person does not wish to meet another; it acts in both directions and nobody is told."""

    __tablename__ = "block"
    __table_args__ = (
        CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
        Index("ix_block_blocked_id", "blocked_id"),
    )

    blocker_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    blocked_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)


class ProfileValue(Base):
    """One profile field of one member with the audience they chose: relation bits, as in privacy.md.

    `effective` is the choice with what the field's floor adds; operations keep the two together. The choice never holds a
    bit outside the cap of its time, and a raised cap gives none back.
    """

    __tablename__ = "profile_value"
    __table_args__ = (
        CheckConstraint(f"(audience & {int(Relation.SELF)}) <> 0", name="seen_by_oneself"),
        CheckConstraint("(audience & effective) = audience", name="floor_only_adds"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(2000))
    audience: Mapped[int]
    effective: Mapped[int] = mapped_column(default=int(Relation.SELF), server_default="1")

    member: Mapped[Member] = relationship(lazy="raise")


class FieldCap(Base):
    """How far a field may reach among candidates at most, where HR has narrowed it: bits of CANDIDATES."""

    __tablename__ = "field_cap"
    __table_args__ = (CheckConstraint(f"(bits & {~int(CANDIDATES) & 0x7F}) = 0", name="candidates_only"),)

    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    bits: Mapped[int]
