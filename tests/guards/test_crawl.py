"""Every role opens every address: nothing breaks, nothing leaks, and what is hidden looks like what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import NO_SUCH_ID, Client, Person, World
from tests.guards.houses import Ids, examples, live_in, paths_of, rules_of

EVERYBODY = ("haruka", "sora", "yui", "takumi", "jinji", "lead", "mod", "desk", "audit", "admin")
GOOD = {200, 302, 303, 404}
# A sentence for somebody who sees the thing but may not do this with it.
MAY_REFUSE = {
    "/people/<id:person_id>/message",
    "/rooms/new",
    "/rooms/<id:room_id>/edit",
    "/rooms/<id:room_id>/people",
    "/rooms/<id:room_id>/quiz",
    "/boards/<slug>/new",
    "/topics/<id:topic_id>/hide",
    "/topics/<id:topic_id>/reveal",
    "/posts/<id:post_id>/hide",
    "/posts/<id:post_id>/reveal",
    "/posts/<id:post_id>/edit",
    "/posts/<id:post_id>/withdraw",
    "/topics/<id:topic_id>/move",
}


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """One database: the pages are the same on both, and each feature's tests open its pages on both."""
    return sqlite_app


@pytest.fixture
def ids(app: Flask, world: World) -> Ids:
    """The lived-in world's further ids."""
    return live_in(app, world)


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────


def directives(policy: str) -> dict[str, list[str]]:
    """A content security policy, taken apart."""
    return {name: sources for name, *sources in (part.split() for part in policy.split(";") if part.split())}


def assert_guarded(answer: TestResponse, path: str) -> None:
    """The headers of security.md, by their values."""
    headers = answer.headers
    policy = directives(headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"], path
    assert policy["script-src"] == policy["style-src"] == ["'self'"], path
    for name in ("frame-ancestors", "base-uri", "object-src"):
        assert policy[name] == ["'none'"], (path, name)
    assert policy["form-action"] == ["'self'"], path
    for sources in policy.values():
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:", "http:", "https:"} & set(
            sources
        ), path
    assert headers["X-Content-Type-Options"] == "nosniff", path
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, path
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"].split(", "), (path, feature)
    for name in ("Server", "X-Powered-By", "Access-Control-Allow-Origin"):
        assert name not in headers, (path, name)
    is_kept = "/static/" in path and answer.status_code == 200
    # A picture may lie in its reader's own browser; whether they may still see it is asked before each showing.
    is_asked_again = path == "/sw.js" or (path.startswith("/files/") and answer.status_code == 200)
    wanted = "immutable" if is_kept else ("no-cache" if is_asked_again else "no-store")
    assert wanted in headers["Cache-Control"], (path, headers["Cache-Control"])
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie, path
        assert "SameSite=Lax" in cookie, path


def test_every_answer_carries_the_security_headers_errors_and_statics_included(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client], anyone: Callable[[], Client]
) -> None:
    known = examples(app, world, ids)
    member, nobody = as_(world.haruka), anyone()
    for rule in rules_of(app, "GET"):
        for path in paths_of(app, rule, known):
            for client in (member, nobody):
                assert_guarded(client.get(path), path)
    for client in (member, nobody):
        assert_guarded(client.get("/no/such/page"), "/no/such/page")
        assert_guarded(client.http.post("/sign-out"), "/sign-out without csrf")
        assert_guarded(client.http.put("/"), "PUT /")
        assert_guarded(
            client.http.post("/sign-in", data={"email": "x" * 3_000_000}), "a post that is too large"
        )
        assert_guarded(client.get("/boards", headers={"Accept": "application/json"}), "/boards as JSON")


# ── nothing breaks ───────────────────────────────────────────────────────────────────────────────────────────


def _good(rule: Rule) -> set[int]:
    """Whoever is signed in and opens any invitation is told so, alike for real and unknown ones: 409."""
    if rule.rule.startswith("/invitations/<secret>"):
        return GOOD | {409}
    return GOOD | ({403} if rule.rule in MAY_REFUSE else set())


@pytest.mark.parametrize("key", EVERYBODY)
def test_every_address_answers_every_role_without_breaking(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client], key: str
) -> None:
    known = examples(app, world, ids)
    client = as_(world.people[key])
    for rule in rules_of(app, "GET"):
        for path in paths_of(app, rule, known):
            answer = client.get(path)
            assert answer.status_code in _good(rule), f"{path} answers {answer.status_code} to {key}"
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert_whole(answer.text, path)


def assert_whole(text: str, path: str) -> None:
    """A page that was rendered to its end, without anything that only a program should see."""
    assert text.rstrip().endswith("</html>"), path
    for leak in (
        ">None<",
        "Undefined",
        "object at 0x",
        "Traceback",
        "&lt;bound method",
        "LazyText",
        "_(&#39;",
    ):
        assert leak not in text, (path, leak)
    assert re.search(r"<title>[^<]+</title>", text), path
    assert re.search(r"<h1[ >]", text), f"{path} needs a heading"


@pytest.mark.parametrize("key", ["haruka", "takumi", "jinji", "admin"])
@pytest.mark.parametrize(
    "query",
    ["?after=zzz", "?after=aaaaaaaaaaaaa", "?before=%00", "?page=-1&q=%F0%9F%8C%B1", "?q=" + "あ" * 3000],
)
def test_no_query_string_breaks_a_page(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client], key: str, query: str
) -> None:
    known = {name: values[:1] for name, values in examples(app, world, ids).items()}
    client = as_(world.people[key])
    for rule in rules_of(app, "GET"):
        for path in paths_of(app, rule, known):
            status = client.get(path + query).status_code
            assert status in _good(rule) | {400, 414, 422}, f"{path}{query[:30]} answers {status}"


def test_pages_speak_english_to_whom_chose_it(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client]
) -> None:
    known = {name: values[:1] for name, values in examples(app, world, ids).items()}
    client = as_(world.haruka)
    client.post("/language", {"lang": "en", "next": "/"})
    for rule in rules_of(app, "GET"):
        for path in paths_of(app, rule, known):
            answer = client.get(path)
            assert answer.status_code in _good(rule), path
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert '<html lang="en"' in answer.text, path


# ── hidden looks like missing ────────────────────────────────────────────────────────────────────────────────

_OWN = (
    (re.compile(r'(name="csrf_token"[^>]*value=")[^"]+'), r"\1…"),
    (re.compile(r'(value=")[^"]+("[^>]*name="csrf_token")'), r"\1…\2"),
    (re.compile(r'(name="csrf-token"[^>]*content=")[^"]+'), r"\1…"),
    (re.compile(r'(name="submission_key"[^>]*value=")[^"]+'), r"\1…"),
)
RANDOM_HEADERS = {"X-Request-ID", "Set-Cookie", "Date", "Content-Length"}


def seen(answer: TestResponse, path: str) -> tuple[int, list[tuple[str, str]], str]:
    """What an answer tells, without what is random in every answer and the address the visitor typed."""
    text = answer.text
    for pattern, instead in _OWN:
        text = pattern.sub(instead, text)
    headers = sorted((name, value) for name, value in answer.headers if name not in RANDOM_HEADERS)
    return answer.status_code, headers, text.replace(path, "…").replace(path.replace("/", "%2F"), "…")


OFFICE = ("/hr", "/admin", "/setup")


@pytest.mark.parametrize("key", ["haruka", "yui", "takumi"])
def test_the_office_does_not_exist_for_candidates_and_employees(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client], key: str
) -> None:
    known = examples(app, world, ids)
    client = as_(world.people[key])
    for method, send in (("GET", client.get), ("POST", lambda path: client.post(path, {"name": "x"}))):
        missing = seen(send("/no/such/page"), "/no/such/page") if method == "GET" else None
        for rule in rules_of(app, method):
            is_open = getattr(app.view_functions[rule.endpoint], "is_public", False)
            if not rule.rule.startswith(OFFICE) or is_open:
                continue
            for path in paths_of(app, rule, known):
                answer = send(path)
                assert answer.status_code == 404, f"{method} {path} answers {answer.status_code} to {key}"
                if missing is not None:
                    assert seen(answer, path) == missing, f"{path} differs from a missing page for {key}"


def _hidden_from(world: World, ids: Ids, key: str) -> dict[str, list[str]]:
    """Routes' variables → values this person may not know to exist."""
    everybody = {
        "topic_id": [ids.hidden_topic, ids.closed_board_topic],
        "post_id": [ids.hidden_post],
        "slug": ["staff-room"],
        "session_id": [ids.session],
        "person_id": [],
    }
    haruka = {
        "topic_id": [ids.walled_topic, ids.blocked_topic],
        "post_id": [ids.walled_post],
        "person_id": [world.ren.public_id, world.yui.public_id],
        "session_id": [],
    }
    if key != "haruka":
        return everybody
    return {
        name: [*([] if name == "session_id" else everybody[name]), *haruka.get(name, [])]
        for name in everybody
    }


MISSING = {"topic_id": NO_SUCH_ID, "post_id": NO_SUCH_ID, "person_id": NO_SUCH_ID, "session_id": NO_SUCH_ID}
FORM = {"title": "題", "body": "本文", "reason": "理由", "is_agreed": "y"}


@pytest.mark.parametrize("key", ["haruka", "takumi"])
def test_hidden_looks_exactly_like_missing(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client], key: str
) -> None:
    client, compared = as_(world.people[key]), 0
    missing = {**MISSING, "slug": "no-such-bd"}  # as long as the hidden one
    for method in ("GET", "POST"):
        for rule in rules_of(app, method):
            if rule.rule.startswith(OFFICE) or len(rule.arguments) != 1:
                continue
            [name] = rule.arguments
            for hidden in _hidden_from(world, ids, key).get(name, []):
                [there] = paths_of(app, rule, {name: (hidden,)})
                [nowhere] = paths_of(app, rule, {name: (missing[name],)})
                one, other = _ask(client, method, there), _ask(client, method, nowhere)
                assert seen(one, there) == seen(other, nowhere), (
                    f"{method} {there} tells {key} that it exists"
                )
                assert one.status_code in {404, 422}, f"{method} {there} answers {one.status_code} to {key}"
                compared += 1
    assert compared > 20


def _ask(client: Client, method: str, path: str) -> TestResponse:
    return client.get(path) if method == "GET" else client.post(path, FORM)


def test_json_does_not_differ_between_hidden_and_missing(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client]
) -> None:
    client = as_(world.haruka)
    headers = {"Accept": "application/json"}
    for hidden in (ids.hidden_topic, ids.walled_topic, ids.blocked_topic, ids.closed_board_topic):
        one = client.get(f"/topics/{hidden}", headers=headers)
        other = client.get(f"/topics/{NO_SUCH_ID}", headers=headers)
        assert one.data == other.data
        assert one.json["code"] == "not_found"


SECRETS_OF_OTHERS = ("かくれた題", "かくれた文", "壁のむこう", "ブロックした人の題", "職員室", "ゆい", "れん")


def test_no_page_of_a_candidate_mentions_what_is_hidden_from_her(
    app: Flask, world: World, ids: Ids, as_: Callable[[Person], Client]
) -> None:
    known = examples(app, world, ids)
    client = as_(world.haruka)
    for rule in rules_of(app, "GET"):
        if rule.rule == "/me/blocks":
            continue  # one's own list of blocks names whom one blocked
        for path in paths_of(app, rule, known):
            text = client.get(path).get_data(as_text=True) if "static" not in path else ""
            for secret in SECRETS_OF_OTHERS:
                assert secret not in text, f"{path} says {secret!r}"
