"""How often: one limiter for every door, in memory or, with several processes, in Redis."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, sha256

import structlog
from flask import Flask
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from .errors import Sentence, TooOften

log = structlog.get_logger(__name__)

# A door must not wait for a sick Redis longer than a person notices, nor ask it again with every request.
REDIS_TIMEOUT_SECONDS = 0.5
REDIS_REST_SECONDS = 5.0


@dataclass(frozen=True)
class Budget:
    """How often something may be done; `rate` is '5/minute' or '5/minute;20/hour'."""

    name: str
    rate: str
    sentence: Sentence | str


class Limiter:
    """Counts acts in moving windows, per budget and key.

    Keys are hashed with the installation's secret, so that neither Redis nor a dump of it holds an address
    or an id. If Redis is gone, `spend` counts in this process's memory (the limit then holds per process)
    and `has_left` says yes; neither fails.
    """

    def __init__(self, redis_url: str | None = None, *, secret: str = "") -> None:
        self._secret = sha256(b"tsubomi limits\0" + secret.encode()).digest()
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._shared_again_at = 0.0

    def spend(self, budget: Budget, key: str) -> None:
        """Count one act. Raises TooOften with the seconds until the next is allowed."""
        shared = self._shared_now()
        if shared is not None:
            try:
                return self._spend(shared, budget, key)
            except StorageError as error:
                self._leave_shared_alone(error)
        return self._spend(self._own, budget, key)

    def has_left(self, budget: Budget, key: str) -> bool:
        """Say whether one more act would be allowed, without counting one."""
        counting = self._shared_now() or self._own
        try:
            return all(counting.test(rate, *self._names(budget, key)) for rate in _rates(budget.rate))
        except StorageError as error:
            self._leave_shared_alone(error)
            return True

    def _spend(self, counting: MovingWindowRateLimiter, budget: Budget, key: str) -> None:
        names = self._names(budget, key)
        for rate in _rates(budget.rate):
            if not counting.hit(rate, *names):
                raise TooOften(budget.sentence, retry_after=_seconds_left(counting, rate, names))

    def _names(self, budget: Budget, key: str) -> tuple[str, str]:
        return budget.name, blake2b(
            key.encode("utf-8", "replace"), key=self._secret, digest_size=16
        ).hexdigest()

    def _shared_now(self) -> MovingWindowRateLimiter | None:
        return self._shared if time.monotonic() >= self._shared_again_at else None

    def _leave_shared_alone(self, error: StorageError) -> None:
        self._shared_again_at = time.monotonic() + REDIS_REST_SECONDS
        # The type only: the text of a connection error repeats the address with its password.
        log.warning("limits.redis_gone", error=type(error.storage_error).__name__)


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        url,
        key_prefix="tsubomi:limits",
        wrap_exceptions=True,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
    )


@cache
def _rates(rate: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rate))


def _seconds_left(counting: MovingWindowRateLimiter, rate: RateLimitItem, names: tuple[str, str]) -> int:
    reset_at = counting.get_window_stats(rate, *names).reset_time
    return min(max(math.ceil(reset_at - time.time()), 1), rate.get_expiry())


# ---------------------------------------------------------------- the one of this process

_limiter: Limiter | None = None
_making = threading.Lock()


def install_limits(app: Flask, redis_url: str | None = None) -> Limiter:
    """Make the limiter of this process, hashing keys with the app's SECRET_KEY; the latest app's counts."""
    global _limiter
    _limiter = Limiter(redis_url, secret=str(app.config.get("SECRET_KEY") or ""))
    app.extensions["tsubomi.limits"] = _limiter
    return _limiter


def limiter() -> Limiter:
    """Return the limiter of this process; one in memory if none was installed."""
    global _limiter
    with _making:
        if _limiter is None:
            _limiter = Limiter()
        return _limiter


def spend(budget: Budget, key: str) -> None:
    """Count one act of `key` (a person, a mail address, a session). Raises TooOften."""
    limiter().spend(budget, key)


def has_left(budget: Budget, key: str) -> bool:
    """Say whether `key` may act once more, without counting."""
    return limiter().has_left(budget, key)
