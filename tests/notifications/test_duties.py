"""What waits for an office is told to those who hold it: that something waits, and neither of whom nor what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.operations import end_membership
from app.chat.messages.operations import LYING
from app.core.db import session
from app.models import Member, Mentor, MessageReport, Notice, NoticeChoice, Role, TalkRequest
from tests.chat.conftest import new_key, say
from tests.notifications.conftest import MONDAY_NIGHT, MONDAY_NOON, TUESDAY_EIGHT

pytestmark = pytest.mark.usefixtures("at_noon")

HOUR = timedelta(hours=1)
LINE = "面談がこわいです"


@pytest.fixture
def wishes(as_, deliver):
    """Has a candidate press 話したい towards HR, and lets those be told whom it concerns."""

    def wish(person, line=""):
        answer = as_(person).post("/talk/office/ask", {"words": line, "submission_key": new_key()})
        assert answer.status_code == 303
        deliver()

    return wish


@pytest.fixture
def mentored(world, write):
    """takumi mentors haruka."""

    def pair():
        session.add(Mentor(candidate_id=world.haruka.id, employee_id=world.takumi.id))
        for member in (session.get_one(Member, person.id) for person in (world.haruka, world.takumi)):
            member.version += 1

    write(pair)
    return world.takumi


@pytest.fixture
def moderates(write):
    """Makes somebody a moderator beside what they are."""

    def change(person):
        def add():
            member = session.get_one(Member, person.id)
            member.roles |= int(Role.MODERATOR)
            member.version += 1

        write(add)

    return change


@pytest.fixture
def reports(as_, deliver):
    """Has somebody report one message, and lets the moderators be told; 303 where it was sent."""

    def report(person, message, note=""):
        form = {"messages": [message], "reason": "unkind", "note": note}
        answer = as_(person).post(f"/reports/new?message={message}", form)
        deliver()
        return answer

    return report


def lines(client):
    """The reasons on somebody's list, newest first."""
    return re.findall(r'href="/me/notices#(\w+)"', client.page("/notices"))


def place(client):
    """Where the newest line leads to."""
    return client.get(re.search(r'"(/notices/[a-z2-7]{13})"', client.page("/notices"))[1]).location


# ── 話したい ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wish_to_talk_is_told_to_the_hr_team_once_and_names_nobody(
    world, at, as_, wishes, told, counted, deliver
):
    wishes(world.haruka, LINE)
    with at(MONDAY_NOON + LYING + timedelta(seconds=1)):
        deliver()  # the line has lain long enough to be told as a message
    assert told(world.jinji) == told(world.lead) == ["talk"]
    for key in ("haruka", "sora", "takumi", "naomi", "mod", "desk", "audit", "admin"):
        assert told(world.people[key]) == [], key
    jinji = as_(world.jinji)
    page = jinji.page("/notices")
    assert "「話したい」という方がいます" in page
    for secret in ("はるか", LINE):
        assert secret not in page
    assert counted(world.jinji) == 1
    assert place(jinji) == "/hr/talks"
    assert "はるか" in jinji.page("/hr/talks")


def test_what_is_written_after_a_wish_was_answered_is_told_again(
    world, at, as_, wishes, told, deliver, acting, rows
):
    wishes(world.haruka)
    (room,) = re.findall(r"/rooms/([a-z2-7]{13})", as_(world.haruka).page("/talk"))[:1]
    for person in (world.jinji, world.haruka):
        answer = as_(person).post(f"/rooms/{room}/messages", {"body": "はい", "submission_key": new_key()})
        assert answer.status_code == 303
    with at(MONDAY_NOON + LYING + timedelta(seconds=1)):
        deliver()
    assert told(world.lead) == ["talk", "message"]


def test_letter_and_push_of_a_wish_name_nobody(
    world, at, wishes, minute, letters, takes_pushes, push_service, rows
):
    device = takes_pushes(world.jinji)
    wishes(world.haruka, LINE)
    ((_path, _headers, body),) = push_service.taken
    key = rows(select(Notice.public_id).where(Notice.member_id == world.jinji.id))[0]
    assert device.read(body) == {
        "title": "つぼみ",
        "body": "「話したい」という方がいます",
        "url": f"/notices/{key}",
        "tag": "talk",
    }
    with at(MONDAY_NOON + HOUR):
        minute()
    (letter,) = letters()
    assert world.lead.mail in letter.to, "whose device does not ring has a letter"
    assert "・話したい" in letter.text
    for secret in ("はるか", LINE):
        assert secret not in letter.text


def test_wishes_are_one_line_and_ring_once_in_half_an_hour(
    world, at, as_, wishes, counted, takes_pushes, push_service
):
    takes_pushes(world.jinji)
    for number, person in enumerate((world.haruka, world.sora)):
        with at(MONDAY_NOON + number * timedelta(minutes=10)):
            wishes(person)
    jinji = as_(world.jinji)
    assert lines(jinji) == ["talk"]
    assert "2件" in jinji.page("/notices")
    assert counted(world.jinji) == 1
    assert len(push_service.taken) == 1


@pytest.mark.parametrize("how", ["answered", "withdrawn"])
def test_a_wish_that_is_no_longer_open_is_gone_from_list_bell_and_letter(
    how, world, at, as_, wishes, counted, minute, letters, rows
):
    with at(MONDAY_NIGHT):
        wishes(world.haruka)
    assert (lines(as_(world.lead)), counted(world.lead)) == (["talk"], 1)
    (request,) = rows(select(TalkRequest.public_id))
    if how == "answered":
        form = {"words": "お電話しました", "submission_key": new_key()}
        assert as_(world.jinji).post(f"/hr/talks/requests/{request}", form).status_code == 303
    else:
        assert as_(world.haruka).post(f"/talk/requests/{request}/withdraw").status_code == 303
    assert (lines(as_(world.lead)), counted(world.lead)) == ([], 0)
    with at(TUESDAY_EIGHT):
        minute()
    assert [letter for letter in letters() if world.lead.mail in letter.to] == []


def test_a_wish_at_night_reaches_hr_in_the_morning(world, at, wishes, minute, letters):
    with at(MONDAY_NIGHT):
        wishes(world.haruka)
        minute()
        assert letters() == []
    with at(TUESDAY_EIGHT):
        minute()
    assert len(letters()) == 2


def test_a_mentor_is_told_of_a_wish_by_its_words_and_hr_of_nothing(
    world, at, as_, mentored, deliver, told, rows
):
    form = {"mentor": mentored.public_id, "words": "お話ししたいです", "submission_key": new_key()}
    assert as_(world.haruka).post("/talk/mentor/ask", form).status_code == 303
    with at(MONDAY_NOON + LYING + timedelta(seconds=1)):
        deliver()
    assert told(mentored) == ["message"]
    assert rows(select(Notice.member_id)) == [mentored.id]


def test_whoever_leaves_takes_their_wish_from_hr_s_list(world, as_, acting, wishes, deliver, rows, counted):
    wishes(world.haruka)
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    assert rows(select(TalkRequest.id)) == rows(select(Notice.id)) == []
    assert counted(world.jinji) == 0


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_reports_are_one_line_for_moderators_and_name_neither_the_reporter_nor_a_word(
    world, as_, square_room, reports, told, counted, rows
):
    for body in ("ひどい言葉", "もっとひどい言葉"):
        bad = say(as_(world.sora), square_room, body)["id"]
        assert reports(world.haruka, bad, note="困っています").status_code == 303
    assert told(world.mod) == ["report", "report"]
    assert [key for key in world.people if told(world.people[key]) != []] == ["mod"]
    mod = as_(world.mod)
    page = mod.page("/notices")
    assert lines(mod) == ["report"]
    assert counted(world.mod) == 1
    for secret in ("はるか", "そら", "ひどい", "困って", "広場"):
        assert secret not in page
    assert place(mod) == "/moderation"
    for report in rows(select(MessageReport.public_id)):
        assert (lines(mod), counted(world.mod)) == (["report"], 1)
        mod.post(f"/moderation/reports/{report}/close")
    assert (lines(mod), counted(world.mod)) == ([], 0)


def test_a_report_is_not_told_to_whom_it_is_about_nor_back_to_its_reporter(
    world, as_, square_room, reports, told, moderates
):
    moderates(world.takumi)
    moderates(world.jinji)
    bad = say(as_(world.takumi), square_room, "ひどい言葉")["id"]
    assert reports(world.jinji, bad).status_code == 303
    assert (told(world.takumi), told(world.jinji), told(world.mod)) == ([], [], ["report"])


def test_a_report_goes_into_the_letter_of_the_next_morning_without_a_name(
    world, at, as_, square_room, reports, minute, letters, takes_pushes, push_service
):
    takes_pushes(world.mod)
    bad = say(as_(world.sora), square_room, "ひどい言葉")["id"]
    reports(world.haruka, bad)
    with at(MONDAY_NOON + HOUR):
        minute()
    assert (push_service.taken, [each for each in letters() if world.mod.mail in each.to]) == ([], [])
    with at(TUESDAY_EIGHT):
        minute()
    (letter,) = [each for each in letters() if world.mod.mail in each.to]
    assert "・トークからの通報" in letter.text
    for secret in ("はるか", "そら", "ひどい", "広場"):
        assert secret not in letter.text


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_those_who_hold_an_office_are_asked_how_its_notices_arrive(world, as_, rows):
    def asked(person):
        page = as_(person).page("/me/notices")
        return [kind for kind in ("talk", "report") if f'name="{kind}_mail"' in page]

    assert asked(world.haruka) == asked(world.takumi) == []
    assert asked(world.jinji) == ["talk"]
    assert asked(world.mod) == ["report"]
    usual = {
        f"{kind}_mail": "bundle" for kind in ("announcement", "reminder", "message", "mention", "answer")
    }
    form = {**usual, "reply_mail": "digest", "room_mail": "digest", "digest": "daily", "report_mail": ""}
    for person in (world.mod, world.haruka):
        assert as_(person).post("/me/notices", form).status_code == 303
    kept = rows(select(NoticeChoice.member_id).where(NoticeChoice.kind.in_(("talk", "report"))))
    assert kept == [world.mod.id]
