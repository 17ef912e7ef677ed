"""Budgets: in memory, in a real Redis, and when Redis goes away."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import time_machine

from app.core.errors import TooOften
from app.core.limits import Budget, Limiter

SIGN_IN = Budget("sign-in", "5/minute", "少し時間をおいて、もう一度お試しください")


def allowed(limiter: Limiter, budget: Budget, key: str) -> bool:
    try:
        limiter.spend(budget, key)
    except TooOften:
        return False
    return True


@dataclass
class RealRedis:
    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def real_redis(tmp_path: Path) -> Iterator[RealRedis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _wait_until_open(port)
    server = RealRedis(f"redis://127.0.0.1:{port}/0", process)
    yield server
    server.stop()


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("redis-server did not start")


def test_the_sixth_act_in_a_minute_is_refused_with_a_sentence_and_the_seconds_to_wait() -> None:
    limiter = Limiter()
    for _act in range(5):
        limiter.spend(SIGN_IN, "haruka@example.jp")
    with pytest.raises(TooOften, match="時間をおいて") as refused:
        limiter.spend(SIGN_IN, "haruka@example.jp")
    assert 55 <= refused.value.retry_after <= 60


def test_keys_and_budgets_do_not_spend_from_each_other() -> None:
    limiter = Limiter()
    invite = Budget("invite", "1/minute", "…")
    assert allowed(limiter, invite, "a")
    assert not allowed(limiter, invite, "a")
    assert allowed(limiter, invite, "b")
    assert allowed(limiter, SIGN_IN, "a")


def test_looking_at_a_budget_spends_nothing() -> None:
    limiter = Limiter()
    once = Budget("once", "1/hour", "…")
    assert all(limiter.has_left(once, "a") for _look in range(10))
    limiter.spend(once, "a")
    assert not limiter.has_left(once, "a")


def test_the_window_moves_instead_of_starting_anew_each_minute() -> None:
    limiter = Limiter()
    with time_machine.travel("2026-10-01 09:00:40Z", tick=False) as clock:
        assert all(allowed(limiter, SIGN_IN, "a") for _act in range(5))
        clock.move_to("2026-10-01 09:01:20Z")
        assert not allowed(limiter, SIGN_IN, "a"), "a fixed window would have begun again"
        clock.move_to("2026-10-01 09:01:41Z")
        assert allowed(limiter, SIGN_IN, "a")


def test_a_budget_may_have_a_short_and_a_long_rate() -> None:
    limiter = Limiter()
    both = Budget("both", "2/minute;3/hour", "…")
    with time_machine.travel("2026-10-01 09:00Z", tick=False) as clock:
        assert [allowed(limiter, both, "a") for _act in range(3)] == [True, True, False]
        clock.move_to("2026-10-01 09:02Z")
        assert allowed(limiter, both, "a")
        with pytest.raises(TooOften) as refused:
            limiter.spend(both, "a")
        assert refused.value.retry_after > 60


@pytest.mark.parametrize("storage", ["memory", "redis"])
def test_a_burst_in_parallel_gets_no_more_than_the_budget(
    storage: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("real_redis").url if storage == "redis" else None
    limiter = Limiter(url)
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _n: allowed(limiter, SIGN_IN, "a"), range(60)))
    assert answers.count(True) == 5


def test_two_processes_share_one_budget_through_redis(real_redis: RealRedis) -> None:
    one, other = Limiter(real_redis.url, secret="s"), Limiter(real_redis.url, secret="s")
    assert [allowed(limiter, SIGN_IN, "a") for limiter in (one, other) * 3] == [True] * 5 + [False]
    assert not one.has_left(SIGN_IN, "a")


def test_redis_never_holds_an_address_or_an_id(real_redis: RealRedis) -> None:
    Limiter(real_redis.url, secret="s").spend(SIGN_IN, "haruka@example.jp")
    with redis.Redis.from_url(real_redis.url) as client:
        names = [str(name) for name in client.scan_iter()]
    assert len(names) == 1
    assert "haruka" not in names[0]
    assert "sign-in" in names[0]


def test_when_redis_goes_away_limits_hold_in_memory_and_nothing_fails(real_redis: RealRedis) -> None:
    limiter = Limiter(real_redis.url)
    assert allowed(limiter, SIGN_IN, "a")
    real_redis.stop()
    assert limiter.has_left(SIGN_IN, "a")
    assert [allowed(limiter, SIGN_IN, "a") for _act in range(6)] == [True] * 5 + [False]


def test_a_redis_that_was_never_there_stops_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limiter = Limiter(f"redis://:secret@127.0.0.1:{port}/0")
    assert limiter.has_left(SIGN_IN, "a")
    assert allowed(limiter, SIGN_IN, "a")
