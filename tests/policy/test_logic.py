"""The connectives never yield SQL NULL: on any value, present or absent, row and table say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase

from app.policy import logic


class _Base(DeclarativeBase):
    metadata = MetaData()


class Thing(_Base):
    __table__ = Table(
        "thing", _Base.metadata, Column("id", Integer, primary_key=True), Column("value", Integer)
    )


_engine = create_engine("sqlite://")
_Base.metadata.create_all(_engine)

VALUES = st.one_of(st.none(), st.integers(0, 7))
LEAVES = st.one_of(
    st.builds(lambda other: lambda value: logic.same(value, other), VALUES),
    st.builds(lambda members: lambda value: logic.one_of(value, members), st.frozensets(st.integers(0, 7))),
    st.just(logic.is_set),
    st.builds(lambda mask: lambda value: logic.has_any_bit(value, mask), st.integers(0, 7)),
    st.builds(lambda mask: lambda value: logic.has_only_bits(value, mask), st.integers(0, 7)),
    st.builds(lambda truth: lambda _value: truth, st.booleans()),
)


def _joined(connective: Callable[..., Any]) -> Callable[[list[Any]], Callable[[Any], Any]]:
    return lambda rules: lambda value: connective(*[rule(value) for rule in rules])


RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        *[
            st.builds(_joined(each), st.lists(inner, max_size=3))
            for each in (logic.all_of, logic.any_of, logic.none_of)
        ]
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def table() -> Any:
    with _engine.connect() as connection:
        yield connection
        connection.rollback()


@given(rule=RULES)
def test_a_rule_says_the_same_of_a_row_and_of_a_table(table: Connection, rule: Callable[[Any], Any]) -> None:
    values = [None, *range(8)]
    table.exec_driver_sql("DELETE FROM thing")
    table.execute(
        Thing.__table__.insert(), [{"id": number, "value": value} for number, value in enumerate(values)]
    )
    clause = logic.as_clause(rule(Thing.value))
    chosen = set(table.scalars(select(Thing.id).where(clause)))
    refused = set(table.scalars(select(Thing.id).where(~clause)))
    assert chosen == {number for number, value in enumerate(values) if rule(value)}
    assert chosen | refused == set(range(len(values))), "a NULL fell between yes and no"
