"""Completion after @: only people the writer sees and who read the board."""

from __future__ import annotations

import pytest

from app.core.db import session
from app.models import Member
from tests.conftest import NO_SUCH_ID


def offered(client, q, board="square"):
    """The names the list would show."""
    answer = client.get("/api/mentions", query_string={"board": board, "q": q})
    assert answer.status_code == 200
    return [person["name"] for person in answer.json["people"]]


def test_an_offer_carries_what_the_list_shows_and_nothing_more(world, as_):
    answer = as_(world.haruka).get("/api/mentions?board=square&q=たくみ")
    (person,) = answer.json["people"]
    assert set(person) == {"id", "name", "bud", "mark"}
    assert (person["id"], person["name"]) == (world.takumi.public_id, "たくみ")
    assert "社員" in person["mark"]


def test_whoever_is_blocked_or_behind_a_wall_answers_as_nobody(world, as_):
    haruka = as_(world.haruka)
    assert offered(haruka, "そら") == ["そら"]
    for q in ("れん", "ゆい", "だれもいない"):
        assert offered(haruka, q) == []
    assert offered(as_(world.sora), "れん") == ["れん"]


def test_only_readers_of_the_board_are_offered_and_never_oneself(world, as_):
    sora = as_(world.sora)
    assert offered(sora, "れん", "april") == ["れん"]
    assert offered(sora, "れん", "wakaba") == [], "he is in no 班"
    assert offered(sora, "はるか", "wakaba") == ["はるか"]
    assert offered(sora, "たくみ", "april") == []
    assert offered(sora, "そら") == []


@pytest.mark.parametrize("board", ["wakaba", "april", "no-such-board", ""])
def test_a_board_one_does_not_read_is_one_that_is_not_there(world, as_, board):
    answer = as_(world.takumi).get("/api/mentions", query_string={"board": board, "q": "そら"})
    assert answer.status_code == 404
    assert answer.json["code"] == "not_found"


def test_names_are_compared_as_people_type_them_and_beginnings_come_first(world, as_, write):
    def rename():
        names = {world.jinji.id: ("山田 花", "山田 花"), world.lead.id: ("花田", "花田")}
        for key, (name, fold) in names.items():
            member = session.get(Member, key)
            member.display_name, member.display_fold = name, fold

    write(rename)
    assert offered(as_(world.haruka), "花") == ["花田", "山田 花"]


@pytest.mark.parametrize("q", ["%", "_", "/", "", " ", "あ" * 41, NO_SUCH_ID])
def test_signs_of_the_database_are_letters_like_any_other(world, as_, q):
    assert offered(as_(world.haruka), q) == []


def test_asking_for_names_is_limited(world, as_):
    client = as_(world.haruka)
    for _turn in range(60):
        offered(client, "x")
    assert client.get("/api/mentions?board=square&q=x").status_code == 429
