"""Keyset pages: a page is found by an index from the item beside it, so the thousandth costs what the first does.

The cursor in an address is the public id of an item, never an internal key or a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from .db import session
from .ids import PublicId

T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: `after` or `before` an item in reading order, or at the `end`; nothing: at the start."""

    after: PublicId | None = None
    before: PublicId | None = None
    is_end: bool = False


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A page of rows in reading order, and the public ids around it where there is more."""

    rows: Sequence[T]
    previous: PublicId | None
    next: PublicId | None


def read_slice(
    query: Select[Any],
    *,
    key: InstrumentedAttribute[int],
    public_id: InstrumentedAttribute[str],
    visible: ColumnElement[bool],
    cursor: Cursor,
    size: int,
    is_newest_first: bool = False,
) -> Slice[Any]:
    """The rows of `query` around `cursor`, at most `size`, ordered by `key`.

    `visible` is the viewer's filter: it also guards the cursor, so a cursor one may not see is one that is missing.
    """
    is_backwards = cursor.before is not None or cursor.is_end
    anchor = cursor.before or cursor.after
    query = query.where(visible)
    descending = is_newest_first != is_backwards
    if anchor is not None:
        place = select(key).where(public_id == anchor, visible).correlate(None).scalar_subquery()
        query = query.where(key < place if descending else key > place)
    rows = list(
        session.execute(query.order_by(key.desc() if descending else key.asc()).limit(size + 1)).all()
    )
    has_more = len(rows) > size
    rows = rows[:size]
    if is_backwards:
        rows.reverse()
    return _slice(rows, cursor, is_backwards=is_backwards, has_more=has_more)


def _slice(rows: list[Any], cursor: Cursor, *, is_backwards: bool, has_more: bool) -> Slice[Any]:
    if not rows:
        return Slice(rows=(), previous=None, next=None)
    first, last = rows[0].public_id, rows[-1].public_id
    if is_backwards:
        return Slice(rows, previous=first if has_more else None, next=last if cursor.before else None)
    return Slice(rows, previous=first if cursor.after else None, next=last if has_more else None)
