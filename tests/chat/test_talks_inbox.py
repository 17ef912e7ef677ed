"""HR's inbox: what waits comes first, and nothing of it is anybody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.chat.messages.operations import put_message, send_message, set_reaction, unsend_message, words
from app.chat.talks.hours import open_time, wait_of
from app.chat.talks.operations import ask_office, office_room, open_office
from app.chat.talks.queries import PAGE_SIZE, talk_counts, talks_page
from app.core.calendar import NIGHT, QuietHours
from app.core.db import session
from app.core.errors import NotFound
from app.core.names import fold
from app.core.operation import operation
from app.core.paging import Cursor
from app.models import Member, Role
from app.policy import Viewer, viewers_of
from tests.chat.conftest import new_key
from tests.conftest import NO_SUCH_ID, NOON, Person, World

Acting = Callable[..., Any]
FRIDAY_EVENING = datetime(2026, 10, 9, 10, 30, tzinfo=UTC)  # 19:30 in Tokyo; Monday 12 October is a holiday


def said(acting: Acting, person: Person, whose: Person, body: str, **more: Any) -> Any:
    """This person says something in somebody's 人事への連絡; gives the message."""
    room = acting(person, open_office, whose.public_id)
    return room, acting(person, send_message, room, key=new_key(), body=body, **more).id


def waiting(acting: Acting, world: World) -> list[str]:
    """Who waits for an answer, in order."""
    page = acting(world.jinji, talks_page, "waiting", Cursor())
    return [row.candidate.display_name for row in page.waiting]


def test_wishes_come_first_then_who_waits_longest_then_the_newest_words(
    world: World, acting: Acting, held_clock: Callable[..., Any]
) -> None:
    with held_clock(NOON):
        said(acting, world.sora, world.sora, "持ち物を教えてください")
        said(acting, world.jinji, world.haruka, "ご連絡ありがとうございました")
    with held_clock(NOON + timedelta(hours=1)):
        said(acting, world.ren, world.ren, "交通費はどうなりますか")
        said(acting, world.sora, world.sora, "すみません、急ぎません")
        said(acting, world.lead, world.yui, "こちらこそ")
    with held_clock(NOON + timedelta(hours=2)):
        acting(world.yui, ask_office, line="", key=new_key())
        page = acting(world.jinji, talks_page, "all", Cursor())
    assert [row.candidate.display_name for row in page.requests] == ["ゆい"]
    assert [row.candidate.display_name for row in page.waiting] == ["そら", "れん"]
    assert [row.candidate.display_name for row in page.rest] == ["はるか"]
    assert page.waiting[0].words == "すみません、急ぎません"
    assert page.waiting[0].wait.since == NOON
    assert page.waiting[0].wait.label == "2時間"
    assert page.rest[0].speaker == "jinji"
    assert acting(world.jinji, talk_counts).waiting == 2


def test_an_answer_a_reaction_and_taking_back_end_the_waiting_and_a_stamp_begins_none(
    world: World, acting: Acting
) -> None:
    room, _question = said(acting, world.haruka, world.haruka, "質問です")
    assert waiting(acting, world) == ["はるか"]
    said(acting, world.jinji, world.haruka, "お答えします")
    assert waiting(acting, world) == []
    _room, thanks = said(acting, world.haruka, world.haruka, "ありがとうございます")
    assert waiting(acting, world) == ["はるか"]
    acting(world.lead, set_reaction, room, thanks, name="thanks", on=True)
    assert waiting(acting, world) == []
    acting(world.haruka, send_message, room, key=new_key(), stamp="thanks")
    assert waiting(acting, world) == []
    _room, wrong = said(acting, world.haruka, world.haruka, "まちがえました")
    acting(world.haruka, unsend_message, room, wrong)
    assert waiting(acting, world) == []


def test_a_room_in_which_nobody_said_anything_is_in_no_list(world: World, acting: Acting) -> None:
    acting(world.haruka, open_office)
    page = acting(world.jinji, talks_page, "all", Cursor())
    assert page.is_empty
    assert acting(world.jinji, talk_counts).waiting == 0


def test_what_is_said_elsewhere_is_not_in_the_inbox(world: World, acting: Acting, direct_room: Any) -> None:
    acting(world.haruka, send_message, direct_room.public_id, key=new_key(), body="ふたりの話")
    assert acting(world.jinji, talks_page, "all", Cursor()).is_empty


@pytest.mark.parametrize("key", ["haruka", "takumi", "mod", "desk", "audit", "admin"])
def test_nobody_but_hr_has_an_inbox_or_its_numbers(
    world: World, acting: Acting, as_: Callable[..., Any], key: str
) -> None:
    said(acting, world.sora, world.sora, "質問です")
    acting(world.haruka, ask_office, line="", key=new_key())
    person = world.people[key]
    counts = acting(person, talk_counts)
    assert (counts.requests, counts.waiting) == (0, 0)
    with pytest.raises(NotFound):
        acting(person, talks_page, "all", Cursor())
    client = as_(person)
    missing = client.get("/hr/talks/requests/" + NO_SUCH_ID)
    for path in ("/hr/talks", "/hr/talks/check-in"):
        assert client.get(path).status_code == missing.status_code == 404


def test_long_lists_are_read_page_by_page_in_six_statements(
    app: Flask,
    world: World,
    acting: Acting,
    write: Callable[..., Any],
    queries: Callable[..., Any],
    viewer: Callable[[Person], Viewer],
    as_: Callable[..., Any],
) -> None:
    write(lambda: crowd(world.april.id))
    acting(world.jinji, converse)
    acting(world.haruka, ask_office, line="", key=new_key())
    first = acting(world.jinji, talks_page, "all", Cursor())
    assert len(first.rest) == PAGE_SIZE
    assert first.next
    assert first.previous is None
    assert len(first.waiting) == 2
    assert len(first.requests) == 1
    second = acting(world.jinji, talks_page, "all", Cursor(after=first.next.rpartition("=")[2]))
    assert [row.candidate.display_name for row in second.rest] == ["候補01", "候補00"]
    assert second.requests == ()
    assert second.waiting == ()
    assert second.previous
    someone = viewer(world.jinji)
    with app.app_context(), queries() as seen:
        assert talks_page(someone, "all", Cursor()) == first
    assert len(seen) <= 6
    page = as_(world.jinji).page("/hr/talks?show=all")
    assert "候補33" in page
    assert "次へ" in page
    assert "候補00" not in page


def crowd(cohort_id: int) -> None:
    """More candidates than a page has rows."""
    session.add_all(
        Member(
            roles=int(Role.CANDIDATE),
            cohort_id=cohort_id,
            display_name=f"候補{number:02}",
            display_fold=fold(f"候補{number:02}"),
            bud=1,
            rules_version=1,
        )
        for number in range(PAGE_SIZE + 4)
    )


@operation
def converse(viewer: Viewer) -> None:
    """Each of the crowd says hello, and HR to all but the last two of them."""
    people = session.scalars(
        select(Member).where(Member.display_name.like("候補%")).order_by(Member.id)
    ).all()
    for number, member in enumerate(people):
        room = office_room(member)
        put_message(viewers_of([member.id])[member.id], room, new_key(), words("はじめまして"))
        if number < PAGE_SIZE + 2:
            put_message(viewer, room, new_key(), words("よろしくお願いします"))


def test_a_cursor_to_a_thread_of_nobody_begins_anew(
    world: World, as_: Callable[..., Any], acting: Acting
) -> None:
    said(acting, world.sora, world.sora, "質問です")
    client = as_(world.jinji)
    assert client.get(f"/hr/talks?after={NO_SUCH_ID}").status_code == 200
    assert client.get("/hr/talks?after=../x&show=nothing").status_code == 200


def test_hr_begins_a_thread_from_the_page_of_a_candidate(world: World, as_: Callable[..., Any]) -> None:
    jinji = as_(world.jinji)
    path = f"/hr/people/{world.haruka.public_id}/talk"
    assert path in jinji.page(f"/hr/people/{world.haruka.public_id}")
    assert "/talk" not in jinji.page(f"/hr/people/{world.takumi.public_id}").partition("<main")[2]
    assert path not in as_(world.admin).page(f"/hr/people/{world.haruka.public_id}")
    answer = jinji.post(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/rooms/")


def test_from_a_thread_hr_goes_back_to_its_inbox_and_the_candidate_to_the_talks(
    world: World, as_: Callable[..., Any], acting: Acting
) -> None:
    room = acting(world.haruka, open_office, world.haruka.public_id)
    hers = (
        as_(world.haruka).page(f"/rooms/{room}").partition('class="room-head"')[2].partition("</header>")[0]
    )
    theirs = (
        as_(world.jinji).page(f"/rooms/{room}").partition('class="room-head"')[2].partition("</header>")[0]
    )
    assert 'href="/rooms"' in hers
    assert "/hr/" not in hers
    assert 'href="/hr/talks"' in theirs
    assert f'href="/hr/people/{world.haruka.public_id}"' in theirs


# ── business hours ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hours_later", "label", "is_late"),
    [
        (0.25, "1時間以内", False),
        (60, "1時間以内", False),  # the weekend
        (84.5, "1時間以内", False),  # Tuesday 8:00, after the holiday
        (86, "2時間", False),
        (96, "1営業日", True),
        (120, "2営業日", True),
    ],
)
def test_waiting_counts_the_hours_in_which_hr_is_there(
    sqlite_app: Any, hours_later: float, label: str, is_late: bool
) -> None:
    wait = wait_of(FRIDAY_EVENING, FRIDAY_EVENING + timedelta(hours=hours_later), NIGHT)
    assert (wait.label, wait.is_late) == (label, is_late)


def test_open_time_knows_quiet_at_noon_and_no_quiet_at_all(sqlite_app: Any) -> None:
    a_day = timedelta(days=1)
    monday = datetime(2026, 10, 4, 15, tzinfo=UTC)  # midnight in Tokyo
    assert open_time(monday, monday + a_day, QuietHours(time(12), time(13))) == timedelta(hours=23)
    assert open_time(monday, monday + a_day, QuietHours(time(0), time(0))) == a_day
    assert open_time(monday + a_day, monday, NIGHT) == timedelta()
