"""Outsiders: what they may hold open, and what is kept of them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from app.core.logs import configure_logs

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
PLACE = "/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost.evil.example"])
def test_a_member_opens_no_socket_from_another_site(world: Any, as_: Any, origin: str | None) -> None:
    headers = UPGRADE if origin is None else {**UPGRADE, "Origin": origin}
    assert as_(world.haruka).get(PLACE, headers=headers).status_code == 403


def test_nobody_outside_holds_a_socket_open(world: Any, as_: Any, anyone: Any) -> None:
    """Each open socket keeps a thread, and there are six hundred: they belong to those who are signed in."""
    headers = {**UPGRADE, "Origin": "http://localhost"}
    assert anyone().get(PLACE, headers=headers).status_code == 403
    left = as_(world.haruka)
    left.post("/sign-out")
    assert left.get(PLACE, headers=headers).status_code == 403
    # Beyond the gate stands the socket server, which here misses a real connection.
    polling = {"Origin": "http://localhost"}
    assert as_(world.sora).get("/socket.io/?EIO=4&transport=polling", headers=polling).status_code == 400


def test_a_request_the_server_refuses_leaves_neither_address_nor_link_in_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    secret = "a" * 26
    configure_logs("INFO")
    # As gunicorn writes it, with everything filled in.
    logging.getLogger("gunicorn.error").warning(
        f"Invalid request from ip=203.0.113.9: Invalid HTTP request line: 'GET /invitations/{secret}%s'"
    )
    configure_logs("CRITICAL")
    line = capfd.readouterr().err
    assert "Invalid request" in line
    assert "203.0.113.9" not in line
    assert secret not in line
    assert "/invitations" not in line
