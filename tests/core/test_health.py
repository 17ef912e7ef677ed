"""Alive, ready, and how it is doing: for monitors, without a word about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.db import session
from app.core.migrations import migration_state
from tests.conftest import Client, Person, World

TOKEN = "a-token-for-the-monitor"


def _stamp(revision: str) -> Callable[[], Any]:
    return lambda: session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def test_alive_and_ready(anyone: Callable[[], Client]) -> None:
    client = anyone()
    assert client.get("/healthz").json == {"ok": True}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {"ok": True, "checks": {"database": True, "migrations": True, "queue": True}}


@pytest.mark.parametrize("revision", ["9999", "0000"])
def test_not_ready_over_another_programs_database(
    app: Flask, anyone: Callable[[], Client], write: Callable[[Callable[[], Any]], Any], revision: str
) -> None:
    write(_stamp(revision))
    with app.app_context():
        assert migration_state() == "ahead"
    ready = anyone().get("/readyz")
    assert ready.status_code == 503
    assert ready.json["checks"] == {"database": True, "migrations": False, "queue": True}
    assert anyone().get("/healthz").status_code == 200, "alive all the same"


def test_not_ready_while_a_migration_waits(
    app: Flask, anyone: Callable[[], Client], write: Callable[[Callable[[], Any]], Any]
) -> None:
    write(lambda: session.execute(text("DELETE FROM alembic_version")))
    with app.app_context():
        assert migration_state() == "empty"
    assert anyone().get("/readyz").status_code == 503


def test_not_ready_without_a_queue(
    app: Flask, anyone: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def pending_count(self) -> int:
            raise ConnectionError("redis://name:password@host")

    monkeypatch.setitem(app.extensions, "tsubomi.huey", Gone())
    ready = anyone().get("/readyz")
    assert ready.status_code == 503
    assert ready.json["checks"]["queue"] is False
    assert "password" not in ready.text


def test_figures_are_for_the_bearer_of_the_token_only(
    app: Flask, anyone: Callable[[], Client], changed_settings: Callable[..., Any]
) -> None:
    client = anyone()
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404, (
        "no token set: closed"
    )
    changed_settings(metrics_token=TOKEN)
    for wrong in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer あ"},
    ):
        assert client.get("/metrics", headers=wrong).status_code == 404
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "tsubomi_outbox_waiting 0.0" in answer.text


def test_figures_say_nothing_about_people(
    app: Flask, world: World, as_: Callable[[Person], Client], changed_settings: Callable[..., Any]
) -> None:
    changed_settings(metrics_token=TOKEN)
    client = as_(world.haruka)
    client.get(f"/people/{world.sora.public_id}")
    client.get(f"/topics/{world.topic_id}")
    text_of_figures = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    for private in (world.sora.public_id, world.haruka.public_id, world.topic_id, "haruka", "candidate"):
        assert private not in text_of_figures
