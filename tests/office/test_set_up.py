"""From the empty house to the first invited person of HR."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.operations import end_sessions_of
from app.core import clock
from app.core.errors import Conflict
from app.models import Board, Cohort, Community, Invitation, Member, MemberSession, OneTimeLink, Role
from app.office.operations import make_first_administrator_link
from tests.conftest import NOON, Client, World

from .conftest import ACCOUNT, account, without_csrf


def test_the_first_administrator_walks_from_the_empty_house_to_an_invited_hr(
    moved_in: Client, rows: Any, deliver: Any, letters: Any
) -> None:
    [admin] = rows(select(Member))
    assert admin.roles == Role.ADMINISTRATOR
    assert (admin.legal_name, admin.kana, admin.mail) == ("山田 遥子", "ヤマダ ヨウコ", "yamada@example.jp")
    assert "続きから設定する" in moved_in.page("/setup")
    steps: list[tuple[str, dict[str, str], str]] = [
        ("/setup/company", {"name": "花丘商事"}, "/setup/size"),
        ("/setup/size", {"count": "12"}, "/setup/mail"),
        ("/setup/help-line", {"help_line": "相談窓口 03-1234-5678"}, "/setup/hr"),
        (
            "/setup/hr",
            {"legal_name": "佐藤 光", "kana": "サトウ ヒカリ", "mail": "sato@example.jp"},
            "/setup/cohort",
        ),
        (
            "/setup/cohort",
            {
                "name": "2027年4月入社",
                "starts_on": "2027-04-01",
                "opens_square": "y",
                "opens_cohort_board": "y",
            },
            "/setup",
        ),
    ]
    for path, typed, following in steps:
        moved_in.page(path)
        answer = moved_in.post(path, typed)
        assert (answer.status_code, answer.headers["Location"]) == (302, following), answer.text
    assert "TSUBOMI_MAIL_URL" in moved_in.page("/setup/mail")
    assert moved_in.post("/setup/mail/test").status_code == 302
    assert moved_in.post("/setup/finish").headers["Location"] == "/admin"
    assert "初期設定がまだ終わっていません" not in moved_in.page("/admin")
    assert "相談窓口 03-1234-5678" in moved_in.page("/")
    deliver()
    [invitation] = rows(select(Invitation))
    assert (invitation.roles, invitation.mail) == (Role.HR, "sato@example.jp")
    assert {"sato@example.jp", "yamada@example.jp"} <= {
        address for letter in letters() for address in re.findall(r"[a-z]+@example\.jp", letter.to)
    }
    assert "テストメールです" in {letter.subject for letter in letters()}
    assert rows(select(Cohort.name)) == ["2027年4月入社"]
    assert rows(select(Board.name).order_by(Board.position)) == ["みんなのひろば", "2027年4月入社のひろば"]
    [community] = rows(select(Community))
    assert community.set_up_at is not None
    assert community.second_hr_at is None


def test_set_up_can_be_left_in_the_middle_and_resumed_after_signing_in_again(
    moved_in: Client, empty: Flask, as_: Any, rows: Any
) -> None:
    moved_in.post("/setup/company", {"name": "花丘商事"})
    [admin] = rows(select(Member))
    with empty.app_context():
        end_sessions_of(admin.id)
    assert moved_in.get("/setup").headers["Location"].startswith("/sign-in")
    back = as_(admin)
    assert "初期設定がまだ終わっていません" in back.page("/admin")
    overview = back.page("/setup")
    assert "花丘商事" in overview
    assert re.search(r'class="button button-primary" href="/setup/size"', overview)
    assert "花丘商事" in back.page("/setup/company")


def test_finishing_needs_only_the_name_and_the_number(moved_in: Client, rows: Any) -> None:
    assert moved_in.post("/setup/finish").status_code == 409
    moved_in.post("/setup/company", {"name": "花丘商事"})
    moved_in.post("/setup/size", {"count": "40"})
    assert moved_in.post("/setup/finish").status_code == 302
    assert rows(select(Community.set_up_at.is_not(None))) == [True]


def test_the_link_works_once(first_link: Any, anyone: Any) -> None:
    link, client, second = first_link(), anyone(), anyone()
    typed, foreign = account(client, link), account(second, link)
    assert client.post(link, typed).status_code == 200
    assert client.post(link, typed).status_code == 404
    assert second.post(link, foreign).status_code == 404
    assert anyone().get(link).status_code == 404


def test_opening_the_link_changes_nothing(first_link: Any, anyone: Any, rows: Any) -> None:
    link = first_link()
    for _each in range(2):
        anyone().page(link)
    assert rows(select(func.count()).select_from(Member)) == [0]
    assert rows(select(func.count()).select_from(OneTimeLink)) == [1]


def test_the_link_dies_after_seven_days(first_link: Any, anyone: Any) -> None:
    with clock.hold(NOON):
        link = first_link()
    with clock.hold(NOON + timedelta(days=6, hours=23)):
        assert anyone().get(link).status_code == 200
    with clock.hold(NOON + timedelta(days=7)):
        answer = anyone().get(link)
    assert answer.status_code == 404
    assert "有効期限が切れています" in answer.text


def test_asking_for_the_link_again_replaces_it_and_stops_with_the_first_member(
    empty: Flask, first_link: Any, anyone: Any
) -> None:
    earlier, link = first_link(), first_link()
    assert anyone().get(earlier).status_code == 404
    client = anyone()
    assert client.post(link, account(client, link)).status_code == 200
    with empty.app_context(), pytest.raises(Conflict, match="すでに参加している方がいる"):
        make_first_administrator_link()


def test_an_unknown_link_and_a_used_one_are_the_same_answer(first_link: Any, anyone: Any) -> None:
    link, client = first_link(), anyone()
    client.post(link, account(client, link))
    used, unknown = anyone().get(link), anyone().get(f"/setup/{'a' * 26}")
    assert (used.status_code, without_csrf(used)) == (unknown.status_code, without_csrf(unknown))


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("code", "000000", "コードが違うか"),
        ("mail", "yamada@", "メールアドレスの形"),
        ("password", "short", "10文字以上"),
        ("legal_name", "  ", "入力してください"),
        ("display_name", "人事部", ""),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field_and_the_link_stays_good(
    first_link: Any, anyone: Any, rows: Any, field: str, typed: str, sentence: str
) -> None:
    link, client = first_link(), anyone()
    answer = client.post(link, account(client, link, **{field: typed}))
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert sentence in answer.text
    assert ACCOUNT["password"] not in answer.text
    assert rows(select(Member)) == []
    assert client.post(link, account(client, link)).status_code == 200


def test_the_rules_have_to_be_read(first_link: Any, anyone: Any) -> None:
    link, client = first_link(), anyone()
    typed = account(client, link)
    del typed["accepts_rules"]
    assert client.post(link, typed).status_code == 422


def test_the_recovery_codes_and_the_session_come_with_the_account(
    first_link: Any, anyone: Any, rows: Any
) -> None:
    link, client = first_link(), anyone()
    text = client.post(link, account(client, link)).text
    assert len(re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", text)) == 10
    assert rows(select(func.count()).select_from(MemberSession)) == [1]
    assert client.get(f"{link}/qr.svg").status_code == 404


def test_the_picture_for_the_authenticator_belongs_to_the_page(first_link: Any, anyone: Any) -> None:
    client, link = anyone(), first_link()
    client.page(link)
    picture = client.get(f"/setup/{link[-26:]}/qr.svg")
    assert (picture.status_code, picture.content_type) == (200, "image/svg+xml")
    assert b"<svg" in picture.data
    assert b"style=" not in picture.data


@pytest.mark.parametrize(("count", "is_small"), [(19, True), (20, False)])
def test_under_twenty_candidates_the_preset_for_small_companies_applies(
    moved_in: Client, count: int, is_small: bool
) -> None:
    moved_in.post("/setup/company", {"name": "花丘商事"})
    moved_in.post("/setup/size", {"count": str(count)})
    assert ("20名未満の会社向けの設定です" in moved_in.page("/setup")) is is_small


@pytest.mark.parametrize("typed", ["0", "-3", "5001", "たくさん", "", "99999999999999999999"])
def test_a_number_of_candidates_that_cannot_be_is_refused_and_stays_in_the_field(
    moved_in: Client, rows: Any, typed: str
) -> None:
    answer = moved_in.post("/setup/size", {"count": typed})
    assert answer.status_code == 422
    assert 'id="count-wrong"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert rows(select(Community.expected_candidates)) == [None]


def test_sample_letters_are_few(moved_in: Client, deliver: Callable[[], int], letters: Any) -> None:
    answers = [moved_in.post("/setup/mail/test").status_code for _each in range(6)]
    assert answers == [302] * 5 + [429]
    deliver()
    assert sum(letter.subject == "テストメールです" for letter in letters()) == 5


def test_an_administrator_without_hr_powers_stops_organising_once_two_of_hr_are_here(
    app: Flask, world: World, as_: Any
) -> None:
    admin = as_(world.admin)
    assert 'href="/setup/company"' in admin.page("/setup")
    assert 'href="/setup/cohort"' not in admin.page("/setup")
    assert admin.get("/setup/cohort").status_code == 404
    answer = admin.post("/setup/cohort", {"name": "2028年4月入社", "starts_on": "2028-04-01"})
    assert answer.status_code == 404
