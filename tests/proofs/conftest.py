"""The long proofs stand on the world of tests/conftest.py, on SQLite."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """The app over a fresh copy of the world; the rules give the same answers on PostgreSQL: tests/policy."""
    return sqlite_app
