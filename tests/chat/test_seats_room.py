"""A young room: a card with something to talk about, a first hello, and the quiz of となりの席."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from app.accounts.operations import end_membership
from app.chat.page.queries import room_page
from app.chat.seats.deck import DECKS
from app.chat.seats.operations import answer_quiz, change_prompt
from app.chat.seats.queries import YOUNG, prompt_card, quiz_page
from app.chat.seats.quiz import QUESTIONS
from app.core.db import session
from app.core.errors import Forbidden, Invalid, NotFound
from app.models import Message, Room, RoomEvent, SeatAnswer
from app.people.operations import block_person

# 厚生労働省「公正な採用選考の基本」の14事項 in words that would ask for one of them.
_NOT_ASKED = re.compile(
    "本籍|出生|出身|実家|地元|家族|親|兄弟|姉妹|健康|病|収入|資産|住まい|間取り|住宅|部屋|家庭|宗教|信仰|政党|選挙"
    "|人生観|信条|座右|尊敬|憧れの人|思想|組合|学生運動|新聞|雑誌|愛読|好きな本|読書"
)


def card_above(viewer, room_id):
    return prompt_card(room_page(viewer, room_id))


@pytest.fixture
def seat(world, plant_room):
    return plant_room(
        "seat", world.haruka, world.sora, world.ren, icon="people", closes_on=date(2099, 11, 30)
    )


def test_no_card_and_no_question_asks_what_employers_must_not(sqlite_app):
    with sqlite_app.test_request_context():
        for deck in DECKS.values():
            assert len(deck) >= 18
            assert len({str(card) for card in deck}) == len(deck)
            assert not [str(card) for card in deck if _NOT_ASKED.search(str(card))]
        assert len(QUESTIONS) == 5
        words = [str(each) for question in QUESTIONS for each in (question.words, *question.choices)]
        assert not [each for each in words if _NOT_ASKED.search(each)]


def test_a_young_room_shows_a_card_and_a_hello_that_is_sent_with_one_tap(world, seat, as_, rows):
    client = as_(world.haruka)
    page = client.get(f"/rooms/{seat.public_id}").text
    assert "お題のカード" in page
    assert "「はじめまして」を送る" in page
    assert "60秒クイズ" in page
    answer = client.post(
        f"/rooms/{seat.public_id}/messages", data={"stamp": "hello", "submission_key": "d" * 32}
    )
    assert answer.status_code == 303
    assert rows(select(Message.stamp)) == ["hello"]
    page = client.get(f"/rooms/{seat.public_id}").text
    assert "お題のカード" in page
    assert "「はじめまして」を送る" not in page
    assert "「はじめまして」を送る" in as_(world.sora).get(f"/rooms/{seat.public_id}").text


def test_another_card_is_another_card_for_everybody_and_the_room_says_so(world, seat, as_, rows, acting):
    before = acting(world.sora, card_above, seat.public_id).words
    assert as_(world.haruka).post(f"/rooms/{seat.public_id}/prompt").status_code == 303
    assert acting(world.sora, card_above, seat.public_id).words != before
    assert "お題のカードが変わりました" in as_(world.sora).get(f"/rooms/{seat.public_id}").text
    assert [event.payload for event in rows(select(RoomEvent))] == [{"text": "prompt"}]


def test_the_deck_begins_again_behind_its_last_card(world, seat, acting, rows):
    for _turn in DECKS["seat"]:
        acting(world.haruka, change_prompt, seat.public_id)
    assert rows(select(Room.prompt)) == [0]


def test_a_room_that_found_its_own_topics_has_no_card_nor_have_other_kinds(
    world, seat, direct_room, office_room, square_room, acting
):
    from app.chat.messages.operations import put_message, words
    from app.core.db import session
    from app.core.operation import operation

    @operation
    def say(viewer, number):
        put_message(viewer, session.get_one(Room, seat.id), f"{number:032x}", words(f"{number}"))

    for number in range(YOUNG - 1):
        acting(world.haruka, say, number)
    assert acting(world.sora, card_above, seat.public_id) is not None
    acting(world.haruka, say, YOUNG)
    assert acting(world.sora, card_above, seat.public_id) is None
    # haruka and ren do not exist for each other: for him nothing was said yet.
    assert acting(world.ren, card_above, seat.public_id) is not None
    for room in (direct_room, office_room, square_room):
        assert acting(world.haruka, card_above, room.public_id) is None
        with pytest.raises(NotFound):
            acting(world.haruka, change_prompt, room.public_id)


def test_whoever_is_not_in_the_room_finds_neither_card_nor_quiz(world, seat, as_, acting):
    for person in (world.yui, world.jinji, world.mod):
        client = as_(person)
        assert client.get(f"/rooms/{seat.public_id}/quiz").status_code == 404
        assert client.post(f"/rooms/{seat.public_id}/quiz", data={"q0": "1"}).status_code == 404
        assert client.post(f"/rooms/{seat.public_id}/prompt").status_code == 404


def test_answers_are_shown_among_those_who_answered_and_to_nobody_else(world, seat, as_, acting):
    haruka, sora = as_(world.haruka), as_(world.sora)
    address = f"/rooms/{seat.public_id}/quiz"
    assert "選んだ答えは、このルームで答えた人どうしに表示されます" in haruka.get(address).text
    assert haruka.post(address, data={"q0": "0", "q1": "1"}).status_code == 303
    assert "はるか" in haruka.get(address).text.split("<main")[1]
    assert "はるか" not in sora.get(address).text.split("<main")[1]
    shown = acting(world.sora, quiz_page, seat.public_id)
    assert not any(choice.people for question in shown.questions for choice in question.choices)
    assert sora.post(address, data={"q0": "0"}).status_code == 303
    page = acting(world.sora, quiz_page, seat.public_id)
    assert [person.name for person in page.questions[0].choices[0].people] == ["そら", "はるか"]
    assert page.questions[0].choices[0].is_mine
    assert not page.questions[1].choices[1].is_mine


def test_a_block_stands_between_answers_too(world, seat, acting):
    acting(world.ren, answer_quiz, seat.public_id, {0: 0})
    acting(world.haruka, answer_quiz, seat.public_id, {0: 0})
    acting(world.sora, answer_quiz, seat.public_id, {0: 0})
    seen = {
        person.key: [
            each.name for each in acting(person, quiz_page, seat.public_id).questions[0].choices[0].people
        ]
        for person in (world.haruka, world.ren, world.sora)
    }
    assert seen == {"haruka": ["そら", "はるか"], "ren": ["そら", "れん"], "sora": ["そら", "はるか", "れん"]}
    acting(world.sora, block_person, world.ren.public_id)
    assert "れん" not in str(acting(world.sora, quiz_page, seat.public_id))


def test_answering_again_replaces_and_nonsense_is_refused(world, seat, as_, acting, rows):
    client, address = as_(world.haruka), f"/rooms/{seat.public_id}/quiz"
    client.post(address, data={"q0": "0", "q4": "1"})
    assert "答えを変える" in client.get(address).text
    client.post(f"{address}", data={"q0": "1"})
    assert [(row.question, row.choice) for row in rows(select(SeatAnswer))] == [(0, 1)]
    for wrong in ({"q0": "2"}, {"q0": "x"}, {}):
        assert client.post(address, data=wrong).status_code == 422
    with pytest.raises(Invalid):
        acting(world.haruka, answer_quiz, seat.public_id, {9: 0})
    assert [(row.question, row.choice) for row in rows(select(SeatAnswer))] == [(0, 1)]


def test_a_closed_room_takes_no_answers(world, plant_room, acting):
    over = plant_room(
        "seat", world.haruka, closes_on=date(2026, 1, 1), archived_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    with pytest.raises(Forbidden):
        acting(world.haruka, answer_quiz, over.public_id, {0: 0})
    assert acting(world.haruka, card_above, over.public_id) is None


def test_the_page_of_answers_says_what_is_so_where_nobody_answered(world, seat, as_, acting, write):
    haruka, address = as_(world.haruka), f"/rooms/{seat.public_id}/quiz"
    haruka.post(address, data={"q0": "0"})
    page = haruka.page(address)
    assert page.count("まだいません") == 1, "the other side of the question that was answered"
    assert page.count("この質問には、まだだれも答えていません") == len(QUESTIONS) - 1
    write(
        lambda: session.execute(
            update(Room).where(Room.id == seat.id).values(archived_at=datetime(2026, 10, 2, tzinfo=UTC))
        )
    )
    over, silent = haruka.page(address), as_(world.sora).page(address)
    assert "まだ" not in over.split("<main")[1].split("</main")[0]
    assert over.count("この質問に答えた人はいません") == len(QUESTIONS) - 1
    assert "クイズは終わりました" in silent
    assert "いません" not in silent.split("<main")[1].split("</main")[0]


def test_whoever_leaves_the_community_takes_their_answers_along(world, seat, acting, deliver, rows):
    acting(world.sora, answer_quiz, seat.public_id, {0: 0})
    acting(world.haruka, answer_quiz, seat.public_id, {0: 0})
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    assert rows(select(SeatAnswer.member_id)) == [world.haruka.id]
