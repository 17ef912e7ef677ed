"""Drafts on the server: one text on every device of its author, and nobody else's business."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.operations import end_membership
from app.core.text import MAX_BODY_LENGTH
from app.models import Draft
from app.writing.operations import MOST_DRAFTS, forget_draft, save_draft, tidy_drafts
from tests.conftest import NOON
from tests.writing.conftest import send_json

COUNT = select(func.count()).select_from(Draft)


@pytest.fixture
def reply(world):
    """The name of the composer under the world's topic."""
    return f"reply-{world.topic_id}"


def save(client, composer, texts, revision=0):
    """What the composer's script does when somebody pauses."""
    return send_json(client, f"/api/drafts/{composer}", {"texts": texts, "revision": revision})


def drafted(client, composer):
    """What another device of the same person is given."""
    return client.get(f"/api/drafts/{composer}").json


def test_a_draft_waits_on_every_device_of_its_author_and_for_nobody_else(world, as_, reply):
    assert save(as_(world.haruka), reply, {"body": "書きかけ"}).json == {"ok": True, "revision": 1}
    assert drafted(as_(world.haruka), reply) == {"ok": True, "texts": {"body": "書きかけ"}, "revision": 1}
    for other in (world.sora, world.jinji, world.admin):
        assert drafted(as_(other), reply) == {"ok": True, "texts": {}, "revision": 0}


def test_an_older_screen_does_not_overwrite_a_newer_text_and_is_given_it(world, as_, reply):
    phone, desk = as_(world.haruka), as_(world.haruka)
    save(phone, reply, {"body": "はじめ"})
    assert save(desk, reply, {"body": "パソコンで続き"}, 1).json["revision"] == 2
    answer = save(phone, reply, {"body": "スマートフォンで別の続き"}, 1)
    assert answer.status_code == 409
    assert answer.json["texts"] == {"body": "パソコンで続き"}
    assert answer.json["revision"] == 2
    assert save(phone, reply, {"body": "やはりこちら"}, 2).json["revision"] == 3
    assert drafted(desk, reply)["texts"] == {"body": "やはりこちら"}


def test_two_devices_that_begin_at_once_do_not_lose_the_first_text(world, as_, reply):
    save(as_(world.haruka), reply, {"body": "先に届いた"})
    assert save(as_(world.haruka), reply, {"body": "あとから届いた"}).status_code == 409


def test_nothing_but_blanks_is_no_draft(world, as_, reply, rows):
    client = as_(world.haruka)
    save(client, reply, {"body": "あとで消す"})
    assert save(client, reply, {"body": " \n"}, 1).json["revision"] == 0
    assert rows(COUNT) == [0]


def test_what_was_accepted_is_a_draft_no_longer(world, as_, reply, rows):
    client = as_(world.haruka)
    save(client, reply, {"body": "送る文"})
    save(client, "topic-square", {"title": "題", "body": "送る本文"})
    assert client.post(f"/topics/{world.topic_id}/replies", {"body": ""}).status_code == 422
    assert rows(COUNT) == [2], "refused: still a draft"
    assert client.post(f"/topics/{world.topic_id}/replies", {"body": "送る文"}).status_code == 303
    assert client.post("/boards/square/new", {"title": "題", "body": "送る本文"}).status_code == 303
    assert rows(COUNT) == [0]


def test_a_draft_can_be_thrown_away_twice(world, as_, reply):
    client = as_(world.haruka)
    save(client, reply, {"body": "いらない"})
    save(as_(world.sora), reply, {"body": "そらの下書き"})
    for _turn in range(2):
        answer = send_json(client, f"/api/drafts/{reply}/delete", {})
        assert answer.json == {"ok": True}
    assert drafted(client, reply)["revision"] == 0
    assert drafted(as_(world.sora), reply)["texts"] == {"body": "そらの下書き"}


def test_a_draft_of_something_one_may_not_see_answers_as_one_of_nothing(world, as_):
    """It tells its author what they typed and nothing else."""
    client = as_(world.yui)
    for topic_id in (world.topic_id, "aaaaaaaaaaaaa"):
        assert drafted(client, f"reply-{topic_id}") == {"ok": True, "texts": {}, "revision": 0}
        assert save(client, f"reply-{topic_id}", {"body": "x"}).json == {"ok": True, "revision": 1}


@pytest.mark.parametrize("composer", ["password-x", "reply-", "reply-../../x", "topic-" + "a" * 60, "reply"])
def test_a_name_no_composer_has_is_not_found(world, as_, composer):
    client = as_(world.haruka)
    assert client.get(f"/api/drafts/{composer}").status_code == 404
    assert save(client, composer, {"body": "x"}).status_code == 404


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {"texts": {"body": "x"}},
        {"texts": {"password": "x"}, "revision": 0},
        {"texts": {"title": "a reply has none"}, "revision": 0},
        {"texts": {"body": 1}, "revision": 0},
        {"texts": {"body": "x"}, "revision": True},
        {"texts": {"body": "x"}, "revision": -1},
        {"texts": {"body": "x"}, "revision": 2**31},
        {"texts": {"body": "x" * (MAX_BODY_LENGTH * 4 + 1)}, "revision": 0},
        {"texts": "body", "revision": 0},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(world, as_, reply, rows, payload):
    client = as_(world.haruka)
    answer = send_json(client, f"/api/drafts/{reply}", payload)
    assert answer.status_code == 422
    assert answer.json["code"] == "invalid"
    assert rows(COUNT) == [0]


def test_fifty_drafts_of_a_person_are_kept_and_the_oldest_makes_room(world, acting, rows, held_clock):
    for number in range(MOST_DRAFTS + 2):
        with held_clock(NOON + timedelta(days=number // 10)):
            acting(world.haruka, save_draft, f"topic-{number}", texts={"body": "x"}, revision=0)
    acting(world.sora, save_draft, "topic-0", texts={"body": "x"}, revision=0)
    kept = rows(select(Draft.composer).where(Draft.member_id == world.haruka.id))
    assert len(kept) == MOST_DRAFTS
    assert "topic-51" in kept
    assert rows(select(Draft.composer).where(Draft.member_id == world.sora.id)) == ["topic-0"]


def test_a_draft_nobody_sent_is_deleted_after_two_weeks(app, world, acting, rows, held_clock):
    with held_clock(NOON):
        acting(world.haruka, save_draft, "topic-square", texts={"body": "x"}, revision=0)
    for days, left in ((14, 1), (15, 0)):
        with held_clock(NOON + timedelta(days=days)), app.app_context():
            tidy_drafts()
        assert rows(COUNT) == [left], f"after {days} days"


def test_what_somebody_began_goes_with_them(world, acting, deliver, rows):
    acting(world.haruka, save_draft, "topic-square", texts={"body": "x"}, revision=0)
    acting(world.sora, save_draft, "topic-square", texts={"body": "y"}, revision=0)
    acting(world.haruka, end_membership, keeps_name=True)
    deliver()
    assert rows(select(Draft.member_id)) == [world.sora.id]


def test_sending_without_a_draft_writes_nothing_about_drafts(world, acting, queries):
    with queries() as seen:
        acting(world.haruka, forget_draft, "topic-square")
    assert not [statement for statement in seen if "DELETE" in statement]


def test_saving_again_and_again_is_slowed_down_with_a_sentence(world, as_, reply):
    client = as_(world.haruka)
    revision = 0
    for _turn in range(60):
        revision = save(client, reply, {"body": f"{revision}"}, revision).json["revision"]
    answer = save(client, reply, {"body": "まだ"}, revision)
    assert answer.status_code == 429
    assert "画面に残っています" in answer.json["message"]
