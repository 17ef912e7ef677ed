"""Default deny: what is open to everybody stands in a list, and every route has a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Client, World
from tests.guards.houses import examples, live_in, paths_of, rules_of
from tests.guards.sources import ROOT, name_of

# Everything else needs a signed-in member.
PUBLIC = {
    "accounts.ask_for_link", "accounts.ask_for_reset", "accounts.code", "accounts.forgot", "accounts.left",
    "accounts.link", "accounts.link_sent", "accounts.move_to_new_mail", "accounts.new_mail", "accounts.redeem_link",
    "accounts.reset", "accounts.reset_now", "accounts.reset_sent", "accounts.rules", "accounts.sign_in",
    "accounts.sign_in_by_password", "accounts.take_code", "accounts.take_link_code",
    "announcements.acknowledge_letter", "announcements.letter",
    "doors.csp_report", "doors.offline", "doors.service_worker", "doors.static",
    "health.healthz", "health.metrics", "health.readyz",
    "home.demo", "home.demo_sign_in", "home.language", "home.theme",
    "invitations.accept", "invitations.answer_name", "invitations.answer_pace", "invitations.answer_rules",
    "invitations.first_name", "invitations.first_pace", "invitations.first_password", "invitations.first_rules",
    "invitations.link",
    "notifications.unsubscribe", "notifications.unsubscribing",
    "office.become_first_administrator", "office.first_qr", "office.welcome",
    "workshop.styleguide",
}  # fmt: skip


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """One database is enough: the map of addresses does not depend on it."""
    return sqlite_app


def test_public_endpoints_equal_the_list(app: Flask) -> None:
    found = {name for name, view in app.view_functions.items() if getattr(view, "is_public", False)}
    assert found == PUBLIC, (
        "a view is open to everybody only with @public and a line in this list: "
        f"not listed {sorted(found - PUBLIC)}, not public {sorted(PUBLIC - found)}"
    )


def test_only_reports_and_the_end_of_mail_may_be_sent_without_proof_of_their_origin(app: Flask) -> None:
    """A browser reports what broke a policy; a mail program presses the button of RFC 8058 for its reader."""
    exempt = {name for name, view in app.view_functions.items() if getattr(view, "is_exempt", False)}
    assert exempt == {"doors.csp_report", "notifications.unsubscribe"}, (
        "every unsafe request proves where it comes from"
    )


def test_routes_know_get_and_post_only(app: Flask) -> None:
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert methods <= {"GET", "HEAD", "OPTIONS", "POST"}, "write @bp.get or @bp.post"
    both = [rule.rule for rule in app.url_map.iter_rules() if {"GET", "POST"} <= set(rule.methods or ())]
    assert not both, f"one view reads, another one acts: {both}"


def test_nobody_signed_out_gets_past_the_door(app: Flask, world: World, anyone: Callable[[], Client]) -> None:
    known = examples(app, world, live_in(app, world))
    client = anyone()
    for rule in rules_of(app, "GET"):
        if rule.endpoint in PUBLIC:
            continue
        for path in paths_of(app, rule, known):
            answer = client.get(path)
            if path.startswith("/api/"):
                assert answer.status_code == 401, f"{path} answers {answer.status_code} to nobody"
                continue
            assert answer.status_code in (302, 303), f"{path} answers {answer.status_code} to nobody"
            assert answer.location.startswith("/sign-in"), path
    for rule in rules_of(app, "POST"):
        if rule.endpoint in PUBLIC:
            continue
        for path in paths_of(app, rule, known):
            assert client.post(path, {}).status_code == 401, f"POST {path} lets nobody in"


def _pattern(rule: str) -> re.Pattern[str]:
    """What a test writes to reach the route: literal parts, and something in braces or plain for each variable."""
    _before, secret, after = re.match(r"(.*?)(<[^>]*secret>)?([^<]*|.*)$", rule).groups()  # type: ignore[union-attr]
    if secret and after:
        return re.compile(r"\}" + re.escape(after) + r"[\"'?]")  # f"{link_of_the_letter}/name"
    parts = re.split(r"<[^>]+>", rule)
    return re.compile(r"[^\"'\s/]+?".join(re.escape(part) for part in parts) + r"(?=[\"'?#\s/]|$)")


def _tests_outside_the_guards() -> str:
    files = (path for path in (ROOT / "tests").rglob("*.py") if not name_of(path).startswith("tests/guards/"))
    return "\n".join(path.read_text("utf-8") for path in files)


# Routes whose own test reaches them by following what a page shows.
FOLLOWED = {"doors.static": "every page's sheet and scripts", "workshop.styleguide": "tests/journeys"}


def test_every_route_has_a_test(app: Flask) -> None:
    written = _tests_outside_the_guards()
    missing = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FOLLOWED and not _pattern(rule.rule).search(written)
    )
    assert not missing, "write a test through the door for:\n  " + "\n  ".join(missing)


def test_the_guard_of_routes_sees_a_path_in_a_test(app: Flask) -> None:
    pattern: Any = _pattern("/topics/<id:topic_id>/replies")
    assert pattern.search('client.post(f"/topics/{topic_id}/replies", {})')
    assert not pattern.search('client.get(f"/topics/{topic_id}")')
