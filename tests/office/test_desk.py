"""HR's desk, HR's list of people, cohorts, groups and walls."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.core import clock
from app.core.db import session
from app.models import Cohort, Community, Group, GroupMember, Invitation, Member, Post, Role, Topic, Wall
from app.policy import can, viewer_of
from tests.conftest import NO_SUCH_ID, World


def _invite(write: Any, world: World, **more: Any) -> None:
    values = {"mail": "nao@example.jp", "roles": int(Role.CANDIDATE), "cohort_id": world.april.id, **more}
    write(lambda: session.add(Invitation(secret_hash=values["mail"], **values)))


# ── 今日やること ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_quiet_day_says_so(world: World, as_: Any, write: Any) -> None:
    ren, wakaba = world.ren.id, world.group_id
    write(lambda: session.add(GroupMember(group_id=session.scalars(select(Group.id)).one(), member_id=ren)))
    assert wakaba
    text = as_(world.jinji).page("/hr")
    assert "今日の対応はありません" in text
    assert "初期設定" not in text
    assert 'href="/hr/announcements"' in text, "also where nothing waits, the way to write one"


def test_the_desk_counts_what_procedure_waits_for(world: World, as_: Any, write: Any) -> None:
    sent = {"sent_at": clock.now()}
    _invite(write, world, mail="a@example.jp")
    _invite(write, world, mail="b@example.jp", **sent, expires_at=clock.now() - timedelta(seconds=1))
    _invite(write, world, mail="c@example.jp", **sent, expires_at=clock.now() + timedelta(days=1))
    _invite(write, world, mail="d@example.jp", revoked_at=clock.now())
    text = as_(world.jinji).page("/hr")
    assert "まだ送っていない招待 1件" in text
    assert "期限が切れた招待 1件" in text
    assert "送信済み・参加前 1名" in text
    assert "班が決まっていない内定者 1名" in text  # ren; yui's cohort has no 班 at all


def test_whoever_has_no_group_is_listed_where_the_desk_counts_them(
    world: World, as_: Any, write: Any
) -> None:
    _invite(write, world, mail="a@example.jp")
    hr = as_(world.jinji)
    there = re.search(r'href="(/hr/people\?[^"]*group=none[^"]*)"', hr.page("/hr"))
    assert there
    assert _names(hr.page(html.unescape(there[1]))) == ["れん 氏名"]


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


def _names(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/hr/people/[a-z2-7]{13}"><bdi>([^<]*)</bdi>', text)


def test_people_stand_in_kana_order_and_those_without_kana_last(world: World, as_: Any, write: Any) -> None:
    kana = {"haruka": "ワタナベ", "sora": "アオキ", "ren": "", "yui": "サトウ"}

    def name_them() -> None:
        for key, value in kana.items():
            session.get_one(Member, world.people[key].id).kana = value

    write(name_them)
    assert _names(as_(world.jinji).page("/hr/people")) == [
        "そら 氏名",
        "ゆい 氏名",
        "はるか 氏名",
        "れん 氏名",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("role=candidate", {"はるか", "そら", "れん", "ゆい"}),
        ("role=employee", {"たくみ", "naomi"}),
        ("role=powers", {"jinji", "lead", "mod", "desk", "audit", "admin"}),
        ("q=はるか", {"はるか"}),
        ("q=はる 氏名", {"はるか"}),
        ("q=てすと&role=employee", {"たくみ", "naomi"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("cohort={april}", {"はるか", "そら", "れん"}),
        ("group={group}", {"はるか", "そら"}),
        ("cohort=aaaaaaaaaaaaa", set()),
        ("after=aaaaaaaaaaaaa", {"はるか", "そら", "れん", "ゆい"}),
        ("before=x&group=none", {"れん", "ゆい"}),
        ("state=joined&cohort={april}&q=はる", {"はるか"}),
        ("state=invited", set()),
        ("state=nonsense", {"はるか", "そら", "れん", "ゆい"}),
    ],
)
def test_the_list_is_narrowed_by_role_place_and_text(
    world: World, as_: Any, query: str, expected: set[str]
) -> None:
    path = query.format(april=world.april.public_id, group=world.group_id)
    names = _names(as_(world.jinji).page(f"/hr/people?{path}"))
    assert {name.removesuffix(" 氏名") for name in names} == expected


def test_the_list_has_pages_of_a_hundred(world: World, as_: Any, write: Any) -> None:
    def many() -> None:
        session.add_all(
            Member(roles=1, cohort_id=world.april.id, display_name=f"c{n}", display_fold=f"c{n}", legal_name=f"名 {n}",
                   kana=f"カ{n:04}", bud=1)
            for n in range(150)
        )  # fmt: skip

    write(many)
    hr = as_(world.jinji)
    first = hr.page("/hr/people")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = hr.page(onward[1].replace("&amp;", "&"))
    assert (len(_names(first)), len(_names(second))) == (100, 54)
    assert not set(_names(first)) & set(_names(second))
    assert 'rel="next"' not in second
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back is not None
    assert _names(hr.page(back[1].replace("&amp;", "&"))) == _names(first)


def test_query_counts_of_the_desk_and_the_list_do_not_grow(
    world: World, as_: Any, queries: Any, write: Any
) -> None:
    hr = as_(world.jinji)
    paths = ("/hr", "/hr/people", f"/hr/cohorts/{world.april.public_id}")

    def counts() -> list[int]:
        found = []
        for path in paths:
            hr.page(path)
            with queries() as seen:
                hr.page(path)
            found.append(len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]))
        return found

    before = counts()
    assert before == [10, 8, 8]

    def grow() -> None:
        for n in range(60):
            _row = Member(
                roles=1, cohort_id=world.april.id, display_name=f"c{n}", display_fold=f"c{n}", bud=1
            )
            session.add(_row)

    write(grow)
    assert counts() == before


def test_a_suspension_closes_the_open_page_at_once_and_can_be_lifted(world: World, as_: Any) -> None:
    hr, sora = as_(world.jinji), as_(world.sora)
    sora.page("/")
    path = f"/hr/people/{world.sora.public_id}"
    refused = hr.post(f"{path}/suspend", {"reason": "　"})
    assert refused.status_code == 422
    assert "入力してください" in refused.text
    assert hr.post(f"{path}/suspend", {"reason": "確認のため"}).status_code == 303
    assert sora.get("/").headers["Location"].startswith("/sign-in")
    assert "停止中" in hr.page("/hr/people?q=そら")
    assert "確認のため" in hr.page(path)
    assert hr.post(f"/hr/people/{world.sora.public_id}/lift").status_code == 303
    assert "停止中" not in hr.page(path)
    as_(world.sora).page("/")


def test_hr_does_not_suspend_or_end_people_with_powers(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    path = f"/hr/people/{world.mod.public_id}"
    text = hr.page(path)
    assert "利用を停止する" not in text
    assert "退会の手続き" not in text
    assert hr.post(f"{path}/suspend", {"reason": "テスト"}).status_code == 403
    assert hr.post(f"{path}/end", {"reason": "テスト"}).status_code == 403


def test_hr_ends_a_membership_with_a_reason(world: World, as_: Any, rows: Any) -> None:
    hr, ren = as_(world.jinji), as_(world.ren)
    path = f"/hr/people/{world.ren.public_id}"
    assert hr.post(f"/hr/people/{world.ren.public_id}/end", {"reason": ""}).status_code == 422
    assert hr.post(f"{path}/end", {"reason": "辞退のため"}).status_code == 303
    assert ren.get("/").headers["Location"].startswith("/sign-in")
    assert hr.get(path).status_code == 404
    assert "れん 氏名" not in hr.page("/hr/people")
    assert rows(select(Member.end_reason).where(Member.id == world.ren.id)) == ["辞退のため"]


# ── groups and cohorts ───────────────────────────────────────────────────────────────────────────────────────


def test_people_are_put_into_a_group_and_see_its_board_at_once(world: World, as_: Any, write: Any) -> None:
    hr = as_(world.jinji)
    cohort = f"/hr/cohorts/{world.october.public_id}"
    assert hr.post(f"/hr/cohorts/{world.october.public_id}/groups", {"names": "青葉"}).status_code == 303
    group_id = re.search(r"/hr/groups/([a-z2-7]{13})", hr.page(cohort))
    assert group_id is not None
    place = f"/hr/cohorts/{world.october.public_id}/place"
    assert hr.post(place, {"people": [world.yui.public_id], "group": group_id[1]}).status_code == 303
    assert "青葉（1名）" in hr.page(cohort)
    assert "青葉" in hr.page("/hr/people?q=ゆい")
    sora = as_(world.sora)
    sora.page("/boards/wakaba")
    assert hr.post(f"/hr/people/{world.sora.public_id}/group", {"group": ""}).status_code == 303
    assert sora.get("/boards/wakaba").status_code == 404


def test_a_group_of_another_cohort_is_missing(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    path = f"/hr/people/{world.yui.public_id}/group"
    assert hr.post(path, {"group": world.group_id}).status_code == 404
    assert hr.post(path, {"group": NO_SUCH_ID}).status_code == 404
    staff = f"/hr/people/{world.takumi.public_id}/group"
    assert hr.post(staff, {"group": world.group_id}).status_code == 404
    assert rows(select(GroupMember.member_id).where(GroupMember.member_id == world.yui.id)) == []


def test_a_blocked_pair_is_not_put_into_one_group_and_hr_is_not_told_of_the_block(
    world: World, as_: Any, rows: Any
) -> None:
    hr = as_(world.jinji)
    answer = hr.post(f"/hr/people/{world.ren.public_id}/group", {"group": world.group_id})
    assert answer.status_code == 422
    assert "この班には入れられません" in answer.text
    assert "ブロック" not in answer.text
    assert rows(select(GroupMember.group_id).where(GroupMember.member_id == world.ren.id)) == []


def test_a_second_group_or_cohort_of_one_name_is_refused(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    april = f"/hr/cohorts/{world.april.public_id}"
    answer = hr.post(f"{april}/groups", {"names": "若葉"})
    assert answer.status_code == 422
    assert "同じ名前の班があります" in answer.text
    new = {"name": "2027年4月入社", "starts_on": "2027-04-01"}
    assert hr.post("/hr/cohorts", new).status_code == 422
    assert hr.post("/hr/cohorts", {**new, "office_note": "高卒", "is_minor_profile": "y"}).status_code == 303
    assert "2027年4月入社（高卒）" in hr.page("/hr/cohorts")
    assert hr.post(april, {**new, "office_note": "高卒"}).status_code == 422
    assert hr.post(april, {**new, "office_note": "大卒"}).status_code == 303
    assert hr.post(f"/hr/groups/{world.group_id}", {"name": "わかば"}).status_code == 303
    assert "わかば（2名）" in hr.page(april)


def test_a_note_of_the_office_is_never_shown_to_candidates(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    changed = {"name": "2027年4月入社", "starts_on": "2027-04-01", "office_note": "高卒"}
    hr.post(f"/hr/cohorts/{world.april.public_id}", changed)
    sora = as_(world.sora)
    for path in ("/", "/me", "/people", "/boards", f"/people/{world.haruka.public_id}"):
        assert "高卒" not in sora.page(path)


def test_moving_to_another_cohort_moves_the_wall_with_what_was_written(
    app: Flask, world: World, as_: Any, rows: Any
) -> None:
    haruka, yui = as_(world.haruka), as_(world.yui)
    haruka.page(f"/topics/{world.topic_id}")
    assert yui.get(f"/topics/{world.topic_id}").status_code == 404
    moved = as_(world.jinji).post(
        f"/hr/people/{world.sora.public_id}/cohort", {"cohort": world.october.public_id}
    )
    assert moved.status_code == 303
    assert haruka.get(f"/topics/{world.topic_id}").status_code == 404
    yui.page(f"/topics/{world.topic_id}")
    assert rows(select(Topic.author_cohort_id)) == rows(select(Post.author_cohort_id)) == [world.october.id]
    assert rows(select(GroupMember.member_id).where(GroupMember.member_id == world.sora.id)) == []
    with app.app_context():
        sora = session.get_one(Member, world.sora.id)
        assert can(viewer_of(world.yui.id), "view", sora)
        assert not can(viewer_of(world.haruka.id), "view", sora)


def test_walls_are_drawn_and_taken_down_exactly_as_ticked(world: World, as_: Any, rows: Any) -> None:
    hr, yui = as_(world.jinji), as_(world.yui)
    key = f"{world.april.public_id}-{world.october.public_id}"
    assert f'value="{key}" checked' in hr.page("/hr/walls")
    version = rows(select(Community.version))
    assert hr.post("/hr/walls").status_code == 303
    assert rows(select(Community.version)) > version
    assert rows(select(Wall.low_cohort_id)) == []
    yui.page(f"/topics/{world.topic_id}")
    for _twice in range(2):
        assert hr.post("/hr/walls", {"walls": [key]}).status_code == 303
        assert rows(select(func.count()).select_from(Wall)) == [1]
    assert yui.get(f"/topics/{world.topic_id}").status_code == 404
    for wrong in (
        "",
        "x",
        f"{world.april.public_id}-{world.april.public_id}",
        f"{world.april.public_id}-{NO_SUCH_ID}",
    ):
        assert hr.post("/hr/walls", {"walls": [wrong]}).status_code == 404


def test_names_that_would_deceive_are_refused(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    for name in ("\u202e2027", "​", "a" * 31):
        assert hr.post("/hr/cohorts", {"name": name, "starts_on": "2027-04-01"}).status_code == 422
    assert hr.post("/hr/cohorts", {"name": "2028年4月入社", "starts_on": "2028-02-30"}).status_code == 422
    assert rows(select(func.count()).select_from(Cohort)) == [2]


def test_a_small_community_keeps_walls_folded_away_until_one_stands(world, as_, acting, write):
    """Under 20 candidates they stand behind a fold; with a wall, or with 20, they are an ordinary button."""

    def expecting(count: int, *, keeps_walls: bool) -> None:
        community = session.get_one(Community, 1)
        community.expected_candidates = count
        if not keeps_walls:
            session.execute(delete(Wall))

    fold = "人数が少ないときには使わない設定"
    write(lambda: expecting(19, keeps_walls=True))
    assert fold not in as_(world.jinji).page("/hr/cohorts")
    write(lambda: expecting(19, keeps_walls=False))
    assert fold in as_(world.jinji).page("/hr/cohorts")
    write(lambda: expecting(20, keeps_walls=False))
    assert fold not in as_(world.jinji).page("/hr/cohorts")
