"""班 rooms: they follow their groups, and each member may step out and come back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts.operations import end_membership
from app.chat.rooms.operations import give_rooms_to_groups, join_room, leave_room
from app.chat.rooms.queries import about_page, room_frame, rooms_page
from app.core.errors import Forbidden, NotFound
from app.models import Group, GroupMember, Member, Room, RoomEvent, RoomMember
from app.office.places.operations import close_group, open_group, put_into_group, rename_group
from app.people.operations import block_person


@pytest.fixture
def wakaba(app, rows):
    """The room of 班「若葉」, made as at a start of the program."""
    with app.app_context():
        give_rooms_to_groups()
    return rows(select(Room.public_id).where(Room.kind == "group"))[0]


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


def test_a_group_with_members_has_a_room_with_exactly_them(app, wakaba, inside, rows):
    assert inside(wakaba) == {"はるか", "そら"}
    with app.app_context():
        assert give_rooms_to_groups() == 0
    assert rows(select(func.count()).select_from(Room)) == [1]


def test_a_group_nobody_is_in_has_no_room_until_somebody_comes(app, world, acting, deliver, rows, inside):
    group_id = acting(world.jinji, open_group, world.april.public_id, name="青葉")
    with app.app_context():
        give_rooms_to_groups()
    assert rows(select(Room.id).join(Group, Group.id == Room.group_id).where(Group.name == "青葉")) == []
    acting(world.jinji, put_into_group, [world.ren.public_id], group_id)
    deliver()
    room_id = rows(select(Room.public_id).join(Group, Group.id == Room.group_id).where(Group.name == "青葉"))[
        0
    ]
    assert inside(room_id) == {"れん"}


def test_whoever_is_moved_leaves_one_room_and_comes_into_the_other(
    world, acting, deliver, wakaba, inside, rows
):
    other = acting(world.jinji, open_group, world.april.public_id, name="青葉")
    acting(world.jinji, put_into_group, [world.sora.public_id], other)
    deliver()
    assert inside(wakaba) == {"はるか"}
    with pytest.raises(NotFound):
        acting(world.sora, room_frame, wakaba)
    assert [row.payload["act"] for row in rows(select(RoomEvent).where(RoomEvent.kind == "member"))] == [
        "left"
    ]
    acting(world.jinji, put_into_group, [world.sora.public_id], world.group_id)
    deliver()
    assert inside(wakaba) == {"はるか", "そら"}
    again = rows(
        select(RoomMember)
        .join(Room, Room.id == RoomMember.room_id)
        .where(RoomMember.member_id == world.sora.id, Room.public_id == wakaba)
    )[0]
    assert again.joined_seq > 0
    assert again.epoch > 1


def test_the_frame_says_who_reads_and_that_no_staff_do(world, acting, wakaba):
    frame = acting(world.haruka, room_frame, wakaba)
    assert frame.name == "班「若葉」"
    assert frame.audience == "班「若葉」の2名だけが読めます。人事や社員は参加していません"
    assert frame.is_candidate_only
    assert frame.can_send
    with pytest.raises(NotFound):
        acting(world.jinji, room_frame, wakaba)


def test_whoever_left_stays_out_until_they_come_back_themselves(world, acting, deliver, wakaba, inside):
    acting(world.sora, leave_room, wakaba)
    assert inside(wakaba) == {"はるか"}
    acting(world.jinji, put_into_group, [world.sora.public_id], world.group_id)
    deliver()
    assert inside(wakaba) == {"はるか"}
    assert [row.face.id for row in acting(world.sora, rooms_page).open] == [wakaba]
    acting(world.sora, join_room, wakaba)
    assert inside(wakaba) == {"はるか", "そら"}
    assert acting(world.sora, rooms_page).open == ()


def test_nobody_comes_into_the_room_of_another_group(world, acting, wakaba):
    with pytest.raises(NotFound):
        acting(world.ren, join_room, wakaba)
    with pytest.raises(NotFound):
        acting(world.jinji, join_room, wakaba)


def test_the_door_back_is_a_button_in_the_list(as_, world, acting, wakaba):
    sora = as_(world.sora)
    assert sora.post(f"/rooms/{wakaba}/leave").status_code == 303
    assert f"/rooms/{wakaba}/join" in sora.page("/rooms")
    assert sora.post(f"/rooms/{wakaba}/join").location == f"/rooms/{wakaba}"
    assert f"/rooms/{wakaba}/about" not in sora.page("/rooms")


def test_a_block_takes_the_other_one_out_of_the_members_and_the_count_and_both_begin_afresh(
    world, acting, deliver, wakaba, rows
):
    acting(world.haruka, block_person, world.sora.public_id)
    deliver()
    frame = acting(world.haruka, room_frame, wakaba)
    assert frame.audience == "班「若葉」の1名だけが読めます。人事や社員は参加していません"
    assert [person.name for person in acting(world.haruka, about_page, wakaba).people] == ["はるか"]
    assert rows(select(RoomMember.epoch)) == [2, 2]


def test_a_renamed_group_renames_its_room_and_a_closed_one_ends_it(world, acting, deliver, wakaba, rows):
    acting(world.jinji, rename_group, world.group_id, name="新緑")
    assert acting(world.haruka, room_frame, wakaba).name == "班「新緑」"
    other = acting(world.jinji, open_group, world.april.public_id, name="青葉")
    acting(world.jinji, put_into_group, [world.ren.public_id], other)
    deliver()
    acting(world.jinji, put_into_group, [world.ren.public_id], None)
    deliver()
    acting(world.jinji, close_group, other)
    ended = rows(select(Room).where(Room.group_id.is_(None)))[0]
    assert (ended.name, ended.archived_at is not None) == ("青葉", True)


def test_a_member_who_left_the_community_is_in_no_room(world, as_, acting, deliver, wakaba, inside, rows):
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    assert inside(wakaba) == {"はるか"}
    assert rows(select(GroupMember.member_id)) == [world.haruka.id]


def test_a_talk_cannot_be_left_in_somebody_elses_name(world, acting, wakaba):
    with pytest.raises(NotFound):
        acting(world.ren, leave_room, wakaba)
    with pytest.raises((NotFound, Forbidden)):
        acting(world.jinji, leave_room, wakaba)
