"""話したい and the thread of each candidate with the HR team."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.operations import end_membership, give_roles, suspend_member
from app.chat.log import events_after, room_key
from app.chat.messages.operations import send_message
from app.chat.rooms.frames import room_frame
from app.chat.rooms.queries import rooms_page
from app.chat.talks.operations import (
    ask_mentor,
    ask_office,
    close_request,
    open_office,
    withdraw_request,
)
from app.chat.talks.queries import office_line, talk_counts, talk_page
from app.core.db import session
from app.core.errors import Conflict, Forbidden, NotFound
from app.models import Cohort, Community, Member, Mentor, Message, Role, Room, RoomMember, TalkRequest
from app.policy import viewer_of
from tests.chat.conftest import new_key
from tests.conftest import NO_SUCH_ID, Person, World

Acting = Callable[..., Any]
STRANGERS = ("sora", "takumi", "naomi", "mod", "desk", "audit", "admin")


@pytest.fixture
def mentored(world: World, write: Callable[..., Any]) -> Person:
    """takumi, who mentors haruka."""

    def pair() -> None:
        session.add(Mentor(candidate_id=world.haruka.id, employee_id=world.takumi.id))
        for member in session.scalars(
            select(Member).where(Member.id.in_([world.haruka.id, world.takumi.id]))
        ):
            member.version += 1

    write(pair)
    return world.takumi


def asked(acting: Acting, person: Person, line: str = "") -> str:
    """This person's wish to talk with HR."""
    return str(acting(person, ask_office, line=line, key=new_key()))


def room_of(acting: Acting, person: Person) -> str:
    """This person's 人事への連絡."""
    return str(acting(person, open_office))


def said(acting: Acting, person: Person, room: str, body: str) -> None:
    """This person says something there."""
    acting(person, send_message, room, key=new_key(), body=body)


def log_of(acting: Acting, person: Person, room: str) -> list[dict[str, Any]]:
    """What this person reads of the room's log."""

    def read(viewer: Any) -> list[dict[str, Any]]:
        return [event.as_json() for event in events_after(viewer, room_key(viewer, room), 0, 200).events]

    found: list[dict[str, Any]] = acting(person, read)
    return found


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_candidate_and_hr_open_one_and_the_same_thread(world: World, acting: Acting) -> None:
    mine = room_of(acting, world.haruka)
    assert acting(world.jinji, open_office, world.haruka.public_id) == mine
    assert acting(world.lead, open_office, world.haruka.public_id) == mine
    said(acting, world.haruka, mine, "質問があります")
    said(acting, world.jinji, mine, "どうぞ")
    assert [each["kind"] for each in log_of(acting, world.lead, mine)] == ["message", "message"]
    assert log_of(acting, world.haruka, mine) != []


def test_two_who_open_it_at_once_get_the_same_room(
    app: Flask, world: World, rows: Callable[..., Any]
) -> None:
    gate, found = Barrier(3), []

    def open_as(person: Person, person_id: str | None) -> None:
        with app.app_context():
            viewer = viewer_of(person.id)
            gate.wait(10)
            found.append(open_office(viewer, person_id))

    people = (
        (world.haruka, None),
        (world.jinji, world.haruka.public_id),
        (world.lead, world.haruka.public_id),
    )
    threads = [Thread(target=open_as, args=each) for each in people]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(found) == 3
    assert len(set(found)) == 1
    assert len(rows(select(Room.id).where(Room.kind == "office"))) == 1
    assert len(rows(select(RoomMember.member_id))) == 1


def test_only_the_candidate_and_hr_open_and_read_a_thread(world: World, acting: Acting) -> None:
    room = room_of(acting, world.haruka)
    said(acting, world.haruka, room, "内緒のはなし")
    for key in STRANGERS:
        stranger = world.people[key]
        for person_id in (world.haruka.public_id, NO_SUCH_ID):
            with pytest.raises(NotFound):
                acting(stranger, open_office, person_id)
        for room_id in (room, NO_SUCH_ID):
            with pytest.raises(NotFound):
                acting(stranger, room_key, room_id)
    for key in ("takumi", "jinji"):  # a thread belongs to a candidate
        with pytest.raises(NotFound):
            acting(world.jinji, open_office, world.people[key].public_id)


def test_whoever_loses_the_role_of_hr_sees_no_thread_at_once(
    world: World, acting: Acting, as_: Callable[..., Any]
) -> None:
    room = room_of(acting, world.haruka)
    said(acting, world.haruka, room, "内緒のはなし")
    assert log_of(acting, world.jinji, room)
    acting(world.admin, give_roles, world.jinji.public_id, int(Role.EMPLOYEE))
    with pytest.raises(NotFound):
        acting(world.jinji, room_key, room)
    assert as_(world.jinji).get("/hr/talks").status_code == 404


def test_the_thread_names_its_readers_and_hours(
    world: World, acting: Acting, write: Callable[..., Any]
) -> None:
    line = acting(world.haruka, office_line)
    assert line.readers == "採用チーム（jinji・lead）が読みます。返信の目安は1営業日です"
    assert line.hours == "対応時間は平日の8:00〜20:00です（休業日を除く）"
    frame = acting(world.haruka, room_frame, room_of(acting, world.haruka))
    assert frame.audience == "あなたと採用チーム（jinji・lead）だけが読めます。返信の目安は1営業日です"
    assert frame.description == line.hours

    def grow() -> None:
        session.get_one(Member, world.jinji.id).display_name = "佐藤さん（人事・採用担当）"
        names = {"takumi": "青木", "naomi": "井上", "mod": "上田", "audit": "江口"}
        for key, name in names.items():
            member = session.get_one(Member, world.people[key].id)
            member.roles, member.display_name, member.display_fold = int(Role.HR), name, name
        session.get_one(Community, 1).quiet_from_hour = 18

    write(grow)
    line = acting(world.haruka, office_line)
    assert "佐藤・lead" in line.readers
    assert "ほか2名" in line.readers
    assert "さん（" not in line.readers
    assert line.hours == "対応時間は平日の8:00〜18:00です（休業日を除く）"


# ── 話したい ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wish_to_talk_stands_in_the_thread_and_tops_what_hr_does_today(
    world: World, acting: Acting, as_: Callable[..., Any]
) -> None:
    haruka = as_(world.haruka)
    assert "/talk" in haruka.page("/")
    assert "理由を書かなくても大丈夫です" in haruka.page("/talk")
    key = new_key()
    answer = haruka.post("/talk/office/ask", {"words": "", "submission_key": key})
    assert answer.status_code == 303
    assert "受け付けました" in haruka.page("/talk")
    desk = as_(world.jinji).page("/hr")
    assert desk.index("話したい 1件") < desk.index("お知らせと名簿")
    inbox = as_(world.jinji).page("/hr/talks")
    assert "はるか" in inbox
    assert "はるか 氏名" in inbox
    events = log_of(acting, world.jinji, room_of(acting, world.haruka))
    assert [(each["kind"], each["text"]) for each in events] == [("system", "talk_request")]


def test_a_second_tap_finds_the_open_wish_and_says_nothing_twice(
    world: World, acting: Acting, rows: Callable[..., Any]
) -> None:
    key = new_key()
    first = acting(world.haruka, ask_office, line="面談について", key=key)
    assert acting(world.haruka, ask_office, line="面談について", key=key) == first
    assert asked(acting, world.haruka) == first
    assert len(rows(select(TalkRequest.id))) == 1
    assert rows(select(Message.body)) == ["面談について"]


def test_the_same_form_after_taking_back_says_its_line_once(
    world: World, acting: Acting, rows: Callable[..., Any]
) -> None:
    key = new_key()
    first = acting(world.haruka, ask_office, line="面談について", key=key)
    acting(world.haruka, withdraw_request, first)
    assert acting(world.haruka, ask_office, line="面談について", key=key) != first
    assert rows(select(Message.body)) == ["面談について"]


def test_a_wish_can_be_taken_back_by_its_asker_alone(world: World, acting: Acting) -> None:
    request = asked(acting, world.haruka)
    for key in ("sora", "takumi", "mod"):
        with pytest.raises(NotFound):
            acting(world.people[key], withdraw_request, request)
    with pytest.raises(Forbidden):
        acting(world.jinji, withdraw_request, request)
    acting(world.haruka, withdraw_request, request)
    acting(world.haruka, withdraw_request, request)
    assert acting(world.haruka, talk_page).asked == ()
    assert acting(world.jinji, talk_counts).requests == 0
    texts = [each["text"] for each in log_of(acting, world.haruka, room_of(acting, world.haruka))]
    assert texts == ["talk_request", "talk_withdrawn"]


def test_the_first_words_of_hr_answer_a_wish_and_those_of_the_asker_do_not(
    world: World, acting: Acting
) -> None:
    request = asked(acting, world.haruka)
    room = room_of(acting, world.haruka)
    said(acting, world.haruka, room, "時間のあるときに")
    assert acting(world.jinji, talk_counts).requests == 1
    said(acting, world.jinji, room, "お電話しましょうか")
    assert acting(world.jinji, talk_counts).requests == 0
    assert acting(world.haruka, talk_page).asked == ()
    with pytest.raises(Conflict):
        acting(world.haruka, withdraw_request, request)
    assert asked(acting, world.haruka) != request


def test_hr_closes_a_wish_with_a_sentence_that_stands_in_the_thread(
    world: World, as_: Callable[..., Any], acting: Acting
) -> None:
    request = asked(acting, world.haruka)
    jinji = as_(world.jinji)
    path = f"/hr/talks/requests/{request}"
    refused = jinji.post(path, {"words": " ", "submission_key": new_key()})
    assert refused.status_code == 422
    assert "はるか" in refused.text
    assert (
        jinji.post(path, {"words": "お電話でお話ししました", "submission_key": new_key()}).status_code == 303
    )
    assert jinji.get(path).status_code == 404
    assert acting(world.jinji, talk_counts).requests == 0
    events = log_of(acting, world.haruka, room_of(acting, world.haruka))
    assert events[-1]["message"]["body"] == "お電話でお話ししました"
    with pytest.raises(Conflict):
        acting(world.lead, close_request, request, line="もう一度", key=new_key())


def test_only_hr_closes_a_wish(world: World, acting: Acting) -> None:
    request = asked(acting, world.haruka)
    for key in ("sora", "takumi", "mod", "admin"):
        for request_id in (request, NO_SUCH_ID):
            with pytest.raises(NotFound):
                acting(world.people[key], close_request, request_id, line="はい", key=new_key())
    with pytest.raises(Forbidden):
        acting(world.haruka, close_request, request, line="はい", key=new_key())


def test_a_wish_to_talk_with_ones_mentor_opens_a_talk_of_two_without_a_request(
    world: World, mentored: Person, acting: Acting, rows: Callable[..., Any], as_: Callable[..., Any]
) -> None:
    haruka = as_(world.haruka)
    assert "たくみ" in haruka.page("/talk")
    form = {"mentor": mentored.public_id, "words": "5分ほど", "submission_key": new_key()}
    assert haruka.post("/talk/mentor/ask", form).status_code == 303
    assert "たくみさんにトークで伝えました" in haruka.page("/talk")
    (room,) = rows(select(Room).where(Room.kind == "direct"))
    assert room.asked_by_id is None
    events = log_of(acting, mentored, room.public_id)
    assert [each["kind"] for each in events] == ["system", "message"]
    # It is between the two: HR neither counts nor reads it.
    assert acting(world.jinji, talk_counts).requests == 0
    with pytest.raises(NotFound):
        acting(world.jinji, room_key, room.public_id)
    said(acting, mentored, room.public_id, "いつでもどうぞ")
    assert acting(world.haruka, talk_page).asked == ()


def test_a_wish_without_a_line_reaches_ones_mentor_as_an_unread_message(
    world: World, mentored: Person, acting: Acting
) -> None:
    acting(world.haruka, ask_mentor, mentored.public_id, line=" ", key=new_key())
    (row,) = acting(mentored, rooms_page).rooms
    assert (row.last.words, row.unread) == ("お話ししたいです", 1)
    acting(world.haruka, ask_mentor, mentored.public_id, line="", key=new_key())  # one wish is open already
    (row,) = acting(mentored, rooms_page).rooms
    assert row.unread == 1


def test_whoever_asks_a_mentor_sees_before_what_is_said_in_their_name_and_may_change_it(
    world: World, mentored: Person, as_: Callable[..., Any], acting: Acting
) -> None:
    haruka = as_(world.haruka)
    page = haruka.page("/talk")
    (field,) = re.findall(r'<input[^>]*id="mentor-words"[^>]*>', page)
    assert 'value="お話ししたいです"' in field
    assert "あなたのメッセージとして届きます" in page
    assert "とだけ伝わります" not in page.partition("メンターと話したい")[2]
    form = {"mentor": mentored.public_id, "words": "あ" * 201, "submission_key": new_key()}
    assert "あ" * 201 in haruka.post("/talk/mentor/ask", form).text
    form = {**form, "words": "少しだけお時間をください"}
    assert haruka.post("/talk/mentor/ask", form).status_code == 303
    (row,) = acting(mentored, rooms_page).rooms
    assert row.last.words == "少しだけお時間をください"


def test_nobody_asks_an_employee_who_is_not_their_mentor(
    world: World, mentored: Person, acting: Acting
) -> None:
    with pytest.raises(Forbidden):
        acting(world.haruka, ask_mentor, world.naomi.public_id, line="", key=new_key())
    with pytest.raises(NotFound):
        acting(world.haruka, ask_mentor, NO_SUCH_ID, line="", key=new_key())
    with pytest.raises(NotFound):
        acting(mentored, ask_mentor, world.haruka.public_id, line="", key=new_key())


def test_a_mentor_who_is_suspended_is_not_offered(world: World, mentored: Person, acting: Acting) -> None:
    assert [each.name for each in acting(world.haruka, talk_page).mentors] == ["たくみ"]
    acting(world.lead, suspend_member, mentored.public_id, "理由")
    assert acting(world.haruka, talk_page).mentors == ()


def test_talk_is_for_candidates_and_shows_the_outside_telephone(
    world: World, as_: Callable[..., Any], write: Callable[..., Any]
) -> None:
    assert "社外の電話" not in as_(world.sora).page("/talk")

    def phone() -> None:
        community = session.get_one(Community, 1)
        community.help_line, community.version = "早川法律事務所 0120-000-000", community.version + 1

    write(phone)
    assert (
        as_(world.sora).page("/talk").count("0120-000-000") == 2
    )  # in its section and at the foot of the page
    for key in ("takumi", "jinji", "mod", "admin"):
        client = as_(world.people[key])
        assert client.get("/talk").status_code == 404
        assert client.post("/talk/office/ask", {"words": "", "submission_key": new_key()}).status_code == 404


def test_a_candidate_of_a_cohort_of_minors_asks_like_everybody(
    world: World, mentored: Person, acting: Acting, write: Callable[..., Any]
) -> None:
    def protect() -> None:
        session.get_one(Cohort, world.april.id).is_minor_profile = True
        session.get_one(Community, 1).version += 1

    write(protect)
    assert asked(acting, world.haruka)
    assert acting(world.haruka, ask_mentor, mentored.public_id, line="", key=new_key())


def test_too_long_a_line_is_refused_and_stays_in_its_field(world: World, as_: Callable[..., Any]) -> None:
    answer = as_(world.haruka).post("/talk/office/ask", {"words": "あ" * 201, "submission_key": new_key()})
    assert answer.status_code == 422
    assert "あ" * 201 in answer.text
    assert "201文字" in answer.text


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_thread_ends_when_its_candidate_leaves_and_nothing_leads_to_the_person(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    as_: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    asked(acting, world.haruka, "お話ししたいです")
    room = room_of(acting, world.haruka)
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    assert acting(world.jinji, talk_counts).requests == 0
    assert rows(select(TalkRequest.id)) == []
    with pytest.raises(Forbidden, match="終わりました"):
        said(acting, world.jinji, room, "お元気で")
    page = as_(world.jinji).page("/hr/talks?show=all")
    assert "退会した方" in page
    assert "はるか" not in page
    assert rows(select(Room.candidate_id).where(Room.kind == "office")) == [None]


def test_a_candidate_who_leaves_and_keeps_the_name_is_shown_as_gone(
    world: World, acting: Acting, deliver: Callable[[], int], as_: Callable[..., Any]
) -> None:
    said(acting, world.haruka, room_of(acting, world.haruka), "ありがとうございました")
    acting(world.haruka, end_membership, keeps_name=True)
    deliver()
    assert acting(world.jinji, talk_counts).waiting == 0
    page = as_(world.jinji).page("/hr/talks?show=all")
    assert "はるか" in page
    assert "退会した方" in page
