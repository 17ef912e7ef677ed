"""Arranging: pinning, closing, putting away and moving topics, by those who keep order."""

from __future__ import annotations

import re
import threading
import time

import pytest
from sqlalchemy import select

from app.boards.operations import (
    archive_topic,
    change_board,
    lock_topic,
    move_topic,
    open_board,
    pin_topic,
    reply_to_topic,
    start_topic,
    unarchive_topic,
    unlock_topic,
    unpin_topic,
)
from app.boards.queries import board_card
from app.core.errors import AppError, Forbidden, Invalid
from app.core.operation import unit_of_work
from app.models import Board, Post, Topic
from app.policy import viewer_of
from tests.conftest import NO_SUCH_ID


@pytest.fixture
def meanwhile(app):
    """Does the second act while the first is done and not yet committed; what each was refused with, or None."""

    def run(first, second):
        is_done, refused = threading.Event(), [None, None]

        def act(place, waits):
            person, verb, args, more = (first, second)[place]
            with app.app_context():
                viewer = viewer_of(person.id)
                try:
                    if waits:
                        is_done.wait(10)
                    with unit_of_work():
                        verb(viewer, *args, **more)
                        is_done.set()
                        time.sleep(0 if waits else 0.4)  # the other one comes up to what this one holds
                except AppError as refusal:
                    refused[place] = refusal

        threads = [threading.Thread(target=act, args=(place, bool(place))) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return refused

    return run


@pytest.fixture
def arrange(world, as_):
    """Presses a line of the topic's menu."""

    def press(person, act, topic_id=None):
        return as_(person).post(f"/topics/{topic_id or world.topic_id}/arrange", {"act": act})

    return press


@pytest.mark.parametrize(
    ("act", "back", "column"),
    [
        ("pin", "unpin", Topic.pinned_at),
        ("lock", "unlock", Topic.locked_at),
        ("archive", "unarchive", Topic.archived_at),
    ],
)
def test_the_menu_of_a_topic_does_and_undoes(world, as_, arrange, rows, act, back, column):
    """For moderators and HR; pressed twice it is done once, and the menu then offers the way back."""
    assert f'value="{act}"' in as_(world.mod).page(f"/topics/{world.topic_id}")
    for _again in range(2):
        assert arrange(world.mod, act).status_code == 303
    assert rows(select(column)) != [None]
    assert f'value="{back}"' in as_(world.jinji).page(f"/topics/{world.topic_id}")
    for _again in range(2):
        assert arrange(world.jinji, back).status_code == 303
    assert rows(select(column)) == [None]


def test_others_have_no_menu_and_no_way_around_it(world, as_, acting, arrange, rows):
    """A sentence for whoever sees the topic, missing for whoever does not."""
    for person in (world.haruka, world.sora, world.takumi):
        assert f"/topics/{world.topic_id}/arrange" not in as_(person).page(f"/topics/{world.topic_id}")
        assert arrange(person, "pin").status_code == 403
        assert as_(person).get(f"/topics/{world.topic_id}/move").status_code == 403
        assert as_(person).post(f"/topics/{world.topic_id}/move", {"board": "april"}).status_code == 403
    for verb in (pin_topic, unpin_topic, lock_topic, unlock_topic, archive_topic, unarchive_topic):
        with pytest.raises(Forbidden):
            acting(world.takumi, verb, world.topic_id)
    own = acting(world.haruka, start_topic, "april", title="同期へ", body="本文")
    for person, topic_id in ((world.mod, own), (world.jinji, own), (world.mod, NO_SUCH_ID)):
        assert arrange(person, "pin", topic_id).status_code == 404
        assert as_(person).get(f"/topics/{topic_id}/move").status_code == 404
        assert as_(person).post(f"/topics/{topic_id}/move", {"board": "square"}).status_code == 404
    assert rows(select(Topic.pinned_at)) == [None, None]


def test_an_act_there_is_not_is_refused(world, arrange):
    assert arrange(world.mod, "delete").status_code == 422
    assert arrange(world.mod, "").status_code == 422


@pytest.mark.parametrize(
    ("close", "reopen", "sentence"),
    [
        (lock_topic, unlock_topic, "閉じられているため、コメントできません"),
        (archive_topic, unarchive_topic, "過去のトピックに移されたため、コメントできません"),
    ],
)
def test_a_closed_topic_is_read_and_a_reply_on_its_way_is_kept(
    world, as_, acting, rows, close, reopen, sentence
):
    """The sentence says what now."""
    haruka = as_(world.haruka)
    haruka.page(f"/topics/{world.topic_id}")
    acting(world.mod, close, world.topic_id)
    answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章"})
    assert answer.status_code == 403
    assert sentence in answer.text
    assert "書いた文章" in answer.text
    text = haruka.page(f"/topics/{world.topic_id}")
    assert "よろしくお願いします" in text
    assert 'name="body"' not in text
    acting(world.mod, reopen, world.topic_id)
    assert haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章"}).status_code == 303
    assert len(rows(select(Post.id).where(Post.body == "書いた文章"))) == 1


def test_only_a_few_topics_are_pinned_on_one_board(world, acting, as_, arrange):
    for number in range(5):
        acting(
            world.mod, pin_topic, acting(world.takumi, start_topic, "square", title=f"{number}", body="文")
        )
    with pytest.raises(Invalid, match="5件まで"):
        acting(world.mod, pin_topic, world.topic_id)
    answer = arrange(world.mod, "pin")
    assert answer.status_code == 422
    assert "固定を外してから" in answer.text


def test_of_two_pins_at_once_only_one_takes_the_last_place(app, world, acting, rows, meanwhile):
    keys = [acting(world.takumi, start_topic, "square", title=f"{n}", body="文") for n in range(6)]
    for key in keys[:4]:
        acting(world.mod, pin_topic, key)
    first, second = meanwhile(
        (world.mod, pin_topic, (keys[4],), {}), (world.jinji, pin_topic, (keys[5],), {})
    )
    assert first is None
    assert "5件まで" in str(second)
    assert len(rows(select(Topic.id).where(Topic.pinned_at.is_not(None)))) == 5


# ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def empty(world, acting):
    """A board of candidates on which nothing was written yet."""
    return acting(
        world.jinji,
        open_board,
        name="内定者だけ",
        slug="only",
        readers=["candidates"],
        writers=["candidates"],
    )


WIDER = {"name": "内定者だけ", "readers": ["candidates", "hr"], "writers": ["candidates"]}


def test_whoever_opens_a_topic_is_asked_again_where_others_read_by_now(world, as_, acting, empty, rows):
    """The form was opened under 「人事・社員は参加していません」; it comes back with the text and with what holds now."""
    haruka = as_(world.haruka)
    told = re.search(r'name="told"[^>]* value="([^"]*)"', haruka.page("/boards/only/new"))[1]
    assert "人事・社員は参加していません" in told
    acting(world.jinji, change_board, "only", **WIDER)
    typed = {"title": "題", "body": "書いた文章", "told": told}
    answer = haruka.post("/boards/only/new", typed)
    assert answer.status_code == 422
    assert "読む人が変わりました" in answer.text
    assert "書いた文章" in answer.text
    assert rows(select(Post.id).where(Post.body == "書いた文章")) == []
    typed["told"] = re.search(r'name="told"[^>]* value="([^"]*)"', answer.text)[1]
    assert haruka.post("/boards/only/new", typed).status_code == 303


def test_a_first_topic_and_wider_readers_never_slip_past_each_other(app, world, acting, empty, meanwhile):
    """Whichever is first, the other is refused with a sentence."""
    told = acting(world.haruka, board_card, "only").told
    topic = (world.haruka, start_topic, ("only",), {"title": "題", "body": "文", "told": told})
    wider = (world.jinji, change_board, ("only",), WIDER)
    first, second = meanwhile(wider, topic)
    assert first is None
    assert "読む人が変わりました" in str(second)
    acting(world.jinji, change_board, "only", **{**WIDER, "readers": ["candidates"]})
    first, second = meanwhile(topic, wider)
    assert first is None
    assert "読める人は増やせません" in str(second)


def test_putting_away_takes_the_pin_off(world, acting, rows):
    acting(world.mod, pin_topic, world.topic_id)
    acting(world.mod, archive_topic, world.topic_id)
    assert rows(select(Topic.pinned_at)) == [None]


# ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def quiet(world, acting):
    """A board with the same readers as the square."""
    readers = ["candidates", "employees", "hr", "moderators"]
    return acting(
        world.jinji, open_board, name="しずかなひろば", slug="quiet", readers=readers, writers=readers
    )


def test_a_topic_moves_to_a_board_of_the_same_readers_and_keeps_its_address(world, as_, acting, quiet, rows):
    """Everybody finds it there, with its replies and without its pin."""
    acting(world.haruka, reply_to_topic, world.topic_id, body="ひとこと")
    acting(world.mod, pin_topic, world.topic_id)
    mod = as_(world.mod)
    assert 'value="quiet"' in mod.page(f"/topics/{world.topic_id}/move")
    answer = mod.post(f"/topics/{world.topic_id}/move", {"board": "quiet"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/topics/{world.topic_id}"
    haruka = as_(world.haruka)
    assert "ひとこと" in haruka.page(f"/topics/{world.topic_id}")
    assert world.topic_id in haruka.page("/boards/quiet")
    assert world.topic_id not in haruka.page("/boards/square")
    assert rows(select(Topic.pinned_at)) == [None]


def test_a_reply_to_a_topic_that_was_moved_meanwhile_reaches_it(world, as_, acting, quiet):
    jinji = as_(world.jinji)
    jinji.page(f"/topics/{world.topic_id}")
    acting(world.mod, move_topic, world.topic_id, board="quiet")
    assert jinji.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章"}).status_code == 303
    assert "書いた文章" in jinji.page(f"/topics/{world.topic_id}")


def test_nothing_moves_to_other_readers_neither_more_nor_fewer(world, as_, acting, rows):
    """To more it was not written; with fewer it would be hidden from some without a reason."""
    staff = ["hr", "moderators"]
    acting(world.jinji, open_board, name="職員室", slug="staff-room", readers=staff, writers=staff)
    mod = as_(world.mod)
    text = mod.page(f"/topics/{world.topic_id}/move")
    for slug in ("april", "wakaba", "staff-room", "square", "no-such-board", ""):
        assert f'value="{slug}"' not in text
        if slug != "square":
            answer = mod.post(f"/topics/{world.topic_id}/move", {"board": slug})
            assert answer.status_code == 422
    acting(world.mod, move_topic, world.topic_id, board="square")  # where it is
    [board] = rows(select(Board.slug).join(Topic, Topic.board_id == Board.id))
    assert board == "square"
    with pytest.raises(Forbidden):
        acting(world.haruka, move_topic, world.topic_id, board="news")


def test_a_page_without_a_choice_or_without_a_board_says_so(world, as_, acting, quiet):
    mod = as_(world.mod)
    assert mod.post(f"/topics/{world.topic_id}/move", {}).status_code == 422
    staff = ["hr", "moderators"]
    acting(world.jinji, open_board, name="職員室", slug="staff-room", readers=staff, writers=staff)
    alone = acting(world.jinji, start_topic, "staff-room", title="ここだけ", body="本文")
    assert "移せるひろばがありません" in mod.page(f"/topics/{alone}/move")
