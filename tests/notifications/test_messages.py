"""Who is told of a message in a room: only those who have not read it, once, and without a word of it outside."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from app.accounts.operations import end_membership
from app.chat.messages.operations import LYING, edit_message, set_saved, unsend_message
from app.chat.rooms.operations import begin_talk, decline_request, leave_room, list_room
from app.core.db import session
from app.models import Member, Notice
from app.people.operations import block_person
from tests.chat.conftest import new_key, say, send_json
from tests.notifications.conftest import MONDAY_NIGHT, MONDAY_NOON, TUESDAY_EIGHT
from tests.security.test_two_worlds import look

pytestmark = pytest.mark.usefixtures("at_noon")

HOUR = timedelta(hours=1)
LAIN = LYING + timedelta(seconds=1)


@pytest.fixture
def says_in(as_, at, deliver):
    """Says something in a room, and lets it lie until those who have not read it are told; the ack."""

    def say_there(person, room, body="こんにちは", *, when=MONDAY_NOON, **more):
        with at(when):
            ack = say(as_(person), room, body, **more)
        with at(when + LAIN):
            deliver()
        return ack

    return say_there


@pytest.fixture
def reads(as_):
    """Has somebody read a room up to what an ack says, as the open page does."""

    def read(person, room, ack):
        answer = send_json(as_(person), f"{room.api}/read", {"seq": ack["seq"]})
        assert answer.status_code == 200, answer.text

    return read


@pytest.fixture
def small_room(plant_room, world):
    """A room of candidates, with a block between haruka and ren."""
    return plant_room("small", world.haruka, world.sora, world.ren, name="映画の話", owner_id=world.sora.id)


def reasons(client):
    """The reasons on somebody's list, newest first."""
    return re.findall(r'href="/me/notices#(\w+)"', client.page("/notices"))


# ── who is told, and as what ─────────────────────────────────────────────────────────────────────────────────


def test_mentioned_comes_before_quiet_and_the_author_is_told_nothing(world, square_room, says_in, told):
    says_in(world.sora, square_room, mentions=world.takumi.public_id)
    assert told(world.takumi) == ["mention"]
    assert told(world.jinji) == told(world.haruka) == ["room"]
    assert told(world.sora) == []
    assert told(world.yui) == [], "a wall stands between"
    assert told(world.naomi) == [], "not in the room"


def test_a_room_speaks_once_until_it_was_quiet_for_hours(world, square_room, says_in, told):
    says_in(world.sora, square_room)
    says_in(world.sora, square_room, when=MONDAY_NOON + HOUR)
    says_in(world.takumi, square_room, when=MONDAY_NOON + 2 * HOUR)
    assert told(world.jinji) == ["room"]
    assert told(world.sora) == [], "takumi answered within hours"
    says_in(world.takumi, square_room, when=MONDAY_NOON + 8 * HOUR)
    assert told(world.jinji) == ["room", "room"]
    assert told(world.sora) == ["room"]


def test_a_word_one_does_not_see_breaks_no_quiet(world, small_room, says_in, told):
    """haruka hears of sora's message as if ren had never written; for ren and sora the room was not quiet."""
    says_in(world.ren, small_room)
    assert (told(world.haruka), told(world.sora)) == ([], ["room"])
    says_in(world.sora, small_room, when=MONDAY_NOON + HOUR)
    assert told(world.haruka) == ["room"]
    assert told(world.ren) == []


def test_every_message_to_one_person_tells_and_each_once(world, direct_room, says_in, told, deliver):
    says_in(world.haruka, direct_room)
    says_in(world.haruka, direct_room, when=MONDAY_NOON + HOUR)
    deliver()
    assert told(world.sora) == ["message", "message"]
    assert told(world.haruka) == []


def test_whoever_has_read_it_meanwhile_is_told_nothing(world, at, as_, direct_room, reads, deliver, told):
    """The room was open: the bookmark moved before the message had lain for its twenty seconds."""
    ack = say(as_(world.haruka), direct_room, "こんにちは")
    reads(world.sora, direct_room, ack)
    with at(MONDAY_NOON + LAIN):
        deliver()
    assert told(world.sora) == []
    say(as_(world.haruka), direct_room, "もうひとつ")
    deliver()
    assert told(world.sora) == [], "it has not lain long enough"
    with at(MONDAY_NOON + LAIN):
        deliver()
    assert told(world.sora) == ["message"]


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("muted", ["mention"]),
        ("hidden", ["room", "mention"]),
        ("paused", []),
        ("pinned", ["room", "mention"]),
    ],
)
def test_a_muted_room_says_ones_name_a_paused_one_nothing_and_a_hidden_one_comes_back(
    how, heard, world, acting, square_room, says_in, told
):
    acting(world.takumi, list_room, square_room.public_id, how=how, is_on=True)
    says_in(world.sora, square_room)
    says_in(world.sora, square_room, when=MONDAY_NOON + HOUR, mentions=world.takumi.public_id)
    assert told(world.takumi) == heard


def test_what_brought_a_hidden_room_back_is_in_list_and_bell(
    world, acting, as_, small_room, says_in, counted
):
    acting(world.haruka, list_room, small_room.public_id, how="hidden", is_on=True)
    says_in(world.sora, small_room)
    assert (reasons(as_(world.haruka)), counted(world.haruka)) == (["room"], 1)
    acting(world.haruka, list_room, small_room.public_id, how="muted", is_on=True)
    assert (reasons(as_(world.haruka)), counted(world.haruka)) == ([], 0)


def test_a_request_is_told_once_and_gone_when_it_is_declined(world, at, acting, as_, deliver, told, counted):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=new_key())
    with at(MONDAY_NOON + LAIN):
        deliver()
    assert told(world.sora) == ["message"]
    assert counted(world.sora) == 1
    acting(world.sora, decline_request, room_id)
    assert reasons(as_(world.sora)) == []
    assert counted(world.sora) == 0
    assert told(world.haruka) == []


def test_the_team_hears_of_its_mail_by_the_list_and_the_digest(
    world, at, as_, office_room, says_in, told, takes_pushes, push_service, minute, letters
):
    """A candidate's words ring at nobody's desk; an answer of the team reaches the candidate as a message."""
    takes_pushes(world.jinji)
    says_in(world.haruka, office_room, "ひみつの相談です")
    assert told(world.jinji) == told(world.lead) == ["message"]
    assert told(world.haruka) == told(world.takumi) == []
    jinji = as_(world.jinji)
    page = jinji.page("/notices")
    assert "はるかさんの連絡" in page
    place = jinji.get(re.search(r'"(/notices/[a-z2-7]{13})"', page)[1]).location
    assert "ひみつの相談です" in jinji.page(place)
    with at(MONDAY_NOON + HOUR):
        minute()
    assert (push_service.taken, letters()) == ([], [])
    with at(TUESDAY_EIGHT):
        minute()
    (letter,) = [each for each in letters() if world.jinji.mail in each.to]
    assert "・人事への連絡" in letter.text
    assert "はるか" not in letter.text
    assert "ひみつ" not in letter.text
    says_in(world.jinji, office_room, "お読みしました", when=TUESDAY_EIGHT + HOUR)
    assert told(world.haruka) == ["message"]
    assert told(world.lead) == ["message"], "the team is not told of its own answers"


# ── the list and the bell ────────────────────────────────────────────────────────────────────────────────────


def test_messages_of_one_room_are_one_line_that_leads_to_the_first_unread(
    world, as_, direct_room, says_in, reads, counted
):
    acks = [
        says_in(world.haruka, direct_room, body, when=MONDAY_NOON + number * HOUR)
        for number, body in enumerate(["ひとつめ", "ふたつめ", "みっつめ"])
    ]
    client = as_(world.sora)
    page = client.page("/notices")
    assert counted(world.sora) == 1
    assert page.count('class="row notice-row"') == 1
    assert "はるかさんほか2件のメッセージ" in page
    key = re.search(r'"(/notices/[a-z2-7]{13})"', page)[1]
    assert client.get(key).location == f"/rooms/{direct_room.public_id}?at={acks[0]['id']}"
    assert client.get(client.get(key).location).status_code == 200
    assert as_(world.takumi).get(key).status_code == 404
    reads(world.sora, direct_room, acks[1])
    page = client.page("/notices")
    assert "：みっつめ" in page
    assert counted(world.sora) == 1
    reads(world.sora, direct_room, acks[2])
    page = client.page("/notices")
    assert "新着</span>" not in page
    assert "data-seen" not in page
    assert counted(world.sora) == 0


def test_lines_show_the_room_by_its_name_and_the_present_words(
    world, acting, as_, small_room, direct_room, says_in
):
    ack = says_in(world.sora, small_room, "こんにちわ")
    says_in(world.sora, direct_room, stamp="thanks", body="")
    acting(world.sora, edit_message, small_room.public_id, ack["id"], body="こんにちは、みなさん")
    page = as_(world.haruka).page("/notices")
    assert "映画の話" in page
    assert "こんにちは、みなさん" in page
    assert "こんにちわ" not in page
    assert "そら" in page
    assert "ありがとうございます" in page


@pytest.fixture
def edits_in(as_, at, deliver):
    """Edits a message some minutes after noon, and lets it lie."""

    def edit_there(person, room, ack, body, *named, minutes):
        with at(MONDAY_NOON + timedelta(minutes=minutes)):
            payload = {"body": body, "mentions": ",".join(each.public_id for each in named)}
            answer = send_json(as_(person), f"{room.api}/messages/{ack['id']}/edit", payload)
            assert answer.status_code == 200, answer.text
        with at(MONDAY_NOON + timedelta(minutes=minutes) + LAIN):
            deliver()
        return answer.get_json()

    return edit_there


def test_an_edit_tells_whom_it_names_newly_once_also_where_they_had_read_the_message(
    world, small_room, says_in, reads, edits_in, told, counted
):
    first = says_in(world.haruka, small_room, "まえの話")
    ack = says_in(world.haruka, small_room, "十時に集合です", when=MONDAY_NOON + timedelta(minutes=1))
    reads(world.sora, small_room, ack)
    before = told(world.sora)
    assert counted(world.sora) == 0
    edits_in(world.haruka, small_room, ack, "@そら 十時に集合です", world.sora, minutes=5)
    assert told(world.sora) == [*before, "mention"]
    assert counted(world.sora) == 1
    edits_in(world.haruka, small_room, ack, "@そら 十一時に集合です", world.sora, minutes=6)
    edits_in(world.haruka, small_room, ack, "十一時に集合です", minutes=7)
    edits_in(world.haruka, small_room, ack, "@そら やはり十時です", world.sora, minutes=8)
    assert told(world.sora) == [*before, "mention"], "of one message nobody is told twice"
    assert first["id"] != ack["id"]


def test_an_edit_that_was_seen_in_the_room_or_named_nobody_in_the_end_tells_nobody(
    world, as_, at, deliver, small_room, says_in, reads, edits_in, told
):
    ack = says_in(world.haruka, small_room, "十時に集合です")
    reads(world.sora, small_room, ack)
    before = told(world.sora)
    with at(MONDAY_NOON + timedelta(minutes=5)):
        path = f"{small_room.api}/messages/{ack['id']}/edit"
        payload = {"body": "@そら 十時です", "mentions": world.sora.public_id}
        change = send_json(as_(world.haruka), path, payload).get_json()
        reads(world.sora, small_room, change)
    with at(MONDAY_NOON + timedelta(minutes=6)):
        deliver()
    assert told(world.sora) == before, "the page was open"
    other = says_in(world.haruka, small_room, "べつの話", when=MONDAY_NOON + timedelta(minutes=6))
    reads(world.sora, small_room, other)
    with at(MONDAY_NOON + timedelta(minutes=7)):
        path = f"{small_room.api}/messages/{other['id']}/edit"
        send_json(as_(world.haruka), path, {"body": "@そら", "mentions": world.sora.public_id})
        send_json(as_(world.haruka), path, {"body": "まちがえました"})
    with at(MONDAY_NOON + timedelta(minutes=8)):
        deliver()
    assert told(world.sora) == before


def test_an_edit_tells_nobody_behind_a_block_or_who_left(world, acting, small_room, says_in, edits_in, told):
    ack = says_in(world.sora, small_room, "十時に集合です")
    before = {each: told(each) for each in (world.haruka, world.ren)}
    acting(world.ren, leave_room, small_room.public_id)
    acting(world.haruka, block_person, world.sora.public_id)
    edits_in(world.sora, small_room, ack, "@はるか @れん", world.haruka, world.ren, minutes=5)
    assert {each: told(each) for each in before} == before


def test_an_edit_tells_neither_whom_it_named_before_nor_whom_a_block_parted_meanwhile(
    world, as_, at, acting, deliver, small_room, reads, told
):
    sora = as_(world.sora)
    with at(MONDAY_NOON):
        ack = say(sora, small_room, "@はるか どうぞ", mentions=world.haruka.public_id)
        reads(world.haruka, small_room, ack)
        reads(world.ren, small_room, ack)
    with at(MONDAY_NOON + LAIN):
        deliver()
    with at(MONDAY_NOON + timedelta(minutes=5)):
        path = f"{small_room.api}/messages/{ack['id']}/edit"
        send_json(sora, path, {"body": "@はるか @れん どうぞ", "mentions": world.ren.public_id})
        acting(world.ren, block_person, world.sora.public_id)
    with at(MONDAY_NOON + timedelta(minutes=6)):
        deliver()
    assert told(world.haruka) == told(world.ren) == []


def unsend(world, acting, room, ack, **_):
    acting(world.sora, unsend_message, room.public_id, ack["id"])


def block(world, acting, **_):
    acting(world.haruka, block_person, world.sora.public_id)


def leave(world, acting, room, **_):
    acting(world.haruka, leave_room, room.public_id)


def mute(world, acting, room, **_):
    acting(world.haruka, list_room, room.public_id, how="muted", is_on=True)


def pause(world, acting, room, **_):
    acting(world.haruka, list_room, room.public_id, how="paused", is_on=True)


@pytest.mark.parametrize("change", [unsend, block, leave, mute, pause])
def test_what_is_no_longer_there_is_gone_from_list_bell_letter_and_push(
    change, world, at, as_, acting, small_room, says_in, counted, minute, letters, write
):
    """As if it had never been told."""
    ack = says_in(world.sora, small_room)
    client = as_(world.haruka)
    assert (reasons(client), counted(world.haruka)) == (["room"], 1)
    key = re.findall(r"/notices/([a-z2-7]{13})", client.page("/notices"))[0]
    change(world=world, acting=acting, room=small_room, ack=ack)
    assert (reasons(client), counted(world.haruka)) == ([], 0)
    if change in (unsend, block, leave):
        assert client.get(f"/notices/{key}").status_code == 404
    with at(TUESDAY_EIGHT):
        minute()
    assert [letter for letter in letters() if world.haruka.mail in letter.to] == []


def test_what_was_taken_back_at_once_tells_nobody(world, at, acting, as_, direct_room, deliver, told):
    ack = say(as_(world.haruka), direct_room, "まちがえました")
    acting(world.haruka, unsend_message, direct_room.public_id, ack["id"])
    with at(MONDAY_NOON + LAIN):
        deliver()
    assert told(world.sora) == []


def test_what_is_said_again_after_taking_it_back_is_told(world, at, acting, as_, small_room, says_in, told):
    """What does not stand broke no quiet."""
    ack = say(as_(world.sora), small_room, "まちがえました")
    acting(world.sora, unsend_message, small_room.public_id, ack["id"])
    says_in(world.sora, small_room, "こんにちは")
    assert told(world.haruka) == ["room"]


def test_words_of_whoever_left_stay_without_their_name(world, acting, as_, square_room, says_in, deliver):
    says_in(world.takumi, square_room, "お元気で")
    acting(world.takumi, end_membership, keeps_name=False)
    deliver()
    page = as_(world.haruka).page("/notices")
    assert "お元気で" in page
    assert "たくみ" not in page


@pytest.mark.parametrize("way", ["blocked", "unsent"])
def test_an_invisible_message_leaves_no_trace_in_any_page(
    way, world, as_, acting, write, small_room, direct_room, says_in
):
    """Beside a world in which the notice was never made: the same pages, the same statements."""
    says_in(world.haruka, direct_room)
    ack = says_in(world.ren, small_room, mentions=world.sora.public_id)
    if way == "blocked":
        acting(world.sora, block_person, world.ren.public_id)
    else:
        acting(world.ren, unsend_message, small_room.public_id, ack["id"])
    client = as_(world.sora)
    one = [look(client, path) for path in ("/notices", "/", "/me/notices", "/me")]
    write(lambda: session.execute(delete(Notice).where(Notice.kind == "mention")))
    assert [look(client, path) for path in ("/notices", "/", "/me/notices", "/me")] == one
    write(lambda: session.execute(delete(Notice)))
    assert look(client, "/notices") != one[0], "a leak would be seen"


def test_the_bell_stays_one_statement_and_the_list_few(world, as_, direct_room, small_room, says_in, queries):
    says_in(world.sora, direct_room)
    says_in(world.sora, small_room)
    client = as_(world.haruka)
    client.page("/notices")
    with queries() as seen:
        client.page("/me")
    assert len([statement for statement in seen if " notice" in statement]) == 1
    with queries() as seen:
        client.page("/notices")
    assert len(seen) <= 5, "\n\n".join(seen)


def test_an_open_page_is_told_that_there_is_something_new(world, direct_room, says_in, monkeypatch):
    from app.core import bus

    sent = []
    monkeypatch.setitem(bus._subscribers, "sockets:push", [sent.append])
    says_in(world.haruka, direct_room)
    assert {"members": [world.sora.id], "event": "notice:new", "payload": {}} in sent


# ── how it leaves ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_push_says_neither_the_sender_nor_the_words(
    world, direct_room, says_in, takes_pushes, push_service, rows
):
    device = takes_pushes(world.sora)
    says_in(world.haruka, direct_room, "ひみつです")
    ((_path, _headers, body),) = push_service.taken
    key = rows(select(Notice.public_id).where(Notice.member_id == world.sora.id))[0]
    assert device.read(body) == {
        "title": "つぼみ",
        "body": "新しいメッセージがあります",
        "url": f"/notices/{key}",
        "tag": "message",
    }


def test_several_messages_of_one_room_ring_once_in_half_an_hour_until_they_are_read(
    world, direct_room, says_in, reads, takes_pushes, push_service
):
    takes_pushes(world.sora)
    first = says_in(world.haruka, direct_room)
    says_in(world.haruka, direct_room, when=MONDAY_NOON + timedelta(minutes=10))
    assert len(push_service.taken) == 1
    third = says_in(world.haruka, direct_room, when=MONDAY_NOON + timedelta(minutes=50))
    assert len(push_service.taken) == 2
    reads(world.sora, direct_room, third)
    says_in(world.haruka, direct_room, when=MONDAY_NOON + timedelta(minutes=55))
    assert len(push_service.taken) == 3, "they have read the others, so this one is news"
    assert first["seq"] < third["seq"]


def test_a_letter_says_where_and_not_who_or_what(
    world, direct_room, small_room, says_in, minute, at, letters
):
    says_in(world.sora, direct_room, "ひみつです")
    says_in(world.sora, small_room, "ここだけの話", mentions=world.haruka.public_id)
    with at(MONDAY_NOON + 2 * HOUR):
        minute()
    (letter,) = [each for each in letters() if world.haruka.mail in each.to]
    assert "・2人のトーク" in letter.text
    assert "・映画の話" in letter.text
    for secret in ("ひみつ", "ここだけ", "そら"):
        assert secret not in letter.text


def test_nothing_leaves_in_quiet_hours_and_what_was_read_meanwhile_not_at_all(
    world, at, as_, direct_room, small_room, says_in, reads, takes_pushes, push_service, minute, letters, told
):
    takes_pushes(world.sora)
    read = says_in(world.haruka, direct_room, when=MONDAY_NIGHT)
    says_in(world.haruka, small_room, when=MONDAY_NIGHT, mentions=world.sora.public_id)
    assert told(world.sora) == ["message", "mention"]
    with at(MONDAY_NIGHT + HOUR):
        minute()
        reads(world.sora, direct_room, read)
    assert (push_service.taken, letters()) == ([], [])
    with at(TUESDAY_EIGHT):
        minute()
    assert len(push_service.taken) == 1
    assert [each for each in letters() if world.sora.mail in each.to] == []


def test_whoever_only_reads_is_told_what_is_said_to_them_and_rung_for_nothing_else(
    world, at, write, direct_room, small_room, says_in, told, minute, letters
):
    write(lambda: session.execute(update(Member).values(pace="read")))
    says_in(world.sora, small_room)
    with at(TUESDAY_EIGHT):
        minute()
    assert told(world.haruka) == ["room"]
    assert letters() == []
    says_in(world.sora, direct_room, when=TUESDAY_EIGHT + HOUR)
    with at(TUESDAY_EIGHT + 2 * HOUR):
        minute()
    (letter,) = letters()
    assert world.haruka.mail in letter.to


def test_each_kind_has_its_place_in_the_settings(world, as_):
    page = as_(world.haruka).page("/me/notices")
    for kind in ("message", "mention", "room"):
        assert f'id="{kind}"' in page
    assert "2人のトークと「人事への連絡」" in page
    assert "静かだったルーム" in page


# ── what one saved ───────────────────────────────────────────────────────────────────────────────────────────


def test_saved_messages_stand_beside_saved_posts(world, at, acting, as_, direct_room):
    ack = say(as_(world.haruka), direct_room, "集合は10時です")
    acting(world.sora, set_saved, direct_room.public_id, ack["id"], on=True)
    assert "集合は10時です" in as_(world.sora).page("/me/saved?of=messages")
    assert f"/rooms/{direct_room.public_id}?at={ack['id']}" in as_(world.sora).page("/me/saved?of=messages")
    assert "保存したメッセージは、まだありません" in as_(world.haruka).page("/me/saved?of=messages")
    acting(world.haruka, unsend_message, direct_room.public_id, ack["id"])
    assert "集合は10時です" not in as_(world.sora).page("/me/saved?of=messages")
