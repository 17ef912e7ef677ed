"""When something may leave: outside the quiet hours, and the digest on the morning of a business day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from app.core import calendar
from app.core.calendar import NIGHT, QuietHours
from app.core.clock import now
from app.core.db import session
from app.core.i18n import company_zone
from app.models import Community

BETWEEN_BUNDLES = timedelta(minutes=30)
DIGEST_HOUR = 8  # product.md: the end of the quiet hours as they are set at first
MONDAY = 0


def quiet_hours() -> QuietHours:
    """The hours of the company's clock in which nobody is reached."""
    row = session.execute(
        select(Community.quiet_from_hour, Community.quiet_until_hour).where(Community.id == 1)
    ).first()
    return NIGHT if row is None else QuietHours(time(row.quiet_from_hour), time(row.quiet_until_hour))


def is_quiet() -> bool:
    """Whether nobody is reached at this moment: quiet hours, or a day off."""
    return calendar.is_quiet(now(), quiet_hours())


def opening(at: datetime | None = None) -> datetime:
    """The first moment from `at` (now) on that is not quiet."""
    return calendar.next_open(at or now(), quiet_hours())


def next_digest(rhythm: str) -> datetime:
    """When the next digest leaves: on the next business day at eight, `weekly` on the first one from Monday on."""
    zone = company_zone()
    first = now().astimezone(zone)
    if first.hour >= DIGEST_HOUR:
        first += timedelta(days=1)
    if rhythm == "weekly":
        first += timedelta(days=(MONDAY - first.weekday()) % 7)
    morning = datetime.combine(first.date(), time(DIGEST_HOUR), zone)
    return opening(calendar.next_business_moment(morning, DIGEST_HOUR))
