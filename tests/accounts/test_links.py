"""Signing in by letter, and resetting a password by letter."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.accounts.operations import ask_for_sign_in_link, redeem_sign_in_link, tidy_doors
from app.core.clock import now
from app.core.db import session
from app.core.events import OutboxRow
from app.core.tokens import secret_of
from app.models import MemberSession, OneTimeLink
from tests.accounts.conftest import digits_in, is_inside, path_in, without_csrf
from tests.conftest import NOON, PASSWORD

pytestmark = pytest.mark.usefixtures("letters_arrive")
NEW = "midori-no-kaze-77"


@pytest.fixture
def asked(world, anyone, deliver, letters):
    """Asks for a sign-in link as this person; gives the browser and the letter."""

    def ask(person, **more):
        client = anyone()
        answer = client.post("/sign-in/link", {"mail": person.mail, **more})
        assert answer.location == "/sign-in/sent"
        deliver()
        return client, letters()[0]

    return ask


def test_a_link_signs_in_by_the_button_only_and_once(world, asked):
    client, letter = asked(world.haruka, next="/rules")
    path = path_in(letter.text)
    for _each in range(2):  # a mail scanner, then the person
        assert "サインインする" in client.page(path)
        assert not is_inside(client)
    assert client.post(path).location == "/rules"
    assert is_inside(client)
    again = client.post(path)
    assert again.status_code == 404
    assert "このリンクは使えません" in again.text


def test_in_another_browser_the_link_signs_nobody_in(world, asked, anyone):
    client, letter = asked(world.haruka)
    other = anyone()
    path = path_in(letter.text)
    assert "申し込んだ端末" in other.page(path)
    assert "申し込んだ端末" in other.post(path).text
    assert not is_inside(other)
    assert other.post("/sign-in/sent", {"code": digits_in(letter.text)}).status_code == 422
    assert client.post("/sign-in/sent", {"code": digits_in(letter.text)}).status_code == 302
    assert is_inside(client)
    assert client.post("/sign-in/sent", {"code": digits_in(letter.text)}).status_code == 422


def test_five_wrong_codes_kill_the_link(world, asked):
    client, letter = asked(world.haruka)
    right = digits_in(letter.text)
    wrong = "000000" if right != "000000" else "111111"
    for _each in range(5):
        assert client.post("/sign-in/sent", {"code": wrong}).status_code == 422
    assert client.post("/sign-in/sent", {"code": right}).status_code == 422
    assert client.get(path_in(letter.text)).status_code == 404
    assert not is_inside(client)


def test_full_width_digits_are_understood(world, asked):
    client, letter = asked(world.haruka)
    typed = digits_in(letter.text).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert client.post("/sign-in/sent", {"code": f" {typed[:3]} {typed[3:]} "}).status_code == 302


def test_a_link_lives_ten_minutes(world, asked, held_clock):
    with held_clock(NOON):
        client, letter = asked(world.haruka)
    with held_clock(NOON + timedelta(minutes=9, seconds=59)):
        assert client.get(path_in(letter.text)).status_code == 200
    with held_clock(NOON + timedelta(minutes=10)):
        assert client.get(path_in(letter.text)).status_code == 404
        assert client.post(path_in(letter.text)).status_code == 404
        assert client.post("/sign-in/sent", {"code": digits_in(letter.text)}).status_code == 422


def test_asking_gives_one_answer_and_costs_the_same_for_anybody(world, anyone, queries, deliver, letters):
    answers, counts = [], []
    for mail in ("haruka@example.jp", "nobody@example.jp"):
        client = anyone()
        client.csrf()
        with queries() as seen:
            answer = client.post("/sign-in/link", {"mail": mail})
        counts.append(len(seen))
        following = client.get(answer.location)
        answers.append((answer.status_code, answer.location, answer.text, without_csrf(following.text)))
    assert answers[0] == answers[1]
    assert counts[0] == counts[1]
    deliver()
    assert [letter.to.partition("<")[2] for letter in letters()] == ["haruka@example.jp>"]


def test_codes_for_nobody_are_refused_like_wrong_ones(world, anyone, asked):
    answers = []
    for mail in ("haruka@example.jp", "nobody@example.jp"):
        client = anyone()
        client.post("/sign-in/link", {"mail": mail})
        answers.append(
            [without_csrf(client.post("/sign-in/sent", {"code": "12345"}).text) for _each in range(6)]
        )
    assert answers[0] == answers[1]


def test_asking_is_limited_for_anybody(world, anyone):
    for mail in ("haruka@example.jp", "nobody@example.jp"):
        statuses = [anyone().post("/sign-in/link", {"mail": mail}).status_code for _each in range(4)]
        assert statuses == [302, 302, 302, 429]


def test_a_letter_is_never_enough_for_people_with_powers(app, world, anyone, deliver, letters, rows):
    client = anyone()
    client.post("/sign-in/link", {"mail": world.jinji.mail})
    deliver()
    assert path_in(letters()[0].text) == "/sign-in"
    link = rows(select(OneTimeLink))[0]
    assert client.post(f"/sign-in/{secret_of('sign_in', link.nonce)}").status_code == 404
    assert not is_inside(client)


def test_a_second_factor_is_asked_after_a_link_too(world, with_factor, asked):
    code = with_factor(world.haruka)
    client, letter = asked(world.haruka)
    assert client.post(path_in(letter.text)).location == "/sign-in/code"
    assert not is_inside(client)
    assert client.post("/sign-in/code", {"code": code()}).status_code == 302
    assert is_inside(client)


def test_two_at_once_redeem_a_link_once(app, world):
    with app.app_context():
        ask_for_sign_in_link(world.haruka.mail, browser="one browser")
        nonce = session.scalars(select(OneTimeLink.nonce)).one()
        secret = secret_of("sign_in", nonce)
    outcomes: list[int | None] = []
    start = threading.Barrier(2)

    def redeem() -> None:
        with app.app_context():
            start.wait()
            outcomes.append(redeem_sign_in_link(secret, browser="one browser"))

    both = [threading.Thread(target=redeem) for _each in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes, key=str) == sorted([world.haruka.id, None], key=str)


def test_no_working_secret_lies_in_the_database_or_the_outbox(app, world, anyone, rows):
    anyone().post("/sign-in/link", {"mail": world.haruka.mail})
    link = rows(select(OneTimeLink))[0]
    secret = secret_of("sign_in", link.nonce)
    with app.app_context():
        kept = [str(row) for row in session.execute(text("SELECT * FROM one_time_link"))]
        kept += [str(row) for row in session.execute(select(OutboxRow.payload))]
        kept += [str(row) for row in session.execute(text("SELECT * FROM outbox"))]
    assert kept
    assert not [each for each in kept if secret in each]


def test_expired_links_and_sessions_are_tidied_away(app, world, as_, anyone, held_clock, rows):
    with held_clock(NOON):
        as_(world.haruka)
        anyone().post("/sign-in/link", {"mail": world.haruka.mail})
    with held_clock(NOON + timedelta(minutes=5)), app.app_context():
        tidy_doors()
    assert len(rows(select(OneTimeLink))) == len(rows(select(MemberSession))) == 1
    with held_clock(NOON + timedelta(days=91)), app.app_context():
        tidy_doors()
    assert rows(select(OneTimeLink)) == rows(select(MemberSession)) == []


# ── a forgotten password ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def reset_letter(anyone, deliver, letters):
    """Asks for a reset as this person; gives the letter."""

    def ask(person):
        assert anyone().post("/password/forgot", {"mail": person.mail}).location == "/password/sent"
        deliver()
        return letters()[0]

    return ask


def test_a_reset_sets_the_password_once_and_ends_every_session(
    world, with_password, as_, anyone, reset_letter, deliver, letters
):
    with_password(world.haruka)
    old_device = as_(world.haruka)
    path = path_in(reset_letter(world.haruka).text)
    client = anyone()
    assert client.post(path, {"new_password": "short"}).status_code == 422
    assert client.post(path, {"new_password": "haruka-haruka-1"}).status_code == 422
    assert client.post(path, {"new_password": NEW}).location == "/sign-in"
    assert client.post(path, {"new_password": NEW}).status_code == 404
    assert not is_inside(old_device)
    assert client.post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD}).status_code == 422
    assert client.post("/sign-in", {"email": world.haruka.mail, "password": NEW}).status_code == 302
    deliver()
    assert letters()[0].subject == "パスワードが変更されました"


def test_a_reset_lives_one_hour(world, reset_letter, anyone, held_clock):
    with held_clock(NOON):
        path = path_in(reset_letter(world.haruka).text)
    with held_clock(NOON + timedelta(minutes=59)):
        assert anyone().get(path).status_code == 200
    with held_clock(NOON + timedelta(minutes=60)):
        assert anyone().get(path).status_code == 404
        assert anyone().post(path, {"new_password": NEW}).status_code == 404


def test_asking_for_a_reset_gives_one_answer(world, anyone, queries, deliver, letters):
    answers, counts = [], []
    for mail in ("haruka@example.jp", "nobody@example.jp"):
        client = anyone()
        client.csrf()
        with queries() as seen:
            answer = client.post("/password/forgot", {"mail": mail})
        counts.append(len(seen))
        answers.append((answer.status_code, answer.location, without_csrf(client.get(answer.location).text)))
    assert answers[0] == answers[1]
    assert counts[0] == counts[1]
    deliver()
    assert [letter.to.partition("<")[2] for letter in letters()] == ["haruka@example.jp>"]


def test_with_powers_a_reset_needs_the_second_factor_too(
    world, with_password, with_factor, reset_letter, anyone
):
    with_password(world.jinji)
    code = with_factor(world.jinji)
    path = path_in(reset_letter(world.jinji).text)
    client = anyone()
    assert client.post(path, {"new_password": NEW}).status_code == 422
    assert client.post(path, {"new_password": NEW, "code": code()}).location == "/sign-in"


def test_wrong_codes_kill_a_reset(world, with_password, with_factor, reset_letter, anyone):
    with_password(world.jinji)
    with_factor(world.jinji)
    path = path_in(reset_letter(world.jinji).text)
    client = anyone()
    statuses = [client.post(path, {"new_password": NEW, "code": "12345"}).status_code for _each in range(6)]
    assert statuses == [422, 422, 422, 422, 404, 404]


def test_powers_without_a_second_factor_are_never_reached_by_a_reset(
    world, with_password, reset_letter, anyone, rows
):
    with_password(world.jinji, is_real=True)
    assert "http" not in reset_letter(world.jinji).text
    link = rows(select(OneTimeLink))[0]
    answer = anyone().post(f"/password/{secret_of('reset_password', link.nonce)}", {"new_password": NEW})
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/sign-in/", "/password/", "/mail/"])
def test_a_link_that_was_never_made_looks_like_a_used_one(world, anyone, path):
    answers = [anyone().get(path + "a" * 26), anyone().post(path + "a" * 26), anyone().post(path + "b" * 26)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({without_csrf(answer.text) for answer in answers}) == 1


def test_links_expire_by_the_clock_not_by_counting(app, world, rows, anyone):
    anyone().post("/password/forgot", {"mail": world.haruka.mail})
    with app.app_context():
        assert session.scalar(select(func.count()).where(OneTimeLink.expires_at > now())) == 1
