"""One page at a time: with SQLite a crowd of threads is slower than a queue of them.

SQLite's driver lets go of the interpreter's lock at each row, and every thread that waits for it wakes up for nothing;
with sixteen busy connections that cost a third of the time, and the slowest pages took ten times the middle ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import Any

from flask import Flask

from .config import Settings

TURNS = 2  # so that one slow page does not stop the house


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
