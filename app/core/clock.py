"""The only clock: everything that asks for the time asks here, so that tests and seeds can hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_held: ContextVar[datetime | None] = ContextVar("held_clock", default=None)


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return _held.get() or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The calendar day it is now in `zone`."""
    return now().astimezone(zone).date()


@contextmanager
def hold(at: datetime) -> Iterator[None]:
    """Stop the clock at `at` (aware) for the code inside; nested holds restore the outer one."""
    if at.tzinfo is None:
        raise ValueError("a held moment needs its time zone")
    token = _held.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _held.reset(token)
