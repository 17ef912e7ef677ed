"""Saying something in a room: what is taken, what is refused, and what everybody else is shown of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.chat.events import MessageWaits
from app.chat.messages.queries import saved_messages
from app.core import clock
from app.core.db import session
from app.core.events import hints
from app.core.ids import new_public_id
from app.models import (
    Draft,
    Member,
    Message,
    MessageMention,
    Room,
    RoomEvent,
    RoomMember,
    RoomReader,
)
from app.people.operations import block_person
from tests.chat.conftest import PlantedRoom, new_key, say, send_json
from tests.conftest import NO_SUCH_ID, NOON, Client, Person, World
from tests.files.test_files import a_picture, taken

As = Callable[[Person], Client]
Rows = Callable[..., list[Any]]
Write = Callable[[Callable[[], Any]], Any]


def shown(client: Client, room: PlantedRoom) -> list[dict[str, Any]]:
    """The messages of the room's latest page."""
    answer = client.get(f"{room.api}/messages")
    assert answer.status_code == 200, answer.text
    return [item["message"] for item in answer.get_json()["items"] if item["type"] == "message"]


def missed(client: Client, room: PlantedRoom, after: int = 0) -> list[dict[str, Any]]:
    """The events after a place."""
    answer = client.get(f"{room.api}/events?after={after}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["events"]
    return found


def refused(client: Client, path: str, payload: Any, status: int) -> dict[str, Any]:
    """The refusal of a script's post."""
    answer = send_json(client, path, payload)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.get_json()
    assert body["ok"] is False
    return body


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_one_says_the_others_read_with_links_and_line_breaks(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    ack = say(as_(world.haruka), group_room, "見てね\nhttps://example.jp/a です <b>")
    message = shown(as_(world.sora), group_room)[0]
    assert (message["id"], message["seq"], message["at"]) == (ack["id"], ack["seq"], ack["at"])
    assert message["body"] == "見てね\nhttps://example.jp/a です <b>"
    assert "<br>" in message["html"]
    assert 'href="https://example.jp/a"' in message["html"]
    assert "&lt;b&gt;" in message["html"]
    assert message["author"]["name"] == "はるか"
    assert message["mine"] is False
    assert shown(as_(world.haruka), group_room)[0]["mine"] is True


def test_a_message_is_a_handful_of_statements_and_the_room_is_held_only_at_their_end(
    world: World, as_: As, queries: Any, group_room: PlantedRoom, request: pytest.FixtureRequest
) -> None:
    haruka = as_(world.haruka)
    say(haruka, group_room, "まえに")
    with queries() as seen:
        say(haruka, group_room, "こんばんは")
    assert len(seen) <= (4 if "postgres" in request.node.name else 8), "\n".join(seen)
    taking = next(number for number, each in enumerate(seen) if "newest_seq=" in each)
    assert not any("SELECT" in each[:8] for each in seen[taking:]), "\n".join(seen)


def test_the_same_key_twice_is_one_message(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom
) -> None:
    haruka, payload = as_(world.haruka), {"key": new_key(), "body": "一度だけ"}
    first = send_json(haruka, f"{group_room.api}/messages", payload).get_json()
    again = send_json(haruka, f"{group_room.api}/messages", payload).get_json()
    assert again == {**first, "dup": True}
    assert len(rows(select(Message))) == 1
    assert len(rows(select(RoomEvent))) == 1


def test_a_repeated_key_is_never_counted_against_a_limit(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, payload = as_(world.haruka), {"key": new_key(), "body": "何度でも"}
    for _ in range(30):
        assert send_json(haruka, f"{group_room.api}/messages", payload).status_code == 200


def test_the_same_key_with_another_text_stamp_reply_or_room_is_refused(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom, square_room: PlantedRoom
) -> None:
    haruka, key = as_(world.haruka), new_key()
    ack = say(haruka, group_room, "もとの", key=key)
    for room, other in (
        (group_room, {"body": "べつの"}),
        (group_room, {"stamp": "thanks"}),
        (group_room, {"body": "もとの", "reply_to": ack["id"]}),
        (square_room, {"body": "もとの"}),
    ):
        body = refused(haruka, f"{room.api}/messages", {"key": key, **other}, 422)
        assert "別の内容" in body["message"]
    assert len(rows(select(Message))) == 1


def test_after_an_edit_or_taking_back_the_same_key_is_simply_the_same_message(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    for act, payload in (("edit", {"body": "あとの"}), ("unsend", {})):
        key = new_key()
        ack = say(haruka, group_room, "もとの", key=key)
        assert send_json(haruka, f"{group_room.api}/messages/{ack['id']}/{act}", payload).status_code == 200
        assert say(haruka, group_room, "もとの", key=key) == {**ack, "dup": True}


def test_two_people_may_have_the_same_key(world: World, as_: As, group_room: PlantedRoom) -> None:
    key = new_key()
    assert "dup" not in say(as_(world.haruka), group_room, "わたし", key=key)
    assert "dup" not in say(as_(world.sora), group_room, "ぼく", key=key)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"key": "短い", "body": "あ"},
        {"key": "A" * 32, "body": "あ"},
        {"key": 7, "body": "あ"},
        {"body": "あ"},
        {"key": "0" * 32},
        {"key": "0" * 32, "body": " \u200b\u3164\n"},
        {"key": "0" * 32, "body": "あ" * 4001},
        {"key": "0" * 32, "body": ["あ"]},
        {"key": "0" * 32, "body": {"あ": {"い": {}}}},
        {"key": "0" * 32, "body": "あ", "reply_to": "../.."},
        {"key": "0" * 32, "body": "あ", "stamp": "thanks"},
        {"key": "0" * 32, "stamp": "heart"},
        {"key": "0" * 32, "body": "あ", "files": "1,2"},
        {"key": "0" * 32, "body": "あ", "mentions": 5},
        {"key": "0" * 32, "body": "あ\0"},
        {"key": "0" * 32, "body": "あ", "author": "jinji"},
        [],
        "あ",
        5,
    ],
)
def test_what_is_no_message_is_refused_with_a_sentence(
    sqlite_app: Flask, world: World, as_: As, rows: Rows, group_room: PlantedRoom, payload: Any
) -> None:
    body = refused(as_(world.haruka), f"{group_room.api}/messages", payload, 422)
    assert body["code"] == "invalid"
    assert body["message"]
    assert rows(select(Message)) == []


def test_half_a_character_is_refused(
    sqlite_app: Flask, world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    headers = {
        "Origin": "http://localhost",
        "X-CSRF-Token": haruka.csrf(),
        "Content-Type": "application/json",
    }
    broken = b'{"key": "00000000000000000000000000000000", "body": "\\ud800"}'
    answer = haruka.http.post(f"{group_room.api}/messages", data=broken, headers=headers)
    assert answer.status_code == 422


def test_a_stamp_is_sent_alone_and_said_in_words_where_it_is_quoted(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ack = say(haruka, group_room, "", stamp="understood")
    say(sora, group_room, "助かります", reply_to=ack["id"])
    stamp, answer = shown(haruka, group_room)
    assert stamp["stamp"] == "understood"
    assert stamp["body"] == ""
    assert answer["reply_to"] == {
        "id": ack["id"],
        "author": {"id": world.haruka.public_id, "name": "はるか"},
        "excerpt": "了解です",
        "unsent": False,
    }


def test_sending_moves_ones_own_bookmark_and_forgets_the_draft(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    draft = {"texts": {"body": "書きかけ"}, "revision": 0}
    assert send_json(haruka, f"/api/drafts/room-{group_room.public_id}", draft).status_code == 200
    assert len(rows(select(Draft))) == 1
    ack = say(haruka, group_room, "書けた")
    assert rows(select(Draft)) == []
    assert [(each.member_id, each.bookmark_seq) for each in rows(select(RoomReader))] == [
        (world.haruka.id, ack["seq"])
    ]


def test_too_many_messages_have_to_wait(
    sqlite_app: Flask, world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    for number in range(12):
        say(haruka, group_room, f"{number}")
    body = refused(haruka, f"{group_room.api}/messages", {"key": new_key(), "body": "まだある"}, 429)
    assert body["code"] == "too_often"
    assert 1 <= body["retry_after"] <= 60


def test_in_a_slow_room_one_message_at_a_time(
    sqlite_app: Flask, world: World, as_: As, write: Write, square_room: PlantedRoom, group_room: PlantedRoom
) -> None:
    write(lambda: _room_columns(square_room, slow_seconds=30))
    haruka = as_(world.haruka)
    say(haruka, square_room, "ひとつ")
    body = refused(haruka, f"{square_room.api}/messages", {"key": new_key(), "body": "ふたつ"}, 429)
    assert 1 <= body["retry_after"] <= 30
    say(as_(world.sora), square_room, "わたしも")
    say(haruka, group_room, "ここは速い")


def _room_columns(room: PlantedRoom, **columns: Any) -> None:
    session.execute(update(Room).where(Room.id == room.id).values(**columns))


def test_whoever_has_no_script_sends_with_a_plain_form(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, key = as_(world.haruka), new_key()
    for _ in range(2):
        answer = haruka.post(
            f"/rooms/{group_room.public_id}/messages", {"body": "フォームから", "submission_key": key}
        )
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/rooms/{group_room.public_id}#newest"
    assert [each["body"] for each in shown(haruka, group_room)] == ["フォームから"]


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_room_of_others_answers_like_one_that_never_was(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    naomi, payload = as_(world.naomi), {"key": new_key(), "body": "入れて"}
    nowhere = PlantedRoom(0, NO_SUCH_ID)
    for door in ("events", "messages"):
        theirs, none = naomi.get(f"{group_room.api}/{door}"), naomi.get(f"{nowhere.api}/{door}")
        assert theirs.status_code == none.status_code == 404
        assert theirs.data == none.data
    for path, typed in (("messages", payload), ("read", {"seq": 5}), ("pin", {"message": ""})):
        theirs = send_json(naomi, f"{group_room.api}/{path}", typed)
        none = send_json(naomi, f"{nowhere.api}/{path}", typed)
        assert theirs.status_code == none.status_code == 404
        assert theirs.data == none.data
    heads = naomi.get(f"/api/rooms/heads?ids={group_room.public_id},{NO_SUCH_ID}").get_json()
    assert heads == {"ok": True, "rooms": {group_room.public_id: None, NO_SUCH_ID: None}}


def test_what_is_read_in_rooms_is_stored_nowhere(world: World, as_: As, group_room: PlantedRoom) -> None:
    answer = as_(world.haruka).get(f"{group_room.api}/messages")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_room_left_a_second_ago_takes_nothing_any_more(
    world: World, as_: As, write: Write, rows: Rows, group_room: PlantedRoom
) -> None:
    sora = as_(world.sora)
    ack = say(sora, group_room, "まだいます")
    write(lambda: _leave(group_room, world.sora))
    refused(sora, f"{group_room.api}/messages", {"key": new_key(), "body": "あれ"}, 404)
    refused(sora, f"{group_room.api}/messages/{ack['id']}/edit", {"body": "あれ"}, 404)
    refused(sora, f"{group_room.api}/messages/{ack['id']}/unsend", {}, 404)
    refused(sora, f"{group_room.api}/read", {"seq": ack["seq"]}, 404)
    assert sora.get(f"{group_room.api}/events").status_code == 404
    assert len(rows(select(Message))) == 1


def _leave(room: PlantedRoom, person: Person) -> None:
    session.execute(
        update(RoomMember)
        .where(RoomMember.room_id == room.id, RoomMember.member_id == person.id)
        .values(left_seq=1)
    )
    session.execute(update(Member).where(Member.id == person.id).values(version=Member.version + 1))


def test_a_member_suspended_in_mid_sentence_is_not_heard(
    world: World, as_: As, write: Write, rows: Rows, group_room: PlantedRoom
) -> None:
    sora = as_(world.sora)
    say(sora, group_room, "ところで")

    def suspend() -> None:
        session.execute(
            update(Member)
            .where(Member.id == world.sora.id)
            .values(suspended_at=clock.now(), version=Member.version + 1)
        )

    write(suspend)
    answer = send_json(sora, f"{group_room.api}/messages", {"key": new_key(), "body": "つづき"})
    assert answer.status_code >= 400
    assert [each.body for each in rows(select(Message))] == ["ところで"]


def test_where_hr_announces_others_do_not_write_but_react(
    world: World, as_: As, write: Write, square_room: PlantedRoom
) -> None:
    write(lambda: _room_columns(square_room, is_announcement=True))
    ack = say(as_(world.jinji), square_room, "お知らせです")
    sora = as_(world.sora)
    body = refused(sora, f"{square_room.api}/messages", {"key": new_key(), "body": "はい"}, 403)
    assert "お知らせ用" in body["message"]
    path = f"{square_room.api}/messages/{ack['id']}/reactions"
    assert send_json(sora, path, {"name": "thanks", "on": True}).status_code == 200


def test_whoever_asked_first_waits_and_an_answer_opens_the_talk(
    world: World, as_: As, write: Write, rows: Rows, direct_room: PlantedRoom
) -> None:
    haruka, key = as_(world.haruka), new_key()
    ack = say(haruka, direct_room, "はじめまして", key=key)
    write(lambda: _room_columns(direct_room, asked_by_id=world.haruka.id))
    assert say(haruka, direct_room, "はじめまして", key=key) == {**ack, "dup": True}
    refused(haruka, f"{direct_room.api}/messages", {"key": new_key(), "body": "あの"}, 403)
    say(as_(world.sora), direct_room, "こちらこそ")
    assert rows(select(Room.asked_by_id).where(Room.id == direct_room.id)) == [None]
    say(haruka, direct_room, "よろしく")


def test_hr_reads_and_answers_an_office_room_without_being_a_member(
    world: World, as_: As, office_room: PlantedRoom
) -> None:
    say(as_(world.haruka), office_room, "質問があります")
    say(as_(world.jinji), office_room, "どうぞ")
    assert [each["body"] for each in shown(as_(world.lead), office_room)] == ["質問があります", "どうぞ"]
    assert as_(world.sora).get(f"{office_room.api}/messages").status_code == 404


# ── answering ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_of_another_room_cannot_be_answered_here(
    world: World, as_: As, group_room: PlantedRoom, square_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    elsewhere = say(haruka, square_room, "よそ")
    for reply_to in (elsewhere["id"], NO_SUCH_ID):
        refused(
            haruka, f"{group_room.api}/messages", {"key": new_key(), "body": "へ", "reply_to": reply_to}, 404
        )


def test_what_one_does_not_see_cannot_be_answered_and_its_quote_is_not_there(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    ren = say(as_(world.ren), square_room, "れんです")
    haruka = as_(world.haruka)
    payload = {"key": new_key(), "body": "へ", "reply_to": ren["id"]}
    refused(haruka, f"{square_room.api}/messages", payload, 404)
    say(as_(world.sora), square_room, "やあ", reply_to=ren["id"])
    assert shown(as_(world.sora), square_room)[1]["reply_to"]["excerpt"] == "れんです"
    assert [each["reply_to"] for each in shown(haruka, square_room)] == [None]


def test_mentions_reach_only_those_in_the_room_whom_one_sees(
    world: World, as_: As, rows: Rows, square_room: PlantedRoom
) -> None:
    named = (world.sora, world.ren, world.naomi, world.haruka, world.takumi)
    ids = ",".join([*(each.public_id for each in named), NO_SUCH_ID])
    say(as_(world.haruka), square_room, "@そら @たくみ", mentions=ids)
    assert set(rows(select(MessageMention.member_id))) == {world.sora.id, world.takumi.id}
    many = ",".join(new_public_id() for _ in range(21))
    payload = {"key": new_key(), "body": "みんな", "mentions": many}
    refused(as_(world.haruka), f"{square_room.api}/messages", payload, 422)


def test_an_edit_speaks_to_whom_its_words_name_and_to_nobody_they_no_longer_name(
    world: World, as_: As, rows: Rows, square_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    ack = say(
        haruka, square_room, "@そら @たくみ さん", mentions=f"{world.sora.public_id},{world.takumi.public_id}"
    )

    def edited(body: str, *people: Person) -> set[int]:
        payload = {"body": body, "mentions": ",".join(each.public_id for each in people)}
        path = f"{square_room.api}/messages/{ack['id']}/edit"
        assert send_json(haruka, path, payload).status_code == 200
        return set(rows(select(MessageMention.member_id)))

    assert edited("@たくみ さん、どうぞ") == {world.takumi.id}
    assert edited("@たくみ さんと @じんじ さん", world.jinji) == {world.takumi.id, world.jinji.id}
    assert edited("@じんじ さんと @れん", world.ren) == {world.jinji.id}, "a block stands between"
    many = ",".join(new_public_id() for _ in range(21))
    refused(haruka, f"{square_room.api}/messages/{ack['id']}/edit", {"body": "x", "mentions": many}, 422)


# ── changing one's mind ──────────────────────────────────────────────────────────────────────────────────────


def test_an_edited_message_shows_its_present_text_everywhere(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ack = say(haruka, group_room, "まちがい")
    assert (
        send_json(haruka, f"{group_room.api}/messages/{ack['id']}/edit", {"body": "ただしい"}).status_code
        == 200
    )
    first, edit = missed(sora, group_room)
    assert first["message"]["body"] == "ただしい"
    assert first["message"]["edited"] is True
    assert edit["kind"] == "edit"
    assert edit["prev"] == first["seq"]
    shown_now = {"body": "ただしい", "html": "ただしい", "edited": True, "files": []}
    assert edit["message"] == {"id": ack["id"], **shown_now}
    same = send_json(haruka, f"{group_room.api}/messages/{ack['id']}/edit", {"body": "ただしい"})
    assert same.status_code == 200
    assert len(missed(sora, group_room)) == 2


def test_a_message_can_be_edited_for_a_quarter_of_an_hour_and_taken_back_at_any_time(
    world: World, as_: As, held_clock: Any, group_room: PlantedRoom
) -> None:
    with held_clock(NOON):
        haruka = as_(world.haruka)
        ack = say(haruka, group_room, "あとで直す")
    path = f"{group_room.api}/messages/{ack['id']}"
    with held_clock(NOON + timedelta(minutes=15)):
        assert send_json(haruka, f"{path}/edit", {"body": "直した"}).status_code == 200
    with held_clock(NOON + timedelta(minutes=15, seconds=1)):
        assert refused(haruka, f"{path}/edit", {"body": "もう一度"}, 409)["code"] == "conflict"
        assert send_json(haruka, f"{path}/unsend").status_code == 200


def test_only_the_author_edits_or_takes_back(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom
) -> None:
    ack = say(as_(world.haruka), group_room, "わたしの")
    sora, path = as_(world.sora), f"{group_room.api}/messages/{ack['id']}"
    refused(sora, f"{path}/edit", {"body": "ぼくの"}, 403)
    refused(sora, f"{path}/unsend", {}, 403)
    assert rows(select(Message.body)) == ["わたしの"]
    refused(as_(world.haruka), f"{path}/edit", {"body": "  "}, 422)


def test_a_message_is_found_only_under_its_own_room(
    world: World, as_: As, group_room: PlantedRoom, square_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    ack = say(haruka, group_room, "ここ")
    wrong = f"{square_room.api}/messages/{ack['id']}"
    refused(haruka, f"{wrong}/edit", {"body": "そこ"}, 404)
    refused(haruka, f"{wrong}/unsend", {}, 404)
    refused(haruka, f"{wrong}/saved", {"on": True}, 404)
    refused(as_(world.sora), f"{wrong}/reactions", {"name": "thanks", "on": True}, 404)
    refused(haruka, f"{square_room.api}/pin", {"message": ack["id"]}, 403)
    refused(as_(world.jinji), f"{square_room.api}/pin", {"message": ack["id"]}, 404)


def test_a_message_taken_back_leaves_only_its_place(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ack = say(haruka, group_room, "言わなければよかった")
    path = f"{group_room.api}/messages/{ack['id']}"
    send_json(sora, f"{path}/reactions", {"name": "thanks", "on": True})
    say(sora, group_room, "なになに", reply_to=ack["id"])
    for _ in range(2):
        assert send_json(haruka, f"{path}/unsend").status_code == 200
    message, answer = shown(sora, group_room)
    assert message["unsent"] is True
    assert (message["body"], message["html"], message["reactions"]) == ("", "", [])
    assert answer["reply_to"]["unsent"] is True
    assert answer["reply_to"]["excerpt"] == ""
    assert [each["kind"] for each in missed(sora, group_room)].count("unsend") == 1
    assert "言わなければよかった" not in sora.get(f"{group_room.api}/events").text
    assert rows(select(Message.body).where(Message.public_id == ack["id"])) == [""]
    for act, payload in (("edit", {"body": "え"}), ("reactions", {"name": "thanks", "on": True})):
        answer_ = send_json(haruka if act == "edit" else sora, f"{path}/{act}", payload)
        assert answer_.status_code == 403
        assert "取り消されています" in answer_.get_json()["message"]


# ── signs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_given_twice_counts_once_and_can_be_taken_back(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    ack = say(as_(world.haruka), group_room, "内定しました")
    sora, path = as_(world.sora), f"{group_room.api}/messages/{ack['id']}/reactions"
    for _ in range(2):
        assert send_json(sora, path, {"name": "congrats", "on": True}).status_code == 200
    by = [{"id": world.sora.public_id, "name": "そら"}]
    assert shown(as_(world.haruka), group_room)[0]["reactions"] == [{"name": "congrats", "by": by}]
    for _ in range(2):
        assert send_json(sora, path, {"name": "congrats", "on": False}).status_code == 200
    assert shown(sora, group_room)[0]["reactions"] == []
    events = missed(as_(world.haruka), group_room)
    assert [each["kind"] for each in events] == ["message", "react", "unreact"]
    assert events[1]["by"] == by[0]
    assert events[1]["mine"] is False
    assert missed(sora, group_room)[1]["mine"] is True


def test_signs_of_people_one_does_not_meet_are_not_there(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    ack = say(as_(world.takumi), square_room, "入社おめでとう")
    path = f"{square_room.api}/messages/{ack['id']}/reactions"
    for person in (world.ren, world.sora, world.yui):
        assert send_json(as_(person), path, {"name": "thanks", "on": True}).status_code == 200
    for person, names in (
        (world.takumi, ["そら", "ゆい", "れん"]),
        (world.haruka, ["そら"]),
        (world.yui, ["ゆい"]),
    ):
        client = as_(person)
        (sign,) = shown(client, square_room)[0]["reactions"]
        assert [by["name"] for by in sign["by"]] == names
        told = [each["by"]["name"] for each in missed(client, square_room) if each["kind"] == "react"]
        assert sorted(told) == names


def test_there_are_six_signs_and_none_for_oneself(world: World, as_: As, group_room: PlantedRoom) -> None:
    ack = say(as_(world.haruka), group_room, "どう")
    path = f"{group_room.api}/messages/{ack['id']}/reactions"
    for name in ("💣", "", "a" * 400, 5):
        refused(as_(world.sora), path, {"name": name, "on": True}, 422)
    refused(as_(world.haruka), path, {"name": "thanks", "on": True}, 403)


# ── above the room ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_pinned_message_stands_above_the_room_until_another_takes_its_place(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    one, two = say(haruka, group_room, "集合は9時"), say(haruka, group_room, "集合は10時")
    for ack in (one, one, two):
        assert send_json(sora, f"{group_room.api}/pin", {"message": ack["id"]}).status_code == 200
    pinned = haruka.get(f"{group_room.api}/messages").get_json()["pinned"]
    author = {"id": world.haruka.public_id, "name": "はるか"}
    assert pinned == {"id": two["id"], "author": author, "excerpt": "集合は10時"}
    pins = [each["message"] for each in missed(haruka, group_room) if each["kind"] == "pin"]
    assert [each and each["id"] for each in pins] == [one["id"], None, two["id"]]
    assert send_json(haruka, f"{group_room.api}/pin", {"message": ""}).status_code == 200
    assert haruka.get(f"{group_room.api}/messages").get_json()["pinned"] is None


def test_a_pinned_message_comes_down_when_it_is_taken_back(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    ack = say(haruka, group_room, "集合は9時")
    send_json(haruka, f"{group_room.api}/pin", {"message": ack["id"]})
    send_json(haruka, f"{group_room.api}/messages/{ack['id']}/unsend")
    assert haruka.get(f"{group_room.api}/messages").get_json()["pinned"] is None


def test_a_pinned_message_of_somebody_blocked_is_not_there(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    one = say(as_(world.sora), square_room, "みえる")
    two = say(as_(world.ren), square_room, "みえない")
    for ack in (one, two):
        send_json(as_(world.jinji), f"{square_room.api}/pin", {"message": ack["id"]})
    haruka = as_(world.haruka)
    assert haruka.get(f"{square_room.api}/messages").get_json()["pinned"] is None
    assert [each["message"] is None for each in missed(haruka, square_room) if each["kind"] == "pin"] == [
        False,
        True,
    ]
    assert as_(world.sora).get(f"{square_room.api}/messages").get_json()["pinned"]["id"] == two["id"]


# ── for oneself ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bookmark_goes_forward_only_and_never_beyond_what_one_sees(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    one, two = (say(as_(world.sora), square_room, body) for body in ("いち", "に"))
    hidden = say(as_(world.ren), square_room, "みえない")
    read = f"{square_room.api}/read"
    for asked, kept in (
        (two["seq"], two["seq"]),
        (one["seq"], two["seq"]),
        (0, two["seq"]),
        (hidden["seq"], two["seq"]),
        (2**62, two["seq"]),
    ):
        assert send_json(haruka, read, {"seq": asked}).get_json() == {"ok": True, "seq": kept}
    assert haruka.get(f"{square_room.api}/messages").get_json()["bookmark"] == two["seq"]
    assert as_(world.sora).get(f"{square_room.api}/messages").get_json()["bookmark"] == two["seq"]


@pytest.mark.parametrize("seq", [-1, 2**63, 10**400, "あ", None, True, 1.5, [1], {"a": 1}])
def test_a_place_that_is_none_is_refused(
    sqlite_app: Flask, world: World, as_: As, group_room: PlantedRoom, seq: Any
) -> None:
    haruka = as_(world.haruka)
    refused(haruka, f"{group_room.api}/read", {"seq": seq}, 422)
    if isinstance(seq, int | str) and seq is not True:
        assert haruka.get(f"{group_room.api}/events?after={seq}").status_code == 422


def test_reading_leaves_nothing_anybody_else_could_see(
    world: World, as_: As, rows: Rows, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ack = say(haruka, group_room, "読んでね")
    before = haruka.get(f"{group_room.api}/messages").data, haruka.get(f"{group_room.api}/events").data
    send_json(sora, f"{group_room.api}/read", {"seq": ack["seq"]})
    send_json(sora, f"{group_room.api}/messages/{ack['id']}/saved", {"on": True})
    assert before == (
        haruka.get(f"{group_room.api}/messages").data,
        haruka.get(f"{group_room.api}/events").data,
    )
    assert len(rows(select(RoomEvent))) == 1


def test_what_one_saved_is_listed_for_them_alone_while_they_see_it(
    world: World, as_: As, acting: Any, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    acks = [say(haruka, group_room, body) for body in ("いち", "に", "さん")]
    for ack in (*acks, acks[0]):
        path = f"{group_room.api}/messages/{ack['id']}"
        assert send_json(sora, f"{path}/saved", {"on": True}).status_code == 200
    send_json(sora, f"{group_room.api}/messages/{acks[1]['id']}/saved", {"on": False})
    send_json(haruka, f"{group_room.api}/messages/{acks[2]['id']}/unsend")
    found = acting(world.sora, saved_messages)
    assert [(each.message_id, each.excerpt) for each in found] == [(acks[0]["id"], "いち")]
    assert acting(world.haruka, saved_messages) == ()


def test_many_words_of_somebody_blocked_push_nothing_off_the_page(
    world: World, as_: As, write: Write, square_room: PlantedRoom
) -> None:
    """A page holds as many messages as its reader sees, and where they go on reading back is theirs, too."""
    say(as_(world.sora), square_room, "いちばん古い")

    def talk() -> None:
        newest = session.get_one(Room, square_room.id).newest_seq
        for number in range(1, 61):
            said = {"room_id": square_room.id, "seq": newest + number, "author_id": world.ren.id}
            texts = {"client_key": new_key(), "body": "れん", "body_html": "れん", "renderer_version": 1}
            message = Message(**said, **texts, sent_at=NOON)
            session.add(message)
            session.flush()
            session.add(
                RoomEvent(
                    **said, kind="message", message_id=message.id, actor_id=world.ren.id, created_at=NOON
                )
            )
        session.get_one(Room, square_room.id).newest_seq = newest + 60

    write(talk)
    say(as_(world.sora), square_room, "いちばん新しい")
    for person, oldest, goes_on in ((world.haruka, "いちばん古い", False), (world.takumi, "れん", True)):
        page = as_(person).get(f"{square_room.api}/messages").get_json()
        assert page["items"][0]["message"]["body"] == oldest
        assert (page["older"] is not None) is goes_on
        assert page["items"][-1]["message"]["body"] == "いちばん新しい"


def test_what_one_saved_is_marked_for_them_alone_and_taken_off_again(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    message = say(haruka, group_room, "集合は十時です")["id"]
    path = f"{group_room.api}/messages/{message}/saved"

    def marks(client: Client) -> tuple[bool, bool, bool]:
        (item,) = client.get(f"{group_room.api}/messages").get_json()["items"]
        in_list = "data-saved" in client.page(f"/rooms/{group_room.public_id}").split("<template", 1)[0]
        return item["saved"], in_list, "保存をやめる" in client.page(f"/messages/{message}/acts")

    assert marks(sora) == (False, False, False)
    send_json(sora, path, {"on": True})
    assert marks(sora) == (True, True, True)
    assert marks(haruka) == (False, False, False)
    send_json(sora, path, {"on": False})
    assert marks(sora) == (False, False, False)


def test_without_a_script_a_message_is_kept_and_let_go_on_pages(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    message, sora = say(as_(world.haruka), group_room, "集合は十時です")["id"], as_(world.sora)
    acts = f"/messages/{message}/acts"
    assert f'href="{acts}"' in sora.page(f"/rooms/{group_room.public_id}")
    assert f'action="/messages/{message}/save"' in sora.page(acts)
    assert len(re.findall(r'href="/rooms"[^>]*aria-current', sora.page(acts))) > 0, "it belongs to トーク"
    assert not re.search(r'href="/me"[^>]*aria-current', sora.page(acts))
    assert sora.post(f"/messages/{message}/save").location == acts
    assert "保存しました" in sora.page(acts)
    kept = sora.page("/me/saved?of=messages")
    assert "集合は十時です" in kept
    door = f"/messages/{message}/unsave"
    assert f'action="{door}?from=saved"' in kept
    assert sora.post(f"{door}?from=saved").location == "/me/saved?of=messages"
    assert "集合は十時です" not in sora.page("/me/saved?of=messages")
    assert sora.post(door).location == acts


def test_saved_messages_come_first_where_no_post_is_saved_and_both_tabs_still_open(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    message, sora = say(as_(world.haruka), group_room, "集合は十時です")["id"], as_(world.sora)
    sora.post(f"/messages/{message}/save")
    assert "集合は十時です" in sora.page("/me/saved")
    assert "保存した投稿は、まだありません" in sora.page("/me/saved?of=posts")
    sora.post(f"/posts/{world.first_post_id}/save")
    assert "集合は十時です" not in sora.page("/me/saved")


def test_the_page_of_a_message_is_missing_for_whoever_does_not_see_it(
    world: World, as_: As, square_room: PlantedRoom
) -> None:
    message = say(as_(world.ren), square_room, "れんです")["id"]
    for person in (world.haruka, world.naomi):
        client = as_(person)
        assert client.get(f"/messages/{message}/acts").status_code == 404
        for act in ("save", "unsave"):
            assert client.post(f"/messages/{message}/{act}").status_code == 404
    assert as_(world.sora).get(f"/messages/{message}/acts").status_code == 200


def test_what_one_saved_is_off_the_list_as_soon_as_they_do_not_see_it(
    world: World, as_: As, acting: Any, square_room: PlantedRoom
) -> None:
    sora = as_(world.sora)
    for person in (world.takumi, world.ren):
        message = say(as_(person), square_room, person.key)["id"]
        send_json(sora, f"{square_room.api}/messages/{message}/saved", {"on": True})
    assert [each.excerpt for each in acting(world.sora, saved_messages)] == ["ren", "takumi"]
    acting(world.sora, block_person, world.ren.public_id)
    assert [each.excerpt for each in acting(world.sora, saved_messages)] == ["takumi"]
    assert as_(world.sora).page("/me/saved?of=messages").count("/unsave?from=saved") == 1


def test_an_edit_and_a_pin_say_nothing_of_a_message_from_before_one_came(
    world: World, as_: As, write: Write, deliver: Callable[[], int], plant_room: Callable[..., PlantedRoom]
) -> None:
    room, haruka = plant_room("small", world.haruka, name="散歩", owner_id=world.haruka.id), as_(world.haruka)
    picture = taken(haruka)
    deliver()
    ack = say(haruka, room, "まだふたりの話", files=picture)

    def join() -> None:
        session.add(RoomMember(room_id=room.id, member_id=world.sora.id, joined_seq=ack["seq"]))
        session.get_one(Member, world.sora.id).version += 1

    write(join)
    send_json(haruka, f"{room.api}/messages/{ack['id']}/edit", {"body": "やはりふたりの話"})
    assert send_json(haruka, f"{room.api}/pin", {"message": ack["id"]}).status_code == 200
    edit, pin = missed(as_(world.sora), room)
    assert (pin["kind"], pin["message"]) == ("pin", None)
    assert edit["message"] == {"id": ack["id"], "body": "", "html": "", "edited": True, "files": []}
    assert missed(haruka, room)[-2]["message"]["files"] != []
    assert missed(haruka, room)[-1]["message"]["excerpt"] == "やはりふたりの話"


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_pictures_are_shown_to_those_who_read_along_when_the_last_of_them_is_ready(
    world: World, as_: As, deliver: Callable[[], int], square_room: PlantedRoom
) -> None:
    ren, sora = as_(world.ren), as_(world.sora)
    pictures = [taken(ren), taken(ren)]
    ack = say(ren, square_room, "駅です", files=",".join(pictures))
    assert [each["kind"] for each in missed(sora, square_room)] == ["message"]
    assert missed(sora, square_room)[0]["message"]["files"] == []
    deliver()
    _message, shown_then = missed(sora, square_room)
    assert shown_then["kind"] == "edit"
    assert (shown_then["message"]["id"], shown_then["message"]["body"]) == (ack["id"], "駅です")
    assert shown_then["message"]["edited"] is False, "nothing was said differently"
    assert [each["id"] for each in shown_then["message"]["files"]] == pictures
    assert missed(as_(world.haruka), square_room) == [], "a block stands between"
    deliver()
    assert len(missed(sora, square_room)) == 2


def test_one_picture_that_cannot_be_rebuilt_does_not_keep_the_others_from_sight(
    world: World, as_: As, deliver: Callable[[], int], group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    good, bad = taken(haruka), taken(haruka, a_picture()[:2000])
    say(haruka, group_room, "", files=f"{good},{bad}")
    deliver()
    kinds = [(each["kind"], each["message"].get("files")) for each in missed(as_(world.sora), group_room)]
    assert [kind for kind, _files in kinds] == ["message", "edit"]
    assert [each["id"] for each in kinds[1][1] or ()] == [good]


def test_a_picture_that_cannot_be_rebuilt_is_no_longer_prepared_on_the_screen_of_whoever_sent_it(
    world: World, as_: As, deliver: Callable[[], int], group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    say(haruka, group_room, "写真です", files=taken(haruka, a_picture()[:2000]))
    assert missed(haruka, group_room)[0]["message"]["files"][0]["is_waiting"] is True
    deliver()
    assert [(each["kind"], each["message"]["files"]) for each in missed(haruka, group_room)] == [
        ("message", []),
        ("edit", []),
    ]


def test_pictures_that_were_ready_or_taken_back_before_make_no_entry(
    world: World, as_: As, deliver: Callable[[], int], group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ready = taken(haruka)
    deliver()
    say(haruka, group_room, "前から", files=ready)
    ack = say(haruka, group_room, "やめます", files=taken(haruka))
    send_json(haruka, f"{group_room.api}/messages/{ack['id']}/unsend")
    deliver()
    assert [each["kind"] for each in missed(sora, group_room)] == ["message", "message", "unsend"]


def test_a_message_of_pictures_alone_says_what_it_is_until_they_are_there(
    world: World, as_: As, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    say(haruka, group_room, "", files=taken(haruka))
    door = f"/rooms/{group_room.public_id}"
    assert "写真・ファイル" in as_(world.sora).page(door).split("<template", 1)[0].split("data-list", 1)[1]
    assert "画像を準備しています" in haruka.page(door).split("<template", 1)[0]


# ── who is told ──────────────────────────────────────────────────────────────────────────────────────────────


_waiting: list[MessageWaits] = []
hints(MessageWaits)(_waiting.append)


def test_a_message_waits_for_somebody_only_where_somebody_may_have_to_be_told(
    world: World,
    as_: As,
    held_clock: Any,
    group_room: PlantedRoom,
    direct_room: PlantedRoom,
    office_room: PlantedRoom,
) -> None:
    _waiting.clear()
    haruka = as_(world.haruka)
    for room, more, moment, count in (
        (group_room, {}, NOON, 1),  # the first one
        (group_room, {}, NOON + timedelta(minutes=1), 1),
        (group_room, {"mentions": world.sora.public_id}, NOON + timedelta(minutes=2), 2),
        (group_room, {}, NOON + timedelta(hours=6, minutes=2), 3),
        (direct_room, {}, NOON, 4),
        (direct_room, {}, NOON, 5),
        (office_room, {}, NOON, 6),
        (office_room, {}, NOON, 7),
    ):
        with held_clock(moment):
            say(haruka, room, "やあ", **more)
        assert len(_waiting) == count
