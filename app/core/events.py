"""Facts and what follows them: the outbox, its listeners, and delivery that survives a killed process.

A fact is announced inside an operation and becomes one outbox row per durable listener in the same
transaction. Rows are delivered after the commit, retried with back-off, and deleted when done.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any, TypeVar

import structlog
from sqlalchemy import JSON, BigInteger, Index, Integer, String, delete, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from .clock import now
from .db import Base, session

log = structlog.get_logger(__name__)

# Longer than any delivery may take (SMTP times out after 10 s), so a lease that ran out means a dead process.
LEASE = timedelta(minutes=2)
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True)
class Fact:
    """Something that happened, in the past tense; holds ids and numbers only, never text of a person."""


@dataclass(frozen=True)
class Announced:
    """A fact on its way: its durable listeners hear of it `after` the commit, its hints at once."""

    fact: Fact
    after: timedelta


@dataclass(frozen=True)
class Delivery:
    """What a listener may know of its delivery: `key` stays the same over retries, `attempt` counts from 1."""

    key: str
    attempt: int


class OutboxRow(Base):
    """One fact that waits for one listener."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "due_at", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    fact: Mapped[str] = mapped_column(String(80))
    listener: Mapped[str] = mapped_column(String(120))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]


F = TypeVar("F", bound=Fact)
Listener = Callable[[Any, Delivery], None]
Hint = Callable[[Any], None]


@dataclass(frozen=True)
class _Registered:
    run: Listener
    is_outside: bool


_facts: dict[str, type[Fact]] = {}
_listeners: dict[str, _Registered] = {}
_by_fact: dict[str, list[str]] = {}
_hints: dict[str, list[Hint]] = {}
_wake: list[Callable[[timedelta], None]] = []


def listens(fact: type[F]) -> Callable[[Callable[[F, Delivery], None]], Callable[[F, Delivery], None]]:
    """Register a durable listener that writes to the database: exactly once, in one transaction with its row."""
    return _register(fact, is_outside=False)


def delivers(fact: type[F]) -> Callable[[Callable[[F, Delivery], None]], Callable[[F, Delivery], None]]:
    """Register a durable listener that acts outside the database (mail, push), outside any transaction.

    An orderly stop repeats nothing; after a kill at most one repeat per worker, with the same `Delivery.key`.
    """
    return _register(fact, is_outside=True)


def hints(fact: type[F]) -> Callable[[Callable[[F], None]], Callable[[F], None]]:
    """Register a listener in memory, run once after the commit; what it does may be lost."""

    def decorate(function: Callable[[F], None]) -> Callable[[F], None]:
        _hints.setdefault(fact.__name__, []).append(function)
        return function

    return decorate


def _register(
    fact: type[F], *, is_outside: bool
) -> Callable[[Callable[[F, Delivery], None]], Callable[[F, Delivery], None]]:
    def decorate(function: Callable[[F, Delivery], None]) -> Callable[[F, Delivery], None]:
        name = f"{function.__module__.removeprefix('app.')}.{function.__name__}"
        if name in _listeners:
            raise RuntimeError(f"two listeners are called {name}")
        _facts[fact.__name__] = fact
        _listeners[name] = _Registered(function, is_outside)
        _by_fact.setdefault(fact.__name__, []).append(name)
        return function

    return decorate


def on_enqueued(wake: Callable[[timedelta], None]) -> None:
    """Name what is called after a commit that left work in the outbox, with how long it may lie (the job queue)."""
    _wake[:] = [wake]


def enqueue(announced: list[Announced]) -> set[timedelta]:
    """Add one row per fact and durable listener to the current transaction; gives after how long there is work."""
    rows = [
        {
            "fact": type(each.fact).__name__,
            "listener": name,
            "payload": asdict(each.fact),
            "key": secrets.token_hex(16),
            "attempts": 0,
            "due_at": now() + each.after,
        }
        for each in announced
        for name in _by_fact.get(type(each.fact).__name__, ())
    ]
    if rows:
        session.execute(insert(OutboxRow), rows)
    return {each.after for each in announced if type(each.fact).__name__ in _by_fact}


def after_commit(announced: list[Announced], *, due: set[timedelta]) -> None:
    """Run the hints, then wake the deliverer for each moment work is `due`; a failing hint harms nobody else."""
    for each in announced:
        for hint in _hints.get(type(each.fact).__name__, ()):
            try:
                hint(each.fact)
            except Exception:
                log.exception("hint failed", fact=type(each.fact).__name__)
    for after in due:
        for wake in _wake:
            wake(after)


def waiting() -> int:
    """How many deliveries wait, due or not."""
    return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


_is_ending = Event()


def end_deliveries() -> None:
    """Begin none any more: this process is about to end, and finishes only what is under way."""
    _is_ending.set()


def drain(most: int = 1000) -> int:
    """Deliver what is due, at most `most` rows; how many were delivered. Call it in an app context."""
    done = 0
    for _ in range(most):
        if _is_ending.is_set():
            break
        claimed = _claim()
        if claimed is None:
            break
        done += _deliver(*claimed)
    return done


def _claim() -> tuple[OutboxRow, datetime] | None:
    """Lease the row that is due first, so that no second deliverer takes it."""
    from .operation import unit_of_work

    lease = now() + LEASE
    with unit_of_work():
        row = session.scalar(
            select(OutboxRow)
            .where(
                OutboxRow.due_at <= now(),
                or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until < now()),
            )
            .order_by(OutboxRow.due_at, OutboxRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.leased_until = lease
        row.attempts += 1
        session.flush()
        session.expunge(row)
    return row, lease


def _deliver(row: OutboxRow, lease: datetime) -> bool:
    listener = _listeners.get(row.listener)
    if listener is None:
        log.error("no such listener", listener=row.listener)
        _retry_later(row, lease)
        return False
    fact = _facts[row.fact](**row.payload)
    delivery = Delivery(key=row.key, attempt=row.attempts)
    try:
        if listener.is_outside:
            listener.run(fact, delivery)
            _delete(row, lease)
        else:
            _run_with_row(listener.run, fact, delivery, row, lease)
    except Exception:
        session.rollback()
        log.exception("delivery failed", listener=row.listener, attempt=row.attempts)
        _retry_later(row, lease)
        return False
    return True


def _run_with_row(run: Listener, fact: Fact, delivery: Delivery, row: OutboxRow, lease: datetime) -> None:
    from .operation import unit_of_work

    with unit_of_work():
        if _delete_statement(row, lease) == 1:
            run(fact, delivery)


def _delete(row: OutboxRow, lease: datetime) -> None:
    from .operation import unit_of_work

    with unit_of_work():
        _delete_statement(row, lease)


def _delete_statement(row: OutboxRow, lease: datetime) -> int:
    result = session.execute(delete(OutboxRow).where(OutboxRow.id == row.id, OutboxRow.leased_until == lease))
    return int(result.rowcount)  # type: ignore[attr-defined]


def _retry_later(row: OutboxRow, lease: datetime) -> None:
    from .operation import unit_of_work

    wait = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 12), LONGEST_RETRY)
    with unit_of_work():
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == row.id, OutboxRow.leased_until == lease)
            .values(due_at=now() + wait, leased_until=None)
        )
