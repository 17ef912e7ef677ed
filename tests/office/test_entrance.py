"""For whoever has no business in the office, its addresses do not exist."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.conftest import NO_SUCH_ID, Client, World

from .conftest import without_csrf

ADMIN_ONLY = ("/setup", "/admin")
LEAD_TOO = "/admin/roles"


def addresses(app: Flask, world: World) -> list[tuple[str, str]]:
    """(method, path) of every route of the office but those of the one-time link, with ids that exist."""
    values = {
        "person_id": world.sora.public_id,
        "cohort_id": world.april.public_id,
        "group_id": world.group_id,
        "letter_id": "0" * 32,
        "view_id": NO_SUCH_ID,
        "act_id": NO_SUCH_ID,
        "approval_id": NO_SUCH_ID,
        "field": "university",
        "slug": "square",
    }
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("office.") or "secret" in rule.arguments:
            continue
        methods = rule.methods or set()
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(
                rule.endpoint,
                {name: values[name] for name in rule.arguments},
                method=next(iter(methods & {"GET", "POST"})),
            )
        found += [(method, path) for method in ("GET", "POST") if method in methods]
    assert len(found) >= 40
    return sorted(found)


def answer_of(client: Client, method: str, path: str) -> Any:
    return client.get(path) if method == "GET" else client.post(path, {"unknown": "field", "name": ""})


@pytest.mark.parametrize("key", ["haruka", "takumi", "mod", "desk", "audit"])
def test_the_whole_office_is_missing_for_everybody_else(app: Flask, world: World, as_: Any, key: str) -> None:
    client = as_(world.people[key])
    missing = without_csrf(client.get("/no-such-page"))
    for method, path in addresses(app, world):
        answer = answer_of(client, method, path)
        assert (path, answer.status_code, without_csrf(answer)) == (path, 404, missing)


def test_the_office_has_rooms_of_its_own_for_hr_and_for_the_administrator(
    app: Flask, world: World, as_: Any
) -> None:
    hr, lead, admin = as_(world.jinji), as_(world.lead), as_(world.admin)
    missing = {client: without_csrf(client.get("/no-such-page")) for client in (hr, lead, admin)}

    def is_missing(client: Client, path: str) -> bool:
        answer = client.get(path)
        assert answer.status_code in {200, 404}, path
        assert answer.status_code == 200 or without_csrf(answer) == missing[client]
        return answer.status_code == 404

    for method, path in addresses(app, world):
        if method == "POST" or path.endswith(("0" * 32, NO_SUCH_ID)):
            continue
        is_admins, is_appointing = path.startswith(ADMIN_ONLY), path.startswith(LEAD_TOO)
        is_about_people = path.startswith("/hr/people")
        if path == "/setup/cohort":
            continue  # HR's since the set-up mode is over, under the address of the set-up
        if world.sora.public_id in path and is_appointing:
            continue  # a candidate has no roles to give: missing for everybody
        assert is_missing(hr, path) is is_admins, path
        assert is_missing(lead, path) is (is_admins and not is_appointing), path
        assert is_missing(admin, path) is not (is_admins or is_about_people), path


def test_what_does_not_exist_and_what_is_no_id_are_missing_for_hr_too(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    missing = without_csrf(hr.get("/no-such-page"))
    for path in ("people", "cohorts", "groups"):
        answer = hr.get(f"/hr/{path}/{NO_SUCH_ID}")
        assert (answer.status_code, without_csrf(answer)) == (404, missing)
    assert hr.post(f"/hr/people/{NO_SUCH_ID}/suspend", {"reason": "テスト"}).status_code == 404


def test_somebody_signed_out_is_asked_to_sign_in(anyone: Any) -> None:
    for path in ("/hr", "/admin", "/setup", "/hr/people"):
        assert anyone().get(path).headers["Location"].startswith("/sign-in")
