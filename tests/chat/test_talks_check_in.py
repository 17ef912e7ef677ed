"""「お変わりありませんか」: the same words to every candidate, never to one, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.accounts.operations import end_membership, give_roles, suspend_member
from app.chat.messages.operations import send_message
from app.chat.talks import sending
from app.chat.talks.operations import ask_office, cancel_check_in, open_office, plan_check_in
from app.chat.talks.queries import check_in_page, talk_counts, talks_page
from app.chat.talks.sending import send_batch
from app.core.errors import Conflict, NotFound
from app.core.paging import Cursor
from app.models import CheckIn, Message, Role, Room
from tests.chat.conftest import new_key
from tests.conftest import NO_SUCH_ID, NOON, World

Acting = Callable[..., Any]
NIGHT_TIME = datetime(2026, 10, 5, 12, tzinfo=UTC)  # Monday 21:00 in Tokyo
NEXT_MORNING = datetime(2026, 10, 5, 23, tzinfo=UTC)  # Tuesday 8:00
WORDS = "お変わりありませんか"


def reached(rows: Callable[..., Any]) -> list[int]:
    """Who was told the words: the candidate of each thread, in order."""
    return sorted(
        rows(select(Room.candidate_id).join(Message, Message.room_id == Room.id).where(Message.body == WORDS))
    )


def test_everybody_gets_the_same_words_once_in_their_own_thread(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    held_clock: Callable[..., Any],
    rows: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "BATCH", 2)
    with held_clock(NOON):
        acting(world.ren, open_office)
        acting(world.jinji, plan_check_in, body=WORDS)
        deliver()
        deliver()
    candidates = sorted(world.people[key].id for key in ("haruka", "sora", "ren", "yui"))
    assert reached(rows) == candidates
    (row,) = rows(select(CheckIn))
    assert row.recipients == 4
    assert row.finished_at == NOON
    assert rows(select(func.count()).select_from(Room)) == [4]
    with held_clock(NOON + timedelta(days=1)):
        acting(world.lead, send_batch_again(row.id))
        assert reached(rows) == candidates


def send_batch_again(check_in_id: int) -> Callable[[Any], None]:
    """The job once more, as after a lost process."""
    from app.core.operation import operation

    @operation
    def again(_viewer: Any) -> None:
        send_batch(check_in_id)

    return again


def test_it_reaches_active_candidates_only(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    held_clock: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    with held_clock(NOON):
        acting(world.lead, suspend_member, world.sora.public_id, "理由")
        acting(world.ren, end_membership, keeps_name=False)
        assert acting(world.jinji, check_in_page).people == 2
        acting(world.jinji, plan_check_in, body=WORDS)
        deliver()
    assert reached(rows) == sorted([world.haruka.id, world.yui.id])


def test_in_quiet_hours_it_leaves_when_they_end_and_may_be_cancelled_until_then(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    held_clock: Callable[..., Any],
    rows: Callable[..., Any],
    as_: Callable[..., Any],
) -> None:
    with held_clock(NIGHT_TIME):
        jinji = as_(world.jinji)
        checked = jinji.post("/hr/talks/check-in", {"body": WORDS, "then": ""})
        assert checked.status_code == 200
        assert "4名" in checked.text
        assert "通知オフの時間帯のため、10月6日（火） 8:00に届きます" in checked.text
        assert rows(select(CheckIn.id)) == []
        assert jinji.post("/hr/talks/check-in", {"body": WORDS, "then": "send"}).status_code == 303
        deliver()
        assert reached(rows) == []
        (row,) = rows(select(CheckIn))
        assert row.due_at == NEXT_MORNING
        assert jinji.post(f"/hr/talks/check-in/{row.public_id}/cancel").status_code == 303
        assert acting(world.jinji, check_in_page).is_free
        acting(world.jinji, plan_check_in, body=WORDS)
    with held_clock(NEXT_MORNING):
        deliver()
        assert len(reached(rows)) == 4
        (row,) = rows(select(CheckIn))
        with pytest.raises(Conflict):
            acting(world.jinji, cancel_check_in, row.public_id)


def test_there_is_at_most_one_round_in_fourteen_days(
    world: World, acting: Acting, held_clock: Callable[..., Any], as_: Callable[..., Any]
) -> None:
    with held_clock(NOON):
        acting(world.jinji, plan_check_in, body=WORDS)
        with pytest.raises(Conflict):
            acting(world.lead, plan_check_in, body="もう一度")
    with held_clock(NOON + timedelta(days=13)):
        assert "次は10月19日（月）" in as_(world.jinji).page("/hr/talks/check-in")
    with held_clock(NOON + timedelta(days=14)):
        acting(world.lead, plan_check_in, body="もう一度")


def test_it_answers_neither_a_wish_nor_a_question(
    world: World, acting: Acting, deliver: Callable[[], int], held_clock: Callable[..., Any]
) -> None:
    with held_clock(NOON):
        acting(world.haruka, ask_office, line="", key=new_key())
        room = acting(world.sora, open_office)
        acting(world.sora, send_message, room, key=new_key(), body="質問です")
        acting(world.jinji, plan_check_in, body=WORDS)
        deliver()
        counts = acting(world.jinji, talk_counts)
        page = acting(world.jinji, talks_page, "all", Cursor())
    assert (counts.requests, counts.waiting) == (1, 1)
    # The question stays in sight; elsewhere it is an ordinary message of its sender.
    assert [(row.words, row.speaker) for row in page.waiting] == [("質問です", None)]
    assert {(row.words, row.speaker) for row in page.rest} == {(WORDS, "jinji")}


def test_it_stops_where_its_author_is_no_longer_of_hr(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    held_clock: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    with held_clock(NIGHT_TIME):
        acting(world.jinji, plan_check_in, body=WORDS)
        acting(world.admin, give_roles, world.jinji.public_id, int(Role.EMPLOYEE))
    with held_clock(NEXT_MORNING):
        deliver()
    assert reached(rows) == []
    assert rows(select(CheckIn.recipients)) == [0]
    assert rows(select(CheckIn.finished_at)) == [NEXT_MORNING]


def test_where_quiet_hours_began_meanwhile_the_rest_waits_for_the_morning(
    world: World,
    acting: Acting,
    deliver: Callable[[], int],
    held_clock: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    with held_clock(NOON):
        acting(world.jinji, plan_check_in, body=WORDS)
    with held_clock(NIGHT_TIME):
        deliver()
        assert reached(rows) == []
    with held_clock(NEXT_MORNING):
        deliver()
    assert len(reached(rows)) == 4


@pytest.mark.parametrize("key", ["haruka", "takumi", "mod", "admin"])
def test_only_hr_sends_or_cancels_a_round(
    world: World, acting: Acting, as_: Callable[..., Any], held_clock: Callable[..., Any], rows: Any, key: str
) -> None:
    with held_clock(NIGHT_TIME):
        check_in = acting(world.jinji, plan_check_in, body=WORDS)
        with pytest.raises(NotFound):
            acting(world.people[key], plan_check_in, body=WORDS)
        client = as_(world.people[key])
        for check_in_id in (check_in, NO_SUCH_ID):
            assert client.post(f"/hr/talks/check-in/{check_in_id}/cancel").status_code == 404
        assert client.post("/hr/talks/check-in", {"body": WORDS, "then": "send"}).status_code == 404
    assert len(rows(select(CheckIn.id))) == 1


def test_words_are_needed_and_never_cut(world: World, as_: Callable[..., Any], held_clock: Any) -> None:
    with held_clock(NOON):
        client = as_(world.jinji)
        assert client.post("/hr/talks/check-in", {"body": " 　", "then": "send"}).status_code == 422
        assert client.post("/hr/talks/check-in", {"body": "あ" * 1001, "then": "send"}).status_code == 422
        assert "返信は任意です" in client.page("/hr/talks/check-in")
