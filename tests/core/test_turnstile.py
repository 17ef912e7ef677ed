"""On SQLite pages take turns; who sends something never waits for a turn, nor makes anybody wait for one."""

from __future__ import annotations

import threading
import time

from app.core import turnstile
from app.core.turnstile import TURNS, Queue, _Turnstile


def _ask(turnstile, **environ):
    return turnstile({"REQUEST_METHOD": "GET", **environ}, None)


def test_no_more_pages_are_made_at_once_than_there_are_turns():
    busy, most, gate = [], [], threading.Event()

    def inner(_environ, _start):
        busy.append(1)
        most.append(len(busy))
        gate.wait(0.05)
        busy.pop()
        return []

    turnstile = _Turnstile(inner)
    threads = [threading.Thread(target=_ask, args=(turnstile,)) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 6
    assert max(most) == TURNS


def test_what_is_sent_slowly_holds_no_turn():
    gate, arrived = threading.Event(), threading.Semaphore(0)

    def inner(environ, _start):
        if environ.get("slow"):
            arrived.release()
            gate.wait(5)
        return [b"done"]

    turnstile = _Turnstile(inner)
    slow = [
        {"REQUEST_METHOD": "POST"}, {"CONTENT_LENGTH": "5"}, {"HTTP_TRANSFER_ENCODING": "chunked"},
    ] * TURNS  # fmt: skip
    threads = [
        threading.Thread(target=_ask, args=(turnstile,), kwargs={"slow": True, **each}) for each in slow
    ]
    for thread in threads:
        thread.start()
    for _each in slow:
        assert arrived.acquire(timeout=2)
    assert _ask(turnstile) == [b"done"]
    gate.set()
    for thread in threads:
        thread.join()


def test_a_queue_lets_in_one_after_another_in_the_order_of_asking():
    queue, came, threads = Queue(), [], []

    def come(number):
        with queue.turn():
            came.append(number)

    with queue.turn():
        for number in range(20):
            threads.append(threading.Thread(target=come, args=(number,)))
            threads[-1].start()
            while len(queue._waiting) <= number:
                time.sleep(0.001)
        assert came == []
    for thread in threads:
        thread.join()
    assert came == list(range(20))


def test_whoever_asks_again_at_once_comes_behind_whoever_waits():
    queue, came = Queue(), []

    def come():
        with queue.turn():
            came.append("waited")

    waiter = threading.Thread(target=come)
    with queue.turn():
        waiter.start()
        while not queue._waiting:
            time.sleep(0.001)
    with queue.turn():
        came.append("again")
    waiter.join()
    assert came == ["waited", "again"]


def test_whoever_waited_too_long_goes_on_without_a_turn(monkeypatch):
    monkeypatch.setattr(turnstile, "LONGEST_WAIT_SECONDS", 0.01)
    queue = Queue()
    with queue.turn():
        with queue.turn():
            pass
        assert not queue._waiting
    with queue.turn():
        pass
