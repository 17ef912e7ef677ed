"""Operations: one transaction for what belongs together, and no write anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from app.core import events
from app.core.db import db, session
from app.core.errors import Invalid
from app.core.events import Delivery, Fact, hints, listens
from app.core.operation import WriteOutsideOperation, announce, operation, unit_of_work
from app.models import Cohort, Member
from tests.conftest import World


@dataclass(frozen=True)
class SomethingHappened(Fact):
    """A fact of this test."""

    number: int


@pytest.fixture(autouse=True)
def _own_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listeners of a test end with it."""
    for name in ("_facts", "_listeners", "_by_fact", "_hints"):
        monkeypatch.setattr(events, name, dict(getattr(events, name)))


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """Inside an app context, as below a door."""
    with app.app_context():
        yield app


def _name(member_id: int) -> str | None:
    return session.scalar(select(Member.display_name).where(Member.id == member_id))


@operation
def rename(member_id: int, name: str) -> None:
    """Change a name."""
    session.get_one(Member, member_id).display_name = name


def _by_flush(member_id: int) -> None:
    session.get_one(Member, member_id).display_name = "別の名前"
    session.flush()


def _by_autoflush(member_id: int) -> None:
    session.get_one(Member, member_id).display_name = "別の名前"
    session.scalar(select(func.count()).select_from(Member))


def _by_adding(member_id: int) -> None:
    session.add(Member(display_name="新しい人", display_fold="新しい人", bud=1))
    session.flush()


def _by_deleting(member_id: int) -> None:
    session.delete(session.get_one(Member, member_id))
    session.flush()


def _by_statement(member_id: int) -> None:
    session.execute(update(Member).where(Member.id == member_id).values(display_name="別の名前"))


def _by_core(member_id: int) -> None:
    session.execute(insert(Member.__table__).values(display_name="新しい人", display_fold="新しい人", bud=1))


def _by_bulk_insert(member_id: int) -> None:
    session.bulk_insert_mappings(Member, [{"display_name": "新しい人", "display_fold": "新しい人", "bud": 1}])  # type: ignore[arg-type]


def _by_bulk_update(member_id: int) -> None:
    session.bulk_update_mappings(Member, [{"id": member_id, "display_name": "別の名前"}])  # type: ignore[arg-type]


def _by_plain_sql(member_id: int) -> None:
    session.execute(text("UPDATE member SET display_name = '別の名前'"))


def _by_connection(member_id: int) -> None:
    session.connection().execute(text(" delete from member"))


WRITES: list[Callable[[int], None]] = [
    _by_flush,
    _by_autoflush,
    _by_adding,
    _by_deleting,
    _by_statement,
    _by_core,
    _by_bulk_insert,
    _by_bulk_update,
    _by_plain_sql,
    _by_connection,
]


@pytest.mark.parametrize("write", WRITES, ids=lambda each: each.__name__)
def test_a_write_outside_an_operation_is_refused_and_inside_one_it_is_not_the_guard_that_refuses(
    inside: Flask, world: World, write: Callable[[int], None]
) -> None:
    before = _name(world.haruka.id)
    with pytest.raises(WriteOutsideOperation):
        write(world.haruka.id)
    session.rollback()
    assert _name(world.haruka.id) == before
    session.rollback()
    try:
        with unit_of_work():
            write(world.haruka.id)
            raise Invalid("undone")
    except (Invalid, SQLAlchemyError):
        pass
    assert _name(world.haruka.id) == before


def test_a_commit_outside_an_operation_is_refused(inside: Flask, world: World) -> None:
    session.get_one(Member, world.haruka.id).display_name = "別の名前"
    with pytest.raises(WriteOutsideOperation):
        session.commit()
    session.rollback()
    assert _name(world.haruka.id) == world.haruka.name


def test_what_an_operation_writes_stays(inside: Flask, world: World) -> None:
    rename(world.haruka.id, "はるちゃん")
    session.remove()
    assert _name(world.haruka.id) == "はるちゃん"


def test_a_page_that_is_only_read_cannot_write(app: Flask, world: World, as_: Any) -> None:
    client = as_(world.haruka)
    rule = next(
        each for each in app.url_map.iter_rules() if each.rule == "/boards" and "GET" in (each.methods or ())
    )
    view = app.view_functions[rule.endpoint]

    def writing(*args: Any, **kwargs: Any) -> Any:
        session.get_one(Member, world.haruka.id).display_name = "読むだけで変わった"
        session.flush()
        return view(*args, **kwargs)

    app.view_functions[rule.endpoint] = writing
    try:
        with pytest.raises(WriteOutsideOperation):
            client.get("/boards")
    finally:
        app.view_functions[rule.endpoint] = view
    with app.app_context():
        assert _name(world.haruka.id) == world.haruka.name


def test_a_failing_operation_leaves_nothing_not_even_its_facts(inside: Flask, world: World) -> None:
    heard: list[int] = []
    hints(SomethingHappened)(lambda fact: heard.append(fact.number))
    listens(SomethingHappened)(_note_nothing)

    @operation
    def half(member_id: int) -> None:
        session.get_one(Member, member_id).display_name = "半分"
        session.flush()
        announce(SomethingHappened(1))
        raise Invalid("途中でやめました")

    with pytest.raises(Invalid):
        half(world.haruka.id)
    assert _name(world.haruka.id) == world.haruka.name
    assert events.waiting() == 0
    assert heard == []


def _note_nothing(_fact: SomethingHappened, _delivery: Delivery) -> None:
    return None


def test_nested_operations_are_one_transaction(inside: Flask, world: World) -> None:
    heard: list[tuple[int, str | None]] = []

    def look(fact: SomethingHappened) -> None:
        heard.append((fact.number, _name(world.haruka.id)))

    hints(SomethingHappened)(look)

    @operation
    def inner(number: int) -> None:
        rename(world.haruka.id, f"名前{number}")
        announce(SomethingHappened(number))

    @operation
    def outer(fails: bool) -> None:
        inner(1)
        inner(2)
        assert heard == [], "nothing is heard before the outermost operation is committed"
        if fails:
            raise Invalid("外側でやめました")

    with pytest.raises(Invalid):
        outer(True)
    assert _name(world.haruka.id) == world.haruka.name
    outer(False)
    assert _name(world.haruka.id) == "名前2"
    assert heard == [(1, "名前2"), (2, "名前2")]


def test_a_caught_failure_of_an_inner_operation_can_be_outlived(inside: Flask, world: World) -> None:
    @operation
    def inner() -> None:
        raise Invalid("内側でやめました")

    @operation
    def outer() -> None:
        with pytest.raises(Invalid):
            inner()
        rename(world.haruka.id, "それでも")

    outer()
    assert _name(world.haruka.id) == "それでも"


def test_a_fact_outside_an_operation_is_refused(inside: Flask) -> None:
    with pytest.raises(WriteOutsideOperation):
        announce(SomethingHappened(1))


def test_an_operation_reads_what_is_true_now_not_what_was_read_before(inside: Flask, world: World) -> None:
    stale = session.get_one(Member, world.haruka.id)
    assert stale.display_name == world.haruka.name
    session.rollback()
    with db.engine.begin() as another:
        another.execute(
            text("UPDATE member SET display_name = 'よそから' WHERE id = :id"), {"id": world.haruka.id}
        )

    @operation
    def look() -> str:
        return session.get_one(Member, world.haruka.id).display_name

    assert look() == "よそから"


def test_operations_of_different_requests_do_not_see_each_others_facts(app: Flask, world: World) -> None:
    heard: list[int] = []
    hints(SomethingHappened)(lambda fact: heard.append(fact.number))
    with app.app_context(), unit_of_work():
        announce(SomethingHappened(1))
    with app.app_context(), unit_of_work():
        session.add(Cohort(name="2028年4月入社", starts_on=events.now().date()))
    assert heard == [1]
