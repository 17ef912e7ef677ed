"""When something may leave: outside the quiet hours, and the digest on the morning of a business day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from app.core import calendar
from app.core.clock import now
from app.core.i18n import company_zone
from app.people.quiet import quiet_hours

BETWEEN_BUNDLES = timedelta(minutes=30)
DIGEST_HOUR = 8  # product.md: the end of the quiet hours as they are set at first
MONDAY = 0


def is_quiet() -> bool:
    """Whether nobody is reached at this moment: quiet hours, or a day off."""
    return quiet_hours().is_quiet(now())


def opening(at: datetime | None = None) -> datetime:
    """The first moment from `at` (now) on that is not quiet."""
    return quiet_hours().next_open(at or now())


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
