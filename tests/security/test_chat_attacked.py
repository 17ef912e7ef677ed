"""What somebody tried who wished to see, change or break in rooms what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from app.accounts.operations import end_membership
from app.chat.messages.operations import edit_message, pin_message, send_message
from app.chat.rooms.operations import add_people, begin_talk, decline_request, leave_room, open_room
from app.core.db import session
from app.core.errors import Forbidden
from app.files.operations import describe_file
from app.models import Member, MessageReport, Role, Room, RoomMember, Upload
from app.people.operations import block_person, unblock_person
from tests.chat.conftest import PlantedRoom, new_key, say, send_json
from tests.conftest import NO_SUCH_ID, Person, World


def _comes_later(write: Callable[..., Any], room: PlantedRoom, person: Person) -> None:
    """This person is in the room from now on: what was said before is not theirs."""

    def come() -> None:
        newest = session.scalar(select(Room.newest_seq).where(Room.id == room.id))
        session.add(RoomMember(room_id=room.id, member_id=person.id, joined_seq=newest))
        session.execute(update(Member).where(Member.id == person.id).values(version=Member.version + 1))

    write(come)


# ── a request that was declined ──────────────────────────────────────────────────────────────────────────────


def test_the_completion_of_names_does_not_tell_that_a_request_was_declined(world, acting, as_):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=new_key())
    haruka = as_(world.haruka)
    before = haruka.get(f"/api/rooms/{room_id}/people?q=そら").data
    acting(world.sora, decline_request, room_id)
    assert haruka.get(f"/api/rooms/{room_id}/people?q=そら").data == before


def test_a_block_and_its_end_do_not_tell_that_a_request_was_declined(world, acting, as_, deliver, rows):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=new_key())
    acting(world.sora, decline_request, room_id)
    acting(world.sora, block_person, world.haruka.public_id)
    deliver()
    acting(world.sora, unblock_person, world.haruka.public_id)
    deliver()
    epoch = as_(world.haruka).get(f"/api/rooms/{room_id}/events").get_json()["epoch"]
    assert epoch == 3, "as for whoever did not decline: each turn begins afresh"


def test_a_decliner_who_leaves_the_community_leaves_the_same_line_as_anybody(world, acting, as_, deliver):
    room_id = acting(world.haruka, begin_talk, world.sora.public_id, body="はじめまして", key=new_key())
    acting(world.sora, decline_request, room_id)
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    events = as_(world.haruka).get(f"/api/rooms/{room_id}/events").get_json()["events"]
    assert [event.get("act") for event in events if event["kind"] == "member"] == ["left"]


# ── what was said before somebody came ───────────────────────────────────────────────────────────────────────


def test_an_edit_does_not_show_a_newcomer_what_was_said_before_they_came(
    world, acting, write, plant_room, as_
):
    room = plant_room("small", world.haruka, world.sora)
    said = acting(world.haruka, send_message, room.public_id, key=new_key(), body="まえの話")
    _comes_later(write, room, world.takumi)
    acting(world.haruka, edit_message, room.public_id, said.id, body="まえの話、直しました")
    takumi = as_(world.takumi)
    assert "まえの話" not in takumi.page(f"{room.api}/messages")
    assert "まえの話" not in takumi.page(f"{room.api}/events")
    assert "まえの話" in as_(world.sora).page(f"{room.api}/events")


def test_a_pushed_edit_shows_each_listener_only_what_is_theirs(world, opens, acting, write, plant_room):
    room = plant_room("small", world.haruka, world.sora)
    said = acting(world.haruka, send_message, room.public_id, key=new_key(), body="まえの話")
    _comes_later(write, room, world.naomi)
    sora, naomi = opens(world.sora), opens(world.naomi)
    for page in (naomi, sora):
        page.sync(room)
    acting(world.haruka, edit_message, room.public_id, said.id, body="まえの話、直しました")
    assert "まえの話" in str(sora.told())
    assert "まえの話" not in str(naomi.told())


def test_a_pushed_pin_shows_each_listener_only_what_is_theirs(world, opens, acting, write, plant_room):
    """Those who were there and those who came later are not told the same, whoever is asked about first."""
    room = plant_room("group", world.haruka, world.takumi)
    said = acting(world.haruka, send_message, room.public_id, key=new_key(), body="まえの話")
    _comes_later(write, room, world.naomi)
    takumi, naomi = opens(world.takumi), opens(world.naomi)
    for page in (takumi, naomi):
        page.sync(room)
    acting(world.haruka, pin_message, room.public_id, said.id)
    assert [event["message"]["excerpt"] for event in takumi.told()] == ["まえの話"]
    assert [event["message"] for event in naomi.told()] == [None]


def test_the_description_of_a_sent_picture_is_no_way_to_go_on_talking(world, acting, write, plant_room):
    room = plant_room("place", world.haruka, world.sora, name="広場")

    def picture() -> str:
        upload = Upload(
            kind="picture",
            state="ready",
            owner_id=world.haruka.id,
            size_bytes=1,
            file_key="a",
            thumbnail_key="b",
            width=1,
            height=1,
            kept_until=date(2030, 1, 1),
        )
        session.add(upload)
        session.flush()
        return upload.public_id

    upload = write(picture)
    acting(world.haruka, describe_file, upload, alt="海")
    acting(world.haruka, send_message, room.public_id, key=new_key(), body="写真です", files=[upload])
    for then in (lambda: None, lambda: acting(world.haruka, leave_room, room.public_id)):
        then()
        with pytest.raises(Forbidden):
            acting(world.haruka, describe_file, upload, alt="もう一言")


# ── small rooms ──────────────────────────────────────────────────────────────────────────────────────────────


def _candidates(world: World, number: int) -> list[str]:
    """Their public ids; called within a unit of work."""
    people = [
        Member(
            mail=f"more{place}@example.jp",
            roles=int(Role.CANDIDATE),
            cohort_id=world.april.id,
            legal_name="氏名",
            kana="テスト",
            display_name=f"人{place}",
            display_fold=f"人{place}",
            bud=1,
            rules_version=1,
        )
        for place in range(number)
    ]
    session.add_all(people)
    session.flush()
    return [one.public_id for one in people]


def test_a_block_within_a_small_room_does_not_show_in_who_can_be_added(world, acting, write, deliver):
    people = write(lambda: _candidates(world, 3))
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[world.sora.public_id, people[0]])
    acting(world.sora, block_person, world.haruka.public_id)
    deliver()
    acting(world.haruka, add_people, room_id, [people[1]])


def test_a_member_out_of_the_owners_sight_takes_no_place_in_a_small_room(world, acting, write, deliver):
    people = write(lambda: _candidates(world, 11))
    room_id = acting(world.haruka, open_room, name="散歩の会", people=[world.sora.public_id, *people[:10]])
    acting(world.sora, block_person, world.haruka.public_id)
    deliver()
    acting(world.haruka, add_people, room_id, [people[10]])


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_moderator_neither_reads_nor_closes_a_report_about_themselves(world, as_, plant_room, rows, write):
    def second_moderator():  # what no moderator could read is not taken at all
        naomi = session.get_one(Member, world.naomi.id)
        naomi.roles, naomi.version = naomi.roles | int(Role.MODERATOR), naomi.version + 1

    write(second_moderator)
    room = plant_room("place", world.haruka, world.mod, name="広場")
    bad = say(as_(world.mod), room, "運営のひどい言葉")["id"]
    haruka = as_(world.haruka)
    sent = haruka.post(f"/reports/new?message={bad}", {"messages": [bad], "reason": "unkind", "note": ""})
    assert sent.status_code == 303
    mod = as_(world.mod)
    assert "運営のひどい言葉" not in mod.page("/moderation")
    (report,) = rows(select(MessageReport.public_id))
    assert mod.post(f"/moderation/reports/{report}/close").status_code == 404


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_key_for_two_first_messages_is_answered_with_a_sentence(world, as_):
    sora = as_(world.sora)
    key = new_key()
    first = sora.post(f"/people/{world.haruka.public_id}/message", {"body": "やあ", "submission_key": key})
    assert first.status_code == 303
    second = sora.post(f"/people/{world.takumi.public_id}/message", {"body": "やあ", "submission_key": key})
    assert second.status_code in {200, 303, 409, 422}, second.status_code


# ── nothing of it ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["jinji", "lead", "mod", "admin", "takumi", "ren"])
def test_private_rooms_are_as_missing_for_whoever_is_not_in_them(
    world, as_, who, group_room, direct_room, plant_room
):
    small = plant_room("small", world.haruka, world.sora, name="ひみつの部屋")
    haruka, other = as_(world.haruka), as_(getattr(world, who))
    for room in (group_room, direct_room, small):
        said = say(haruka, room, "ひみつ")["id"]

        def same(ask, *, said=said, room=room):
            hidden, missing = ask(room.public_id, said), ask(NO_SUCH_ID, NO_SUCH_ID)
            assert (hidden.status_code, hidden.data) == (missing.status_code, missing.data)
            assert hidden.status_code in {200, 404}
            assert room.public_id not in hidden.text.replace(f'{{"{room.public_id}":null}}', "")

        for path in _LOOKING:
            same(
                lambda room_id, message_id, path=path: other.get(
                    path.format(room=room_id, message=message_id)
                )
            )
        for path, payload in _SCRIPTED:
            same(
                lambda room_id, message_id, path=path, payload=payload: send_json(
                    other,
                    path.format(room=room_id, message=message_id),
                    payload | _names(payload, message_id),
                )
            )
        for path, form in _PRESSED:
            same(
                lambda room_id, message_id, path=path, form=form: other.post(path.format(room=room_id), form)
            )


def _names(payload: dict[str, Any], message_id: str) -> dict[str, Any]:
    return {"message": message_id} if "message" in payload else {"key": new_key()} if "key" in payload else {}


_LOOKING = (
    "/rooms/{room}",
    "/rooms/{room}/about",
    "/rooms/{room}/search?q=ひみつ",
    "/rooms/{room}/quiz",
    "/rooms/{room}/edit",
    "/rooms/{room}/people",
    "/hr/rooms/{room}",
    "/reports/new?message={message}",
    "/api/rooms/{room}/events",
    "/api/rooms/{room}/messages",
    "/api/rooms/{room}/messages?before={message}",
    "/api/rooms/{room}/people?q=は",
)
_SCRIPTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/rooms/{room}/messages", {"key": "", "body": "やあ"}),
    ("/api/rooms/{room}/messages/{message}/edit", {"body": "やあ"}),
    ("/api/rooms/{room}/messages/{message}/unsend", {}),
    ("/api/rooms/{room}/messages/{message}/reactions", {"name": "thanks", "on": True}),
    ("/api/rooms/{room}/messages/{message}/saved", {"on": True}),
    ("/api/rooms/{room}/pin", {"message": ""}),
    ("/api/rooms/{room}/read", {"seq": 1}),
)
_PRESSED: tuple[tuple[str, dict[str, Any]], ...] = (
    *((f"/rooms/{{room}}/{act}", {}) for act in ("join", "leave", "accept", "decline", "prompt")),
    ("/rooms/{room}/listing", {"how": "muted"}),
    ("/hr/rooms/{room}/archive", {}),
    ("/hr/rooms/{room}/reopen", {}),
)


def test_what_hidden_people_do_in_a_room_changes_no_byte_and_no_statement(
    world, as_, square_room, deliver, queries
):
    """れん is behind a block, ゆい behind a wall: they write, answer, react, speak to はるか by name, edit, take back."""
    room = square_room
    haruka, sora = as_(world.haruka), as_(world.sora)
    first = say(sora, room, "いち")["id"]
    second = say(sora, room, "に", reply_to=first)["id"]
    looking = [path.format(room=room.public_id, message=first) for path in _LOOKING if "hr/" not in path]
    looking += ["/", "/rooms", "/notices", f"/api/rooms/heads?ids={room.public_id}"]

    def seen(path):
        haruka.get(path)
        with queries() as statements:
            answer = haruka.get(path)
        words = re.sub(r'(csrf_token|submission_key)" (type="hidden" )?value="[^"]*"', "", answer.text)
        return answer.status_code, words, list(statements)

    before = {path: seen(path) for path in looking}
    for client, known in ((as_(world.ren), first), (as_(world.yui), None)):
        said = say(client, room, "いち、はるかさん", mentions=world.haruka.public_id)["id"]
        gone = say(client, room, "いち", reply_to=known or said)["id"]
        send_json(client, f"{room.api}/messages/{said}/edit", {"body": "いちを直しました"})
        send_json(client, f"{room.api}/messages/{gone}/unsend")
        send_json(client, f"{room.api}/messages/{first}/reactions", {"name": "thanks", "on": True})
        send_json(sora, f"{room.api}/messages/{said}/reactions", {"name": "thanks", "on": True})
    deliver()
    assert second
    for path, was in before.items():
        assert seen(path) == was, path
