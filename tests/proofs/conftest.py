"""The long proofs stand on the world of tests/conftest.py, on SQLite."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.journeys.conftest import chromium

__all__ = ["chromium"]  # one browser for all proofs: Playwright runs once in a process


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """The app over a fresh copy of the world; the rules give the same answers on PostgreSQL: tests/policy."""
    return sqlite_app


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Walk the pages language by language, person by person: in any other order each page costs a change of both."""

    def place(item: pytest.Item) -> tuple[str, str]:
        given = getattr(item, "callspec", None)
        if given is None or "place" not in given.params:
            return "", ""
        return str(given.params["language"]), str(given.params["place"].who)

    items.sort(key=place)
