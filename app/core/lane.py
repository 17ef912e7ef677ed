"""A lane: one worker of this process that sees to what waits, in order, one thing after the other.

For work that follows from hints: whoever hints never waits for it, and ten hints about the same thing are one pass.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import structlog
from flask import Flask, current_app

log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)


class Lane(Generic[K]):
    """Calls `work` with each key that waits, in an app context of its own; a key that waits already is one."""

    def __init__(self, name: str, work: Callable[[K], None], *, rest_seconds: float = 0.0) -> None:
        """After work with a key the same key rests so long, that what comes quickly after one another is one pass."""
        self._name = name
        self._work = work
        self._rest_seconds = rest_seconds
        self._rests_until: dict[K, float] = {}
        self._waiting: dict[K, Flask] = {}
        self._changed = threading.Condition()
        self._is_started = False
        self._is_busy = False

    def add(self, keys: Iterable[K]) -> None:
        """Let the worker see to these, after what waits already. Called in an app context."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        with self._changed:
            for key in keys:
                self._waiting.setdefault(key, app)
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._changed.notify_all()

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing waits any more (tests); whether that came about."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_busy, seconds)

    def _run(self) -> None:
        while True:
            key, app = self._next()
            try:
                with app.app_context():
                    self._work(key)
            except Exception:
                log.exception("lane.failed", lane=self._name)
            if self._rest_seconds:
                self._rests_until[key] = time.monotonic() + self._rest_seconds

    def _next(self) -> tuple[K, Flask]:
        """Wait for a key that has rested; who adds it from now on wants another look."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            while True:
                wait = self._until_rested()
                for key in self._waiting:
                    if key not in self._rests_until:
                        self._is_busy = True
                        return key, self._waiting.pop(key)
                self._changed.wait(wait if self._waiting else None)

    def _until_rested(self) -> float | None:
        """Seconds until one more key has rested, None where none rests."""
        moment = time.monotonic()
        for key in [key for key, until in self._rests_until.items() if until <= moment]:
            del self._rests_until[key]
        return min(self._rests_until.values()) - moment if self._rests_until else None
