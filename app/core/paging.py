"""Keyset pages: a page is found by an index from the item beside it, so the thousandth costs what the first does.

The cursor in an address is the public id of an item, never an internal key or a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from .ids import PublicId
from .reading import Reading

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


class Keyset:
    """A list read page by page; each of its statements is built once and executed with parameters.

    `query` selects the rows (a column must be labelled `public_id`), `visible` is the viewer's filter
    (`policy.standing`). It also guards the cursor: one that may not be seen is one that is missing.
    """

    def __init__(
        self,
        query: Select[Any],
        *,
        key: InstrumentedAttribute[int],
        public_id: InstrumentedAttribute[str],
        visible: ColumnElement[bool],
        size: int,
        is_newest_first: bool = False,
    ) -> None:
        self._query = query.where(visible)
        self._key = key
        self._place = select(key).where(public_id == bindparam("anchor"), visible).correlate(None)
        self._size = size
        self._is_newest_first = is_newest_first
        self._statements = {
            (is_backwards, has_anchor): Reading(
                self._statement(is_backwards=is_backwards, has_anchor=has_anchor)
            )
            for is_backwards in (False, True)
            for has_anchor in (False, True)
        }

    def _statement(self, *, is_backwards: bool, has_anchor: bool) -> Select[Any]:
        key, query = self._key, self._query
        is_descending = self._is_newest_first != is_backwards
        if has_anchor:
            place = self._place.scalar_subquery()
            query = query.where(key < place if is_descending else key > place)
        return query.order_by(key.desc() if is_descending else key.asc()).limit(self._size + 1)

    def read(self, cursor: Cursor, parameters: Mapping[str, object]) -> Slice[Any]:
        """The rows around `cursor` for these parameters (`viewer.binds` and the query's own)."""
        is_backwards = cursor.before is not None or cursor.is_end
        anchor = cursor.before if cursor.before is not None else cursor.after
        statement = self._statements[is_backwards, anchor is not None]
        values = {**parameters, "anchor": anchor} if anchor is not None else parameters
        rows = statement.all(values)
        has_more = len(rows) > self._size
        rows = rows[: self._size]
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
