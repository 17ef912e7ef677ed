"""Every page a person can reach, in a real browser: nothing that axe finds, nothing the policy of the page forbids,
nothing in the console, no scrolling sideways at 320, 390 and 1366 pixels; in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.conftest import House
from tools.screenshots import LANGUAGES, PLACES, Language, Place, Walker, complaints

# Routes a browser gets no page of its own from: pictures, scripts, figures, and addresses that only lead on.
NO_PAGES = {
    "/healthz", "/readyz", "/metrics", "/sw.js", "/static/<digest>/<path:path>", "/posts/<id:post_id>",
    "/me/security/second-factor/qr.svg", "/setup/<string(length=26):secret>/qr.svg",
}  # fmt: skip
# Reached only with an authenticator app or a letter to a new address; tests/accounts open them.
WITHOUT_A_PICTURE = {
    "/sign-in/code", "/mail/<string(length=26):secret>", "/me/security/second-factor/confirm",
    "/topics/<id:topic_id>/reveal",
}  # fmt: skip


@pytest.fixture(scope="module")
def walker(chromium: Browser) -> Iterator[Walker]:
    """The installations all places need, in one browser."""
    with ExitStack() as stack:
        yield Walker(chromium, stack)


@pytest.fixture(scope="module")
def visited(_sqlite_house: House) -> Iterator[dict[str, str]]:
    """Addresses by the names of places; once every place was visited, every page of the product must be among them."""
    paths: dict[str, str] = {}
    yield paths
    if len(paths) < len(PLACES):
        return
    routes = _sqlite_house.app.url_map.bind("localhost")
    reached = {routes.match(path, return_rule=True)[0].rule for path in paths.values() if routes.test(path)}
    pages = {rule.rule for rule in _sqlite_house.app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    missing = pages - reached - NO_PAGES - WITHOUT_A_PICTURE
    assert not missing, f"add them to PLACES in tools/screenshots.py: {sorted(missing)}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.who}-{place.name}")
def test_page_is_sound(place: Place, language: Language, walker: Walker, visited: dict[str, str]) -> None:
    """Whatever is wrong with it, in one list."""
    with walker.at(place, language) as sight:
        visited[place.name] = urlsplit(sight.page.url).path
        found = complaints(sight)
    assert not found, "\n" + "\n".join(found)


def test_names_of_places_are_their_own() -> None:
    """Two places of one name would write over each other's picture."""
    names = [place.name for place in PLACES]
    assert sorted(set(names)) == sorted(names)
