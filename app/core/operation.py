"""Operations: the outermost one is the transaction; outside of one nothing can be written.

    @operation
    def withdraw_post(viewer, post_id): ...

At the end the announced facts are put into the outbox and everything is committed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from .db import is_on_sqlite, session
from .events import Announced, Fact, after_commit, enqueue
from .reading import end_reading_connection
from .turnstile import Queue

P = ParamSpec("P")
R = TypeVar("R")


class WriteOutsideOperation(RuntimeError):
    """Something was written where nothing may be: move it into an @operation."""


_facts: ContextVar[list[Announced] | None] = ContextVar("announced_facts", default=None)
_AT_ONCE = timedelta(0)
_writers = Queue()  # of this process, which with SQLite is the only one that serves


def operation(function: Callable[P, R]) -> Callable[P, R]:
    """Make `function` a verb: it runs in the unit of work that is open, or opens one around itself."""

    @wraps(function)
    def verb(*args: P.args, **kwargs: P.kwargs) -> R:
        with unit_of_work():
            return function(*args, **kwargs)

    return verb


def announce(fact: Fact, *, after: timedelta = _AT_ONCE) -> None:
    """Say that something happened; listeners hear of it once the operation is committed, or so long `after`."""
    facts = _facts.get()
    if facts is None:
        raise WriteOutsideOperation(f"{type(fact).__name__} was announced outside an operation")
    facts.append(Announced(fact, after))


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction with its facts; inner units join the outer one."""
    if _facts.get() is not None:
        yield
        return
    facts: list[Announced] = []
    # A fresh transaction: what was read before it began may be stale by now.
    end_reading_connection()
    session.rollback()
    with _writers.turn() if is_on_sqlite() else nullcontext():
        token = _facts.set(facts)
        try:
            _begin_writing()
            yield
            due = enqueue(facts)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _facts.reset(token)
    after_commit(facts, due=due)


def end_reading() -> None:
    """End the transaction that was only read in, before something slow. Refused inside an operation."""
    if _is_open():
        raise WriteOutsideOperation(
            "something slow inside an operation: do it before, or in a @delivers listener"
        )
    end_reading_connection()
    session.rollback()


def _begin_writing() -> None:
    """On SQLite take the write lock now: a read-then-write upgrade fails under load instead of waiting."""
    if is_on_sqlite():
        session.execute(text("BEGIN IMMEDIATE"))


def _is_open() -> bool:
    return _facts.get() is not None


@event.listens_for(Session, "before_flush")
def _guard_flush(target: Session, _context: Any, _instances: Any) -> None:
    if (target.new or target.dirty or target.deleted) and not _is_open():
        names = {type(row).__name__ for row in (*target.new, *target.dirty, *target.deleted)}
        raise WriteOutsideOperation(f"{', '.join(sorted(names))} written outside an operation")


# Bulk methods, Core statements and plain SQL never pass a flush, so each statement of a session is looked at once more.
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP")


@event.listens_for(Session, "after_begin")
def _mark_connection(_target: Session, _transaction: Any, connection: Connection) -> None:
    connection.execution_options(is_of_session=True)


@event.listens_for(Engine, "before_cursor_execute")
def _guard_statement(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    if _is_open() or not connection.get_execution_options().get("is_of_session"):
        return
    if statement.lstrip()[:8].upper().startswith(_WRITES):
        raise WriteOutsideOperation("a writing statement ran outside an operation")
