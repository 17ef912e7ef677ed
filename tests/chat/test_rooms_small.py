"""Small rooms that candidates open among themselves."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, select, update

from app.chat.rooms.operations import (
    add_people,
    archive_place,
    change_reach,
    change_room,
    join_room,
    leave_room,
    open_place,
    open_room,
)
from app.chat.rooms.queries import about_page, choose_page, room_frame
from app.core.db import session
from app.core.errors import AppError, Forbidden, Invalid, NotFound
from app.core.names import fold
from app.models import Cohort, Member, Role, Room, RoomEvent, RoomMember, Wall
from tests.conftest import NO_SUCH_ID


@pytest.fixture
def more(app, world, write):
    """Everybody's public id by name, with three more candidates of April."""

    def plant():
        for name, cohort in (("みお", world.april), ("りく", world.april), ("あお", world.april)):
            session.add(_candidate(name, cohort.id))

    write(plant)
    with app.app_context():
        return dict(session.execute(select(Member.display_name, Member.public_id)).tuples().all())


def _candidate(name, cohort_id):
    return Member(
        display_name=name,
        display_fold=fold(name),
        mail=None,
        roles=int(Role.CANDIDATE),
        cohort_id=cohort_id,
        bud=1,
        rules_version=1,
    )


def test_those_chosen_are_in_it_at_once_and_the_frame_says_that_no_staff_are(world, acting, more):
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    frame = acting(world.sora, room_frame, room_id)
    assert (frame.name, frame.audience) == (
        "散歩の会",
        "3名だけが読めます。人事や社員は参加していません",
    )
    names = [person.name for person in acting(world.sora, about_page, room_id).people]
    assert names == ["そら", "はるか", "みお"]
    with pytest.raises(NotFound):
        acting(world.jinji, room_frame, room_id)


def test_two_are_too_few_and_thirteen_too_many(world, acting, more, write, rows):
    with pytest.raises(Invalid, match="3〜12名"):
        acting(world.haruka, open_room, name="ふたり", people=[more["そら"]])
    write(lambda: session.add_all(_candidate(f"人{number}", world.april.id) for number in range(12)))
    many = rows(select(Member.public_id).where(Member.display_name.like("人%")))
    with pytest.raises(Invalid, match="3〜12名"):
        acting(world.haruka, open_room, name="みんな", people=many)


def test_whom_one_may_not_ask_and_nobody_at_all_are_one_refusal(world, acting, more):
    def refusal(person, people):
        with pytest.raises(Invalid) as refused:
            acting(person, open_room, name="散歩の会", people=people)
        return str(refused.value)

    own_block = refusal(world.haruka, [more["そら"], more["れん"]])
    walled = refusal(world.haruka, [more["そら"], more["ゆい"]])
    nobody = refusal(world.haruka, [more["そら"], NO_SUCH_ID])
    staff = refusal(world.haruka, [more["そら"], more["たくみ"]])
    assert own_block == walled == nobody == staff
    assert "この組み合わせでは" in own_block


def _names(acting, person, room_id):
    return sorted(one.name for one in acting(person, about_page, room_id).people)


def test_what_stands_between_two_of_those_chosen_shows_to_nobody_else_and_hides_them_from_each_other(
    world, acting, more
):
    room_id = acting(world.sora, open_room, name="散歩の会", people=[more["はるか"], more["れん"]])
    assert _names(acting, world.sora, room_id) == ["そら", "はるか", "れん"]
    assert _names(acting, world.haruka, room_id) == ["そら", "はるか"]
    assert _names(acting, world.ren, room_id) == ["そら", "れん"]
    assert "2名だけが読めます" in acting(world.haruka, room_frame, room_id).audience


def test_a_wall_between_two_of_those_chosen_hides_them_from_each_other_too(world, acting, more, write):
    def third():
        winter = Cohort(name="2028年1月入社", starts_on=date(2028, 1, 1))
        session.add(winter)
        session.flush()
        session.add(_candidate("ふゆ", winter.id))
        low, high = sorted((winter.id, world.october.id))
        session.add(Wall(low_cohort_id=low, high_cohort_id=high))
        session.execute(delete(Wall).where(Wall.low_cohort_id == world.april.id))
        session.execute(update(Member).values(version=Member.version + 1))
        return session.scalar(select(Member.public_id).where(Member.display_name == "ふゆ"))

    winter = write(third)
    room_id = acting(world.sora, open_room, name="散歩の会", people=[more["ゆい"], winter])
    assert _names(acting, world.yui, room_id) == ["そら", "ゆい"]


def test_only_the_owner_asks_more_people_in_and_whoever_left_is_not_asked_again(world, acting, more):
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    with pytest.raises(Forbidden):
        acting(world.sora, add_people, room_id, [more["りく"]])
    acting(world.haruka, add_people, room_id, [more["りく"]])
    acting(world.sora, leave_room, room_id)
    with pytest.raises(Invalid, match="この組み合わせでは"):
        acting(world.haruka, add_people, room_id, [more["そら"]])
    with pytest.raises(NotFound):
        acting(world.sora, join_room, room_id)


def test_adding_somebody_does_not_tell_the_owner_what_stands_between_others(world, acting, more):
    room_id = acting(world.sora, open_room, name="散歩の会", people=[more["みお"], more["れん"]])
    acting(world.sora, add_people, room_id, [more["はるか"]])
    assert "れん" not in _names(acting, world.haruka, room_id)
    assert "れん" in _names(acting, world.sora, room_id)


def test_whoever_is_added_reads_from_then_on(world, acting, more, rows):
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    acting(world.haruka, add_people, room_id, [more["りく"]])
    joined = rows(select(RoomEvent).where(RoomEvent.kind == "member"))
    assert [event.payload for event in joined] == [{"act": "joined"}]
    riku = rows(select(RoomMember).where(RoomMember.member_id == joined[0].actor_id))[0]
    assert riku.joined_seq < joined[0].seq


def test_an_owner_who_leaves_hands_the_room_on(world, acting, more, rows):
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    acting(world.haruka, leave_room, room_id)
    assert rows(select(Room.owner_id)) == [world.sora.id]
    acting(world.sora, change_room, room_id, name="お茶の会", icon="chat", description="ゆっくり")
    assert acting(world.sora, room_frame, room_id).name == "お茶の会"
    with pytest.raises(NotFound):
        acting(world.haruka, change_room, room_id, name="また", icon="chat")


def test_leaving_asks_once_and_says_what_it_means(world, acting, as_, more, rows):
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    haruka, sora = as_(world.haruka), as_(world.sora)
    page = haruka.page(f"/rooms/{room_id}/about")
    assert [name for name in ("はるか", "そら", "みお") if f"<bdi>{name}</bdi>" in page] == [
        "はるか",
        "そら",
        "みお",
    ]
    assert "このルームには戻れません" in page
    assert "いちばん長く参加している人が引き継ぎます" in page
    assert "引き継ぎます" not in sora.page(f"/rooms/{room_id}/about")
    assert "ルームの設定" not in sora.page(f"/rooms/{room_id}/about")
    assert haruka.post(f"/rooms/{room_id}/leave").location == "/rooms"
    assert "ルームを退出しました" in haruka.page("/rooms")
    assert haruka.get(f"/rooms/{room_id}").status_code == 404
    assert "ルームの設定" in sora.page(f"/rooms/{room_id}/about")
    assert "はるかさんが退出しました" in sora.page(f"/rooms/{room_id}")


def test_a_room_one_can_come_back_into_says_so(world, acting, as_):
    audience = ["candidates", "hr"]
    room_id = acting(world.jinji, open_place, name="みんな", audience=audience)
    news_id = acting(world.jinji, open_place, name="ご案内", audience=audience, is_announcement=True)
    haruka = as_(world.haruka)
    page, news = (haruka.page(f"/rooms/{each}/about") for each in (room_id, news_id))
    assert "また参加できます" in page
    assert "退出したことは、ルームに1行で表示されます" in page
    assert "ほかの人には知らされません" in news
    haruka.post(f"/rooms/{room_id}/leave")
    assert f'action="/rooms/{room_id}/join"' in haruka.page("/rooms")
    acting(world.jinji, archive_place, news_id)
    assert "このルームには戻れません" in haruka.page(f"/rooms/{news_id}/about")


def test_a_room_never_passes_for_one_of_hr(world, acting, more):
    with pytest.raises(Invalid, match="間違えやすい"):
        acting(world.haruka, open_room, name="人事部", people=[more["そら"], more["みお"]])


def test_nobody_opens_rooms_where_hr_does_not_let_them(world, acting, more):
    acting(world.jinji, change_reach, direct_cap="cohort", lets_open_rooms=False)
    with pytest.raises(Forbidden):
        acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["みお"]])
    with pytest.raises(Forbidden):
        acting(world.haruka, choose_page, "", [])
    for person in (world.takumi, world.jinji):
        with pytest.raises(Forbidden):
            acting(person, open_room, name="散歩の会", people=[more["そら"], more["みお"]])


def test_minors_neither_open_rooms_nor_are_asked_into_them(world, acting, more, write):
    write(
        lambda: (
            session.execute(
                update(Cohort).where(Cohort.id == world.october.id).values(is_minor_profile=True)
            ),
            session.execute(delete(Wall)),
            session.execute(update(Member).values(version=Member.version + 1)),
        )
    )
    with pytest.raises(Invalid):
        acting(world.haruka, open_room, name="散歩の会", people=[more["そら"], more["ゆい"]])
    with pytest.raises(AppError):
        acting(world.yui, open_room, name="散歩の会", people=[more["そら"], more["みお"]])


def test_the_list_to_choose_from_holds_those_one_meets_the_own_group_first(world, acting, more):
    found = acting(world.haruka, choose_page, "", [])
    assert [person.name for person in found.found] == ["そら", "あお", "みお", "りく"]
    picked = acting(world.haruka, choose_page, "りく", [more["みお"]])
    assert [person.name for person in picked.chosen] == ["みお"]
    assert [person.name for person in picked.found] == ["りく"]


def test_whoever_goes_on_without_choosing_anybody_is_told_what_is_missing(as_, world, more):
    said = "一緒に話したい人を選んでから"
    assert said in as_(world.haruka).page("/rooms/new?q=&step=name")
    assert said not in as_(world.haruka).page("/rooms/new?q=そら")


def test_a_room_is_opened_in_two_steps_and_a_refusal_keeps_what_was_chosen(world, as_, more):
    haruka = as_(world.haruka)
    assert more["そら"] in haruka.page("/rooms/new")
    address = f"/rooms/new?people={more['そら']}&people={more['みお']}&step=name"
    assert "散歩の会" in haruka.page(address)
    people = [more["そら"], more["みお"]]
    refused = haruka.post("/rooms/new", {"people": people, "name": "", "icon": "sprout"})
    assert refused.status_code == 422
    assert refused.text.count(" checked") >= 2
    opened = haruka.post("/rooms/new", {"people": people, "name": "散歩の会", "icon": "sprout"})
    room = opened.location
    assert haruka.get(f"{room}/people").status_code == 200
    assert haruka.post(f"{room}/people", {"people": [more["りく"]]}).status_code == 303
    assert "散歩の会" in haruka.page(f"{room}/edit")
    assert haruka.post(f"{room}/edit", {"name": "散策の会", "icon": "chat"}).status_code == 303
    assert "散策の会" in haruka.page(f"{room}/about")
    assert as_(world.sora).get(f"{room}/edit").status_code == 403
    assert as_(world.ren).get(f"{room}/edit").status_code == 404
