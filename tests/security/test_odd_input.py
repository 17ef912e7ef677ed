"""Input that no keyboard makes: NUL, broken UTF-8, endless characters, addresses that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core.db import session
from app.core.passwords import hash_password
from app.invitations.cards import Invitee
from app.invitations.operations import invite_person
from app.models import Member, Topic
from tests.conftest import PASSWORD

# One character as a person counts them, seven code points: a column of 60 holds eight of these.
FAMILY = "👨‍👩‍👧‍👦"


@pytest.fixture(autouse=True)
def _mistakes_are_pages(app: Any) -> Any:
    """As on a real installation: whatever goes wrong is an answer, and here a 500 is a failure of the test."""
    app.config["RAISE_MISTAKES"] = False
    yield
    app.config["RAISE_MISTAKES"] = True


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("haruka", "/boards/a%00b"),
        ("haruka", "/boards/%00/new"),
        ("haruka", "/posts/%00"),
        ("haruka", "/static/%00/%00"),
        ("jinji", "/hr/boards/%00"),
        ("admin", "/admin/mail/%00"),
    ],
)
def test_an_address_with_a_nul_in_it_leads_nowhere(
    world: Any, as_: Any, anyone: Any, key: str, path: str
) -> None:
    assert as_(getattr(world, key)).get(path).status_code == 404
    assert anyone().get(path).status_code == 404


@pytest.mark.parametrize(
    ("key", "path", "without"),
    [
        ("haruka", "/people?tab=candidates&q=%00so%00ra&after=%00", "/people?tab=candidates&q=sora"),
        ("jinji", "/hr/people?cohort=%00&group=%00&q=%00", "/hr/people"),
        ("jinji", "/hr/invitations?cohort=%00&state=%00", "/hr/invitations"),
    ],
)
def test_a_nul_behind_the_question_mark_is_dropped(
    world: Any, as_: Any, key: str, path: str, without: str
) -> None:
    client = as_(getattr(world, key))
    assert client.get(path).status_code == client.get(without).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/boards/%ED%A0%80",
        "/boards/%FF%FE",
        "/people/%C0%AE%C0%AE",
        "/static/x/..%2f..%2f..%2fetc%2fpasswd",
        "/static/..%5c..%5capp/config.py",
        "/topics/aaaaaaaaaaaaa/",
        "/topics/AAAAAAAAAAAAA",
        "/boards/" + "a" * 3000,
    ],
)
def test_an_address_of_broken_letters_is_missing(world: Any, as_: Any, path: str) -> None:
    assert as_(world.haruka).get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["q=%ED%A0%80", "q=%FF", "after=%FF&before=aaaaaaaaaaaaa", "tab=constructor", "q=" + "%25" * 500]
)
def test_a_search_for_broken_letters_finds_nobody_and_breaks_nothing(
    world: Any, as_: Any, query: str
) -> None:
    assert as_(world.haruka).get(f"/people?{query}").status_code == 200


@pytest.mark.parametrize("page", ["9" * 30, "-1", "0", "x", "٣", "1e9", "%00"])
def test_a_page_number_that_cannot_be_is_a_page_or_missing(world: Any, as_: Any, page: str) -> None:
    for path in ("/hr/people", "/hr/invitations"):
        assert as_(world.jinji).get(f"{path}?page={page}").status_code in {200, 404}


def test_nul_in_a_field_is_dropped_wherever_it_is_sent(world: Any, as_: Any, rows: Any) -> None:
    jinji, person = as_(world.jinji), f"/hr/people/{world.haruka.public_id}"
    invitee = {"legal_name": "青木", "mail": "x@example.jp", "role": "candidate"}
    for path, typed in (
        (f"{person}/group", {"group": "\0x"}),
        (f"{person}/cohort", {"cohort": "\0x"}),
        (f"/hr/cohorts/{world.april.public_id}/place", {"people": "\0x", "group": ""}),
        ("/hr/walls", {"walls": "\0-\0"}),
        ("/hr/invitations/new", {**invitee, "cohort": "\0x", "group": "\0x"}),
        ("/hr/invitations/send-all", {"state": "unsent", "cohort": "\0x", "count": "1"}),
        ("/hr/invitations/send", {"ids": "\0"}),
        ("/hr/boards/new", {"name": "x", "readers": ["cohort:\0", "group:\0"]}),
    ):
        assert 400 <= jinji.post(path, typed).status_code < 500, path
    answer = as_(world.haruka).post(
        "/boards/square/new", {"title": "は\0じめ", "body": "本\0文", "submission_key": "\0"}
    )
    assert answer.status_code == 303
    assert "はじめ" in rows(select(Topic.title))


def test_a_character_that_fills_a_column_is_refused_beside_its_field(world: Any, as_: Any) -> None:
    jinji, admin = as_(world.jinji), as_(world.admin)
    april = world.april.public_id
    for client, path, typed in (
        (admin, "/admin/community", {"name": "会社", "help_line": FAMILY * 60}),
        (jinji, "/hr/cohorts", {"name": FAMILY * 14, "starts_on": "2028-04-01", "office_note": ""}),
        (jinji, "/hr/cohorts", {"name": "2028年", "starts_on": "2028-04-01", "office_note": FAMILY * 14}),
        (jinji, f"/hr/cohorts/{april}/groups", {"names": FAMILY * 14}),
        (jinji, f"/hr/groups/{world.group_id}", {"name": FAMILY * 14}),
        (jinji, f"/hr/people/{world.sora.public_id}/suspend", {"reason": FAMILY * 100}),
        (jinji, f"/hr/people/{world.sora.public_id}/end", {"reason": FAMILY * 100}),
        (jinji, "/hr/boards/new", {"name": FAMILY * 14, "readers": ["candidates"]}),
        (
            jinji,
            "/hr/invitations/new",
            {"legal_name": "青木", "mail": "x@example.jp", "role": "employee", "department": FAMILY * 20},
        ),
    ):
        answer = client.post(path, typed)
        assert answer.status_code == 422, path
        assert "重ねた記号や絵文字が多すぎます" in answer.text, path


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "１２", "1e3", "0x10", "NaN"])
def test_a_number_that_cannot_be_is_refused(world: Any, as_: Any, number: str) -> None:
    haruka = as_(world.haruka)
    profile = {"display_name": "はるか", "bud": number, "pace": "few", "language": "ja"}
    assert haruka.post("/me/profile", profile).status_code in {303, 422}
    assert haruka.post("/rules", {"version": number}).status_code in {409, 422}
    board = {"name": "新しいひろば", "position": number, "readers": ["candidates"]}
    assert as_(world.jinji).post("/hr/boards/new", board).status_code in {303, 422}


@pytest.mark.parametrize(
    "target", ["//[", "http://[", "/" + "a" * 5000, "//[::1", "/\u2028evil", "http:evil.example"]
)
def test_a_way_back_that_is_no_address_leads_home(
    world: Any, as_: Any, with_password: Any, anyone: Any, target: str
) -> None:
    mail, password = with_password
    haruka = as_(world.haruka)
    for answer in (
        haruka.get("/sign-in", query_string={"next": target}),
        haruka.post("/language", {"lang": "ja"}, headers={"Referer": target.encode().decode("latin-1")}),
        anyone().post("/sign-in", {"email": mail, "password": password, "next": target}),
    ):
        assert answer.status_code == 302
        assert "evil" not in answer.location or answer.location.startswith("/%")
        assert len(answer.headers.get("Set-Cookie", "")) < 4000
    assert haruka.get("/confirm", query_string={"next": target}).status_code == 200


@pytest.fixture
def with_password(app: Any, world: Any, write: Any) -> tuple[str, str]:
    """Sora with a password: their address and it."""
    hashed = hash_password(PASSWORD)
    write(
        lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(password_hash=hashed))
    )
    return world.sora.mail, PASSWORD


def test_neither_a_header_nor_a_field_changes_the_method(world: Any, as_: Any) -> None:
    haruka = as_(world.haruka)
    for headers in (
        {"X-HTTP-Method-Override": "POST"},
        {"X-Method-Override": "DELETE"},
        {"X-HTTP-Method": "PUT"},
    ):
        assert haruka.get("/sign-out", headers=headers).status_code == 405
    assert haruka.get("/sign-out?_method=POST").status_code == 405
    for method in ("PUT", "PATCH", "DELETE", "PROPFIND", "TRACE"):
        assert haruka.http.open("/me/profile", method=method).status_code == 405
    assert haruka.get("/").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_right_value(
    world: Any, as_: Any, rows: Any, headers: dict[str, str], status: int
) -> None:
    answer = as_(world.haruka).post("/boards/square/new", {"title": "題", "body": "文"}, headers=headers)
    assert answer.status_code == status
    assert "題" not in rows(select(Topic.title))


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/xml", "multipart/form-data"]
)
def test_a_form_of_another_content_type_writes_nothing(
    world: Any, as_: Any, rows: Any, content_type: str
) -> None:
    haruka = as_(world.haruka)
    answer = haruka.http.post(
        "/boards/square/new",
        data=b'{"title": "x", "body": "y"}',
        content_type=content_type,
        headers={"Origin": "http://localhost", "X-CSRF-Token": haruka.csrf()},
    )
    assert answer.status_code in {400, 413, 422}
    assert "x" not in rows(select(Topic.title))


def test_of_a_field_sent_twice_the_first_counts_and_none_in_the_address_does(
    world: Any, as_: Any, rows: Any
) -> None:
    haruka = as_(world.haruka)
    answer = haruka.post(
        "/boards/square/new?title=address&body=address", {"title": ["一", "二"], "body": ["三", "四"]}
    )
    assert answer.status_code == 303
    assert "一" in rows(select(Topic.title))
    assert haruka.post("/boards/square/new?title=a&body=b", {}).status_code == 422


def test_a_foreign_host_changes_no_link_and_no_letter(
    world: Any, as_: Any, anyone: Callable[..., Any], acting: Any, deliver: Any, letters: Any
) -> None:
    evil = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    answer = anyone().get("/boards", headers={**evil, "Host": "evil.example"})
    assert answer.location.startswith("/sign-in")
    jinji = as_(world.jinji)
    assert "evil.example" not in jinji.get("/", headers=evil).text
    invitee = Invitee(mail="aoi@example.jp", legal_name="青木", cohort=world.april.public_id)
    invitation_id = acting(world.jinji, invite_person, invitee)
    assert jinji.post("/hr/invitations/send", {"ids": invitation_id}, headers=evil).status_code == 302
    deliver()
    (letter,) = letters()
    assert "http://localhost/invitations/" in letter.text
    assert "evil" not in letter.text
