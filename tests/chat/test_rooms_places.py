"""Rooms of HR: whom they are for, who comes and goes by themselves, what HR sees of them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from app.accounts.operations import end_membership
from app.chat.messages.operations import send_message
from app.chat.rooms import membership, operations, queries
from app.chat.rooms.operations import (
    archive_place,
    change_place,
    join_room,
    leave_room,
    open_place,
    reopen_place,
)
from app.chat.rooms.queries import about_page, office_rooms, room_frame, rooms_page
from app.core import clock
from app.core.db import session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import Member, Room, RoomEvent, RoomMember
from app.office.places.operations import draw_walls, move_to_cohort


@pytest.fixture
def inside(rows):
    """The names of those in a room, whoever may see them."""

    def names(room_id):
        return set(
            rows(
                select(Member.display_name)
                .join(RoomMember, RoomMember.member_id == Member.id)
                .join(Room, Room.id == RoomMember.room_id)
                .where(Room.public_id == room_id, RoomMember.left_seq.is_(None))
            )
        )

    return names


@pytest.fixture
def april(world, acting):
    """A room of HR for the April cohort and HR."""
    return acting(
        world.jinji, open_place, name="4月のルーム", audience=[f"cohort:{world.april.public_id}", "hr"]
    )


def test_those_it_is_for_are_in_it_from_the_start(world, acting, april, inside):
    assert inside(april) == {"はるか", "そら", "れん", "jinji", "lead"}
    frame = acting(world.haruka, room_frame, april)
    assert frame.audience == "2027年4月入社の内定者・人事が読めます。人事担当者も参加しています"
    with pytest.raises(NotFound):
        acting(world.yui, room_frame, april)


def test_only_hr_opens_and_changes_them(world, acting, april):
    for person in (world.haruka, world.takumi, world.mod, world.admin):
        with pytest.raises(NotFound):
            acting(person, open_place, name="ルーム", audience=["candidates"])
        with pytest.raises(NotFound):
            acting(person, change_place, april, name="ルーム", audience=["candidates"])
        for act in (archive_place, reopen_place):
            with pytest.raises(NotFound):
                acting(person, act, april)
        with pytest.raises(NotFound):
            acting(person, office_rooms)


def test_members_follow_the_audience_and_whoever_left_by_themselves_stays_out(
    world, acting, april, inside, deliver
):
    acting(world.sora, leave_room, april)
    acting(world.jinji, change_place, april, name="4月", audience=[f"cohort:{world.april.public_id}"])
    assert inside(april) == {"はるか", "れん"}
    acting(world.jinji, move_to_cohort, world.ren.public_id, world.october.public_id)
    deliver()
    assert inside(april) == {"はるか"}
    acting(world.jinji, move_to_cohort, world.ren.public_id, world.april.public_id)
    deliver()
    assert inside(april) == {"はるか", "れん"}
    assert [row.face.id for row in acting(world.sora, rooms_page).open] == [april]
    acting(world.sora, join_room, april)
    assert inside(april) == {"はるか", "れん", "そら"}


def test_an_open_room_is_joined_by_those_who_like(world, acting, inside, deliver):
    room_id = acting(world.jinji, open_place, name="散歩の会", audience=["candidates", "hr"], is_open=True)
    assert inside(room_id) == {"jinji"}
    assert [row.face.id for row in acting(world.haruka, rooms_page).open] == [room_id]
    acting(world.haruka, join_room, room_id)
    assert acting(world.haruka, room_frame, room_id).audience.startswith("内定者全員・人事のうち、参加した人")
    with pytest.raises(NotFound):
        acting(world.takumi, join_room, room_id)
    with pytest.raises(NotFound):
        acting(world.haruka, join_room, room_id)
    acting(world.jinji, change_place, room_id, name="散歩の会", audience=["hr"], is_open=True)
    assert inside(room_id) == {"jinji"}


def test_where_hr_announces_others_read_and_nobody_is_told_who_comes_and_goes(world, acting, rows):
    room_id = acting(
        world.jinji, open_place, name="入社前のご案内", audience=["candidates", "hr"], is_announcement=True
    )
    with pytest.raises(Forbidden, match="お知らせ用"):
        acting(world.haruka, send_message, room_id, key="a" * 32, body="はい")
    acting(world.jinji, send_message, room_id, key="b" * 32, body="ご案内です")
    acting(world.haruka, leave_room, room_id)
    assert rows(select(RoomEvent.kind)) == ["message"]


def test_above_the_limit_only_hr_writes(world, acting, monkeypatch, rows):
    for place in (membership, operations):
        monkeypatch.setattr(place, "MOST_TALKING", 3)
    with pytest.raises(Invalid, match="「人事だけが書き込めます」にしてください"):
        acting(world.jinji, open_place, name="みんな", audience=["candidates", "hr"])
    with pytest.raises(Invalid, match="ルームを分けてください"):
        acting(world.jinji, open_place, name="みんな", audience=["candidates"])
    room_id = acting(world.jinji, open_place, name="みんな", audience=["candidates"], is_open=True)
    for person in (world.haruka, world.sora, world.ren):
        acting(person, join_room, room_id)
    with pytest.raises(Conflict):
        acting(world.yui, join_room, room_id)


def test_a_room_that_grew_too_large_becomes_one_where_hr_announces(
    world, acting, monkeypatch, rows, deliver, april
):
    monkeypatch.setattr(membership, "MOST_TALKING", 5)
    acting(world.jinji, draw_walls, [])
    acting(world.jinji, move_to_cohort, world.yui.public_id, world.april.public_id)
    deliver()
    assert rows(select(Room.is_announcement)) == [True]


def test_staff_do_not_come_into_a_room_of_candidates_that_talked(world, acting):
    room_id = acting(world.jinji, open_place, name="4月", audience=[f"cohort:{world.april.public_id}"])
    acting(world.jinji, change_place, room_id, name="4月", audience=["candidates"])
    acting(world.haruka, send_message, room_id, key="a" * 32, body="ここだけの話")
    with pytest.raises(Invalid, match="新しいルームを開いて"):
        acting(world.jinji, change_place, room_id, name="4月", audience=["candidates", "hr"])


def test_hr_sees_the_frame_of_a_room_it_is_not_in_and_nothing_said_there(world, acting, as_):
    room_id = acting(world.jinji, open_place, name="4月", audience=[f"cohort:{world.april.public_id}"])
    acting(world.haruka, send_message, room_id, key="a" * 32, body="ここだけの話")
    jinji = as_(world.jinji)
    assert "あなたは参加していません" in jinji.page("/hr/rooms")
    assert jinji.get(f"/hr/rooms/{room_id}").status_code == 200
    for address in (f"/rooms/{room_id}", f"/rooms/{room_id}/about", f"/api/rooms/{room_id}/messages"):
        assert jinji.get(address).status_code == 404
    assert "ここだけの話" not in jinji.page("/hr/rooms") + jinji.page("/rooms")


def test_a_room_put_away_is_read_and_not_written_and_comes_back(world, acting, april):
    acting(world.jinji, archive_place, april)
    frame = acting(world.haruka, room_frame, april)
    assert (frame.is_closed, frame.can_send) == (True, False)
    acting(world.jinji, reopen_place, april)
    assert acting(world.haruka, room_frame, april).can_send


def test_walls_and_changes_of_cohort_begin_the_log_afresh(world, acting, april, rows, deliver):
    acting(world.jinji, draw_walls, [])
    deliver()
    epochs = dict(zip(rows(select(RoomMember.member_id)), rows(select(RoomMember.epoch)), strict=True))
    assert epochs[world.haruka.id] == 2
    assert epochs[world.jinji.id] == 1
    acting(world.jinji, move_to_cohort, world.ren.public_id, world.october.public_id)
    deliver()
    assert rows(select(RoomMember.epoch).where(RoomMember.member_id == world.haruka.id)) == [2]


def test_whoever_leaves_the_community_is_out_and_named_no_more(world, acting, april, inside, deliver):
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    assert inside(april) == {"そら", "れん", "jinji", "lead"}


def test_a_suspended_member_stays_out_of_sight_and_in_the_room(world, acting, april, inside, write):
    suspended = update(Member).where(Member.id == world.sora.id)
    write(lambda: session.execute(suspended.values(suspended_at=clock.now(), version=Member.version + 1)))
    assert "そら" in inside(april)
    assert "そら" not in {person.name for person in acting(world.haruka, about_page, april).people}


def test_hr_opens_and_changes_a_room_on_pages(world, as_, rows):
    jinji = as_(world.jinji)
    assert "新しいルームを開く" in jinji.page("/hr/rooms")
    typed = {"name": "配属の相談", "icon": "people", "audience": ["candidates", "hr"], "is_open": "no"}
    assert jinji.post("/hr/rooms/new", {**typed, "audience": []}).status_code == 422
    assert jinji.post("/hr/rooms/new", {**typed, "slow_seconds": "30"}).status_code == 303
    room_id = rows(select(Room.public_id))[0]
    page = jinji.page(f"/hr/rooms/{room_id}")
    assert 'value="candidates" checked' in page
    assert (
        jinji.post(f"/hr/rooms/{room_id}", {**typed, "name": "配属", "slow_seconds": "0"}).status_code == 303
    )
    assert rows(select(Room.name)) == ["配属"]
    assert jinji.post(f"/hr/rooms/{room_id}/archive").status_code == 303
    assert jinji.post(f"/hr/rooms/{room_id}/reopen").status_code == 303
    assert jinji.post("/hr/rooms", {"direct_cap": "group"}).status_code == 303
    assert jinji.post("/hr/rooms", {"direct_cap": "everybody"}).status_code == 422


def test_where_only_hr_writes_hr_is_among_those_it_is_for(world, acting, rows):
    with pytest.raises(Invalid, match="書き込める人がいません"):
        acting(world.jinji, open_place, name="ご案内", audience=["candidates"], is_announcement=True)
    room_id = acting(
        world.jinji, open_place, name="ご案内", audience=["candidates", "hr"], is_announcement=True
    )
    with pytest.raises(Invalid, match="書き込める人がいません"):
        acting(
            world.jinji, change_place, room_id, name="ご案内", audience=["candidates"], is_announcement=True
        )


@pytest.fixture
def crowded(world, acting, monkeypatch, deliver):
    """A room of the April candidates alone, which holds three; a fourth has come into the cohort."""
    for place in (membership, operations, queries):
        monkeypatch.setattr(place, "MOST_TALKING", 3)
    room_id = acting(world.jinji, open_place, name="4月", audience=[f"cohort:{world.april.public_id}"])
    acting(world.jinji, draw_walls, [])
    acting(world.jinji, move_to_cohort, world.yui.public_id, world.april.public_id)
    deliver()
    return room_id


def test_a_room_of_candidates_that_grew_too_large_slows_down_and_is_not_silent(
    world, acting, as_, crowded, rows
):
    """HR is not in it: with nobody but HR writing, nobody would."""
    assert rows(select(Room.is_announcement)) == [False]
    frame = acting(world.haruka, room_frame, crowded)
    assert (frame.can_send, frame.slow_seconds) == (True, 60)
    acting(world.haruka, send_message, crowded, key="a" * 32, body="にぎやかになりましたね")
    haruka = as_(world.haruka)
    page = haruka.page(f"/rooms/{crowded}")
    assert re.search(r'<p class="say-note"[^>]*><span>参加する人が増えたため、1人につき1分に1回の', page)
    assert "1分に1回まで送れます" in haruka.page(f"/rooms/{crowded}/about")


def test_hr_is_told_that_a_room_has_grown_too_large_and_what_helps(world, acting, as_, crowded):
    jinji = as_(world.jinji)
    assert "300名を超えています" in jinji.page("/hr/rooms")
    page = jinji.page(f"/hr/rooms/{crowded}")
    assert "ルームを分けると、話しやすくなります" in page
    assert 'href="/hr/rooms/new"' in page
    acting(world.jinji, archive_place, crowded)
    assert "300名を超えています" not in jinji.page("/hr/rooms")


def test_a_room_that_grew_too_large_stays_changeable_but_neither_faster_nor_larger(
    world, acting, crowded, rows
):
    april = [f"cohort:{world.april.public_id}"]
    change = {"name": "4月の会", "audience": april}
    acting(world.jinji, change_place, crowded, **change, slow_seconds=60)
    assert rows(select(Room.name)) == ["4月の会"]
    with pytest.raises(Invalid, match="それよりゆっくり"):
        acting(world.jinji, change_place, crowded, **change, slow_seconds=10)
    with pytest.raises(Invalid, match="ルームを分けてください"):
        acting(world.jinji, change_place, crowded, name="みんな", audience=["candidates"], slow_seconds=60)
    with pytest.raises(Invalid, match="書き込める人がいません"):
        acting(world.jinji, change_place, crowded, **change, is_announcement=True)
    assert rows(select(Room.slow_seconds)) == [60]


def test_hr_is_told_before_saving_that_a_room_would_grow_too_large(world, acting, as_, monkeypatch, rows):
    for place in (membership, operations):
        monkeypatch.setattr(place, "MOST_TALKING", 3)
    room_id = acting(world.jinji, open_place, name="4月", audience=[f"cohort:{world.april.public_id}"])
    typed = {"name": "みんな", "icon": "people", "audience": ["candidates"], "is_open": "no"}
    answer = as_(world.jinji).post(f"/hr/rooms/{room_id}", {**typed, "slow_seconds": "0"})
    assert answer.status_code == 422
    assert "人事が参加しないルームは、3名までです" in answer.text
    assert rows(select(Room.name)) == ["4月"]


def test_where_hr_announces_in_a_large_room_the_others_are_not_let_write_again(
    world, acting, monkeypatch, rows, deliver, april
):
    for place in (membership, operations):
        monkeypatch.setattr(place, "MOST_TALKING", 5)
    acting(world.jinji, draw_walls, [])
    acting(world.jinji, move_to_cohort, world.yui.public_id, world.april.public_id)
    deliver()
    audience = [f"cohort:{world.april.public_id}", "hr"]
    with pytest.raises(Invalid, match="人事だけが書き込めます"):
        acting(world.jinji, change_place, april, name="4月", audience=audience)
    acting(world.jinji, change_place, april, name="4月", audience=audience, is_announcement=True)
    assert rows(select(Room.name)) == ["4月"]


def test_what_hr_decides_for_everybody_stands_before_the_rooms(world, as_, april):
    page = as_(world.jinji).page("/hr/rooms")
    assert page.index("メッセージは同期まで") < page.index("設定を変える") < page.index(f"/hr/rooms/{april}")
    assert '<details class="disclosure">' in page
    refused = as_(world.jinji).post("/hr/rooms", {"direct_cap": "everybody"})
    assert '<details class="disclosure" open>' in refused.text


def test_hr_goes_from_its_list_into_the_rooms_it_is_in(world, as_, acting, april):
    acting(world.jinji, open_place, name="内定者だけ", audience=["candidates"])
    page = as_(world.jinji).page("/hr/rooms")
    assert f'href="/rooms/{april}"' in page
    assert page.count("トークを開く") == 1
