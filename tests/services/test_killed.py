"""kill -9 of a real process loses nothing that was committed, and repeats at most one letter, with the same key."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.guards.sources import ROOT

KILLED = -signal.SIGKILL
Steps = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgres"])
def steps(request: pytest.FixtureRequest, tmp_path: Path) -> Steps:
    """Takes steps, each in a process of its own, over an empty database: what each left behind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'own.db'}"
    else:
        new_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        url = new_url()

    def take(*names: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.services.outbox_child", url, str(tmp_path), *names],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return take


def test_a_kill_between_commit_and_delivery_loses_nothing(steps: Steps) -> None:
    killed, delivered, again = steps("announce-and-die", "deliver", "deliver")
    assert killed == {"status": KILLED, "announced": 1, "followed": 0, "waiting": 2, "letters": []}
    assert delivered["status"] == 0
    assert (len(delivered["letters"]), delivered["followed"], delivered["waiting"]) == (1, 1, 0)
    assert again == delivered, "nothing is delivered a second time"


def test_a_kill_before_the_commit_leaves_neither_rows_nor_facts(steps: Steps) -> None:
    killed, delivered = steps("die-uncommitted", "deliver")
    assert killed == {"status": KILLED, "announced": 0, "followed": 0, "waiting": 0, "letters": []}
    assert delivered["letters"] == []


def test_a_kill_inside_a_delivery_repeats_it_at_most_once_with_the_same_key(steps: Steps) -> None:
    _announced, killed, delivered = steps("announce-and-die", "die-delivering", "deliver")
    assert killed["status"] == KILLED
    assert len(killed["letters"]) == 1
    assert len(delivered["letters"]) == 2, "the row of the dead deliverer was not taken up again"
    assert len(set(delivered["letters"])) == 1, "the repeat carries the same key"
    assert (delivered["followed"], delivered["waiting"]) == (1, 0)
