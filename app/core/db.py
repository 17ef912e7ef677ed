"""The database: one Base, one session, pragmas and time-outs that suit SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from sqlite3 import Connection as SqliteConnection
from time import monotonic
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, event, inspect
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, scoped_session
from sqlalchemy.sql.functions import ReturnTypeFromArgs
from sqlalchemy.types import TypeDecorator

from .config import Settings

# Named from the first revision on, so that SQLite's batch migrations can find a constraint again.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC; SQLite would otherwise give back naive ones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: aware only, without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Parent of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own attribute


# A key of what grows without end; SQLite counts only a plain INTEGER up by itself.
BigId = BigInteger().with_variant(Integer, "sqlite")

db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)
session: scoped_session[Session] = db.session


POSTGRESQL = {
    "statement_timeout": 15_000,
    "lock_timeout": 5_000,
    "timezone": "UTC",
    # Our statements find a few rows by an index whatever is asked for, so one plan fits all. Left to itself PostgreSQL
    # plans some of them anew each time (half of a topic's page), or compiles them to machine code for milliseconds.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}


def is_on_sqlite() -> bool:
    """Whether this installation keeps its data in SQLite; where the two databases need different words."""
    return session.get_bind().dialect.name == "sqlite"


def engine_options(settings: Settings) -> dict[str, Any]:
    """Pool and time-outs. Connections are held only while a statement runs or a transaction is open."""
    if settings.is_sqlite:
        return {
            "pool_size": 20,
            "max_overflow": 40,
            "pool_use_lifo": True,  # the connection given back last has the warmest caches
            "hide_parameters": True,
            "connect_args": {"timeout": 5, "check_same_thread": False},
        }
    return {
        "pool_size": 20,
        "max_overflow": 40,
        "pool_use_lifo": True,
        "hide_parameters": True,
        "connect_args": {
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={value}" for name, value in POSTGRESQL.items()),
        },
    }


@event.listens_for(Engine, "connect")
def _send_one_kind_of_number(connection: Any, _record: Any) -> None:
    """psycopg would tell the size of each number, and PostgreSQL keep a plan for every mixture of sizes."""
    if isinstance(connection, SqliteConnection):
        return
    from psycopg.types.numeric import Int8Dumper

    connection.adapters.register_dumper(int, Int8Dumper)


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: Any, _record: Any) -> None:
    if not isinstance(connection, SqliteConnection):
        return
    cursor = connection.cursor()
    # WAL readers never wait for the writer; NORMAL survives a killed process (sqlite.org/wal.html).
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "cache_size=-16000",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class greatest(ReturnTypeFromArgs[Any]):  # noqa: N801 - it is written like any other SQL function
    """The largest of several values, none of which may be absent."""

    inherit_cache = True


@compiles(greatest, "sqlite")
def _greatest_on_sqlite(element: greatest, compiler: Any, **more: Any) -> str:
    """SQLite says max(a, b)."""
    return f"max({compiler.process(element.clauses, **more)})"


IDLE_SECONDS = 1.0  # longer ago, and the server may have gone meanwhile


@event.listens_for(Engine, "checkin")
def _note_return(_connection: Any, record: Any) -> None:
    record.info["given_back"] = monotonic()


@event.listens_for(Engine, "checkout")
def _try_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection to PostgreSQL whether it lives, unless it did so a moment ago: a ping is a round trip."""
    if isinstance(connection, SqliteConnection):
        return
    given_back = record.info.get("given_back")
    if given_back is None or monotonic() - given_back < IDLE_SECONDS:
        return
    try:
        _ping(connection)
    except Exception as error:
        raise DisconnectionError("the connection was closed while it lay idle") from error


def _ping(connection: Any) -> None:
    connection.autocommit = True
    try:
        connection.execute("")
    finally:
        connection.autocommit = False


def is_row(value: object) -> bool:
    """Whether `value` is a database row, which no template may see."""
    return isinstance(value, Base)


def reload(row: Base) -> None:
    """Read `row` again from the database."""
    state = inspect(row)
    if state.session is not None:
        state.session.refresh(row)
