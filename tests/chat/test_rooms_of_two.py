"""Talks of two: who may write first, requests, answering, declining without a word."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update

from app.accounts.operations import end_membership
from app.chat.messages.operations import send_message
from app.chat.rooms.operations import (
    accept_request,
    begin_talk,
    change_reach,
    choose_messages_from,
    decline_request,
    leave_room,
)
from app.chat.rooms.queries import room_frame, rooms_page
from app.core import clock
from app.core.db import session
from app.core.errors import Forbidden, Invalid, NotFound
from app.models import Member, Message, Room, RoomMember
from app.people.operations import block_person, unblock_person

KEY = "0123456789abcdef" * 2


def _seen(client, address):
    """A page without the random words of its forms."""
    return re.sub(r'(csrf_token|submission_key)" value="[^"]*"', "", client.page(address))


def _key(number):
    return f"{number:032x}"


def test_the_first_message_to_a_mate_is_a_request_and_whoever_asked_waits(world, acting):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    mine = acting(world.haruka, rooms_page)
    assert [(row.face.name, row.is_waiting) for row in mine.rooms] == [("そら", True)]
    theirs = acting(world.sora, rooms_page)
    assert theirs.rooms == ()
    assert [(row.face.name, row.unread, row.last.words) for row in theirs.requests] == [
        ("はるか", 1, "はじめまして")
    ]
    frame = acting(world.haruka, room_frame, room_id)
    assert (frame.can_send, frame.is_waiting) == (False, True)
    assert "お返事を待っています" in frame.why_not
    with pytest.raises(Forbidden):
        acting(world.haruka, begin_talk, world.sora.public_id, body="もう一度", key=_key(2))


def test_the_same_form_twice_is_one_message(world, acting, rows):
    first = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    assert acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY) == first
    assert rows(select(func.count()).select_from(Message)) == [1]


def test_an_answer_opens_the_talk_for_both(world, acting):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    acting(world.sora, send_message, room_id, key=_key(3), body="こちらこそ")
    assert acting(world.haruka, room_frame, room_id).can_send
    assert [row.face.id for row in acting(world.sora, rooms_page).rooms] == [room_id]


def test_accepting_opens_it_too_and_nobody_else_accepts(world, acting):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    for person in (world.haruka, world.ren, world.jinji):
        with pytest.raises(NotFound):
            acting(person, accept_request, room_id)
    acting(world.sora, accept_request, room_id)
    assert acting(world.haruka, room_frame, room_id).can_send


def test_declining_takes_it_from_one_list_and_changes_nothing_for_whoever_asked(world, acting, as_):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    haruka = as_(world.haruka)
    pages = ("/rooms", f"/rooms/{room_id}/about", f"/people/{world.sora.public_id}")
    before = [_seen(haruka, each) for each in pages]
    acting(world.sora, decline_request, room_id)
    assert [_seen(haruka, each) for each in pages] == before
    assert acting(world.sora, rooms_page).is_empty
    with pytest.raises(NotFound):
        acting(world.sora, room_frame, room_id)


def test_whoever_declined_may_write_themselves_later(world, acting):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    acting(world.sora, decline_request, room_id)
    assert (
        acting(world.sora, begin_talk, world.haruka.public_id, body="遅くなりました", key=_key(4)) == room_id
    )
    assert acting(world.haruka, room_frame, room_id).can_send
    assert acting(world.sora, room_frame, room_id).can_send


@pytest.mark.parametrize(("asker", "asked"), [("haruka", "takumi"), ("jinji", "takumi")])
def test_employees_and_colleagues_are_written_to_without_a_request(world, acting, asker, asked):
    one, other = getattr(world, asker), getattr(world, asked)
    room_id = acting(one, begin_talk, other.public_id, body="質問があります", key=KEY)
    assert acting(one, room_frame, room_id).can_send
    assert [row.face.id for row in acting(other, rooms_page).rooms] == [room_id]


@pytest.mark.parametrize(("asker", "asked"), [("takumi", "haruka"), ("jinji", "haruka"), ("sora", "ren")])
def test_who_may_not_write_first_is_told_so(world, acting, asker, asked):
    with pytest.raises(Forbidden):
        acting(getattr(world, asker), begin_talk, getattr(world, asked).public_id, body="こんにちは", key=KEY)


@pytest.mark.parametrize(("asker", "asked"), [("haruka", "ren"), ("ren", "haruka"), ("haruka", "yui")])
def test_behind_a_block_or_a_wall_there_is_nobody_to_write_to(world, acting, as_, asker, asked):
    one, other = getattr(world, asker), getattr(world, asked)
    with pytest.raises(NotFound):
        acting(one, begin_talk, other.public_id, body="こんにちは", key=KEY)
    assert as_(one).get(f"/people/{other.public_id}/message").status_code == 404


def test_ones_own_choice_says_who_writes_first(world, acting):
    acting(world.ren, choose_messages_from, messages_from="cohort")
    assert acting(world.sora, begin_talk, world.ren.public_id, body="こんにちは", key=KEY)
    acting(world.haruka, choose_messages_from, messages_from="nobody")
    with pytest.raises(Forbidden):
        acting(world.sora, begin_talk, world.haruka.public_id, body="こんにちは", key=_key(5))
    with pytest.raises(Invalid):
        acting(world.haruka, choose_messages_from, messages_from="everybody")


def test_the_community_says_how_far_at_most_and_that_acts_at_once(world, acting):
    acting(world.jinji, change_reach, direct_cap="nobody", lets_open_rooms=True)
    with pytest.raises(Forbidden):
        acting(world.haruka, begin_talk, world.sora.public_id, body="こんにちは", key=KEY)
    for person in (world.haruka, world.takumi, world.admin):
        with pytest.raises(NotFound):
            acting(person, change_reach, direct_cap="cohort", lets_open_rooms=True)


def test_a_block_ends_a_talk_for_both_and_taking_it_back_brings_it_back(world, acting, deliver, rows):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    acting(world.sora, block_person, world.haruka.public_id)
    deliver()
    for person in (world.haruka, world.sora):
        assert acting(person, rooms_page).is_empty
        with pytest.raises(NotFound):
            acting(person, room_frame, room_id)
    acting(world.sora, unblock_person, world.haruka.public_id)
    deliver()
    assert acting(world.haruka, room_frame, room_id).is_waiting
    assert rows(select(RoomMember.epoch)) == [3, 3]


def test_a_talk_of_two_is_hidden_and_not_left(world, acting):
    room_id = acting(world.haruka, begin_talk, world.takumi.public_id, body="質問です", key=KEY)
    with pytest.raises(Forbidden, match="一覧から隠せます"):
        acting(world.haruka, leave_room, room_id)


def test_a_talk_ends_when_one_of_the_two_leaves_the_community(world, acting, deliver):
    room_id = acting(world.haruka, begin_talk, world.takumi.public_id, body="質問です", key=KEY)
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    frame = acting(world.takumi, room_frame, room_id)
    assert (frame.name, frame.is_closed, frame.can_send) == ("退会した方", True, False)


def test_a_block_outlives_whoever_left(world, acting, deliver, rows):
    acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    acting(world.sora, block_person, world.haruka.public_id)
    deliver()
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    assert acting(world.sora, rooms_page).is_empty
    room = rows(select(Room))[0]
    assert world.haruka.id not in {room.low_id, room.high_id}


def test_a_suspended_person_stays_in_the_talk_without_a_page(world, acting, write):
    room_id = acting(world.haruka, begin_talk, world.takumi.public_id, body="質問です", key=KEY)
    suspended = update(Member).where(Member.id == world.takumi.id)
    write(lambda: session.execute(suspended.values(suspended_at=clock.now(), version=Member.version + 1)))
    frame = acting(world.haruka, room_frame, room_id)
    assert (frame.name, frame.face.person.id) == ("たくみ", None)


def test_the_button_on_a_profile_leads_to_the_first_message_and_then_to_the_room(world, as_):
    haruka = as_(world.haruka)
    address = f"/people/{world.sora.public_id}/message"
    assert address in haruka.page(f"/people/{world.sora.public_id}")
    assert "リクエストとして届きます" in haruka.page(address)
    sent = haruka.post(address, {"body": "はじめまして", "submission_key": KEY})
    assert sent.status_code == 303
    assert haruka.get(address).location == sent.location
    assert f"/people/{world.takumi.public_id}/message" not in as_(world.sora).page(
        f"/people/{world.haruka.public_id}"
    )


def test_a_talk_stays_open_from_the_profile_of_somebody_who_wants_no_first_messages_any_more(
    world, acting, as_
):
    haruka, profile = as_(world.haruka), f"/people/{world.sora.public_id}"
    acting(world.sora, choose_messages_from, messages_from="nobody")
    assert f"{profile}/message" not in haruka.page(profile)
    acting(world.sora, choose_messages_from, messages_from="group")
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    acting(world.sora, choose_messages_from, messages_from="nobody")
    assert "トークを開く" in haruka.page(profile)
    assert haruka.get(f"{profile}/message").location == f"/rooms/{room_id}"


def test_an_empty_first_message_keeps_the_form(world, as_):
    answer = as_(world.haruka).post(f"/people/{world.sora.public_id}/message", {"body": " "})
    assert answer.status_code == 422
    assert "入力してください" in answer.text


def test_a_request_is_declined_and_accepted_by_buttons(world, acting, as_):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=KEY)
    sora = as_(world.sora)
    assert "メッセージのリクエスト" in sora.page("/rooms")
    assert sora.post(f"/rooms/{room_id}/decline").location == "/rooms"
    assert "メッセージのリクエスト" not in sora.page("/rooms")
    assert sora.post(f"/rooms/{room_id}/accept").status_code == 404


def test_ones_choice_is_made_on_its_own_page(world, as_, rows):
    sora = as_(world.sora)
    assert 'value="group"' in sora.page("/me/chat")
    assert sora.post("/me/chat", {"messages_from": "nobody"}).status_code == 303
    assert rows(select(Member.messages_from).where(Member.id == world.sora.id)) == ["nobody"]
    assert sora.post("/me/chat", {"messages_from": "everybody"}).status_code == 422
