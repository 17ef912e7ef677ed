"""Into a 班 by itself: whoever joins finds people, unless they, a block or HR wish otherwise."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.core.db import session
from app.core.operation import announce
from app.invitations.events import MemberJoined
from app.models import Block, Community, Group, GroupMember, Member
from app.office.places.operations import open_group, put_into_group


@pytest.fixture
def joins(write, deliver):
    """Somebody accepts their invitation: everything that follows has been delivered."""

    def join(person):
        write(lambda: announce(MemberJoined(member_id=person.id)))
        deliver()

    return join


@pytest.fixture
def group_of(rows):
    def name(person):
        found = rows(
            select(Group.name)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .where(GroupMember.member_id == person.id)
        )
        return found[0] if found else None

    return name


def _unblock():
    session.query(Block).delete()


def test_whoever_joins_comes_into_the_group_with_the_fewest_people(
    world, acting, write, joins, group_of, deliver, as_
):
    write(_unblock)
    acting(world.jinji, open_group, world.april.public_id, name="青葉")
    joins(world.ren)
    assert group_of(world.ren) == "青葉"
    assert group_of(world.haruka) == "若葉"
    assert "班「青葉」" in as_(world.ren).get("/rooms").text


def test_nobody_is_put_beside_whom_a_block_keeps_away_in_either_direction(world, write, joins, group_of):
    joins(world.ren)  # haruka, in 若葉, blocked ren
    assert group_of(world.ren) is None

    def turn():
        session.query(Block).delete()
        session.add(Block(blocker_id=world.ren.id, blocked_id=world.haruka.id))

    write(turn)
    joins(world.ren)
    assert group_of(world.ren) is None


def test_a_full_group_and_a_group_of_another_cohort_take_nobody(world, write, joins, group_of):
    write(_unblock)

    def fill():
        wakaba = session.scalars(select(Group.id)).one()
        cohort = session.get_one(Member, world.haruka.id).cohort_id
        for number in range(5):
            one = Member(
                roles=1, cohort_id=cohort, display_name=f"人{number}", display_fold=f"人{number}", bud=1
            )
            session.add(one)
            session.flush()
            session.add(GroupMember(group_id=wakaba, member_id=one.id))

    joins(world.yui)
    assert group_of(world.yui) is None
    write(fill)
    joins(world.ren)
    assert group_of(world.ren) is None


@pytest.mark.parametrize("switch", ["community", "person"])
def test_who_does_not_wish_it_and_where_hr_does_not_nobody_is_put_anywhere(
    world, write, joins, group_of, switch
):
    write(_unblock)
    off = {
        "community": lambda: session.execute(update(Community).values(fills_groups=False)),
        "person": lambda: session.execute(
            update(Member).where(Member.id == world.ren.id).values(joins_groups=False)
        ),
    }[switch]
    write(off)
    joins(world.ren)
    assert group_of(world.ren) is None


def test_whom_hr_placed_stays_there_and_can_be_moved(world, acting, write, joins, group_of, deliver):
    write(_unblock)
    other = acting(world.jinji, open_group, world.april.public_id, name="青葉")
    joins(world.haruka)
    assert group_of(world.haruka) == "若葉"
    joins(world.ren)
    acting(world.jinji, put_into_group, [world.ren.public_id], world.group_id)
    assert group_of(world.ren) == "若葉"
    acting(world.jinji, put_into_group, [world.ren.public_id], other)
    assert group_of(world.ren) == "青葉"


def test_wishing_a_group_again_finds_one_at_once_and_opting_out_keeps_the_present_one(
    world, write, as_, group_of, deliver
):
    write(_unblock)
    client = as_(world.ren)
    assert "班に入る" in client.get("/me/chat").text
    client.post("/me/chat", data={"messages_from": "group"})
    assert group_of(world.ren) is None
    client.post("/me/chat", data={"messages_from": "group", "joins_groups": "y"})
    deliver()
    assert group_of(world.ren) == "若葉"
    assert "れん" in as_(world.sora).get(_room_of(world, as_)).text
    client.post("/me/chat", data={"messages_from": "group"})
    assert group_of(world.ren) == "若葉"


def _room_of(world, as_):
    page = as_(world.sora).get("/rooms").text
    return "/rooms/" + page.split('href="/rooms/')[1:][_first_room(page)][:13] + "/about"


def _first_room(page):
    parts = page.split('href="/rooms/')[1:]
    return next(place for place, part in enumerate(parts) if "班「若葉」" in part[:200])


def test_hr_turns_both_on_and_off_beside_the_other_choices_about_rooms(world, as_, rows):
    client = as_(world.jinji)
    assert "自動で班に入れる" in client.get("/hr/rooms").text
    client.post("/hr/rooms", data={"direct_cap": "group", "lets_open_rooms": "y", "has_seats": "y"})
    kept = rows(select(Community))[0]
    assert (kept.direct_cap, kept.fills_groups, kept.has_seats) == ("group", False, True)
    assert as_(world.haruka).post("/hr/rooms", data={"direct_cap": "group"}).status_code == 404
