"""Connectives that read a row or a table: the same rule answers a bool for one and a WHERE clause for the other.

None of them ever yields SQL NULL: `NOT (author = 5)` is unknown in SQL where the author was erased, and true
in Python, so check and filter would drift.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, and_, false, func, not_, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from app.core.reading import is_among

Verdict = bool | ColumnElement[bool]


def _is_column(value: object) -> bool:
    return isinstance(value, InstrumentedAttribute | ClauseElement)


def _clause(verdict: Verdict) -> ColumnElement[bool]:
    if isinstance(verdict, bool):
        return true() if verdict else false()
    return verdict


def all_of(*verdicts: Verdict) -> Verdict:
    """Every one holds."""
    if all(isinstance(verdict, bool) for verdict in verdicts):
        return all(verdicts)
    return and_(true(), *map(_clause, verdicts))


def any_of(*verdicts: Verdict) -> Verdict:
    """At least one holds."""
    if all(isinstance(verdict, bool) for verdict in verdicts):
        return any(verdicts)
    return or_(false(), *map(_clause, verdicts))


def none_of(*verdicts: Verdict) -> Verdict:
    """Not one holds."""
    verdict = any_of(*verdicts)
    return not verdict if isinstance(verdict, bool) else not_(verdict)


def same(one: Any, other: Any) -> Verdict:
    """Both are the same value; two absent values are not the same person, so None is never the same."""
    if not _is_column(one):
        one, other = other, one
    if not _is_column(one):
        return one is not None and one == other
    if not _is_column(other) and other is None:
        return false()
    return and_(one.is_not(None), one.is_not_distinct_from(other))


def one_of(value: Any, members: Collection[Any] | BindParameter[Any]) -> Verdict:
    """The value is in the set; an absent value is in no set."""
    if not _is_column(value):
        return value is not None and value in members
    if isinstance(members, BindParameter):
        return and_(value.is_not(None), is_among(value, members))
    return and_(value.is_not(None), value.in_(sorted(members)))


def is_set(value: Any) -> Verdict:
    """There is a value."""
    return value.is_not(None) if _is_column(value) else value is not None


def has_any_bit(value: Any, mask: int | BindParameter[int]) -> Verdict:
    """The number shares a bit with `mask`."""
    if not _is_column(value):
        return bool((value or 0) & mask)  # type: ignore[operator]
    bits = mask if isinstance(mask, BindParameter) else int(mask)
    return func.coalesce(value, 0).bitwise_and(bits) != 0


def has_only_bits(value: Any, mask: int) -> Verdict:
    """Every bit of the number lies in `mask`, and there is one."""
    if not _is_column(value):
        number = value or 0
        return bool(number) and not number & ~int(mask)
    number = func.coalesce(value, 0)
    return and_(number != 0, number.bitwise_and(int(mask)) == number)


def before(value: Any, moment: datetime) -> Verdict:
    """The moment in `value` lies strictly before `moment`; an absent one does not."""
    if not _is_column(value):
        return value is not None and value < moment
    return and_(value.is_not(None), value < moment)


def through(subject: Any, relation: str, rule: Callable[[Any], Verdict]) -> Verdict:
    """The rule holds for the row that `subject.<relation>` leads to; where there is none, it does not."""
    if isinstance(subject, type):
        attribute = getattr(subject, relation)
        verdict = rule(attribute.property.mapper.class_)
        if verdict is True and not any(column.nullable for column in attribute.property.local_columns):
            return True
        return attribute.has(_clause(verdict))  # type: ignore[no-any-return]
    other = getattr(subject, relation)
    return other is not None and rule(other)


def as_clause(verdict: Verdict) -> ColumnElement[bool]:
    """The verdict of a rule on a table, as a WHERE clause."""
    return _clause(verdict)
