"""Business time: days off, quiet hours, and when the quiet is over, on the company's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.core.calendar import NIGHT, QuietHours, is_business_day, is_quiet, next_business_moment, next_open

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
HAVANA = ZoneInfo("America/Havana")  # its clock is set forward from midnight to one


def _at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2026-12-28", True),
        ("2026-12-29", False),
        ("2026-12-31", False),
        ("2027-01-01", False),
        ("2027-01-03", False),
        ("2027-01-04", True),
        ("2027-01-11", False),  # 成人の日
        ("2027-04-29", False),  # 昭和の日
        ("2027-04-30", True),
        ("2027-05-03", False),
        ("2027-05-04", False),
        ("2027-05-05", False),
        ("2027-05-06", True),
        ("2026-05-06", False),  # 振替休日
        ("2026-09-22", False),  # 国民の休日, between two holidays
        ("2028-02-29", True),
        ("2026-10-03", False),  # Saturday
        ("2026-10-04", False),
        ("2026-10-05", True),
        ("2026-10-12", False),  # スポーツの日
    ],
)
def test_days_off_in_japan(day: str, is_open: bool) -> None:
    assert is_business_day(date.fromisoformat(day), zone=TOKYO) is is_open


def test_japanese_holidays_are_working_days_elsewhere_and_weekends_are_not() -> None:
    for day in ("2026-12-31", "2027-01-01", "2027-05-04"):
        assert is_business_day(date.fromisoformat(day), zone=NEW_YORK)
    assert not is_business_day(date(2026, 10, 3), zone=NEW_YORK)


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-10-05 07:59:59.999999", True),
        ("2026-10-05 08:00", False),
        ("2026-10-05 19:59:59.999999", False),
        ("2026-10-05 20:00", True),
        ("2026-10-05 00:00", True),
        ("2026-10-04 12:00", True),
        ("2026-12-31 12:00", True),
    ],
)
def test_nights_and_days_off_are_quiet(at: str, quiet: bool) -> None:
    assert is_quiet(_at(at), zone=TOKYO) is quiet


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-10-05 12:34:56", "2026-10-05 12:34:56"),
        ("2026-10-05 20:00", "2026-10-06 08:00"),
        ("2026-10-06 03:00", "2026-10-06 08:00"),
        ("2026-10-02 20:00", "2026-10-05 08:00"),  # a Friday evening
        ("2026-12-28 21:00", "2027-01-04 08:00"),
        ("2026-12-31 23:59:59", "2027-01-04 08:00"),
        ("2027-04-28 20:00", "2027-04-30 08:00"),
        ("2027-05-01 12:00", "2027-05-06 08:00"),  # Golden Week
        ("2019-04-26 20:00", "2019-05-07 08:00"),  # the longest there was
        ("2028-02-28 22:00", "2028-02-29 08:00"),
        ("2028-02-29 22:00", "2028-03-01 08:00"),
    ],
)
def test_the_quiet_ends_on_the_morning_of_a_business_day(at: str, opens: str) -> None:
    found = next_open(_at(at), zone=TOKYO)
    assert found == _at(opens)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-10-05 08:59", "2026-10-05 09:00"),
        ("2026-10-05 09:00", "2026-10-05 09:00"),
        ("2026-10-05 09:00:01", "2026-10-06 09:00"),
        ("2026-12-28 09:01", "2027-01-04 09:00"),
        ("2026-10-09 18:00", "2026-10-13 09:00"),  # a Friday before a holiday
    ],
)
def test_a_business_moment_is_never_in_the_past(at: str, due: str) -> None:
    assert next_business_moment(_at(at), zone=TOKYO) == _at(due)


def test_a_business_moment_may_be_at_another_hour() -> None:
    assert next_business_moment(_at("2026-10-05 12:00"), 17, zone=TOKYO) == _at("2026-10-05 17:00")
    assert next_business_moment(_at("2026-10-05 12:00"), 0, zone=TOKYO) == _at("2026-10-06 00:00")


def test_a_cohort_may_have_earlier_quiet_hours() -> None:
    early = QuietHours(time(18), time(9))
    assert is_quiet(_at("2026-10-05 18:30"), early, zone=TOKYO)
    assert next_open(_at("2026-10-05 18:30"), early, zone=TOKYO) == _at("2026-10-06 09:00")


def test_quiet_hours_may_lie_within_the_day_or_not_exist() -> None:
    noon = QuietHours(time(12), time(13))
    assert next_open(_at("2026-10-05 12:30"), noon, zone=TOKYO) == _at("2026-10-05 13:00")
    assert next_open(_at("2026-10-04 12:30"), noon, zone=TOKYO) == _at("2026-10-05 00:00")
    never = QuietHours(time(8), time(8))
    assert not is_quiet(_at("2026-10-05 03:00"), never, zone=TOKYO)
    assert next_open(_at("2026-10-04 12:30"), never, zone=TOKYO) == _at("2026-10-05 00:00")


def test_the_company_s_zone_counts_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    midday = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    monkeypatch.setattr(i18n, "_company_zone", TOKYO)
    assert next_open(midday) == _at("2027-01-04 08:00")
    monkeypatch.setattr(i18n, "_company_zone", NEW_YORK)
    assert next_open(midday) == midday


def test_eight_o_clock_is_eight_o_clock_before_and_after_the_clock_is_changed() -> None:
    # 2026: forward on Sunday 8 March, back on Sunday 1 November
    for friday, offset in (("2026-03-06 21:00", -4), ("2026-10-30 21:00", -5), ("2026-02-27 21:00", -5)):
        found = next_open(_at(friday, NEW_YORK), zone=NEW_YORK).astimezone(NEW_YORK)
        assert (found.hour, found.minute, found.utcoffset()) == (8, 0, timedelta(hours=offset))
        assert found.weekday() == 0


def test_an_end_that_the_clock_skips_or_repeats_is_still_an_end() -> None:
    # A zone whose clock changes on a working day: Cairo, in the first minutes of a Friday.
    cairo = ZoneInfo("Africa/Cairo")
    skipped = next_open(_at("2026-04-23 22:00", cairo), QuietHours(time(20), time(0, 30)), zone=cairo)
    assert skipped.astimezone(cairo).replace(tzinfo=None) == datetime(2026, 4, 24, 1, 30)
    # On Thursday 29 October at midnight the hour from 23:00 comes again: the quiet ends a first and a second time.
    hours = QuietHours(time(20), time(23, 30))
    first = datetime(2026, 10, 29, 23, 10, tzinfo=cairo)
    second = datetime(2026, 10, 29, 23, 10, tzinfo=cairo, fold=1)
    assert next_open(second, hours, zone=cairo) - next_open(first, hours, zone=cairo) == timedelta(hours=1)


@given(
    at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2031, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from([TOKYO, NEW_YORK, HAVANA, ZoneInfo("Australia/Lord_Howe")]),
    hours=st.builds(QuietHours, st.times(), st.times()),
)
def test_an_opening_is_never_past_and_never_quiet(at: datetime, zone: ZoneInfo, hours: QuietHours) -> None:
    found = next_open(at, hours, zone=zone)
    assert found >= at
    assert not is_quiet(found, hours, zone=zone)
    assert next_open(found, hours, zone=zone) == found
    assert (found == at) is not is_quiet(at, hours, zone=zone)
    if found > at:
        assert is_quiet(found - timedelta(microseconds=1), hours, zone=zone)


def test_the_night_is_the_one_the_product_promises() -> None:
    assert (NIGHT.start, NIGHT.end) == (time(20, 0), time(8, 0))
