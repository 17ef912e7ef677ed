"""The company's open hours: when HR is there to answer, and how long somebody has waited in them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from app.core.calendar import QuietHours, is_business_day
from app.core.i18n import company_zone, t, tn

from .cards import Wait

ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)
# Whoever waits longer has waited too long in any case; nothing is counted beyond.
LONGEST_WAIT = timedelta(days=400)


def hours_line(quiet: QuietHours) -> str:
    """「平日の8:00〜20:00（休業日を除く）」: when somebody of HR is there."""
    if quiet.start == quiet.end:
        return t("対応時間は平日です（休業日を除く）")
    if quiet.start > quiet.end:
        return t(
            "対応時間は平日の%(start)s〜%(end)sです（休業日を除く）",
            start=_clock(quiet.end),
            end=_clock(quiet.start),
        )
    return t(
        "対応時間は平日の%(start)s〜%(end)s以外の時間です（休業日を除く）",
        start=_clock(quiet.start),
        end=_clock(quiet.end),
    )


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02}"


def wait_of(since: datetime, at: datetime, quiet: QuietHours) -> Wait:
    """How long somebody who wrote at `since` has waited at `at`, in hours in which HR was there (aware moments)."""
    waited = open_time(since, at, quiet)
    a_day = open_day(quiet)
    return Wait(since=since, label=_waited(waited, a_day), is_late=waited >= a_day)


def _waited(waited: timedelta, a_day: timedelta) -> str:
    days, hours = waited // a_day, waited // ONE_HOUR
    if days:
        return tn("%(count)s営業日", "%(count)s営業日", days)
    if hours:
        return tn("%(count)s時間", "%(count)s時間", hours)
    return t("1時間以内")


def open_day(quiet: QuietHours) -> timedelta:
    """How long HR is there on a business day."""
    return sum((end - start for start, end in _open_parts(quiet)), timedelta())


def open_time(since: datetime, until: datetime, quiet: QuietHours) -> timedelta:
    """How much open time of the company lies between two aware moments; none where the second is the earlier one."""
    zone = company_zone()
    begin, end = (
        at.astimezone(zone).replace(tzinfo=None) for at in (max(since, until - LONGEST_WAIT), until)
    )
    midnight = datetime.combine(begin.date(), time())
    total = timedelta()
    while midnight < end:
        if is_business_day(midnight.date()):
            for opens, closes in _open_parts(quiet):
                total += max(min(end, midnight + closes) - max(begin, midnight + opens), timedelta())
        midnight += ONE_DAY
    return total


def _open_parts(quiet: QuietHours) -> list[tuple[timedelta, timedelta]]:
    """The open parts of a business day, as distances from midnight; without any, the whole day counts."""
    start, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (quiet.start, quiet.end))
    if start > end:
        return [(end, start)]
    if start < end:
        parts = [(timedelta(), start), (end, ONE_DAY)]
        return [part for part in parts if part[0] < part[1]]
    return [(timedelta(), ONE_DAY)]
