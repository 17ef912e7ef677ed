"""One page at a time: with SQLite a crowd of threads is slower than a queue of them.

SQLite's driver lets go of the interpreter's lock at each row, and every thread that waits for it wakes up for nothing;
with sixteen busy connections that cost a third of the time, and the slowest pages took ten times the middle ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Any

from flask import Flask

from .config import Settings

TURNS = 2  # so that one slow page does not stop the house
LONGEST_WAIT_SECONDS = 5.0  # as long as SQLite itself would ask for its lock


def install_turnstile(app: Flask, settings: Settings) -> None:
    """Let GET requests to the app take turns where the database is SQLite."""
    if settings.is_sqlite:
        app.wsgi_app = _Turnstile(app.wsgi_app)  # type: ignore[method-assign]


class _Turnstile:
    """Around the making of an answer, not around its sending.

    Only requests without a body take turns, so nobody waits for what a slow browser sends.
    """

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner
        self._turn = BoundedSemaphore(TURNS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer when it is this request's turn."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or _has_body(environ):
            return self._inner(environ, start_response)
        with self._turn:
            return self._inner(environ, start_response)


def _has_body(environ: dict[str, Any]) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ


class Queue:
    """A lock that is handed on in the order in which it was asked for.

    SQLite's own lock is asked for again and again, with longer and longer naps in between: whoever writes without a pause
    (the outbox after a busy minute) keeps the others out for seconds.
    """

    def __init__(self) -> None:
        self._mutex = Lock()
        self._is_taken = False
        self._waiting: deque[Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn; whoever waited too long goes on without one, and lets the database decide."""
        has_turn = self._wait()
        try:
            yield
        finally:
            if has_turn:
                self._hand_on()

    def _wait(self) -> bool:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=LONGEST_WAIT_SECONDS):
            return True
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # it came in this very moment

    def _hand_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
