"""The administrator's pages: how it stands, kept letters, roles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.operations import ask_for_reset, ask_for_sign_in_link
from app.core.db import session
from app.models import Community, Invitation, Member, Role
from tests.conftest import World


def test_the_system_page_says_what_to_look_at(world: World, as_: Any, changed_settings: Any) -> None:
    admin = as_(world.admin)
    text = admin.page("/admin")
    assert "このサーバーの中に保存しています" in text
    assert "TSUBOMI_BASE_URL" in text
    changed_settings(
        mail_url="smtp+starttls://someone:top-secret@mail.example.jp", base_url="https://localhost"
    )
    text = admin.page("/admin")
    assert "mail.example.jp:587" in text
    assert "top-secret" not in text
    assert "someone" not in text
    assert "TSUBOMI_BASE_URL" not in text


def _opened(admin: Any) -> str:
    """The text of every kept letter, as the administrator reads them."""
    ids = re.findall(r'href="/admin/mail/([0-9a-f]{32})"', admin.page("/admin/mail"))
    return "\n".join(admin.page(f"/admin/mail/{one}") for one in ids)


def _secrets(text: str) -> set[str]:
    return set(re.findall(r"/([a-z2-7]{26})(?![a-z2-7])", text)) | set(
        re.findall(r"^\s*(\d{6})\s*$", text, re.M)
    )


def test_kept_letters_show_no_secret_that_signs_somebody_in(
    app: Flask, world: World, as_: Any, deliver: Any, letters: Any, write: Any
) -> None:
    with app.app_context():
        ask_for_reset(world.haruka.mail)
        ask_for_sign_in_link(world.haruka.mail, browser="somebody's")
    deliver()
    written = {secret for letter in letters() for secret in _secrets(letter.text)}
    assert len(written) >= 3  # the link of the reset; link and digits of the sign-in
    admin = as_(world.admin)
    shown = _opened(admin)
    assert "（省略）" in shown
    assert not [secret for secret in written if secret in shown]
    write(lambda: setattr(session.get_one(Community, 1), "is_demo", True))
    assert all(secret in _opened(admin) for secret in written)


def test_the_link_of_an_invitation_can_be_handed_on(
    world: World, as_: Any, deliver: Any, letters: Any, rows: Any
) -> None:
    hr = as_(world.jinji)
    hr.post(
        "/hr/invitations/new",
        {
            "role": "candidate",
            "legal_name": "森 なお",
            "mail": "nao@example.jp",
            "cohort": world.april.public_id,
        },
    )
    [invitation] = rows(select(Invitation))
    assert hr.post("/hr/invitations/send", {"ids": [invitation.public_id]}).status_code == 302
    deliver()
    [link] = {secret for letter in letters() for secret in _secrets(letter.text)}
    assert f"/invitations/{link}" in _opened(as_(world.admin))


def test_a_letter_that_is_not_there_is_missing(world: World, as_: Any) -> None:
    admin = as_(world.admin)
    assert "保存されたメールはありません" in admin.page("/admin/mail")
    for letter_id in ("0" * 32, "../../tsubomi.db", "x"):
        assert admin.get(f"/admin/mail/{letter_id}").status_code == 404


def test_the_community_is_named_and_its_help_line_stands_on_every_page(world: World, as_: Any) -> None:
    admin = as_(world.admin)
    changed = {"name": "花丘商事株式会社", "help_line": "相談窓口  0120-000-000"}
    assert admin.post("/admin/community", changed).status_code == 302
    text = as_(world.sora).page("/")
    assert "花丘商事株式会社" in text
    assert "相談窓口 0120-000-000" in text
    refused = admin.post("/admin/community", {"name": " ", "help_line": "x" * 101})
    assert refused.status_code == 422
    assert 'id="name-wrong"' in refused.text
    assert 'id="help_line-wrong"' in refused.text


def _ready(write: Any, world: World) -> None:
    """Everybody on the staff has a password, as powers ask for."""

    def give() -> None:
        for member in session.scalars(select(Member)):
            member.password_hash = "set"

    write(give)


@pytest.mark.parametrize("key", ["admin", "lead"])
def test_roles_are_given_by_the_administrator_and_by_the_lead_of_hr(
    world: World, as_: Any, rows: Any, write: Any, key: str
) -> None:
    _ready(write, world)
    client, takumi = as_(world.people[key]), as_(world.takumi)
    path = f"/admin/roles/{world.takumi.public_id}"
    text = client.page(path)
    assert "兼ねられません" in text
    assert re.search(r'<input checked class="tick"[^>]* type="checkbox" value="employee"', text)
    assert client.post(path, {"roles": ["employee", "moderator"]}).status_code == 302
    assert rows(select(Member.roles).where(Member.id == world.takumi.id)) == [Role.EMPLOYEE | Role.MODERATOR]
    assert takumi.get("/").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "pair",
    [
        ("desk", "hr"), ("desk", "lead"), ("desk", "moderator"), ("desk", "administrator"),
        ("auditor", "hr"), ("auditor", "lead"), ("auditor", "administrator"), ("desk", "auditor"),
        ("candidate", "employee"), (), ("ceo",),
    ],
)  # fmt: skip
def test_no_forbidden_pair_can_be_given(
    world: World, as_: Any, rows: Any, write: Any, pair: tuple[str, ...]
) -> None:
    _ready(write, world)
    admin = as_(world.admin)
    answer = admin.post(f"/admin/roles/{world.takumi.public_id}", {"roles": list(pair)})
    assert answer.status_code == 422
    assert rows(select(Member.roles).where(Member.id == world.takumi.id)) == [Role.EMPLOYEE]


def test_the_last_administrator_stays_one(world: World, as_: Any, rows: Any, write: Any) -> None:
    _ready(write, world)
    admin = as_(world.admin)
    answer = admin.post(f"/admin/roles/{world.admin.public_id}", {"roles": ["employee"]})
    assert answer.status_code == 409
    assert rows(select(Member.roles).where(Member.id == world.admin.id)) == [Role.ADMINISTRATOR]


def test_roles_ask_who_it_is_before_they_open(world: World, as_: Any) -> None:
    admin = as_(world.admin)
    with admin.http.session_transaction() as stored:
        stored["proved"] = 0
    answer = admin.get(f"/admin/roles/{world.takumi.public_id}")
    assert answer.headers["Location"].startswith("/confirm")
    assert admin.get(f"/admin/roles/{world.haruka.public_id}").status_code in {302, 404}


def test_candidates_are_no_part_of_the_roles(world: World, as_: Any, rows: Any) -> None:
    admin = as_(world.admin)
    assert "はるか" not in admin.page("/admin/roles")
    path = f"/admin/roles/{world.haruka.public_id}"
    assert admin.get(path).status_code == 404
    assert admin.post(path, {"roles": ["employee"]}).status_code in {404, 422}
    assert rows(select(Member.roles).where(Member.id == world.haruka.id)) == [Role.CANDIDATE]
