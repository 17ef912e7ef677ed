"""Signing in by password and second factor, and the sessions that follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Date, DateTime, select, update

from app.accounts.operations import open_session, put_second_factor, suspend_member
from app.accounts.sessions import visitor_of
from app.core import clock
from app.core.db import UtcDateTime, session
from app.core.passwords import needs_rehash
from app.core.tokens import hashed
from app.models import Member, MemberSession, Role
from tests.accounts.conftest import code_now, is_inside, member_row, token_of, without_csrf
from tests.conftest import NOON, PASSWORD

WRONG = "メールアドレスかパスワードが違うようです"


def test_a_password_opens_the_door_and_nothing_planted_before_survives(app, world, with_password, as_, rows):
    with_password(world.haruka)
    client = as_(world.ren)  # a session somebody else planted in this browser
    planted = token_of(client)
    with client.http.session_transaction() as stored:
        stored["half"] = ["planted"]
    answer = client.post("/sign-in", {"email": " Haruka@Example.jp ", "password": PASSWORD, "next": "/rules"})
    assert answer.status_code == 302
    assert answer.location == "/rules"
    assert token_of(client) not in (None, planted)
    with client.http.session_transaction() as stored:
        assert "half" not in stored
    assert rows(select(MemberSession).where(MemberSession.secret_hash == hashed(planted))) == []
    assert [one.member_id for one in rows(select(MemberSession))] == [world.haruka.id]


def test_a_signed_out_session_cannot_be_used_again(world, with_password, sign_in, anyone):
    client = sign_in(with_password(world.haruka))
    token = token_of(client)
    assert is_inside(client)
    assert client.post("/sign-out").status_code == 302
    thief = anyone()
    with thief.http.session_transaction() as stored:
        stored["_user_id"] = token
        stored["_fresh"] = True
    assert not is_inside(client)
    assert not is_inside(thief)


def test_every_refusal_at_the_door_is_the_same_page(app, world, with_password, acting, anyone):
    with_password(world.haruka)
    with_password(world.sora)
    acting(world.jinji, suspend_member, world.sora.public_id, "確認中のため")
    answers = []
    for mail in ("haruka@example.jp", "nobody@example.jp", "ren@example.jp", "sora@example.jp"):
        answer = anyone().post("/sign-in", {"email": mail, "password": "wrong-wrong-wrong"})
        answers.append((answer.status_code, without_csrf(answer.text).replace(mail, "…")))
    assert answers[0][0] == 422
    assert WRONG in answers[0][1]
    assert len(set(answers)) == 1


def test_an_unknown_address_costs_the_same_queries(world, with_password, anyone, queries):
    with_password(world.haruka)
    counts = []
    for mail in ("haruka@example.jp", "nobody@example.jp"):
        client = anyone()
        client.csrf()
        with queries() as seen:
            client.post("/sign-in", {"email": mail, "password": "wrong-wrong-wrong"})
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_suspended_member_reads_why_only_after_the_right_password(world, with_password, acting, anyone):
    with_password(world.haruka)
    acting(world.jinji, suspend_member, world.haruka.public_id, "確認中のため")
    refused = anyone().post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD})
    assert refused.status_code == 403
    assert "確認中のため" in refused.text
    assert "確認中のため" not in anyone().post("/sign-in", {"email": world.haruka.mail, "password": "x"}).text


def test_a_second_factor_is_asked_after_the_password_and_a_code_works_once(
    world, with_password, with_factor, anyone, held_clock
):
    with_password(world.jinji)
    code = with_factor(world.jinji)
    with held_clock(NOON):
        for expected in (302, 422):
            client = anyone()
            first = client.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD})
            assert first.location == "/sign-in/code"
            assert not is_inside(client)
            assert client.post("/sign-in/code", {"code": code()}).status_code == expected
            assert is_inside(client) == (expected == 302)


def test_a_recovery_code_works_once(app, world, with_password, with_factor, anyone):
    with_password(world.jinji)
    with_factor(world.jinji)
    nonce = member_row(app, world.jinji).totp_secret
    with app.app_context():
        codes = put_second_factor(world.jinji.id, nonce, code_now(nonce))
    assert len(set(codes)) == 10
    for typed, expected in ((codes[3].upper().replace("-", " "), 302), (codes[3], 422), (codes[4], 302)):
        client = anyone()
        client.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD})
        assert client.post("/sign-in/code", {"code": typed}).status_code == expected


def test_a_half_finished_sign_in_ends_after_five_minutes_and_with_a_new_password(
    world, with_password, with_factor, anyone, held_clock, write
):
    with_password(world.jinji)
    code = with_factor(world.jinji)
    client = anyone()
    with held_clock(NOON):
        client.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD})
    with held_clock(NOON + timedelta(minutes=6)):
        assert client.post("/sign-in/code", {"code": code()}).location == "/sign-in"
    with held_clock(NOON + timedelta(minutes=10)):
        client.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD})
        write(
            lambda: session.execute(
                update(Member).where(Member.id == world.jinji.id).values(password_hash="$argon2id$other")
            )
        )
        assert client.post("/sign-in/code", {"code": code()}).location == "/sign-in"
        assert not is_inside(client)


def test_guessing_codes_ends_soon(world, with_password, with_factor, anyone):
    with_password(world.jinji)
    code = with_factor(world.jinji)
    client = anyone()
    client.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD})
    wrong = "000000" if code() != "000000" else "111111"
    assert [client.post("/sign-in/code", {"code": wrong}).status_code for _each in range(6)] == [422] * 5 + [
        429
    ]
    assert client.post("/sign-in/code", {"code": code()}).status_code == 429


@pytest.mark.parametrize("mail", ["haruka@example.jp", "nobody@example.jp"])
def test_guessing_passwords_ends_soon_for_known_and_unknown_alike(world, with_password, anyone, mail):
    with_password(world.haruka)
    client = anyone()
    statuses = [
        client.post("/sign-in", {"email": mail, "password": "guess-number-nine"}).status_code
        for _each in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_signing_in_rightly_is_not_counted_as_guessing(world, with_password, sign_in):
    with_password(world.haruka)
    for _each in range(12):
        assert is_inside(sign_in(world.haruka))


def test_a_shared_device_forgets_when_the_browser_closes(world, with_password, anyone):
    with_password(world.haruka)
    cookies = []
    for more in ({}, {"is_shared": "y"}):
        answer = anyone().post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD, **more})
        cookies.append(next(each for each in answer.headers.getlist("Set-Cookie") if "tsubomi=" in each))
    assert "Expires=" in cookies[0]
    assert "Expires=" not in cookies[1]
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in cookies)


def test_an_old_hash_is_renewed_at_sign_in(app, world, write, anyone):
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    write(
        lambda: session.execute(update(Member).where(Member.id == world.haruka.id).values(password_hash=weak))
    )
    assert anyone().post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD}).status_code == 302
    stored = member_row(app, world.haruka).password_hash
    assert stored != weak
    assert not needs_rehash(stored)


def test_after_signing_in_one_never_lands_on_another_site(world, with_password, anyone):
    with_password(world.haruka)
    for planted in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = anyone().post(
            "/sign-in", {"email": world.haruka.mail, "password": PASSWORD, "next": planted}
        )
        assert answer.location == "/"


def test_powers_sleep_until_a_second_factor_is_set_up(app, world, with_password, with_factor, sign_in, write):
    with_password(world.jinji, is_real=True)
    client = sign_in(world.jinji)
    with app.app_context():
        asleep = visitor_of(token_of(client))
    assert asleep.must_go == "/me/security/second-factor"
    assert asleep.is_idle_limited
    assert not asleep.viewer.is_hr
    assert not asleep.me.is_hr
    assert asleep.viewer.board_ids == frozenset()
    assert client.get("/").location == "/me/security/second-factor"
    with_factor(world.jinji)
    with app.app_context():
        awake = visitor_of(token_of(client))
    assert awake.must_go is None
    assert awake.viewer.is_hr


def test_new_rules_are_shown_first_and_accepted_once(app, world, as_, write):
    write(lambda: session.execute(update(Member).where(Member.id == world.haruka.id).values(rules_version=0)))
    client = as_(world.haruka)
    assert client.get("/").location == "/rules"
    assert "ルールを確認しました" in client.page("/rules")
    assert client.post("/rules", {"version": "7"}).status_code == 409
    assert client.post("/rules", {"version": "1"}).location == "/"
    assert member_row(app, world.haruka).rules_version == 1
    assert "ルールを確認しました" not in client.page("/rules")


def test_a_session_ends_on_its_day(app, world, held_clock):
    with app.app_context(), clock.hold(NOON):
        tokens = {key: open_session(world.people[key].id, device="") for key in ("haruka", "jinji")}
    for days, expected in ((1, {"haruka", "jinji"}), (2, {"haruka"}), (90, {"haruka"}), (91, set())):
        with app.app_context(), clock.hold(NOON + timedelta(days=days)):
            assert {key for key, token in tokens.items() if visitor_of(token)} == expected


def test_a_session_left_over_opens_nothing_for_somebody_suspended_or_gone(app, world, write):
    with app.app_context():
        token = open_session(world.haruka.id, device="")
    for column in (Member.suspended_at, Member.ended_at):
        for moment in (NOON, None):
            write(
                lambda column=column, moment=moment: session.execute(
                    update(Member).where(Member.id == world.haruka.id).values({column: moment})
                )
            )
            with app.app_context():
                assert (visitor_of(token) is None) == (moment is not None)


def test_a_session_row_knows_a_day_and_no_time(app, world):
    columns = MemberSession.__table__.columns
    assert {column.name for column in columns} == {
        "id", "public_id", "member_id", "secret_hash", "device", "expires_on",
    }  # fmt: skip
    assert [column.name for column in columns if isinstance(column.type, (DateTime, UtcDateTime))] == []
    assert isinstance(columns["expires_on"].type, Date)


def test_recognising_a_visitor_is_one_query(app, world, queries):
    with app.app_context():
        token = open_session(world.haruka.id, device="iPhone・Safari")
        visitor_of(token)
        with queries() as seen:
            visitor = visitor_of(token)
    assert len([each for each in seen if "SELECT" in each]) == 1
    assert visitor.viewer.id == world.haruka.id
    assert visitor.viewer.roles == Role.CANDIDATE
    assert (visitor.me.name, visitor.me.id) == (world.haruka.name, world.haruka.public_id)


def test_the_secret_of_a_session_is_not_in_the_database(app, world, rows):
    with app.app_context():
        token = open_session(world.haruka.id, device="")
    assert len(token) == 32
    assert [one.secret_hash for one in rows(select(MemberSession))] == [hashed(token)]


def test_a_wrong_password_while_signed_in_shows_the_page_and_keeps_the_session(world, with_password, as_):
    with_password(world.sora)
    client = as_(world.haruka)
    assert client.get("/sign-in?next=/rules").location == "/rules"
    answer = client.post("/sign-in", {"email": world.sora.mail, "password": "wrong"})
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert is_inside(client)


def test_without_a_first_proof_there_is_no_second_step(anyone):
    client = anyone()
    assert client.get("/sign-in/code").location == "/sign-in"
    assert client.post("/sign-in/code", {"code": ""}).location == "/sign-in"


def test_a_foreign_form_field_is_refused(world, with_password, anyone):
    with_password(world.haruka)
    answer = anyone().post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD, "roles": "255"})
    assert answer.status_code == 422


def test_nothing_else_can_be_done_before_new_rules_are_accepted(world, as_, write):
    write(lambda: session.execute(update(Member).where(Member.id == world.haruka.id).values(rules_version=0)))
    client = as_(world.haruka)
    assert client.post("/boards/square/new", {"title": "題", "body": "本文"}).status_code == 403
    assert client.get("/people", headers={"Accept": "application/json"}).status_code == 403
    assert client.post("/rules", {"version": "1"}).status_code == 302
    assert client.post("/boards/square/new", {"title": "題", "body": "本文"}).status_code == 303
