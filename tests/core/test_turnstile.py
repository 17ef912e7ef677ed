"""On SQLite pages take turns; who sends something never waits for a turn, nor makes anybody wait for one."""

from __future__ import annotations

import threading

from app.core.turnstile import TURNS, _Turnstile


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
