"""Readings: SELECT statements of hot pages, built once and run at about the price of the driver.

    _TOPIC_AT = Reading(select(Topic.id, Topic.title).where(Topic.public_id == bindparam("public_id"), …))
    row = _TOPIC_AT.first({**viewer.binds, "public_id": topic_id})

The text is compiled once per kind of database and never changes, so that the drivers keep it prepared; a set of ids
is one parameter (`IdSet`, `is_among`). On PostgreSQL the text is already the server's own (`$1`): psycopg would look for
its places anew with each run of a statement longer than 4,096 characters. Rows are named tuples of columns, never entities.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, cast

from flask import g
from sqlalchemy import (
    ARRAY,
    Boolean,
    CompoundSelect,
    Connection,
    Dialect,
    Integer,
    PoolProxiedConnection,
    Select,
    Text,
    event,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from .db import UtcDateTime, db, session

Convert = Callable[[Any], Any]


class IdSet(TypeDecorator[frozenset[int]]):
    """A set of ids as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type the driver is told."""
        return dialect.type_descriptor(ARRAY(Integer()) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Convert:
        """To the database: as text and in order, so that equal sets are equal parameters."""
        brackets = "{}" if dialect.name == "postgresql" else "[]"
        return lambda ids: _as_text(frozenset(ids), brackets)


@lru_cache(maxsize=4096)  # a viewer's sets are the same for days
def _as_text(ids: frozenset[int], brackets: str) -> str:
    return f"{brackets[0]}{','.join(map(str, sorted(ids)))}{brackets[1]}"


class is_among(FunctionElement[bool]):  # noqa: N801 - reads as a function
    """`column IN (…)` for a parameter of type `IdSet`; its text is the same for every set, also the empty one.

    A filter: SQLite, which cannot know how long the set is, never takes it for the way into an index.
    """

    type = Boolean()
    inherit_cache = True
    name = "is_among"


class is_found_among(is_among):  # noqa: N801 - reads as a function
    """The same as a way into an index, for sets that are short."""

    inherit_cache = True
    name = "is_found_among"

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would compare it with 1 on SQLite, and no index is found through that."""
        return self


class each_of(FunctionElement[int]):  # noqa: N801 - reads as a function
    """The ids of an `IdSet` as a table of one column, `value`: `each_of(ids).table_valued("value", name="value")`.

    For what is counted once for each id through an index: PostgreSQL takes `is_among` with a set it does not know for
    so many rows that it reads the whole of a long topic instead.
    """

    inherit_cache = True
    name = "each_of"


@compiles(each_of)
def _each_json(element: each_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(each_of, "postgresql")
def _each_array(element: each_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **more)})"


@compiles(is_among)
def _among_json(element: is_among, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"  # noqa: S608 - names and places, no values


@compiles(is_among, "postgresql")
def _among_array(element: is_among, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} = ANY ({ids}))"


class Reading:
    """One SELECT of columns, each with a name of its own. See the module."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any]) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, values: Mapping[str, object]) -> list[Any]:
        """Every row. Raises KeyError for a parameter that is missing in `values`."""
        connection = _connection()
        compiled = self._compiled_for(connection.dialect)
        cursor = compiled.cursor(connection.connection)
        try:
            # As `exec_driver_sql`, with its events and its errors, but without a result object around the cursor,
            # which would take as long as the statement itself.
            connection._cursor_execute(cursor, compiled.text, compiled.parameters(values))
            return compiled.shaped(cursor.fetchall())
        finally:
            cursor.close()

    def first(self, values: Mapping[str, object]) -> Any | None:
        """The first row or None; for statements that find at most one."""
        rows = self.all(values)
        return rows[0] if rows else None

    def _compiled_for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self.statement, dialect)
        return compiled


def _connection() -> Connection:
    """The session's connection where there is a session; else one for reading, kept until the context ends.

    A page that only reads then needs no session and, on PostgreSQL, no transaction around its statements: at the
    isolation level READ COMMITTED each of them sees a state of its own anyway.
    """
    if session.registry.has():
        current = session()
        if current.autoflush:
            current.flush()
        return current.connection()
    kept: Connection | None = g.get("reading")
    if kept is None:
        kept = g.reading = db.engine.connect().execution_options(**_reading_options())
    return kept


def _reading_options() -> dict[str, Any]:
    return {} if db.engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}


def end_reading_connection(_error: BaseException | None = None) -> None:
    """Give the connection for reading back: at the end of a context, and before a transaction is opened."""
    kept: Connection | None = g.pop("reading", None) if g else None
    if kept is not None:
        kept.close()


@event.listens_for(Session, "after_transaction_create")
def _keep_to_one(_session: Session, _transaction: Any) -> None:
    """A context that turns to its session gives the connection for reading back first.

    If each held one and waited for a second, a crowd of them would have all there are, and none would ever go on.
    """
    end_reading_connection()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement for one kind of database: what goes in, what comes out."""

    cursor: Callable[[PoolProxiedConnection], Any]
    text: str
    constants: Mapping[str, object]
    named: tuple[tuple[str, str, Convert | None], ...]
    order: tuple[str, ...] | None
    row: Callable[[Any], Any]
    converts: tuple[tuple[int, Convert], ...]

    def parameters(self, values: Mapping[str, object]) -> Any:
        filled = dict(self.constants)
        for key, name, convert in self.named:
            value = values[key]
            filled[name] = value if convert is None else convert(value)
        return filled if self.order is None else tuple([filled[name] for name in self.order])

    def shaped(self, rows: Sequence[Any]) -> list[Any]:
        if not self.converts:
            return list(map(self.row, rows))
        shaped = []
        for row in rows:
            cells = list(row)
            for place, convert in self.converts:
                cells[place] = convert(cells[place])
            shaped.append(self.row(cells))
        return shaped


def _compile(statement: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> _Compiled:
    is_postgresql = dialect.name == "postgresql"
    if is_postgresql:
        dialect = cast(Any, type(dialect))(paramstyle="numeric_dollar")
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    given = {name: bind for bind, name in compiled.bind_names.items() if bind.required}
    if any(bind.expanding for bind in given.values()):
        raise ValueError("a reading takes no list as a parameter: use is_among with one of type IdSet")
    # Lists that are written in the code are filled in here, once.
    filled = compiled.construct_expanded_state({bind.key: None for bind in given.values()})
    converts = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect)
        for bind, name in compiled.bind_names.items()
    } | cast(dict[str, Convert], filled.processors)
    constants = {
        name: convert(value) if (convert := converts.get(name)) else value
        for name, value in filled.parameters.items()
        if name not in given
    }
    columns = list(statement.selected_columns)
    outs = [(place, _reader(column.type, dialect)) for place, column in enumerate(columns)]
    row: Any = namedtuple("Row", [str(column.name) for column in columns])  # type: ignore[misc]
    return _Compiled(
        cursor=_raw_cursor if is_postgresql else _cursor,
        text=filled.statement,
        constants=constants,
        named=tuple((bind.key, name, converts.get(name)) for name, bind in given.items()),
        order=tuple(filled.positiontup or ()) if compiled.positional else None,
        row=partial(tuple.__new__, row),
        converts=tuple((place, convert) for place, convert in outs if convert is not None),
    )


def _cursor(connection: PoolProxiedConnection) -> Any:
    return connection.cursor()


def _raw_cursor(connection: PoolProxiedConnection) -> Any:
    """psycopg's cursor for statements with the server's own places in them."""
    from psycopg import RawCursor  # where the database is SQLite there is no psycopg

    return RawCursor(cast(Any, connection.driver_connection))


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes the driver's value ours; a moment is read with every row, so SQLite's text has a short way."""
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return _moment_of_text
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _moment_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)
