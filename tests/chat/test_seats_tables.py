"""となりの席 each week: who sits where, once, among whom, and what is left when it is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.chat.messages.operations import send_message, set_reaction
from app.chat.reports.operations import report_messages
from app.chat.seats.operations import answer_quiz, lay_tables, tidy_seats
from app.chat.seats.seating import tables_of
from app.core.db import session
from app.core.files import storage
from app.models import (
    Block,
    Cohort,
    Community,
    Member,
    Message,
    MessageReaction,
    ReportedMessage,
    Room,
    RoomEvent,
    RoomMember,
    RoomReader,
    SeatAnswer,
    Upload,
)

MONDAY = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)  # 16 November, 8:30 in Tokyo
A_WEEK = timedelta(days=7)

# ── the plain function ───────────────────────────────────────────────────────────────────────────────────────


@st.composite
def halls(draw):
    people = list(range(1, draw(st.integers(0, 40)) + 1))
    pairs = st.tuples(st.sampled_from(people or [1]), st.sampled_from(people or [1]))
    blocks = {pair for pair in draw(st.lists(pairs, max_size=len(people) // 3)) if pair[0] != pair[1]}
    apart: dict[int, set[int]] = {}
    for one, other in blocks:
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    return people, apart, draw(st.text(max_size=8))


@given(halls())
@settings(max_examples=150, deadline=None)
def test_nobody_sits_twice_or_beside_whom_they_are_kept_from_and_the_same_seed_seats_the_same(hall):
    people, apart, seed = hall
    tables = tables_of(people, apart, {}, seed)
    seated = [one for table in tables for one in table]
    assert len(seated) == len(set(seated))
    assert set(seated) <= set(people)
    assert not any(other in apart.get(one, ()) for table in tables for one in table for other in table)
    assert all(3 <= len(table) <= 6 for table in tables)
    assert tables == tables_of(list(reversed(people)), apart, {}, seed)


@given(st.integers(0, 400), st.text(max_size=8))
@settings(max_examples=60, deadline=None)
def test_where_nothing_stands_between_people_everybody_sits_among_four_to_six(count, seed):
    tables = tables_of(range(count), {}, {}, seed)
    assert sum(map(len, tables)) == (count if count >= 3 else 0)
    if count not in {3, 7}:
        assert all(4 <= len(table) <= 6 for table in tables)


def test_people_meet_others_than_last_week_where_they_can():
    first = tables_of(range(25), {}, {}, "one")
    before = {one: set(table) - {one} for table in first for one in table}
    second = tables_of(range(25), {}, before, "two")
    again = sum(other in before[one] for table in second for one in table for other in table) // 2
    assert again <= 3  # of fifty pairs
    assert first != second


# ── on Mondays ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def crowd(world, write):
    """Twelve more candidates of April and five of a cohort of minors, with となりの席 switched on."""

    def add():
        session.execute(update(Community).values(has_seats=True))
        minors = Cohort(
            name="2027年4月入社", office_note="高卒", starts_on=date(2027, 4, 1), is_minor_profile=True
        )
        session.add(minors)
        session.flush()
        april = session.get_one(Member, world.haruka.id).cohort_id
        for number in range(17):
            session.add(
                Member(
                    roles=1,
                    cohort_id=april if number < 12 else minors.id,
                    display_name=f"人{number}",
                    display_fold=f"人{number}",
                    bud=1,
                )
            )
        return minors.id

    return write(add)


@pytest.fixture
def monday_comes(app, held_clock):
    def come(at=MONDAY):
        with app.app_context(), held_clock(at):
            lay_tables()

    return come


@pytest.fixture
def tables(app):
    """The members of each となりの席 of the week that closes then."""

    def of(closes_on):
        with app.app_context():
            found = {}
            for room_id, member_id in session.execute(
                select(Room.id, RoomMember.member_id)
                .join(RoomMember, RoomMember.room_id == Room.id)
                .where(Room.kind == "seat", Room.closes_on == closes_on)
            ):
                found.setdefault(room_id, set()).add(member_id)
            return list(found.values())

    return of


def test_each_monday_candidates_sit_in_small_rooms_of_their_own_cohort_once(
    world, crowd, monday_comes, tables, rows
):
    monday_comes(MONDAY - timedelta(hours=1))
    monday_comes(MONDAY + timedelta(days=1))
    assert tables(date(2026, 11, 30)) == []
    monday_comes()
    laid = tables(date(2026, 11, 30))
    assert sorted(map(len, laid)) == [5, 5, 5, 5]
    cohorts = [set(rows(select(Member.cohort_id).where(Member.id.in_(table)))) for table in laid]
    assert all(len(each) == 1 for each in cohorts)
    assert [crowd] in [list(each) for each in cohorts]
    assert not any({world.haruka.id, world.ren.id} <= table for table in laid)
    assert not any(world.yui.id in table for table in laid)  # alone in her cohort
    monday_comes(MONDAY + timedelta(hours=3))
    assert len(tables(date(2026, 11, 30))) == 4


def test_nobody_sits_who_opted_out_was_suspended_or_where_hr_does_not_wish_it(
    world, crowd, monday_comes, tables, write, as_
):
    write(lambda: session.execute(update(Community).values(has_seats=False)))
    monday_comes()
    assert tables(date(2026, 11, 30)) == []
    write(lambda: session.execute(update(Community).values(has_seats=True)))
    as_(world.haruka).post("/me/chat", data={"messages_from": "group", "joins_groups": "y"})
    write(
        lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(suspended_at=MONDAY))
    )
    monday_comes()
    seated = set().union(*tables(date(2026, 11, 30)))
    assert world.ren.id in seated
    assert not {world.haruka.id, world.sora.id} & seated


def test_the_next_week_brings_others_together(crowd, monday_comes, tables):
    monday_comes()
    monday_comes(MONDAY + A_WEEK)
    first, second = tables(date(2026, 11, 30)), tables(date(2026, 12, 7))
    pairs = [
        {frozenset((one, other)) for table in week for one in table for other in table if one < other}
        for week in (first, second)
    ]
    assert len(second) == 4
    # The five minors can only meet each other again; April has others.
    assert len(pairs[0] & pairs[1]) <= 10 + 8


def test_the_room_says_when_it_ends_and_is_named_after_its_week(world, crowd, monday_comes, as_, held_clock):
    monday_comes()
    with held_clock(MONDAY):
        client = as_(world.haruka)
        listed = client.get("/rooms").text
        room_id = listed.split("となりの席")[0].rsplit('href="/rooms/', 1)[1][:13]
        assert "となりの席 11月16日（月）の週" in listed
        page = client.get(f"/rooms/{room_id}").text
        assert "2週間で閉じて、会話も消えます" in page
        assert "人事や社員は参加していません" in page
        assert "11月30日（月）まで" in client.get(f"/rooms/{room_id}/about").text


@pytest.fixture
def seat(world, plant_room):
    return plant_room("seat", world.haruka, world.sora, icon="people", closes_on=date(2026, 11, 30))


def _file_under(message_id, owner_id):
    return Upload(
        owner_id=owner_id,
        kind="document",
        state="ready",
        media_type="application/pdf",
        size_bytes=1,
        file_key=storage().put(b"x"),
        kept_until=date(2027, 1, 1),
        message_id=session.scalars(select(Message.id).where(Message.public_id == message_id)).one(),
    )


def test_a_fortnight_later_it_is_read_only_and_a_day_later_nothing_is_left(
    app, world, seat, acting, held_clock, rows, as_, write
):
    sent = acting(world.haruka, send_message, seat.public_id, key="a" * 32, body="おやつの話")
    write(lambda: session.add(_file_under(sent.id, world.haruka.id)))
    acting(world.sora, send_message, seat.public_id, key="b" * 32, body="はい", reply_to=sent.id)
    acting(world.sora, set_reaction, seat.public_id, sent.id, name="thanks", on=True)
    acting(world.sora, answer_quiz, seat.public_id, {0: 1})
    tidy = [datetime(2026, 11, day, 23, 17, tzinfo=UTC) for day in (29, 30)] + [
        datetime(2026, 12, 1, 23, 18, tzinfo=UTC)
    ]
    for at, status in zip(tidy, (303, 403, 404), strict=True):
        with held_clock(at):
            with app.app_context():
                tidy_seats()
            answer = as_(world.haruka).post(
                f"/rooms/{seat.public_id}/messages",
                data={"submission_key": f"{at.day:032x}", "body": "まだ？"},
            )
            assert answer.status_code == status
    for kind in (Room, RoomMember, RoomEvent, RoomReader, Message, MessageReaction, SeatAnswer, Upload):
        assert rows(select(func.count()).select_from(kind)) == [0], kind


def test_what_was_reported_stays_as_it_was_copied_and_nothing_else(
    app, world, seat, acting, held_clock, rows, as_
):
    sent = acting(world.haruka, send_message, seat.public_id, key="a" * 32, body="知らせたい言葉")
    acting(world.haruka, send_message, seat.public_id, key="c" * 32, body="ほかの言葉")
    acting(world.sora, report_messages, seat.public_id, [sent.id], reason="other", note="")
    for day in (1, 3):
        with held_clock(datetime(2026, 12, day, 3, tzinfo=UTC)), app.app_context():
            tidy_seats()
    assert rows(select(ReportedMessage.body)) == ["知らせたい言葉"]
    assert rows(select(Message.body)) == [""]
    assert rows(select(func.count()).select_from(RoomMember)) == [0]
    assert "知らせたい言葉" in as_(world.mod).get("/moderation").text
    with held_clock(datetime(2026, 12, 9, tzinfo=UTC)), app.app_context():
        tidy_seats()
    assert rows(select(func.count()).select_from(Room)) == [1]


def test_two_candidates_who_blocked_each_other_meanwhile_are_not_put_together(
    world, crowd, monday_comes, tables, write
):
    def block_everybody():
        others = session.scalars(select(Member.id).where(Member.display_name.like("人%"))).all()
        session.add_all(Block(blocker_id=world.sora.id, blocked_id=each) for each in others)

    write(block_everybody)
    monday_comes()
    alone = [table for table in tables(date(2026, 11, 30)) if world.sora.id in table]
    assert all(table <= {world.sora.id, world.haruka.id, world.ren.id} for table in alone)
