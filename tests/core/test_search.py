"""Finding a text again: what is folded, what is found, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from app.core.db import session
from app.core.operation import unit_of_work
from app.core.search_index import SearchIndex
from app.core.search_text import excerpt, folded, phrases

INDEX = SearchIndex("message_index")
ROOM, OTHER_ROOM = 7, 70


@pytest.fixture
def index(app: Flask) -> Iterator[SearchIndex]:
    """The empty index of one database."""
    with app.app_context():
        with unit_of_work():
            INDEX.clear()
        yield INDEX


def _finds(text: str, query: str) -> bool:
    with unit_of_work():
        INDEX.clear()
        INDEX.put(1, ROOM, text)
    found = session.scalar(select(literal(1)).where(INDEX.holds(literal(1), ROOM, query)))
    session.rollback()
    return found == 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("内定者SNSに参加しました", "内定者SNS"),
        ("簿記２級の勉強をしています", "簿記2級"),
        ("サーバーの研修があります", "サーバ"),
        ("サーバの研修があります", "サーバー"),
        ("髙﨑さんと話しました", "高崎"),
        ("ﾗﾝﾁに行きませんか", "ランチ"),
        ("らんちに行きませんか", "ランチ"),
        ("資格、簿記（２級）", "資格、簿記（2級）"),
        ("入社式は4月1日です", "入社式　4月"),
        ("Zoomのリンクです", "zoo"),
        ("東京で会いましょう", "京"),
        ("同期のみなさん、よろしくお願いします", "お願い"),
        ("これは'引用'とORとNEARです", "or"),
        ("コ-ヒ-が好きです", "コーヒー"),
    ],
)
def test_what_a_reader_would_call_the_same_is_found(index: SearchIndex, text: str, query: str) -> None:
    assert _finds(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("東京で会いましょう", "京都"),
        ("内定式と入社式", "内社"),
        ("入社式は4月1日です", "入社式 5月"),
        ("なにか", ""),
        ("なにか", "、。 （）"),
        ("なにか", '" OR scope:'),
        ("なにか", "') | 'ぬ"),
    ],
)
def test_what_is_not_there_is_not_found_and_no_sign_is_an_operator(
    index: SearchIndex, text: str, query: str
) -> None:
    assert not _finds(text, query)


LETTERS = "内定者入社式懇親会おねがいしますランチー髙2級aB 、・（）"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_part_of_a_sentence_finds_it(index: SearchIndex, data: st.DataObject) -> None:
    text = data.draw(st.text("内定者入社式懇親会おねがいします", min_size=1, max_size=30))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert _finds(text, text[start:end])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(LETTERS, max_size=20), st.text(max_size=20))
def test_whatever_is_typed_is_a_question_and_never_an_error(
    index: SearchIndex, text: str, query: str
) -> None:
    _finds(text, query)
    assert _finds(text, text) or not phrases(text)


def test_a_text_is_found_in_its_own_room_and_gone_once_taken_out(index: SearchIndex) -> None:
    with unit_of_work():
        INDEX.put(1, ROOM, "懇親会は金曜日です")
        INDEX.put(2, OTHER_ROOM, "懇親会は土曜日です")
    asked = [select(literal(key)).where(INDEX.holds(literal(key), ROOM, "懇親会")) for key in (1, 2)]
    assert [session.scalar(one) for one in asked] == [1, None]
    with unit_of_work():
        INDEX.drop(1, ROOM, "懇親会は金曜日です")
    assert [session.scalar(one) for one in asked] == [None, None]


def test_folding_keeps_words_apart_that_differ_by_a_long_mark_in_the_middle() -> None:
    assert folded("ビール") != folded("ビル")
    assert folded("サーバー") == folded("サーバ") == "さーば"


def test_an_excerpt_stands_around_the_word_that_was_looked_for() -> None:
    text = "あ" * 300 + "懇親会" + "い" * 300
    found = excerpt(text, "懇親会")
    assert "懇親会" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) <= 122
