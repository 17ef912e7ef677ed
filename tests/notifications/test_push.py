"""Pushes: encrypted, without a word of what was written, only where and when somebody may and wishes to be reached."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.operations import end_every_session
from app.boards.operations import hide_post
from app.core.db import session
from app.core.events import waiting
from app.models import Level, Member, MemberSession, Notice, PushSubscription
from app.people.operations import block_person
from tests.conftest import NO_SUCH_ID
from tests.notifications.conftest import MONDAY_NIGHT, MONDAY_NOON, TUESDAY_EIGHT


def send_json(client, path, **content):
    """What push.js does."""
    headers = {"Origin": "http://localhost", "X-CSRF-Token": client.csrf()}
    return client.http.post(path, json=content, headers=headers)


def test_a_push_says_the_kind_and_nothing_that_was_written(
    world, at, as_, says, takes_pushes, push_service, rows
):
    device = takes_pushes(world.takumi)
    with at(MONDAY_NOON):
        says(world.haruka, "@たくみ さん、ひみつです")
    ((path, headers, body),) = push_service.taken
    assert path == "/push/one"
    assert headers["Content-Encoding"] == "aes128gcm"
    assert "ひみつ".encode() not in body
    words = device.read(body)
    key = rows(select(Notice.public_id).where(Notice.member_id == world.takumi.id))[0]
    assert words == {
        "title": "つぼみ",
        "body": "お名前の書かれた投稿があります",
        "url": f"/notices/{key}",
        "tag": "mention",
    }


def test_a_push_takes_the_place_of_mail_until_the_device_is_gone(
    world, at, says, takes_pushes, push_service, minute, letters
):
    """A device its service no longer knows is forgotten, and what it was to say goes by mail."""
    takes_pushes(world.sora)
    with at(MONDAY_NOON):
        says(world.haruka)
        minute()
        assert len(push_service.taken) == 1
        assert letters() == []
        push_service.answers = [410]
        says(world.takumi)
        minute()
        minute()
        assert [letter.to for letter in letters() if world.sora.mail in letter.to]
    with at(MONDAY_NOON + timedelta(hours=1)):
        says(world.naomi)
        minute()
    assert len(push_service.taken) == 1
    assert len([letter for letter in letters() if world.sora.mail in letter.to]) == 2


def test_a_push_service_that_fails_for_an_hour_loses_nothing(
    world, app, at, says, takes_pushes, push_service, deliver
):
    takes_pushes(world.sora)
    push_service.answers = [503] * 8
    with at(MONDAY_NOON):
        says(world.haruka)
    for minutes in range(1, 180, 3):
        with at(MONDAY_NOON + timedelta(minutes=minutes)):
            deliver()
    assert len(push_service.taken) == 1
    with app.app_context():
        assert waiting() == 0


def test_no_push_in_quiet_hours_and_a_few_in_the_morning(
    world, at, hears, says, announced, takes_pushes, push_service, minute
):
    device = takes_pushes(world.sora)
    with at(MONDAY_NIGHT):
        for _ in range(5):
            says(world.haruka)
        minute()
        assert push_service.taken == []
        announced([world.sora], emergency_reason="台風")
        minute()
        ((_path, _headers, body),) = push_service.taken
        assert device.read(body)["body"] == "人事からお知らせがあります"
    with at(TUESDAY_EIGHT - timedelta(seconds=1)):
        minute()
        assert len(push_service.taken) == 1
    with at(TUESDAY_EIGHT):
        minute()
        minute()
    assert len(push_service.taken) == 1 + 3


def test_quiet_hours_that_begin_before_a_retry_hold_it_back(
    world, at, says, takes_pushes, push_service, minute
):
    takes_pushes(world.sora)
    push_service.answers = [503]
    with at(MONDAY_NOON):
        says(world.haruka)
    with at(MONDAY_NIGHT):
        minute()
        minute()
        assert push_service.taken == []
    with at(TUESDAY_EIGHT):
        minute()
    assert len(push_service.taken) == 1


def block(world, acting, **_):
    acting(world.takumi, block_person, world.haruka.public_id)


def hide(world, acting, post_id, **_):
    acting(world.mod, hide_post, post_id, reason="理由")


def mute(world, hears, **_):
    hears(world.takumi, Level.MUTED)


def suspend(world, write, **_):
    write(
        lambda: session.execute(
            update(Member)
            .where(Member.id == world.takumi.id)
            .values(suspended_at=MONDAY_NOON, version=Member.version + 1)
        )
    )


@pytest.mark.parametrize("change", [block, hide, mute, suspend])
def test_permission_is_asked_again_when_it_is_sent(
    change, world, at, acting, write, hears, says, takes_pushes, push_service, deliver
):
    """Between the post and a push service that answers again."""
    takes_pushes(world.takumi)
    push_service.answers = [503]
    with at(MONDAY_NOON):
        post_id = says(world.haruka, "@たくみ さん")
        change(world=world, acting=acting, write=write, hears=hears, post_id=post_id)
    with at(MONDAY_NOON + timedelta(minutes=5)):
        deliver()
    assert push_service.taken == []


def test_devices_are_ones_own(world, as_, takes_pushes, rows):
    takes_pushes(world.haruka)
    page = as_(world.haruka).page("/me/notices")
    assert "iPhone・Safari" in page
    key = rows(select(PushSubscription.public_id))[0]
    stranger = as_(world.sora)
    assert "iPhone・Safari" not in stranger.page("/me/notices")
    for device in (key, NO_SUCH_ID):
        assert stranger.post(f"/me/notices/devices/{device}/remove").status_code == 404
    endpoint = rows(select(PushSubscription.endpoint))[0]
    assert send_json(stranger, "/api/push/unsubscribe", endpoint=endpoint).json == {"ok": True}
    assert len(rows(select(PushSubscription))) == 1
    assert as_(world.haruka).post(f"/me/notices/devices/{key}/remove").status_code == 303
    assert rows(select(PushSubscription)) == []


def test_a_browser_that_changes_hands_pushes_to_the_one_who_uses_it(world, at, says, takes_pushes, rows):
    takes_pushes(world.haruka)
    takes_pushes(world.sora)
    assert rows(select(PushSubscription.member_id)) == [world.sora.id]


def test_a_browser_with_a_new_address_replaces_its_old_one(world, as_, takes_pushes, browser, rows):
    old, new = takes_pushes(world.haruka), browser("two")
    client = as_(world.haruka)
    answer = send_json(
        client, "/api/push/subscribe", endpoint=new.endpoint, replaces=old.endpoint, **new.keys
    )
    assert answer.status_code == 200
    assert rows(select(PushSubscription.endpoint)) == [new.endpoint]
    foreign = browser("three")
    send_json(
        as_(world.sora),
        "/api/push/subscribe",
        endpoint=foreign.endpoint,
        replaces=new.endpoint,
        **foreign.keys,
    )
    assert len(rows(select(PushSubscription))) == 2, "nobody replaces another's"


def test_what_is_no_browsers_subscription_is_refused(world, as_, anyone, browser, rows):
    client, made = as_(world.haruka), browser("one")
    good = {"endpoint": made.endpoint, **made.keys}
    for wrong in (
        {"endpoint": "https://example.com/push"},
        {"endpoint": "http://169.254.169.254/latest"},
        {"endpoint": "javascript:alert(1)"},
        {"p256dh": "AAAA"},
        {"auth": "!"},
        {"auth": ""},
        {"more": "x"},
    ):
        answer = send_json(client, "/api/push/subscribe", **{**good, **wrong})
        assert (answer.status_code, answer.json["ok"]) == (422, False), wrong
    headers = {"Origin": "http://localhost", "X-CSRF-Token": client.csrf()}
    for body in ("[", "[]", '"x"', "{}"):
        answer = client.http.post(
            "/api/push/subscribe", data=body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 422, body
    assert send_json(anyone(), "/api/push/subscribe", **good).status_code == 401
    assert rows(select(PushSubscription)) == []
    for number in range(10):
        each = browser(str(number))
        assert (
            send_json(client, "/api/push/subscribe", endpoint=each.endpoint, **each.keys).status_code == 200
        )
    assert send_json(client, "/api/push/subscribe", **good).status_code == 422


def test_a_test_push_goes_to_ones_own_devices_at_any_hour(
    world, at, as_, takes_pushes, push_service, deliver
):
    device = takes_pushes(world.haruka)
    takes_pushes(world.sora, "two")
    with at(MONDAY_NIGHT):
        assert as_(world.haruka).post("/me/notices/test").status_code == 303
        deliver()
    ((_path, _headers, body),) = push_service.taken
    assert device.read(body)["url"] == "/me/notices"


def test_whoever_signs_out_everywhere_gets_no_pushes(world, acting, as_, takes_pushes, deliver, rows):
    takes_pushes(world.haruka)
    takes_pushes(world.sora, "two")
    acting(world.haruka, end_every_session)
    deliver()
    assert rows(select(PushSubscription.member_id)) == [world.sora.id]
    assert rows(select(MemberSession).where(MemberSession.member_id == world.sora.id)) != []


def test_an_open_page_is_told_that_there_is_something_new(world, app, says, monkeypatch):
    from app.core import bus

    sent = []
    monkeypatch.setitem(bus._subscribers, "sockets:push", [sent.append])
    says(world.haruka, "@たくみ さん")
    members = sorted((world.sora.id, world.takumi.id))
    assert sent == [{"members": members, "event": "notice:new", "payload": {}}]
