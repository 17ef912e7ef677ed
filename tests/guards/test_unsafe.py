"""Every request that could change something proves that it comes from our own pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.db import Base, session
from tests.conftest import Client, Person, World
from tests.guards.houses import examples, live_in, paths_of, rules_of

OURS = "http://localhost"
# (headers, with a valid csrf value?, why it must be refused)
ATTEMPTS: list[tuple[str, dict[str, str], bool]] = [
    ("foreign origin", {"Origin": "https://evil.example"}, True),
    ("null origin", {"Origin": "null"}, True),
    ("our host with another port", {"Origin": "http://localhost:1234"}, True),
    ("our host as a prefix", {"Origin": "http://localhost.evil.example"}, True),
    ("no origin, from another site", {"Sec-Fetch-Site": "cross-site"}, True),
    ("no origin, from a sibling host", {"Sec-Fetch-Site": "same-site"}, True),
    ("our origin, but from another site", {"Origin": OURS, "Sec-Fetch-Site": "cross-site"}, True),
    ("no csrf value", {"Origin": OURS}, False),
    ("no origin and no csrf value", {}, False),
]


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """One database: the check stands before any of them is asked."""
    return sqlite_app


def _everything(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


@pytest.mark.parametrize(
    ("headers", "has_csrf"), [each[1:] for each in ATTEMPTS], ids=[each[0] for each in ATTEMPTS]
)
@pytest.mark.parametrize("key", ["haruka", "jinji", "admin"])
def test_every_post_from_elsewhere_is_refused(
    app: Flask,
    world: World,
    as_: Callable[[Person], Client],
    key: str,
    headers: dict[str, str],
    has_csrf: bool,
) -> None:
    known = {name: values[:1] for name, values in examples(app, world, live_in(app, world)).items()}
    client = as_(world.people[key])
    token = client.csrf()
    before = _everything(app)
    for rule in rules_of(app, "POST"):
        if rule.endpoint in {"doors.csp_report", "notifications.unsubscribe"}:
            continue  # a browser sends it by itself; it changes nothing
        for path in paths_of(app, rule, known):
            data = {"csrf_token": token} if has_csrf else {}
            answer = client.http.post(path, data=data, headers=headers)
            assert answer.status_code in {400, 403}, f"POST {path} answered {answer.status_code}"
    assert _everything(app) == before


def test_a_csrf_value_of_another_browser_is_refused(
    app: Flask, world: World, as_: Callable[[Person], Client]
) -> None:
    hers, his = as_(world.haruka), as_(world.takumi)
    foreign = his.csrf()
    hers.csrf()
    for value in (foreign, "x", ""):
        answer = hers.http.post("/sign-out", data={"csrf_token": value}, headers={"Origin": OURS})
        assert answer.status_code == 400
    assert hers.get("/").status_code == 200, "she is still signed in"


def test_a_csrf_value_in_the_address_does_not_count(
    app: Flask, world: World, as_: Callable[[Person], Client]
) -> None:
    client = as_(world.haruka)
    answer = client.http.post(f"/sign-out?csrf_token={client.csrf()}", headers={"Origin": OURS})
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_unknown_everywhere(
    app: Flask, world: World, as_: Callable[[Person], Client], method: str
) -> None:
    known = {name: values[:1] for name, values in examples(app, world, live_in(app, world)).items()}
    client = as_(world.jinji)
    for rule in app.url_map.iter_rules():
        for path in paths_of(app, rule, known):
            answer: Any = getattr(client.http, method)(path, headers={"Origin": OURS})
            assert answer.status_code == 405, f"{method} {path}"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_get_stays_a_get_whatever_a_header_says(
    app: Flask, world: World, as_: Callable[[Person], Client], header: str
) -> None:
    client = as_(world.haruka)
    assert client.get("/sign-out", headers={header: "POST"}).status_code == 405
    assert client.get("/?_method=POST", headers={header: "DELETE"}).status_code == 200


def test_a_get_changes_nothing(app: Flask, world: World, as_: Callable[[Person], Client]) -> None:
    known = examples(app, world, live_in(app, world))
    clients = [as_(world.people[key]) for key in ("haruka", "jinji", "mod", "admin")]
    before = _everything(app)
    for rule in rules_of(app, "GET"):
        for path in paths_of(app, rule, known):
            for client in clients:
                client.get(path)
    assert _everything(app) == before
