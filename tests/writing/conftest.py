"""What the composer's scripts do."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.conftest import Client


def send_json(client: Client, path: str, payload: Any) -> TestResponse:
    """Post JSON from one of our own pages."""
    headers = {"Origin": "http://localhost", "X-CSRF-Token": client.csrf()}
    return client.http.post(path, json=payload, headers=headers)
