"""Opening somebody in the office: a purpose first, an entry the person sees at once, and calm the rest of the day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.db import session
from app.ledger.words import sentence_of
from app.models import AccessEntry, Member, ProfileValue, Relation
from app.policy import standing, viewer_of
from tests.conftest import NO_SUCH_ID, NOON, Person, World, opened

MAIL, ASKED = "haruka@example.jp", "何のために開きますか"


@pytest.fixture
def path(world: World) -> str:
    """はるか's page in the office."""
    return f"/hr/people/{world.haruka.public_id}"


def seen_by(app: Flask, person: Person) -> list[str]:
    """The sentences this member may read in the ledger."""
    with app.app_context():
        viewer = viewer_of(person.id)
        rows = session.execute(
            select(AccessEntry).where(standing("view", AccessEntry)).order_by(AccessEntry.id), viewer.binds
        ).scalars()
        return [sentence_of(row) for row in rows]


@pytest.mark.parametrize("who", ["jinji", "lead", "admin"])
def test_a_purpose_is_asked_before_more_than_the_list_is_shown(
    world: World, as_: Any, path: str, rows: Any, who: str
) -> None:
    client = as_(world.people[who])
    text = client.page(path)
    for word in ("はるか 氏名", "テスト", "2027年4月入社", "若葉", "参加中", ASKED):
        assert word in text
    assert "開いたことは、ご本人の閲覧履歴に表示されます" in text
    assert MAIL not in text
    assert "<dt>呼び名" not in text
    assert rows(select(AccessEntry.id)) == []  # a GET never writes
    text = opened(client, world.haruka)
    assert MAIL in text
    assert ASKED not in text
    assert len(rows(select(AccessEntry.id))) == 1


def test_the_entry_is_there_at_once_for_the_person_and_for_nobody_else(
    app: Flask, world: World, as_: Any
) -> None:
    opened(as_(world.jinji), world.haruka, "grouping")
    sentence = "jinjiさん（人事）が班分けのためにプロフィールを確認しました"
    assert seen_by(app, world.haruka) == [sentence]
    for key, person in world.people.items():
        if key not in {"haruka", "audit"}:
            assert seen_by(app, person) == [], key
    assert seen_by(app, world.audit) == [sentence]


def test_the_same_again_on_the_same_day_adds_nothing_and_the_next_day_asks_again(
    app: Flask, world: World, as_: Any, path: str
) -> None:
    with clock.hold(NOON):
        hr = as_(world.jinji)
        opened(hr, world.haruka)
        opened(hr, world.haruka)
        assert MAIL in hr.page(path)
        assert len(seen_by(app, world.haruka)) == 1
        opened(hr, world.haruka, "contact")
        assert len(seen_by(app, world.haruka)) == 2
        assert ASKED in as_(world.lead).page(path)  # an entry opens the page for its own viewer
    with clock.hold(NOON + timedelta(days=1)):
        hr = as_(world.jinji)
        assert ASKED in hr.page(path)
        opened(hr, world.haruka)
        assert len(seen_by(app, world.haruka)) == 3


def _first_button(text: str) -> tuple[str, str]:
    found = re.search(r'<button class="button button-([a-z]+)"[^>]*name="purpose" value="([a-z]+)"', text)
    assert found is not None
    return found[1], found[2]


def test_the_last_purpose_stands_first_for_fifteen_minutes_and_each_person_still_takes_a_tap(
    app: Flask, world: World, as_: Any
) -> None:
    other = f"/hr/people/{world.sora.public_id}"
    with clock.hold(NOON):
        hr = as_(world.jinji)
        assert _first_button(hr.page(other)) == ("quiet", "grouping")
        opened(hr, world.haruka, "support")
    with clock.hold(NOON + timedelta(minutes=14)):
        assert _first_button(hr.page(other)) == ("primary", "support")
        assert "相談への対応（前回と同じ）" in hr.page(other)
        assert "sora@example.jp" not in hr.page(other)
        assert _first_button(as_(world.lead).page(other)) == ("quiet", "grouping")
    with clock.hold(NOON + timedelta(minutes=16)):
        assert _first_button(hr.page(other)) == ("quiet", "grouping")
    assert seen_by(app, world.sora) == []


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_without_a_purpose_nothing_opens(world: World, as_: Any, path: str, rows: Any, purpose: str) -> None:
    answer = as_(world.jinji).post(f"{path}/open", {"purpose": purpose})
    assert answer.status_code == 422
    assert "一覧から選んでください" in answer.text
    assert MAIL not in answer.text.partition("<main")[2]
    assert rows(select(AccessEntry.id)) == []


@pytest.mark.parametrize("who", ["sora", "haruka", "takumi", "mod", "desk", "audit"])
def test_for_everybody_else_the_page_does_not_exist(
    world: World, as_: Any, path: str, rows: Any, who: str
) -> None:
    client = as_(world.people[who])
    for address in (path, f"/hr/people/{NO_SUCH_ID}"):
        assert client.get(address).status_code == 404
        assert client.post(f"{address}/open", {"purpose": "grouping"}).status_code == 404
    assert rows(select(AccessEntry.id)) == []


def test_what_is_opened_holds_the_fields_this_viewer_may_see(world: World, as_: Any, write: Any) -> None:
    def fill() -> None:
        for field, value, bits in (
            ("wish", "ひとり旅", Relation.SELF | Relation.HR),
            ("pastime", "編み物", Relation.SELF | Relation.GROUP),
        ):
            session.add(
                ProfileValue(
                    member_id=world.haruka.id,
                    field=field,
                    value=value,
                    audience=int(bits),
                    effective=int(bits),
                )
            )

    write(fill)
    hr, admin = as_(world.jinji), as_(world.admin)
    assert "ひとり旅" not in hr.page(f"/hr/people/{world.haruka.public_id}")
    text = opened(hr, world.haruka)
    assert "ひとり旅" in text
    assert "編み物" not in text
    assert "ひとり旅" not in opened(admin, world.haruka)


def test_the_page_everybody_has_shows_hr_no_field_before_a_purpose_was_chosen(
    world: World, as_: Any, write: Any
) -> None:
    bits = int(Relation.SELF | Relation.HR | Relation.EMPLOYEE | Relation.MENTOR)
    write(
        lambda: session.add(
            ProfileValue(
                member_id=world.haruka.id, field="wish", value="ひとり旅", audience=bits, effective=bits
            )
        )
    )
    page = f"/people/{world.haruka.public_id}"
    hr = as_(world.jinji)
    text = hr.page(page)
    assert "ひとり旅" not in text
    assert "人事の画面で目的を選ぶと表示されます" in text
    opened(hr, world.haruka)
    assert "ひとり旅" in hr.page(page)
    assert "ひとり旅" not in as_(world.lead).page(page)
    assert "ひとり旅" in as_(world.takumi).page(page)
    assert "人事の画面で目的" not in as_(world.sora).page(page)


@pytest.mark.parametrize(
    ("called", "entered"),
    [
        ("田中", "佐藤 花さん"),  # a colleague's name, put on for a moment
        ("ひまわり", "佐藤 花さん"),
        ("花", "花さん"),
        ("さとう", "さとうさん"),
        ("佐藤さん（人事・採用担当）", "佐藤さん"),
    ],
)
def test_nobody_looks_under_a_name_that_is_not_their_own(
    app: Flask, world: World, as_: Any, write: Any, called: str, entered: str
) -> None:
    def name() -> None:
        member = session.get_one(Member, world.jinji.id)
        member.legal_name, member.kana, member.display_name = "佐藤 花", "サトウ ハナ", called

    write(name)
    opened(as_(world.jinji), world.haruka)
    assert seen_by(app, world.haruka) == [f"{entered}（人事）が班分けのためにプロフィールを確認しました"]


def test_oneself_is_no_entry(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    text = hr.page(f"/hr/people/{world.jinji.public_id}")
    assert "jinji@example.jp" in text
    assert ASKED not in text
    opened(hr, world.jinji)
    assert rows(select(AccessEntry.id)) == []


def test_acts_of_the_page_need_no_opening(world: World, as_: Any, path: str, rows: Any) -> None:
    hr = as_(world.jinji)
    assert hr.post(f"{path}/group", {"group": ""}).status_code == 303
    refused = hr.post(f"{path}/suspend", {"reason": ""})
    assert refused.status_code == 422
    assert "入力してください" in refused.text
    assert rows(select(AccessEntry.id)) == []


def test_the_list_itself_is_no_entry_and_shows_no_address(world: World, as_: Any, rows: Any) -> None:
    text = as_(world.jinji).page("/hr/people?role=all").partition("<main")[2]
    assert "はるか 氏名" in text
    assert "@example.jp" not in text
    assert rows(select(AccessEntry.id)) == []
