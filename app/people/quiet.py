"""The quiet hours of the company: when nobody is reached, whatever wants to reach them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from app.core import calendar
from app.core.calendar import NIGHT, QuietHours
from app.core.db import session
from app.models import Community


@dataclass(frozen=True)
class CompanyQuiet:
    """The hours of the company's own clock in which nobody is reached; days off belong to them wholly."""

    hours: QuietHours

    def is_quiet(self, at: datetime) -> bool:
        """Whether nobody should be reached at this moment."""
        return calendar.is_quiet(at, self.hours)

    def next_open(self, at: datetime) -> datetime:
        """This moment, or where it is quiet the one at which the quiet ends."""
        return calendar.next_open(at, self.hours)


def quiet_hours() -> CompanyQuiet:
    """The quiet hours as the community set them."""
    row = session.execute(
        select(Community.quiet_from_hour, Community.quiet_until_hour).where(Community.id == 1)
    ).first()
    if row is None:
        return CompanyQuiet(NIGHT)
    return CompanyQuiet(QuietHours(time(row.quiet_from_hour), time(row.quiet_until_hour)))
