"""The HTTP door: who is looking, what a refusal looks like, and nothing that can be planted or lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import select

from app.core.web import RowInTemplate, page, safe_next
from app.models import Member
from tests.conftest import NO_SUCH_ID, Client, Person, World


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/boards", "/boards"),
        ("/boards?after=x#y", "/boards?after=x#y"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("///evil.example", "/"),
        (" /boards", "/"),
        ("boards", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_next_never_leads_away(target: str | None, goes_to: str) -> None:
    assert safe_next(target) == goes_to


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example/"])
def test_a_form_never_redirects_away(anyone: Callable[[], Client], target: str) -> None:
    for path, data in (("/language", {"lang": "en"}), ("/theme", {"theme": "dark"})):
        assert anyone().post(path, {**data, "next": target}).location == "/"


def test_theme_and_language_are_kept_on_this_device(anyone: Callable[[], Client]) -> None:
    client = anyone()
    client.post("/theme", {"theme": "dark"})
    client.post("/language", {"lang": "en", "next": "/sign-in"})
    text = client.page("/sign-in")
    assert 'data-theme="dark"' in text
    assert 'lang="en"' in text
    assert client.post("/theme", {"theme": "neon"}).status_code == 404
    assert client.post("/language", {"lang": "xx"}).status_code == 404


def test_the_language_of_a_member_goes_where_she_goes(world: World, as_: Callable[[Person], Client]) -> None:
    as_(world.haruka).post("/language", {"lang": "en"})
    assert 'lang="en"' in as_(world.haruka).page("/")
    assert 'lang="ja"' in as_(world.sora).page("/")


def test_whoever_is_signed_out_is_led_to_the_door_and_back(anyone: Callable[[], Client]) -> None:
    answer = anyone().get("/boards/square?x=1")
    assert answer.status_code in (302, 303)
    assert answer.location.startswith("/sign-in?next=")
    assert anyone().get("/").location == "/sign-in"


def test_what_was_written_survives_a_session_that_ended(anyone: Callable[[], Client], world: World) -> None:
    answer = anyone().post(
        f"/topics/{world.topic_id}/replies", {"body": "長い長い文章 <b>", "password": "秘密のことば"}
    )
    assert answer.status_code == 401
    assert "長い長い文章 &lt;b&gt;" in answer.text
    assert "秘密のことば" not in answer.text


def test_what_was_written_survives_a_stale_form(as_: Callable[[Person], Client], world: World) -> None:
    client = as_(world.haruka)
    answer = client.http.post(
        f"/topics/{world.topic_id}/replies",
        data={"body": "消えない文章"},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 400
    assert "消えない文章" in answer.text


def test_scripts_get_json(
    anyone: Callable[[], Client], as_: Callable[[Person], Client], world: World
) -> None:
    headers = {"Accept": "application/json"}
    signed_out = anyone().get("/boards", headers=headers)
    assert (signed_out.status_code, signed_out.json["code"]) == (401, "signed_out")
    missing = as_(world.haruka).get(f"/topics/{NO_SUCH_ID}", headers=headers)
    assert missing.status_code == 404
    assert missing.json == {"ok": False, "code": "not_found", "message": missing.json["message"]}
    unknown = as_(world.haruka).post(
        f"/topics/{world.topic_id}/replies", {"body": "x", "author_id": "1"}, headers=headers
    )
    assert (unknown.status_code, unknown.json["code"]) == (422, "invalid")


def test_a_browsers_accept_header_gets_a_page(as_: Callable[[Person], Client], world: World) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = as_(world.haruka).get("/no/such/page", headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_a_wrong_method_says_which_are_right(as_: Callable[[Person], Client], world: World) -> None:
    answer = as_(world.haruka).get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_too_much_at_once_is_a_sentence(as_: Callable[[Person], Client], world: World) -> None:
    answer = as_(world.haruka).post("/theme", {"theme": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "2 MB" in answer.text


def test_a_row_never_reaches_a_template(app: Flask, world: World, rows: Callable[..., list[Any]]) -> None:
    [row] = rows(select(Member).where(Member.id == world.haruka.id))
    with app.test_request_context("/"):
        for hidden in (row, [row], {"a": [row]}, ((row,),)):
            with pytest.raises(RowInTemplate):
                page("offline.html", something=hidden)


def test_a_mistake_of_ours_is_a_page_with_what_was_typed(
    app: Flask, world: World, as_: Callable[[Person], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RAISE_MISTAKES", False)
    client = as_(world.haruka)

    def broken(**_arguments: Any) -> None:
        raise LookupError("秘密の値")

    monkeypatch.setitem(app.view_functions, "boards.reply", broken)
    answer = client.post(f"/topics/{world.topic_id}/replies", {"body": "まだあります"})
    assert answer.status_code == 500
    assert "まだあります" in answer.text
    assert "秘密の値" not in answer.text


def test_a_full_disk_is_a_page_with_what_was_typed(
    app: Flask, world: World, as_: Callable[[Person], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_(world.haruka)

    def full(**_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(app.view_functions, "boards.reply", full)
    answer = client.post(f"/topics/{world.topic_id}/replies", {"body": "まだあります"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "まだあります" in answer.text


def test_unknown_fields_are_refused_everywhere_they_could_do_harm(
    world: World, as_: Callable[[Person], Client]
) -> None:
    client = as_(world.haruka)
    for name in ("roles", "author_id", "is_moderator", "cohort_id", "hidden_at", "approved_by"):
        answer = client.post(f"/topics/{world.topic_id}/replies", {"body": "本文", name: "1"})
        assert answer.status_code == 422, name
        assert "本文" in answer.text


def test_a_planted_cookie_is_nobody(app: Flask, anyone: Callable[[], Client], world: World) -> None:
    client = anyone()
    with client.http.session_transaction() as stored:
        stored["_user_id"] = "0" * 64
        stored["_fresh"] = True
    assert client.get("/boards").status_code in (302, 303)


def test_a_session_id_known_before_signing_in_is_worth_nothing_after(
    app: Flask, world: World, as_: Callable[[Person], Client]
) -> None:
    client = as_(world.haruka)
    with client.http.session_transaction() as stored:
        token = stored["_user_id"]
    client.post("/sign-out")
    with client.http.session_transaction() as stored:
        assert "_user_id" not in stored
        stored["_user_id"] = token
        stored["_fresh"] = True
    assert client.get("/boards").status_code in (302, 303), "the row is gone, so the old cookie opens nothing"


def test_a_browser_keeps_its_csrf_value_and_no_other_has_it(
    world: World, as_: Callable[[Person], Client]
) -> None:
    def value(client: Client) -> str:
        return client.page("/me").partition('name="csrf_token" value="')[2].partition('"')[0]

    haruka, sora = as_(world.haruka), as_(world.sora)
    value(haruka)  # the first page makes it
    assert value(haruka) == value(haruka) != value(sora)


def test_two_browsers_are_two_people(world: World, as_: Callable[[Person], Client]) -> None:
    hers, his = as_(world.haruka), as_(world.takumi)
    assert world.haruka.name in hers.page("/me")
    assert world.takumi.name in his.page("/me")
    assert world.takumi.name not in hers.page("/me")


def test_demo_data_answers_this_machine_only(
    app: Flask, world: World, anyone: Callable[[], Client], write: Callable[[Callable[[], Any]], Any]
) -> None:
    from app.core.db import session
    from app.models import Community

    def become_a_demo() -> None:
        community = session.get_one(Community, 1)
        community.is_demo, community.version = True, community.version + 1

    assert anyone().get("/demo").status_code == 404, "no demo, no entrance"
    assert anyone().post("/demo/haruka").status_code == 404
    write(become_a_demo)
    client = anyone()
    assert client.get("/demo").status_code == 200
    assert client.get("/demo", headers={"Host": "tsubomi.example.jp"}).status_code == 403
    assert client.post("/demo/admin").status_code == 404, "nobody becomes the administrator with one click"
    assert client.post("/demo/haruka").location == "/"
    assert client.get("/boards").status_code == 200


def test_the_offline_page_needs_nobody(anyone: Callable[[], Client]) -> None:
    assert "<h1" in anyone().page("/offline")


def test_the_service_worker_is_served_from_the_root(anyone: Callable[[], Client]) -> None:
    answer = anyone().get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_violation_report_leaves_no_trace_of_a_person(
    anyone: Callable[[], Client], capfd: pytest.CaptureFixture[str]
) -> None:
    report = {"csp-report": {"document-uri": "http://localhost/canary", "effective-directive": "script-src"}}
    answer = anyone().http.post("/csp-report", json=report)
    assert answer.status_code == 204
    assert anyone().http.post("/csp-report", data="rubbish").status_code == 204
    assert "canary" not in capfd.readouterr().err


def test_a_static_file_is_kept_for_ever_and_only_under_its_own_release(
    app: Flask, anyone: Callable[[], Client]
) -> None:
    client = anyone()
    with app.test_request_context():
        path = url_for("doors.static", digest=app.extensions["tsubomi.assets"].digest, path="css/app.css")
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/static/000000000000/css/app.css").status_code == 404
    assert client.get(path.replace("css/app.css", "../wsgi.py")).status_code == 404
