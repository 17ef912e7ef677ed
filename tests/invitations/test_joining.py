"""The invited person: from the letter to the home page, and every link that must not work."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.errors import NotFound
from app.invitations.cards import Invitee
from app.invitations.operations import accept_invitation, invite_person, revoke_invitations, send_invitations
from app.models import GroupMember, Invitation, Member, ProfileValue
from app.policy import NOBODY
from tests.conftest import PASSWORD

DEAD = "このリンクは使えません"


def without_csrf(text: str) -> str:
    """A page without what differs from one showing to the next."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def walk(client: Any, path: str, *, name: str = "あおい", password: str = PASSWORD) -> Any:
    """The whole first run; the answer to its last step."""
    steps = (
        ("name", {"display_name": name, "bud": "7"}),
        ("rules", {"version": "1", "accepted": "y"}),
        ("pace", {"pace": "read"}),
        ("password", {"password": password}),
    )
    for step, typed in steps:
        client.page(f"{path}/{step}")
        answer = client.post(f"{path}/{step}", typed)
        assert answer.status_code == 302, answer.text
    return answer


def test_a_candidate_joins_in_four_short_steps_and_arrives_at_home(
    anyone: Any, world: Any, sent_link: Any, rows: Any
) -> None:
    _id, path = sent_link(group=world.group_id, kana="タカハシ アオイ")
    phone = anyone()
    welcome = phone.page(path)
    for said in ("髙橋 葵さん、ようこそ", "花丘商事", "参加は任意です", "何を読んだかは記録されません"):
        assert said in welcome
    assert welcome.count("bud-") == 0
    assert phone.page(f"{path}/name").count('name="bud"') == 48
    assert walk(phone, path).location == "/"
    assert "まずは見るだけでも大丈夫です" in phone.page("/")
    (member,) = rows(select(Member).where(Member.mail == "aoi@univ.example.jp"))
    assert (member.display_name, member.display_fold, member.bud, member.pace) == (
        "あおい",
        "あおい",
        7,
        "read",
    )
    assert (member.legal_name, member.kana, member.cohort_id, member.rules_version) == (
        "髙橋 葵", "タカハシ アオイ", world.april.id, 1
    )  # fmt: skip
    assert rows(select(GroupMember).where(GroupMember.member_id == member.id))
    assert rows(select(Invitation)) == []
    # The 氏名 becomes a field of the profile: for oneself, HR, and the mentor there will be.
    (name,) = rows(select(ProfileValue).where(ProfileValue.member_id == member.id))
    assert (name.field, name.value, name.audience, name.effective) == (
        "legal_name", "髙橋 葵（タカハシ アオイ）", 1 + 2 + 4, 1 + 2 + 4
    )  # fmt: skip


def test_opening_a_link_stores_nothing(anyone: Any, sent_link: Any, rows: Any, queries: Any) -> None:
    _id, path = sent_link()
    client = anyone()
    with queries() as seen:
        for step in ("", "/name", "/rules", "/pace", "/password"):
            client.get(path + step)
        client.post(f"{path}/name", {"display_name": "あおい", "bud": "7"})
    assert not [one for one in seen if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert rows(select(func.count()).select_from(Invitation)) == [1]


def test_the_first_run_can_be_left_and_resumed_but_no_step_can_be_skipped(
    anyone: Any, sent_link: Any
) -> None:
    _id, path = sent_link()
    client = anyone()
    assert client.get(f"{path}/password").location == f"{path}/name"
    assert client.post(f"{path}/password", {"password": PASSWORD}).location == f"{path}/name"
    client.post(f"{path}/name", {"display_name": "あおい", "bud": "7"})
    assert client.get(f"{path}/password").location == f"{path}/rules"
    welcome = client.page(path)
    assert "<span>続きから</span>" in welcome
    assert f'href="{path}/rules"' in welcome
    assert "あおい" in client.page(f"{path}/name")
    assert "<span>続きから</span>" not in anyone().page(path)


def test_what_cannot_be_taken_is_said_and_kept(anyone: Any, sent_link: Any, world: Any) -> None:
    _id, path = sent_link()
    client = anyone()
    for name in (
        "",
        "\u200b",
        "人事部の佐藤",
        "jinji",
        "若葉",
        "あ" * 21,
        "あ\u202eい",
        "a" + "\u0301" * 9,
        "👨‍👩‍👧‍👦" * 20,
    ):
        answer = client.post(f"{path}/name", {"display_name": name, "bud": "7"})
        assert answer.status_code == 422, name
    assert client.post(f"{path}/name", {"display_name": "あおい", "bud": "49"}).status_code == 422
    answer = client.post(f"{path}/name", {"display_name": "あおい", "bud": "7", "roles": "255"})
    assert answer.status_code == 422
    assert "あおい" in answer.text
    client.post(f"{path}/name", {"display_name": "あおい", "bud": "7"})
    assert client.post(f"{path}/rules", {"version": "1"}).status_code == 422
    assert client.post(f"{path}/rules", {"version": "9", "accepted": "y"}).status_code == 422
    client.post(f"{path}/rules", {"version": "1", "accepted": "y"})
    assert client.post(f"{path}/pace", {"pace": "always"}).status_code == 422
    client.post(f"{path}/pace", {"pace": "few"})
    for password in ("", "short", "aaaaaaaaaaaa"):
        assert client.post(f"{path}/password", {"password": password}).status_code == 422, password
    assert client.post(f"{path}/password", {"password": PASSWORD}).location == "/"


def test_a_password_is_optional_where_letters_leave_the_machine(
    anyone: Any, sent_link: Any, changed_settings: Any, rows: Any
) -> None:
    _id, path = sent_link()
    changed_settings(mail_url="smtp://mail.example.jp")
    assert walk(anyone(), path, password="").location == "/"
    assert rows(select(Member.password_hash).where(Member.mail == "aoi@univ.example.jp")) == [None]


def test_somebody_with_powers_sets_a_password_and_is_led_to_the_second_factor(
    anyone: Any, sent_link: Any, changed_settings: Any
) -> None:
    _id, path = sent_link("hr2@example.jp", by="lead", roles=("hr", "moderator"), legal_name="二人目")
    changed_settings(mail_url="smtp://mail.example.jp")
    client = anyone()
    for step, typed in (
        ("name", {"display_name": "ふたりめ", "bud": "1"}),
        ("rules", {"version": "1", "accepted": "y"}),
        ("pace", {"pace": "few"}),
    ):
        client.post(f"{path}/{step}", typed)
    assert client.post(f"{path}/password", {"password": ""}).status_code == 422
    answer = client.post(f"{path}/password", {"password": PASSWORD})
    assert answer.location == "/me/security/second-factor"
    assert client.get("/hr/invitations").status_code != 200, "powers sleep until the second factor is set up"


def test_every_link_that_does_not_work_gets_the_same_page(
    anyone: Any, acting: Any, world: Any, sent_link: Any, deliver: Any, link_in: Any
) -> None:
    client = anyone()
    _used, used = sent_link("used@univ.example.jp")
    walk(anyone(), used)
    revoked_id, revoked = sent_link("revoked@univ.example.jp")
    acting(world.jinji, revoke_invitations, [revoked_id])
    again_id, resent = sent_link("again@univ.example.jp")
    acting(world.jinji, send_invitations, [again_id])
    unsent_id = acting(
        world.jinji, invite_person, Invitee(mail="u@univ.example.jp", cohort=world.april.public_id)
    )
    _expired, expired = sent_link("expired@univ.example.jp")
    dead = [
        used,
        revoked,
        resent,
        "/invitations/" + "a" * 26,
        f"/invitations/{unsent_id}",
        "/invitations/あx",
    ]
    pages = {without_csrf(client.get(path).text) for path in dead}
    statuses = {client.get(path).status_code for path in dead}
    for suffix in ("/name", "/rules", "/pace", "/password"):
        for path in dead:
            pages.add(without_csrf(client.get(path + suffix).text))
            answer = client.post(path + suffix, {"display_name": "あおい", "bud": "7"})
            pages.add(without_csrf(answer.text))
            statuses.add(answer.status_code)
    assert client.get(expired).status_code == 200
    with clock.hold(clock.now() + timedelta(days=7)):
        pages.add(without_csrf(client.get(expired).text))
        statuses.add(client.get(expired).status_code)
    assert statuses == {404}
    assert len(pages) == 1
    (page,) = pages
    assert DEAD in page
    assert "再送をご依頼ください" in page


def test_whoever_is_signed_in_is_asked_to_sign_out_first_whatever_the_link(
    as_: Any, world: Any, sent_link: Any
) -> None:
    _id, path = sent_link()
    client = as_(world.haruka)
    pages = set()
    for one in (path, "/invitations/" + "a" * 26):
        answer = client.get(one)
        assert answer.status_code == 409
        pages.add(without_csrf(answer.text))
    assert len(pages) == 1
    assert "先にサインアウトしてから" in pages.pop()
    assert client.post(f"{path}/name", {"display_name": "x", "bud": "1"}).status_code == 409


def test_two_who_redeem_one_link_at_once_make_one_member(app: Any, sent_link: Any, rows: Any) -> None:
    _id, path = sent_link()
    secret = path.rsplit("/", 1)[1]
    start = threading.Barrier(6)
    outcomes: list[str] = []

    def redeem() -> None:
        with app.app_context():
            start.wait()
            try:
                accept_invitation(
                    NOBODY,
                    secret,
                    display_name="あおい",
                    bud=7,
                    pace="few",
                    rules_version=1,
                    language="ja",
                    password_hash=None,
                )
                outcomes.append("joined")
            except NotFound:
                outcomes.append("dead")

    threads = [threading.Thread(target=redeem) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["dead"] * 5 + ["joined"]
    assert rows(select(func.count()).select_from(Member).where(Member.mail == "aoi@univ.example.jp")) == [1]


def test_an_address_that_became_a_members_meanwhile_is_a_dead_link(
    anyone: Any, sent_link: Any, write: Any, world: Any
) -> None:
    from app.core.db import session

    _id, path = sent_link()

    def move() -> None:
        session.get_one(Member, world.sora.id).mail = "aoi@univ.example.jp"

    write(move)
    client = anyone()
    for step, typed in (
        ("name", {"display_name": "あおい", "bud": "7"}),
        ("rules", {"version": "1", "accepted": "y"}),
        ("pace", {"pace": "read"}),
    ):
        client.post(f"{path}/{step}", typed)
    answer = client.post(f"{path}/password", {"password": PASSWORD})
    assert answer.status_code == 404
    assert DEAD in answer.text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_language_chosen_at_the_door_is_kept(
    anyone: Any, sent_link: Any, rows: Any, language: str
) -> None:
    _id, path = sent_link()
    client = anyone()
    client.post("/language", {"lang": language})
    walk(client, path)
    assert rows(select(Member.language).where(Member.mail == "aoi@univ.example.jp")) == [language]


def test_a_new_session_begins_with_joining_so_that_none_can_be_planted(anyone: Any, sent_link: Any) -> None:
    _id, path = sent_link()
    client = anyone()
    client.page(path)
    with client.http.session_transaction() as kept:
        kept["planted"] = "x"
    walk(client, path)
    with client.http.session_transaction() as kept:
        assert "planted" not in kept
        assert "first_run" not in kept
