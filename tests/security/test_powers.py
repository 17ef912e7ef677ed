"""Powers one does not have: taken through somebody's invitation, through a race, or by guessing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from app.accounts.operations import give_roles, suspend_member
from app.boards.operations import hide_topic, reply_to_topic, start_topic
from app.core.db import session
from app.core.errors import AppError, Forbidden
from app.core.names import fold
from app.core.operation import unit_of_work
from app.core.passwords import hash_password
from app.core.tokens import new_nonce
from app.invitations.cards import Invitee
from app.invitations.operations import correct_invitation, invite_person, send_invitations
from app.models import Invitation, Member, Post, Role, Topic
from app.office.places.operations import move_to_cohort, open_group
from app.people.operations import block_person
from app.policy import viewer_of
from tests.conftest import PASSWORD

# ── invitations ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "roles", [("administrator",), ("lead",), ("hr",), ("moderator",), ("desk",), ("auditor",)]
)
def test_hr_cannot_turn_an_invitation_with_powers_over_to_another_address(
    world: Any, as_: Any, acting: Any, rows: Any, roles: tuple[str, ...]
) -> None:
    invitation_id = acting(
        world.lead, invite_person, Invitee(mail="boss@example.jp", legal_name="部長", roles=roles)
    )
    jinji, lead = as_(world.jinji), as_(world.lead)
    typed = {"legal_name": "部長", "mail": "jinji.second@example.jp", "department": "総務"}
    assert jinji.post(f"/hr/invitations/{invitation_id}", typed).status_code == 403
    assert rows(select(Invitation.mail)) == ["boss@example.jp"]
    assert 'name="mail"' not in jinji.page(f"/hr/invitations/{invitation_id}")
    assert lead.post(f"/hr/invitations/{invitation_id}", typed).status_code == 302
    assert rows(select(Invitation.mail)) == ["jinji.second@example.jp"]


def test_correcting_never_adds_a_role(world: Any, as_: Any, acting: Any, rows: Any) -> None:
    invitation_id = acting(
        world.jinji,
        invite_person,
        Invitee(mail="aoi@example.jp", legal_name="青木", cohort=world.april.public_id),
    )
    typed = {"legal_name": "青木", "mail": "aoi@example.jp", "cohort": world.april.public_id}
    jinji = as_(world.jinji)
    for more in ({"role": "lead"}, {"roles": "255"}, {"further_roles": ["administrator"]}):
        assert jinji.post(f"/hr/invitations/{invitation_id}", {**typed, **more}).status_code == 422
    forged = Invitee(
        mail="aoi@example.jp", legal_name="青木", roles=("administrator",), cohort=world.april.public_id
    )
    acting(world.jinji, correct_invitation, invitation_id, forged)
    assert rows(select(Invitation.roles)) == [int(Role.CANDIDATE)]


def test_a_name_of_another_cohorts_group_is_not_given_away_to_somebody_invited(
    world: Any, anyone: Any, acting: Any, deliver: Any, letters: Any
) -> None:
    acting(world.jinji, open_group, world.october.public_id, name="すみれ")
    invitation_id = acting(
        world.jinji,
        invite_person,
        Invitee(mail="aoi@example.jp", legal_name="青木", cohort=world.april.public_id),
    )
    acting(world.jinji, send_invitations, [invitation_id])
    deliver()
    found = re.search(r"/invitations/[a-z2-7]{26}", letters()[0].text)
    assert found is not None
    door = anyone()
    assert door.post(f"{found[0]}/name", {"display_name": "若葉", "bud": "1"}).status_code == 422
    assert door.post(f"{found[0]}/name", {"display_name": "すみれ", "bud": "1"}).status_code == 302


# ── at once ──────────────────────────────────────────────────────────────────────────────────────────────────


def _at_once(app: Any, *acts: Callable[[], None]) -> list[Exception]:
    """Each act in a thread of its own; the first keeps its transaction open until the others had time to begin."""
    refusals: list[Exception] = []
    begun = threading.Event()

    def run(act: Callable[[], None], *, is_first: bool) -> None:
        with app.app_context():
            try:
                if not is_first:
                    begun.wait(10)
                with unit_of_work():
                    act()
                    begun.set()
                    if is_first:
                        time.sleep(0.6)
            except AppError as refusal:
                refusals.append(refusal)
            finally:
                begun.set()
                session.remove()

    threads = [
        threading.Thread(target=run, args=(act,), kwargs={"is_first": number == 0})
        for number, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refusals


@pytest.mark.parametrize("second", ["suspend", "demote"])
def test_two_administrators_who_close_each_others_door_at_once_leave_one_open(
    app: Any, world: Any, write: Any, rows: Any, second: str
) -> None:
    write(
        lambda: session.add(
            Member(
                mail="admin2@example.jp",
                roles=int(Role.ADMINISTRATOR),
                legal_name="管理",
                display_name="管理二",
                display_fold=fold("管理二"),
                bud=1,
                rules_version=1,
                is_demo=True,
                password_hash="x",
            )
        )
    )
    (other,) = rows(select(Member).where(Member.mail == "admin2@example.jp"))
    with app.app_context():
        one_viewer, other_viewer = viewer_of(world.admin.id), viewer_of(other.id)

    def close_the_first() -> None:
        if second == "suspend":
            suspend_member(other_viewer, world.admin.public_id, "x")
        else:
            give_roles(other_viewer, world.admin.public_id, int(Role.EMPLOYEE))

    refusals = _at_once(app, lambda: suspend_member(one_viewer, other.public_id, "x"), close_the_first)
    assert len(refusals) == 1
    left = select(Member.id).where(
        Member.suspended_at.is_(None), Member.roles.bitwise_and(int(Role.ADMINISTRATOR)) != 0
    )
    assert len(rows(left)) == 1


def test_what_is_written_while_its_author_is_moved_stands_on_the_new_side_of_the_wall(
    app: Any, world: Any, acting: Any, as_: Any, rows: Any
) -> None:
    staffs_topic = acting(world.takumi, start_topic, "square", title="営業部の一日", body="文")
    with app.app_context():
        before = viewer_of(world.sora.id)  # as a request holds it that began a moment before
    acting(world.jinji, move_to_cohort, world.sora.public_id, world.october.public_id)
    with app.app_context():
        topic_id = start_topic(before, "square", title="移る前に書きはじめた", body="文")
        reply_to_topic(before, staffs_topic, body="文")
    for kind in (Topic, Post):
        assert set(rows(select(kind.author_cohort_id).where(kind.author_id == world.sora.id))) == {
            world.october.id
        }
    assert as_(world.haruka).get(f"/topics/{topic_id}").status_code == 404
    assert as_(world.yui).get(f"/topics/{topic_id}").status_code == 200


# ── guessing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_guessing_at_the_numbers_of_many_letters_from_one_place_ends(
    app: Any, world: Any, anyone: Any, changed_settings: Any
) -> None:
    """Five guesses at each of many people's letters are many guesses."""
    changed_settings(mail_url="smtp://127.0.0.1:9")
    answers = []
    for number in range(40):
        door = anyone()
        door.post("/sign-in/link", {"mail": f"person{number}@example.jp"})
        answers += [door.post("/sign-in/sent", {"code": f"{guess:06d}"}).status_code for guess in range(4)]
    assert answers[:100] == [422] * 100
    assert set(answers[100:]) == {429}


def test_an_authenticators_code_is_guessed_at_a_few_times_only(
    app: Any, world: Any, anyone: Any, write: Any
) -> None:
    hashed = hash_password(PASSWORD)
    write(
        lambda: session.execute(
            update(Member)
            .where(Member.id == world.jinji.id)
            .values(password_hash=hashed, totp_secret=new_nonce())
        )
    )
    answers = []
    for _browser in range(3):
        door = anyone()
        assert (
            door.post("/sign-in", {"email": world.jinji.mail, "password": PASSWORD}).location
            == "/sign-in/code"
        )
        answers += [door.post("/sign-in/code", {"code": f"{guess:06d}"}).status_code for guess in range(4)]
        assert door.get("/").status_code == 302
    assert answers == [422] * 5 + [429] * 7


# ── cookies ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cookie_kept_from_before_signing_out_is_worth_nothing(world: Any, as_: Any, anyone: Any) -> None:
    haruka = as_(world.haruka)
    assert haruka.get("/me").status_code == 200
    with haruka.http.session_transaction() as stored:
        kept = dict(stored)
    haruka.post("/sign-out")
    thief = anyone()
    with thief.http.session_transaction() as stored:
        stored.update(kept)
    assert thief.get("/me").status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: f"{text}x",
        lambda text: f"x{text}",
        lambda _text: "",
        lambda text: text.swapcase(),
    ],
)
def test_a_cookie_somebody_wrote_in_is_nobodys(world: Any, as_: Any, change: Callable[[str], str]) -> None:
    haruka = as_(world.haruka)
    cookie = haruka.http.get_cookie("tsubomi")
    assert cookie is not None
    haruka.http.set_cookie("tsubomi", change(cookie.value))
    assert haruka.get("/me").status_code == 302


def test_a_csrf_value_of_one_browser_is_refused_in_another(world: Any, as_: Any, rows: Any) -> None:
    value = as_(world.ren).csrf()
    answer = as_(world.haruka).post("/boards/square/new", {"title": "題", "body": "文", "csrf_token": value})
    assert answer.status_code == 400
    assert "題" not in rows(select(Topic.title))


def test_nothing_of_a_member_is_set_by_a_field_nobody_offers(world: Any, as_: Any, rows: Any) -> None:
    haruka = as_(world.haruka)
    profile = {"display_name": "はるか", "bud": "1", "pace": "few", "language": "ja"}
    for name, value in (
        ("roles", "255"),
        ("cohort_id", "2"),
        ("mail", "x@y.jp"),
        ("is_demo", "0"),
        ("id", "1"),
    ):
        assert haruka.post("/me/profile", {**profile, name: value}).status_code == 422
    post = {"title": "題", "body": "文"}
    for name in ("author_id", "board_id", "hidden_at", "started_at", "public_id"):
        assert haruka.post("/boards/square/new", {**post, name: "1"}).status_code == 422
    assert rows(select(Member.roles).where(Member.id == world.haruka.id)) == [int(Role.CANDIDATE)]


def test_a_moderators_reach_ends_at_the_boards_they_read(world: Any, acting: Any, as_: Any) -> None:
    topic_id = acting(world.haruka, start_topic, "april", title="同期だけ", body="文")
    mod = as_(world.mod)
    assert mod.post(f"/topics/{topic_id}/hide", {"reason": "x"}).status_code == 404
    assert mod.post(f"/topics/{topic_id}/reveal").status_code == 404
    with pytest.raises(Forbidden):
        acting(world.jinji, hide_topic, world.topic_id, reason="x")


def test_the_office_says_nothing_of_sessions_reading_or_blocks(world: Any, as_: Any, acting: Any) -> None:
    """HR's and the administrator's pages are the same whether or not somebody is signed in, reads, or blocks."""
    paths = (
        "/hr",
        "/hr/people?role=all",
        f"/hr/people/{world.sora.public_id}",
        "/hr/boards",
        f"/hr/cohorts/{world.april.public_id}",
        "/hr/invitations",
    )

    def pages(person: Any) -> list[str]:
        client = as_(person)
        return [re.sub(r'value="[^"]+"', "", client.get(path).text) for path in paths]

    before = {person.key: pages(person) for person in (world.jinji, world.admin)}
    sora = as_(world.sora)
    for path in ("/", "/boards/square", f"/topics/{world.topic_id}", "/people"):
        sora.page(path)
    acting(world.sora, block_person, world.takumi.public_id)
    sora.post("/language", {"lang": "en"})
    for person in (world.jinji, world.admin):
        assert pages(person) == before[person.key]
