"""The list of rooms: what each viewer is shown of it, in which order, and what is theirs alone."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.chat.messages.operations import move_bookmark, send_message, unsend_message
from app.chat.rooms.operations import (
    begin_talk,
    give_rooms_to_groups,
    join_room,
    leave_room,
    list_room,
    open_place,
)
from app.chat.rooms.queries import MOST_BESIDE, about_page, room_frame, rooms_page
from app.chat.talks.operations import open_office
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.models import Message, Room
from app.people.operations import block_person
from tests.conftest import NOON

BESIDE = 4_000  # bytes, compressed: forty rooms beside an open one


@pytest.fixture
def wakaba(app, rows):
    """The room of 班「若葉」."""
    with app.app_context():
        give_rooms_to_groups()
    return rows(select(Room.public_id).where(Room.kind == "group"))[0]


@pytest.fixture
def square(world, acting):
    """A room of HR for everybody."""
    return acting(world.jinji, open_place, name="みんなのルーム", audience=["candidates", "employees", "hr"])


@pytest.fixture
def say(acting, held_clock):
    """say(person, room, words, minutes after noon) sends one message."""
    count = iter(range(1, 1000))

    def send(person, room_id, words, minutes=0, **more):
        with held_clock(NOON + timedelta(minutes=minutes)):
            return acting(person, send_message, room_id, key=f"{next(count):032x}", body=words, **more)

    return send


def _seen(client, address):
    """A page without the random words of its forms."""
    return re.sub(r'(csrf_token|submission_key)" value="[^"]*"', "", client.page(address))


def _names(rows):
    return [row.face.name for row in rows]


def test_the_newest_message_comes_first_and_says_who_said_what(world, acting, wakaba, square, say):
    say(world.sora, wakaba, "おはようございます", 1)
    say(world.jinji, square, "よろしくお願いします", 2)
    found = acting(world.haruka, rooms_page)
    assert _names(found.rooms) == ["みんなのルーム", "班「若葉」"]
    assert [(row.last.author.name, row.last.words, row.unread) for row in found.rooms] == [
        ("jinji", "よろしくお願いします", 1),
        ("そら", "おはようございます", 1),
    ]
    say(world.haruka, wakaba, "こんにちは", 3)
    first = acting(world.haruka, rooms_page).rooms[0]
    assert (first.face.name, first.last.author, first.last.words) == ("班「若葉」", None, "こんにちは")


def test_what_one_may_not_see_moves_counts_and_says_nothing(world, acting, wakaba, square, say, as_):
    say(world.jinji, square, "ようこそ", 1)
    say(world.sora, wakaba, "おはようございます", 2)
    before = acting(world.haruka, rooms_page)
    say(world.ren, square, "ブロックした人から", 3)
    say(world.yui, square, "壁のむこうから", 4)
    assert acting(world.haruka, rooms_page) == before
    assert _names(acting(world.sora, rooms_page).rooms) == ["みんなのルーム", "班「若葉」"]


def test_an_unsent_message_is_said_to_be_so_and_counts_no_more(world, acting, wakaba, say):
    sent = say(world.sora, wakaba, "まちがえました", 1)
    acting(world.sora, unsend_message, wakaba, sent.id)
    row = acting(world.haruka, rooms_page).rooms[0]
    assert (row.last.words, row.unread) == ("送信を取り消しました", 0)


def test_a_stamp_is_said_in_words(world, acting, wakaba, say):
    say(world.sora, wakaba, "", 1, stamp="understood")
    assert acting(world.haruka, rooms_page).rooms[0].last.words == "了解です"


def test_what_was_read_counts_no_more(world, acting, wakaba, say):
    say(world.sora, wakaba, "ひとつ", 1)
    second = say(world.sora, wakaba, "ふたつ", 2)
    assert acting(world.haruka, rooms_page).rooms[0].unread == 2
    acting(world.haruka, move_bookmark, wakaba, seq=second.seq)
    assert acting(world.haruka, rooms_page).rooms[0].unread == 0


def test_the_count_stands_on_the_row(world, acting, wakaba, say, as_):
    for _each in range(3):
        say(world.sora, wakaba, "ひとつ", 1)
    assert 'aria-hidden="true">3</span>' in as_(world.haruka).page("/rooms")


def test_pinned_rooms_stand_on_top_and_others_do_not_know(world, acting, wakaba, square, say):
    say(world.jinji, square, "ようこそ", 5)
    before = acting(world.sora, rooms_page)
    acting(world.haruka, list_room, wakaba, how="pinned", is_on=True)
    assert _names(acting(world.haruka, rooms_page).rooms) == ["班「若葉」", "みんなのルーム"]
    assert acting(world.sora, rooms_page) == before


def test_a_room_one_rests_from_is_folded_and_counts_nothing(world, acting, wakaba, say):
    acting(world.haruka, list_room, wakaba, how="paused", is_on=True)
    say(world.sora, wakaba, "おはようございます", 1)
    found = acting(world.haruka, rooms_page)
    assert (found.rooms, [row.unread for row in found.paused]) == ((), [0])


def test_a_hidden_room_is_behind_a_link_until_something_new_is_said(world, acting, as_, wakaba, say):
    haruka = as_(world.haruka)
    assert haruka.post(f"/rooms/{wakaba}/listing", {"how": "hidden", "to": "on"}).location == "/rooms"
    assert wakaba not in haruka.page("/rooms")
    assert wakaba in haruka.page("/rooms/hidden")
    say(world.sora, wakaba, "おはようございます", 1)
    assert wakaba in haruka.page("/rooms")


def test_a_room_that_came_back_stays_until_it_is_hidden_again(world, acting, wakaba, say):
    first = say(world.sora, wakaba, "まだ読んでいません", 1)
    acting(world.haruka, list_room, wakaba, how="hidden", is_on=True)
    found = acting(world.haruka, rooms_page)
    assert (found.rooms, _names(found.hidden)) == ((), ["班「若葉」"]), "also with something unread in it"
    assert acting(world.haruka, about_page, wakaba).is_hidden
    second = say(world.sora, wakaba, "おはようございます", 2)
    for seq in (first.seq, second.seq):
        acting(world.haruka, move_bookmark, wakaba, seq=seq)
        assert _names(acting(world.haruka, rooms_page).rooms) == ["班「若葉」"]
    assert not acting(world.haruka, about_page, wakaba).is_hidden
    acting(world.haruka, list_room, wakaba, how="hidden", is_on=True)
    assert acting(world.haruka, rooms_page).rooms == ()
    acting(world.haruka, list_room, wakaba, how="hidden", is_on=False)
    assert _names(acting(world.haruka, rooms_page).rooms) == ["班「若葉」"]


def test_what_one_may_not_see_brings_no_hidden_room_back(world, acting, wakaba, square, say):
    say(world.jinji, square, "ようこそ", 1)
    acting(world.haruka, list_room, square, how="hidden", is_on=True)
    say(world.ren, square, "ブロックした人から", 2)
    say(world.yui, square, "壁のむこうから", 3)
    assert _names(acting(world.haruka, rooms_page).hidden) == ["みんなのルーム"]
    say(world.sora, square, "こんにちは", 4)
    assert acting(world.haruka, rooms_page).hidden == ()


def test_whoever_comes_back_into_a_room_finds_it_in_the_list(world, acting, wakaba):
    acting(world.haruka, list_room, wakaba, how="hidden", is_on=True)
    acting(world.haruka, leave_room, wakaba)
    acting(world.haruka, join_room, wakaba)
    assert _names(acting(world.haruka, rooms_page).rooms) == ["班「若葉」"]


# ── beside an open room ──────────────────────────────────────────────────────────────────────────────────────


def _beside(page):
    return re.search(r'<nav class="room-side".*?</nav>', page, re.S)[0]


def test_beside_an_open_room_stand_all_of_mine(world, as_, wakaba, square, say):
    say(world.sora, wakaba, "おはようございます", 1)
    say(world.jinji, square, "ようこそ", 2)
    haruka = as_(world.haruka)
    side = _beside(haruka.page(f"/rooms/{wakaba}"))
    assert re.findall(r'href="/rooms/([a-z2-7]{13})"', side) == [square, wakaba]
    assert f'href="/rooms/{wakaba}" aria-current="page"' in side
    assert side.count('class="badge"') == 1, "what is open is being read"
    assert side.count("aria-current") == 1
    listed = haruka.page("/rooms")
    assert f'href="/rooms/{square}"' in listed
    assert listed.count('class="badge"><span aria-hidden="true">1<') == 2


def test_what_one_may_not_see_is_not_beside_a_room_either(world, as_, wakaba, square, say):
    haruka = as_(world.haruka)
    say(world.jinji, square, "ようこそ", 1)
    before = _beside(haruka.page(f"/rooms/{wakaba}"))
    say(world.ren, square, "ブロックした人から", 2)
    say(world.yui, square, "壁のむこうから", 3)
    assert _beside(haruka.page(f"/rooms/{wakaba}")) == before


def test_hr_reads_what_a_candidate_wrote_beside_no_list_of_its_own(world, acting, as_, square):
    thread = acting(world.haruka, open_office)
    assert "room-side" not in as_(world.jinji).page(f"/rooms/{thread}")
    assert "room-side" in as_(world.jinji).page(f"/rooms/{square}")
    assert "room-side" in as_(world.haruka).page(f"/rooms/{thread}")


def test_many_rooms_beside_one_keep_its_page_light(world, as_, wakaba, plant_room, write):
    rooms = [plant_room("small", world.sora, world.haruka, name=f"{each}人の散歩の会") for each in range(45)]

    def speak():
        for number, room in enumerate(rooms):
            body = f"{number}番目のルームで、来週の予定を聞いています"
            said = {"room_id": room.id, "seq": 1, "author_id": world.sora.id, "body": body, "body_html": body}
            session.add(Message(client_key=f"{number:032x}", renderer_version=1, sent_at=clock.now(), **said))
        session.execute(update(Room).values(newest_seq=1))

    write(speak)
    page = as_(world.haruka).page(f"/rooms/{wakaba}")
    assert _beside(page).count('class="row room-row') == MOST_BESIDE
    assert len(gzip.compress(_beside(page).encode(), 4)) <= BESIDE


@pytest.mark.parametrize("how", ["muted", "paused", "hidden", "pinned"])
def test_how_somebody_has_a_room_listed_is_in_nobody_elses_pages(world, as_, wakaba, say, how):
    say(world.sora, wakaba, "おはようございます", 1)
    haruka, sora = as_(world.haruka), as_(world.sora)
    pages = ("/rooms", f"/rooms/{wakaba}/about", f"/people/{world.haruka.public_id}")
    before = [_seen(sora, each) for each in pages]
    door = f"/rooms/{wakaba}/listing"
    assert haruka.post(door, {"how": how, "to": "on"}).status_code == 303
    assert [_seen(sora, each) for each in pages] == before
    assert haruka.post(door, {"how": how, "to": "off"}).status_code == 303
    assert haruka.post(door, {"how": "louder", "to": "on"}).status_code == 404


def test_only_those_in_a_room_have_it_listed_in_some_way(world, acting, wakaba):
    for person in (world.ren, world.jinji):
        with pytest.raises(NotFound):
            acting(person, list_room, wakaba, how="muted", is_on=True)


def test_the_list_costs_the_same_statements_whatever_there_is(
    app, world, acting, as_, wakaba, square, say, queries
):
    haruka = as_(world.haruka)
    haruka.page("/rooms")
    with queries() as few:
        haruka.page("/rooms")
    for number in range(4):
        say(world.sora, wakaba, "ひとつ", number)
        say(world.ren, square, "見えない", number)
    acting(world.haruka, begin_talk, world.takumi.public_id, body="質問です", key="f" * 32)
    acting(world.haruka, block_person, world.takumi.public_id)
    haruka.page("/rooms")
    with queries() as many:
        haruka.page("/rooms")
    assert list(many) == list(few)
    assert len(few) <= 6


def test_nothing_yet_is_said_calmly(world, as_):
    assert "まだトークはありません" in as_(world.desk).page("/rooms")


def test_the_about_page_names_only_those_the_viewer_meets(world, acting, as_, square):
    names = {person.name for person in acting(world.haruka, about_page, square).people}
    assert names == {"はるか", "そら", "たくみ", "naomi", "jinji", "lead"}
    assert "メンバー（6）" in as_(world.haruka).page(f"/rooms/{square}/about")
    frame = acting(world.haruka, room_frame, square)
    assert frame.audience == "内定者全員・社員・人事が読めます。人事担当者と先輩社員も参加しています"
    assert not frame.is_candidate_only


def test_a_room_nobody_told_me_of_is_missing(world, acting, as_, wakaba, square):
    jinji = as_(world.jinji)
    missing = jinji.get("/rooms/aaaaaaaaaaaaa/about")
    assert jinji.get(f"/rooms/{wakaba}/about").data.replace(
        wakaba.encode(), b"aaaaaaaaaaaaa"
    ) == missing.data.replace(wakaba.encode(), b"aaaaaaaaaaaaa")
    with pytest.raises(NotFound):
        acting(world.mod, room_frame, square)
