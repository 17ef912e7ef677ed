"""Hints between the processes of one installation: told to this process at once, to the others through Redis.

    @subscribes("sockets:close")
    def close_here(told): ...

    publish("sockets:close", {"members": [17]})

A hint is lossy: one that was sent while Redis was away reaches its own process only. Whoever acts on hints must also
find out by itself, in time, what it missed; `on_gap` says when something may have been missed.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import Flask

log = structlog.get_logger(__name__)

Told = Mapping[str, Any]
Subscriber = Callable[[Told], None]

CHANNEL = "tsubomi:bus"
_MISSED = "bus:missed"  # said by whoever could not say something before
MOST_BYTES = 64 * 1024  # a few thousand ids
# As for limits: whoever commits must not wait for a sick Redis, nor ask it again with every commit.
SEND_TIMEOUT_SECONDS = 0.5
REST_SECONDS = 5.0
LISTEN_SECONDS = 15.0  # a silent connection is asked whether it lives this often
LONGEST_BACK_OFF_SECONDS = 5.0

_subscribers: dict[str, list[Subscriber]] = {}
_after_gap: list[Callable[[], None]] = []


def subscribes(topic: str) -> Callable[[Subscriber], Subscriber]:
    """Register what this process does when it is told something under this topic."""

    def register(function: Subscriber) -> Subscriber:
        _subscribers.setdefault(topic, []).append(function)
        return function

    return register


def on_gap(function: Callable[[], None]) -> Callable[[], None]:
    """Register what is run when hints of other processes may have been lost: a connection to Redis failed, here or there."""
    _after_gap.append(function)
    return function


def publish(topic: str, told: Told) -> None:
    """Tell every process: this one now, in the caller's own thread, the others when Redis brings it. Never fails."""
    _tell(topic, told)
    if _link is not None:
        _link.send(topic, told)


def _tell(topic: str, told: Told) -> None:
    for subscriber in _subscribers.get(topic, ()):
        _safely(lambda act=subscriber: act(told), topic)  # type: ignore[misc]


def _safely(act: Callable[[], None], topic: str) -> None:
    """One subscriber's mistake is nobody else's."""
    try:
        act()
    except Exception:
        log.exception("bus.subscriber_failed", topic=topic)


# ── the other processes ──────────────────────────────────────────────────────────────────────────────────────


class Link:
    """This process's connection to the others: sends in the caller's thread, listens in one of its own."""

    def __init__(self, app: Flask, redis_url: str) -> None:
        self._app = app
        self._url = redis_url
        self._origin = secrets.token_hex(8)  # one's own words come back from Redis and are left out
        self._sending: Any = None
        self._rests_until = 0.0
        self._has_left_out = False
        self._is_over = False

    def start(self) -> None:
        """Begin to listen; gives back at once, whether Redis is there or not."""
        threading.Thread(target=self._listen, name="bus", daemon=True).start()

    def stop(self) -> None:
        """Listen no more (tests that make another app in the same process)."""
        self._is_over = True

    def send(self, topic: str, told: Told) -> None:
        """Tell the other processes; given up for a while after a failure, which they are told of afterwards."""
        if not self._publish(topic, told):
            self._has_left_out = True

    def _publish(self, topic: str, told: Told) -> bool:
        if time.monotonic() < self._rests_until:
            return False
        try:
            if self._sending is None:
                self._sending = _client(self._url, SEND_TIMEOUT_SECONDS)
            self._sending.publish(CHANNEL, json.dumps([self._origin, topic, dict(told)]))
        except _redis_errors() as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("bus.redis_gone", error=type(error).__name__)  # its text would repeat the address
            return False
        return True

    def _own_up(self) -> None:
        """Say that something was left out: whoever never lost their own connection could not know."""
        if self._has_left_out:
            self._has_left_out = False
            self.send(_MISSED, {})

    def _listen(self) -> None:
        tries = 0
        while not self._is_over:
            try:
                with _client(self._url, None).pubsub(ignore_subscribe_messages=False) as words:
                    words.subscribe(CHANNEL)
                    tries = self._hear(words)
            except Exception as error:
                tries += 1
                if tries == 1:
                    log.warning("bus.redis_gone", error=type(error).__name__)
            if not self._is_over:
                time.sleep(min(0.1 * 2**tries, LONGEST_BACK_OFF_SECONDS) * random.uniform(0.5, 1.0))  # noqa: S311

    def _hear(self, words: Any) -> int:
        """Take what is told until it is over; gives the number of failures in a row, which is none."""
        while not self._is_over:
            word = words.get_message(timeout=LISTEN_SECONDS)
            self._own_up()
            if word is None:
                words.ping()  # raises where the connection has died without a word
            elif word["type"] == "subscribe":
                self._after_gap()
            elif word["type"] == "message":
                self._take(word["data"])
        return 0

    def _after_gap(self) -> None:
        with self._app.app_context():
            for act in _after_gap:
                _safely(act, "gap")

    def _take(self, data: bytes) -> None:
        found = _read(data)
        if found is None or found[0] == self._origin:
            return
        if found[1] == _MISSED:
            self._after_gap()
            return
        with self._app.app_context():
            _tell(found[1], found[2])


def _read(data: bytes) -> tuple[str, str, Told] | None:
    """Origin, topic and what is told; None for anything that is not ours."""
    if len(data) > MOST_BYTES:
        return None
    try:
        origin, topic, told = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(origin, str) or not isinstance(topic, str) or not isinstance(told, Mapping):
        return None
    return origin, topic, told


def _client(url: str, timeout: float | None) -> Any:
    """A client of this Redis; imported only where one is used, because it is a third of a small server's memory."""
    from redis import Redis

    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=SEND_TIMEOUT_SECONDS)


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis import RedisError

    return RedisError, OSError


_link: Link | None = None


def install_bus(app: Flask, redis_url: str | None) -> None:
    """Connect this process with the others, if there is a Redis; the latest app's."""
    global _link
    if _link is not None:
        _link.stop()
    _link = Link(app, redis_url) if redis_url else None
    if _link is not None:
        _link.start()
