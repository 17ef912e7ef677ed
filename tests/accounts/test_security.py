"""One's own doors: devices, password, address, second factor, and being asked again who one is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.operations import open_session
from app.core.clock import now
from app.core.db import session
from app.core.tokens import hashed
from app.models import Member, MemberSession, OneTimeLink, RecoveryCode
from tests.accounts.conftest import (
    code_now,
    digits_in,
    is_inside,
    member_row,
    path_in,
    token_of,
    without_csrf,
)
from tests.conftest import NOON, PASSWORD

NEW = "midori-no-kaze-77"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
)


def make_stale(client):
    """Let this browser's last proof be six minutes old."""
    with client.http.session_transaction() as stored:
        stored["proved"] = int(now().timestamp()) - 6 * 60


# ── devices ──────────────────────────────────────────────────────────────────────────────────────


def test_the_list_of_devices_names_them_coarsely_and_shows_no_time(world, with_password, anyone):
    with_password(world.haruka)
    for agent in (EDGE, IPHONE):
        client = anyone()
        client.post(
            "/sign-in", {"email": world.haruka.mail, "password": PASSWORD}, headers={"User-Agent": agent}
        )
    text = client.page("/me/security")
    main = text[text.index("<main") : text.index("</main>")]
    assert re.search("iPhone・Safari<span[^>]*>この端末", main)
    assert "Windows・Edge" in main
    assert main.index("iPhone・Safari") < main.index("Windows・Edge")
    assert "<time" not in main
    assert not re.search(r"\d{1,2}:\d{2}|\d月\d|130\.0|18_0", main)


def test_one_ends_only_ones_own_devices(app, world, as_, rows):
    client, other, stranger = as_(world.haruka), as_(world.haruka), as_(world.sora)
    ids = {one.secret_hash: one.public_id for one in rows(select(MemberSession))}
    other_id, stranger_id = ids[hashed(token_of(other))], ids[hashed(token_of(stranger))]
    refused = client.post(f"/me/security/sessions/{stranger_id}/end")
    missing = client.post("/me/security/sessions/aaaaaaaaaaaaa/end")
    assert refused.status_code == missing.status_code == 404
    assert without_csrf(refused.text) == without_csrf(missing.text)
    assert client.post(f"/me/security/sessions/{other_id}/end").status_code == 302
    assert [is_inside(each) for each in (client, other, stranger)] == [True, False, True]


def test_sign_out_everywhere_ends_every_device(world, as_):
    client, other, stranger = as_(world.haruka), as_(world.haruka), as_(world.sora)
    assert client.post("/me/security/sign-out-everywhere").location == "/sign-in"
    assert [is_inside(each) for each in (client, other, stranger)] == [False, False, True]


# ── who is it ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    ["/me/security/password", "/me/security/mail", "/me/security/second-factor", "/me/leave"],
)
def test_what_matters_asks_again_who_it_is_after_five_minutes(world, with_password, as_, path):
    client = as_(with_password(world.haruka))
    assert client.get(path).status_code == 200
    make_stale(client)
    asked = client.get(path)
    assert asked.status_code == 302
    assert "confirm?next=" in asked.location
    assert "confirm?next=" in client.post(path, {}).location
    page = client.page(asked.location)
    assert 'type="password"' in page
    assert client.post("/confirm", {"password": "wrong", "next": path}).status_code == 422
    assert "confirm?next=" in client.get(path).location
    assert client.post("/confirm", {"password": PASSWORD, "next": path}).location == path
    assert client.get(path).status_code == 200


def test_with_a_second_factor_the_password_is_not_enough(world, with_password, with_factor, as_):
    with_password(world.jinji)
    code = with_factor(world.jinji)
    client = as_(world.jinji)
    make_stale(client)
    assert client.post("/confirm", {"password": PASSWORD, "next": "/"}).status_code == 422
    assert client.post("/confirm", {"code": code(), "next": "/rules"}).location == "/rules"


@pytest.mark.usefixtures("letters_arrive")
def test_without_a_password_a_fresh_letter_proves_it_in_this_browser_only(world, as_, deliver, letters):
    client, other = as_(world.haruka), as_(world.haruka)
    make_stale(client)
    make_stale(other)
    assert client.post("/confirm/mail", {"next": "/me/leave"}).status_code == 302
    deliver()
    code = digits_in(letters()[0].text)
    assert other.post("/confirm", {"code": code, "next": "/me/leave"}).status_code == 422
    assert client.post("/confirm", {"code": code, "next": "/me/leave"}).location == "/me/leave"
    make_stale(client)
    assert client.post("/confirm", {"code": code, "next": "/me/leave"}).status_code == 422


def test_confirming_never_leads_to_another_site(world, with_password, as_):
    client = as_(with_password(world.haruka))
    assert client.post("/confirm", {"password": PASSWORD, "next": "//evil.example"}).location == "/"


def test_guessing_at_the_confirmation_ends_soon(world, with_password, as_):
    client = as_(with_password(world.haruka))
    statuses = [client.post("/confirm", {"password": "x", "next": "/"}).status_code for _each in range(6)]
    assert statuses == [422] * 5 + [429]


# ── password ─────────────────────────────────────────────────────────────────────────────────────


def test_a_first_password_is_set_and_other_devices_are_signed_out(world, as_, anyone, deliver, letters):
    client, other = as_(world.haruka), as_(world.haruka)
    before = token_of(client)
    assert "パスワードの設定" in client.page("/me/security/password")
    refused = client.post("/me/security/password", {"new_password": "tsubomi123"})
    assert refused.status_code == 422
    assert "推測されやすい" in refused.text
    assert client.post("/me/security/password", {"new_password": NEW}).location == "/me/security"
    assert is_inside(client)
    assert token_of(client) != before
    assert not is_inside(other)
    assert anyone().post("/sign-in", {"email": world.haruka.mail, "password": NEW}).status_code == 302
    deliver()
    assert "パスワードが変更されました" in letters()[0].text


# ── mail address ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("letters_arrive")
def test_a_new_address_counts_once_it_was_confirmed_and_the_old_one_is_told(
    app, world, as_, anyone, deliver, letters, rows
):
    client = as_(world.haruka)
    anyone().post("/sign-in/link", {"mail": world.haruka.mail})  # an open letter at the old address
    assert client.post("/me/security/mail", {"mail": " Haruka@New.Example "}).location == "/me/security"
    deliver()
    letter = next(one for one in letters() if "haruka@new.example" in one.to)
    assert member_row(app, world.haruka).mail == world.haruka.mail
    phone = anyone()
    assert "haruka@new.example" in phone.page(path_in(letter.text))
    assert member_row(app, world.haruka).mail == world.haruka.mail
    assert phone.post(path_in(letter.text)).status_code == 302
    assert phone.post(path_in(letter.text)).status_code == 404
    assert member_row(app, world.haruka).mail == "haruka@new.example"
    deliver()
    told = letters()[0]
    assert world.haruka.mail in told.to
    assert "http" not in told.text
    assert "new.example" not in told.text
    assert rows(select(OneTimeLink)) == []


@pytest.mark.usefixtures("letters_arrive")
def test_a_taken_address_gets_the_same_answer_and_no_letter(app, world, as_, deliver, letters, queries):
    answers, counts = [], []
    for mail in ("free@new.example", world.sora.mail):
        client = as_(world.haruka)
        client.page("/me/security")
        with queries() as seen:
            answer = client.post("/me/security/mail", {"mail": mail})
        counts.append(len(seen))
        following = without_csrf(client.page(answer.location))
        answers.append((answer.status_code, re.sub(r"sessions/\w+/", "", following).count("確認のメールを")))
    assert answers[0] == answers[1] == (302, 1)
    assert counts[0] == counts[1]
    deliver()
    assert [one.to for one in letters() if world.sora.mail in one.to] == []
    assert len(letters()) == 1


@pytest.mark.usefixtures("letters_arrive")
def test_an_address_taken_meanwhile_stays_with_the_first(app, world, as_, anyone, deliver, letters, write):
    as_(world.haruka).post("/me/security/mail", {"mail": "wanted@new.example"})
    deliver()
    path = path_in(letters()[0].text)
    write(
        lambda: session.execute(
            update(Member).where(Member.id == world.sora.id).values(mail="wanted@new.example")
        )
    )
    assert anyone().post(path).status_code == 404
    assert member_row(app, world.haruka).mail == world.haruka.mail


# ── second factor ────────────────────────────────────────────────────────────────────────────────


def set_up(client, *, replace=False):
    """Set up a second factor through the door; the nonce and the page with the recovery codes."""
    page = client.page("/me/security/second-factor" + ("?replace=1" if replace else ""))
    key = re.search(r'id="factor-key" value="([A-Z2-7 ]+)"', page).group(1)
    with client.http.session_transaction() as stored:
        nonce = stored["factor"]
    assert nonce not in page
    picture = client.get("/me/security/second-factor/qr.svg")
    assert picture.content_type == "image/svg+xml"
    assert b"style=" not in picture.data
    answer = client.post("/me/security/second-factor", {"code": code_now(nonce)})
    return key, nonce, answer


def test_a_second_factor_is_set_up_by_its_first_code_and_shows_ten_codes_once(
    app, world, with_password, sign_in, rows, deliver, letters
):
    client = sign_in(with_password(world.jinji, is_real=True))
    other = sign_in(world.jinji)
    assert client.get("/me/security").location == "/me/security/second-factor"
    before = token_of(client)
    assert client.post("/me/security/second-factor", {"code": "12345"}).status_code == 422
    key, _nonce, answer = set_up(client)
    assert answer.status_code == 200
    codes = re.findall(
        r"^[a-z2-7]{4}(?:-[a-z2-7]{4}){3}$", answer.text.replace(">", ">\n").replace("<", "\n<"), re.M
    )
    assert len(set(codes)) == 10
    assert len(key.replace(" ", "")) == 26
    assert token_of(client) != before
    assert is_inside(client)
    assert not is_inside(other)
    assert codes[0] not in client.page("/me/security/second-factor")
    assert client.get("/me/security/second-factor/qr.svg").status_code == 404
    assert not {each.code_hash for each in rows(select(RecoveryCode))} & set(codes)
    deliver()
    assert "2段階認証" in letters()[0].subject


def test_replacing_and_renewing_make_the_old_ones_useless(app, world, as_, rows):
    client = as_(world.haruka)
    _key, first, _answer = set_up(client)
    old_codes = {each.code_hash for each in rows(select(RecoveryCode))}
    _key, second, answer = set_up(client, replace=True)
    assert answer.status_code == 200
    assert first != second
    assert member_row(app, world.haruka).totp_secret == second
    newer = {each.code_hash for each in rows(select(RecoveryCode))}
    assert not old_codes & newer
    assert "リカバリーコード" in client.post("/me/security/second-factor/recovery-codes").text
    newest = {each.code_hash for each in rows(select(RecoveryCode))}
    assert len(newest) == 10
    assert not newest & newer


def test_people_with_powers_cannot_take_their_second_factor_away_but_others_can(app, world, with_factor, as_):
    with_factor(world.jinji)
    assert as_(world.jinji).post("/me/security/second-factor/remove").status_code == 403
    assert member_row(app, world.jinji).totp_secret is not None
    with_factor(world.haruka)
    client = as_(world.haruka)
    assert client.post("/me/security/second-factor/remove").location == "/me/security"
    assert member_row(app, world.haruka).totp_secret is None
    assert is_inside(client)


def test_whoever_must_set_up_a_second_factor_can_be_asked_who_they_are_without_going_in_circles(
    world, with_password, sign_in
):
    client = sign_in(with_password(world.jinji, is_real=True))
    make_stale(client)
    asked = client.get("/me/security/second-factor")
    page = client.get(asked.location)
    assert page.status_code == 200
    assert 'type="password"' in page.text
    answer = client.post("/confirm", {"password": PASSWORD, "next": "/me/security/second-factor"})
    assert answer.location == "/me/security/second-factor"
    assert client.get(answer.location).status_code == 200


def test_a_device_of_a_candidate_stays_signed_in_for_ninety_days(app, world, held_clock):
    with held_clock(NOON), app.app_context():
        token = open_session(world.haruka.id, device="")
        ends_on = session.scalars(
            select(MemberSession.expires_on).where(MemberSession.secret_hash == hashed(token))
        ).one()
    assert ends_on == (NOON + timedelta(days=90)).date()
