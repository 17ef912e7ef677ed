"""The community itself: one row of facts about it, its cohorts, groups and walls."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.core.ids import new_public_id

# Under this many candidates the quiet preset for small companies applies (product.md).
SMALL_COMMUNITY = 20


class Community(Base):
    """Exactly one row. `version` is raised by every change that may alter what anybody sees."""

    __tablename__ = "community"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(120), default="")
    expected_candidates: Mapped[int | None]
    help_line: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    rules_version: Mapped[int] = mapped_column(default=1)
    is_demo: Mapped[bool] = mapped_column(default=False)
    # Contact budget: how often within a fortnight HR may reach a candidate with what is no procedure.
    contacts_a_fortnight: Mapped[int] = mapped_column(default=1, server_default="1")
    # Quiet hours of the company's own clock, and of cohorts with the profile for minors.
    quiet_from_hour: Mapped[int] = mapped_column(default=20, server_default="20")
    quiet_until_hour: Mapped[int] = mapped_column(default=8, server_default="8")
    # How far candidates may reach each other directly at most: 'nobody', 'group' or 'cohort'.
    direct_cap: Mapped[str] = mapped_column(String(8), default="cohort", server_default="cohort")
    # Candidates may open small rooms among themselves.
    lets_open_rooms: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Whoever joins is put into a 班 with room by itself; each Monday candidates meet in となりの席.
    fills_groups: Mapped[bool] = mapped_column(default=True, server_default=true())
    has_seats: Mapped[bool] = mapped_column(default=False, server_default=false())
    set_up_at: Mapped[datetime | None]
    # The second person with HR powers has joined; it never turns back (privacy.md, set-up mode).
    second_hr_at: Mapped[datetime | None]


class Cohort(Base):
    """Candidates who join at the same time, shown as 「2027年4月入社」."""

    __tablename__ = "cohort"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(String(60))
    # Told apart in HR's lists only (「高卒」 is never on a card).
    office_note: Mapped[str] = mapped_column(String(60), default="")
    starts_on: Mapped[date]
    is_minor_profile: Mapped[bool] = mapped_column(default=False)


class Group(Base):
    """A 班 of five to seven candidates."""

    __tablename__ = "group"
    __table_args__ = (UniqueConstraint("cohort_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(String(60))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))

    cohort: Mapped[Cohort] = relationship(lazy="raise")


class Wall(Base):
    """Two cohorts that do not exist for each other; stored with the smaller id first."""

    __tablename__ = "wall"
    __table_args__ = (CheckConstraint("low_cohort_id < high_cohort_id", name="ordered"),)

    low_cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    high_cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
