"""The outbox: what was announced is delivered, retried while it fails, and never twice in an orderly run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.core import events
from app.core.db import db, session
from app.core.events import (
    LEASE,
    LONGEST_RETRY,
    Delivery,
    Fact,
    OutboxRow,
    delivers,
    drain,
    hints,
    listens,
    waiting,
)
from app.core.operation import announce, unit_of_work
from app.models import Cohort, Member
from tests.conftest import NOON, World


@dataclass(frozen=True)
class LetterWanted(Fact):
    """A fact of this test."""

    number: int


@pytest.fixture(autouse=True)
def _own_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_facts", "_listeners", "_by_fact", "_hints"):
        monkeypatch.setattr(events, name, dict(getattr(events, name)))


def announce_numbers(app: Flask, *numbers: int) -> None:
    with app.app_context(), unit_of_work():
        for number in numbers:
            announce(LetterWanted(number))


def test_a_fact_waits_in_the_outbox_until_it_is_delivered(app: Flask, deliver: Callable[[], int]) -> None:
    heard: list[tuple[int, int]] = []

    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None:
        heard.append((fact.number, delivery.attempt))

    announce_numbers(app, 1, 2)
    assert heard == []
    assert deliver() == 2
    assert sorted(heard) == [(1, 1), (2, 1)]
    assert deliver() == 0


def test_a_fact_announced_for_later_lies_until_then_and_its_hint_does_not(
    app: Flask, deliver: Callable[[], int], held_clock: Any
) -> None:
    heard: list[str] = []

    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None:
        heard.append("letter")

    @hints(LetterWanted)
    def hint(fact: LetterWanted) -> None:
        heard.append("hint")

    with held_clock(NOON), app.app_context(), unit_of_work():
        announce(LetterWanted(1), after=timedelta(seconds=30))
    assert heard == ["hint"]
    with held_clock(NOON + timedelta(seconds=29)):
        assert deliver() == 0
    with held_clock(NOON + timedelta(seconds=30)):
        assert deliver() == 1
    assert heard == ["hint", "letter"]


def test_the_outbox_holds_ids_only(app: Flask, rows: Callable[..., list[Any]]) -> None:
    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None: ...

    announce_numbers(app, 7)
    [row] = rows(select(OutboxRow))
    assert row.payload == {"number": 7}
    assert len(row.key) == 32
    assert row.fact == "LetterWanted"


def test_every_fact_of_the_product_is_made_of_ids_and_numbers() -> None:
    def all_facts(kind: type[Fact]) -> Iterator[type[Fact]]:
        for each in kind.__subclasses__():
            yield each
            yield from all_facts(each)

    for kind in all_facts(Fact):
        if not kind.__module__.startswith("app."):
            continue
        for name, annotation in kind.__annotations__.items():
            is_plain = str(annotation) in {
                "int",
                "bool",
                "int | None",
                "PublicId",
                "tuple[int, ...]",
                "list[int]",
                "Sequence[int]",
            } or (
                str(annotation) in {"str", "str | None"}
                and name.endswith(("_id", "_key", "purpose", "kind", "nonce"))
            )
            assert is_plain, (
                f"{kind.__name__}.{name}: {annotation} – a fact holds ids and numbers, no text of a person"
            )


def test_a_failing_delivery_is_retried_with_back_off_and_harms_nobody_else(
    app: Flask, deliver: Callable[[], int], held_clock: Any
) -> None:
    tried: list[tuple[float, str]] = []
    heard: list[int] = []

    @delivers(LetterWanted)
    def failing(fact: LetterWanted, delivery: Delivery) -> None:
        tried.append((events.now().timestamp() - NOON.timestamp(), delivery.key))
        if delivery.attempt < 4:
            raise OSError("nobody listens")

    @delivers(LetterWanted)
    def well(fact: LetterWanted, delivery: Delivery) -> None:
        heard.append(fact.number)

    with held_clock(NOON):
        announce_numbers(app, 1)
    for second in range(0, 120, 2):
        with held_clock(NOON + timedelta(seconds=second)):
            deliver()
    assert heard == [1]
    assert [seconds for seconds, _key in tried] == [0, 10, 30, 70], "10, 20, 40 seconds apart"
    assert len({key for _seconds, key in tried}) == 1, "the same key over all retries"
    with app.app_context():
        assert waiting() == 0


def test_the_back_off_has_an_end(
    app: Flask, deliver: Callable[[], int], held_clock: Any, rows: Callable[..., list[Any]]
) -> None:
    @delivers(LetterWanted)
    def failing(fact: LetterWanted, delivery: Delivery) -> None:
        raise OSError("nobody listens")

    moment = NOON
    with held_clock(moment):
        announce_numbers(app, 1)
    for _attempt in range(20):
        with held_clock(moment):
            assert deliver() == 0
        [row] = rows(select(OutboxRow))
        assert row.due_at - moment <= LONGEST_RETRY
        moment = row.due_at
    assert row.due_at - LONGEST_RETRY >= NOON


def test_a_failing_listener_undoes_what_it_wrote_and_its_row_stays(
    app: Flask, deliver: Callable[[], int], held_clock: Any, rows: Callable[..., list[Any]]
) -> None:
    @listens(LetterWanted)
    def write(fact: LetterWanted, delivery: Delivery) -> None:
        session.add(Cohort(name=f"{delivery.attempt}回目", starts_on=NOON.date()))
        session.flush()
        if delivery.attempt == 1:
            raise ValueError("half way")

    with held_clock(NOON):
        announce_numbers(app, 1)
        deliver()
    assert "1回目" not in rows(select(Cohort.name))
    with held_clock(NOON + timedelta(minutes=1)):
        deliver()
    assert "2回目" in rows(select(Cohort.name))
    assert rows(select(OutboxRow)) == []


def test_a_listener_writes_exactly_once_even_if_its_row_is_taken_twice(
    app: Flask, held_clock: Any, rows: Callable[..., list[Any]]
) -> None:
    @listens(LetterWanted)
    def write(fact: LetterWanted, delivery: Delivery) -> None:
        session.add(Cohort(name="一度だけ", starts_on=NOON.date()))

    with held_clock(NOON):
        announce_numbers(app, 1)
        with app.app_context():
            first = events._claim()
    with held_clock(NOON + LEASE + timedelta(seconds=1)), app.app_context():
        second = events._claim()
        assert first is not None
        assert second is not None
        assert events._deliver(*second)
        events._deliver(*first)  # the slow first deliverer comes back after its lease ran out
    assert rows(select(Cohort.name)).count("一度だけ") == 1


def test_a_leased_row_is_left_alone_until_the_lease_runs_out(
    app: Flask, deliver: Callable[[], int], held_clock: Any
) -> None:
    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None: ...

    with held_clock(NOON):
        announce_numbers(app, 1)
        with app.app_context():
            assert events._claim() is not None
        assert deliver() == 0
    with held_clock(NOON + LEASE - timedelta(seconds=1)):
        assert deliver() == 0
    with held_clock(NOON + LEASE + timedelta(seconds=1)):
        assert deliver() == 1


def test_a_fact_nobody_listens_to_any_more_waits_for_its_listener(
    app: Flask, deliver: Callable[[], int], held_clock: Any
) -> None:
    def hear(fact: LetterWanted, delivery: Delivery) -> None: ...

    delivers(LetterWanted)(hear)
    with held_clock(NOON):
        announce_numbers(app, 1)
    name = next(name for name in events._listeners if name.endswith(".hear"))
    kept = events._listeners.pop(name)
    with held_clock(NOON):
        assert deliver() == 0
    events._listeners[name] = kept
    with held_clock(NOON + timedelta(minutes=1)):
        assert deliver() == 1


def test_a_failing_hint_harms_nobody(app: Flask) -> None:
    heard: list[int] = []

    @hints(LetterWanted)
    def failing(fact: LetterWanted) -> None:
        raise ValueError("a socket is gone")

    @hints(LetterWanted)
    def well(fact: LetterWanted) -> None:
        heard.append(fact.number)

    announce_numbers(app, 1)
    assert heard == [1]


def test_two_listeners_of_one_name_are_refused() -> None:
    def hear(fact: LetterWanted, delivery: Delivery) -> None: ...

    delivers(LetterWanted)(hear)
    with pytest.raises(RuntimeError, match="two listeners"):
        delivers(LetterWanted)(hear)


def test_a_listener_may_announce_what_follows(app: Flask, deliver: Callable[[], int]) -> None:
    heard: list[int] = []

    @listens(LetterWanted)
    def go_on(fact: LetterWanted, delivery: Delivery) -> None:
        if fact.number < 3:
            announce(LetterWanted(fact.number + 1))
        heard.append(fact.number)

    announce_numbers(app, 1)
    assert deliver() == 3
    assert heard == [1, 2, 3]


FACTS = 40


def test_two_deliverers_never_deliver_twice_and_never_miss(app: Flask) -> None:
    heard: Counter[int] = Counter()
    written: Counter[int] = Counter()
    lock, start, failures = threading.Lock(), threading.Barrier(2), []

    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None:
        with lock:
            heard[fact.number] += 1

    @listens(LetterWanted)
    def write(fact: LetterWanted, delivery: Delivery) -> None:
        session.get_one(Member, 1).totp_step = fact.number
        with lock:
            written[fact.number] += 1

    def work() -> None:
        try:
            start.wait()
            with app.app_context():
                while waiting():
                    drain()
        except Exception as error:
            failures.append(error)

    announce_numbers(app, *range(FACTS))
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert heard == Counter(range(FACTS))
    assert written == Counter(range(FACTS))


def test_nothing_is_held_open_while_a_letter_is_on_its_way(
    app: Flask, world: World, deliver: Callable[[], int]
) -> None:
    open_during: list[bool] = []

    @delivers(LetterWanted)
    def hear(fact: LetterWanted, delivery: Delivery) -> None:
        open_during.append(session().in_transaction())
        with db.engine.begin() as another:  # would wait for a lock, and fail, if the outbox held one
            another.execute(delete(Cohort).where(Cohort.id == -1))

    announce_numbers(app, 1)
    assert deliver() == 1
    assert open_during == [False]
