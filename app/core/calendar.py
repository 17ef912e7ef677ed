"""Business time of the company: which days are days off, when people want their quiet, when it is over.

All moments are aware; what is given back is in UTC, like core.clock. What counts is the clock on the company's wall
(`company_zone`), whatever daylight saving does to it. Weekends are days off everywhere; Japanese holidays and the turn
of the year (12/29 to 1/3, when Japanese offices are closed) only in Japan's zone. A notice held back on a day off comes
when the quiet hours end on the next business day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from .i18n import company_zone

ONE_DAY = timedelta(days=1)
# No run of days off is this long (the longest since 1948 was the Golden Week of 2019, ten days).
LONGEST_CLOSURE_DAYS = 60
_JAPAN = frozenset({"Asia/Tokyo", "Japan"})
_YEAR_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


@dataclass(frozen=True)
class QuietHours:
    """From `start` until just before `end` on the company's clock; over midnight if `start` is the later one.

    Two equal times mean that no hour is quiet.
    """

    start: time = time(20)
    end: time = time(8)

    def covers(self, at: time) -> bool:
        """Whether this time of day is quiet."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


NIGHT = QuietHours()  # product.md: 20:00 to 8:00; a cohort may have earlier ones


def is_business_day(day: date, *, zone: tzinfo | None = None) -> bool:
    """Whether the company works on this day of its own calendar."""
    if day.weekday() >= 5:
        return False
    return not (_is_in_japan(zone or company_zone()) and _is_japanese_day_off(day))


def is_quiet(at: datetime, hours: QuietHours = NIGHT, *, zone: tzinfo | None = None) -> bool:
    """Whether nobody should be reached now: in quiet hours, and all day on days off."""
    local = at.astimezone(zone or company_zone())
    return hours.covers(local.time()) or not is_business_day(local.date(), zone=zone)


def next_open(at: datetime, hours: QuietHours = NIGHT, *, zone: tzinfo | None = None) -> datetime:
    """The first moment from `at` on that is not quiet: `at` itself, or when the quiet next ends on a business day."""
    if not is_quiet(at, hours, zone=zone):
        return at.astimezone(UTC)
    # Where the quiet lies within the day, a business day after a day off begins open at midnight.
    openings = {hours.end, *([] if hours.covers(time(0)) else [time(0)])}
    return min(_next(at, opening, hours, zone or company_zone()) for opening in openings)


def next_business_moment(at: datetime, hour: int = 9, *, zone: tzinfo | None = None) -> datetime:
    """The first time it is `hour` o'clock on a business day, not before `at`."""
    return _next(at, time(hour), QuietHours(time(0), time(0)), zone or company_zone())


def _next(at: datetime, clock: time, hours: QuietHours, zone: tzinfo) -> datetime:
    """The first moment from `at` on at which the wall clock shows `clock` on an open day."""
    first = at.astimezone(zone).date()
    for days in range(LONGEST_CLOSURE_DAYS):
        for moment in _moments(first + days * ONE_DAY, clock, zone):
            if moment >= at and not is_quiet(moment, hours, zone=zone):
                return moment
    raise ValueError("no opening in sight")  # no calendar and no hours of ours come here


def _moments(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    """When the wall clock shows this time on this day: once; twice where the clock is set back over it.

    Where it is set forward over it, the moment just as far behind the gap.
    """
    wanted = datetime.combine(day, clock)
    both = {wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    # In a gap the second reading lies before it: the wall never shows that time.
    return sorted(moment for moment in both if moment.astimezone(zone).replace(tzinfo=None) >= wanted)


def _is_in_japan(zone: tzinfo) -> bool:
    return getattr(zone, "key", "") in _JAPAN


@lru_cache(maxsize=1024)
def _is_japanese_day_off(day: date) -> bool:
    if (day.month, day.day) in _YEAR_END:
        return True
    import jpholiday  # 5 MB that a start does not need

    return bool(jpholiday.is_holiday(day))
