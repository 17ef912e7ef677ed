"""What somebody tried with devices and pushes in order to break or to flood what others depend on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.announcements.cards import Manuscript
from app.announcements.events import AcknowledgementReminded
from app.announcements.operations import save_announcement, send_announcement
from app.core.db import session
from app.core.events import OutboxRow, drain
from app.core.operation import announce, unit_of_work
from app.invitations.cards import Invitee
from app.invitations.operations import accept_invitation, invite_person, send_invitations
from app.models import AnnouncementRecipient, Notice, PushSubscription
from app.notifications.listeners import MOST_TEST_TRIES, MOST_TRIES
from app.policy import NOBODY
from tests.notifications.conftest import MONDAY_NIGHT, MONDAY_NOON, TUESDAY_EIGHT
from tests.notifications.test_push import send_json


@pytest.mark.parametrize(
    "host", [".notify.windows.com", "a" * 64 + ".push.apple.com", "a..notify.windows.com"]
)
def test_a_host_that_is_no_name_is_forgotten_and_never_tried_again(
    world, at, as_, says, browser, deliver, rows, host
):
    """Else each notice would leave a delivery that fails for ever."""
    made = browser("odd")
    sora = as_(world.sora)
    answer = send_json(sora, "/api/push/subscribe", endpoint=f"https://{host}/x", **made.keys)
    with at(MONDAY_NOON):
        says(world.haruka)
    for hours in range(1, 4):
        with at(MONDAY_NOON + timedelta(hours=hours)):
            deliver()
    assert answer.status_code in {200, 422}
    assert rows(select(OutboxRow.fact).where(OutboxRow.fact == "PushDue")) == []
    assert rows(select(PushSubscription.id)) == []


def test_a_push_service_that_is_gone_for_good_is_given_up(
    world, at, as_, says, takes_pushes, push_service, deliver, rows
):
    """After about a day, when the service itself would have dropped it; a test push after minutes."""
    takes_pushes(world.sora)
    push_service.answers = [503] * 100
    with at(MONDAY_NOON):
        says(world.haruka)
        send_json(as_(world.sora), "/me/notices/test")
        assert as_(world.sora).post("/me/notices/test").status_code == 303
        deliver()
    tests, hour = [], 0
    for hour in range(1, 80):
        with at(MONDAY_NOON + timedelta(minutes=20 * hour)):
            deliver()
            tests.append(len(rows(select(OutboxRow.id).where(OutboxRow.fact == "TestPushAsked"))))
    assert tests[-1] == 0
    assert 100 - len(push_service.answers) <= MOST_TRIES + MOST_TEST_TRIES


@pytest.mark.parametrize("half", ["\ud800", "\0"])
@pytest.mark.parametrize("field", ["endpoint", "replaces", "auth", "p256dh"])
def test_text_that_no_database_takes_is_refused(world, as_, browser, field, half):
    """JSON can say half of a surrogate pair and NUL: that is no address, neither to begin nor to end with."""
    sora, made = as_(world.sora), browser("one")
    content = {"endpoint": made.endpoint, **made.keys, field: f"https://fcm.googleapis.com/{half}"}
    for path, sent in (("subscribe", content), ("unsubscribe", {"endpoint": half})):
        answer = sora.http.post(
            f"/api/push/{path}",
            data=json.dumps(sent),
            content_type="application/json",
            headers={"Origin": "http://localhost", "X-CSRF-Token": sora.csrf()},
        )
        assert answer.status_code in {400, 422}


def test_pushes_take_json_from_our_own_pages_only(world, as_, browser, rows):
    """Neither a form of another site, nor a plain text that looks like JSON, nor a key more."""
    sora, made = as_(world.sora), browser("one")
    content = {"endpoint": made.endpoint, **made.keys}
    token = {"X-CSRF-Token": sora.csrf()}
    ours = {"Origin": "http://localhost", **token}
    for headers, sent in (
        ({"Origin": "https://evil.example"} | token, {"json": content}),
        ({"Origin": "null"} | token, {"json": content}),
        ({"Sec-Fetch-Site": "cross-site"} | token, {"json": content}),
        ({"Origin": "http://localhost"}, {"json": content}),
        (ours, {"data": json.dumps(content), "content_type": "text/plain"}),
        (ours, {"data": content}),
        (ours, {"json": {**content, "member_id": world.haruka.id}}),
        (ours, {"json": [content]}),
    ):
        answer = sora.http.post("/api/push/subscribe", headers=headers, **sent)
        assert answer.status_code in {400, 403, 415, 422}, (headers, answer.status_code)
    assert rows(select(PushSubscription.id)) == []


def test_whoever_joins_before_the_letter_left_is_told_as_a_member(
    world, app, at, acting, minute, letters, rows
):
    """An announcement of the evening, joined at night: one letter in the morning, about that announcement alone."""
    invitation = acting(
        world.jinji, invite_person, Invitee("aoi@univ.example.jp", "髙橋 葵", cohort=world.april.public_id)
    )
    with at(MONDAY_NOON):
        acting(world.jinji, send_invitations, [invitation])
        minute()
    secret = letters()[0].text.split("/invitations/")[1][:26]
    with at(MONDAY_NIGHT):
        made = Manuscript(title="持ち物", body="筆記用具", audience=("candidates",), reaches_invited=True)
        key = acting(world.jinji, save_announcement, made)
        acting(world.jinji, send_announcement, key, revision=1)
        minute()
        with app.app_context():
            member_id = accept_invitation(
                NOBODY,
                secret,
                display_name="あおい",
                bud=1,
                pace="few",
                rules_version=1,
                language="ja",
                password_hash=None,
            )
        minute()
        assert rows(select(Notice.kind).where(Notice.member_id == member_id)) == ["announcement"]
    with at(TUESDAY_EIGHT):
        minute()
        minute()
        theirs = [one for one in letters() if "aoi@" in one.to and "持ち物" in one.text]
        assert len(theirs) == 1
        others = [one for one in letters() if world.sora.mail in one.to]
        assert len(others) == 1


def test_a_reminder_of_an_emergency_is_no_emergency(
    world, app, at, announced, minute, letters, takes_pushes, push_service
):
    """It was asked for by day and got stuck: neither letter nor push leaves at night."""
    takes_pushes(world.ren)
    with at(MONDAY_NOON):
        key = announced(
            [world.sora, world.ren], asks_acknowledgement=True, emergency_reason="台風", is_procedure=True
        )
        minute()
    before = len(letters()), len(push_service.taken)
    with at(MONDAY_NIGHT - timedelta(hours=2, minutes=1)):  # 19:59
        push_service.answers = [503]
        _remind(app, key)
    with at(MONDAY_NIGHT):
        minute()
        minute()
        assert (len(letters()), len(push_service.taken)) == before
    with at(TUESDAY_EIGHT):
        minute()
        minute()
        assert len(letters()) == before[0] + 2
        assert len(push_service.taken) == before[1] + 1


def test_whoever_acknowledged_meanwhile_gets_no_reminder(world, app, at, announced, minute, letters, write):
    """Between the asking and the letter lies half an hour, or a night."""
    with at(MONDAY_NOON):
        key = announced([world.sora, world.ren], asks_acknowledgement=True)
        minute()
        before = len(letters())
        _remind(app, key)
        minute()
        assert len(letters()) == before  # half an hour after the last one
        write(
            lambda: session.execute(
                update(AnnouncementRecipient)
                .where(AnnouncementRecipient.member_id == world.sora.id)
                .values(is_acknowledged=True)
            )
        )
    with at(MONDAY_NOON + timedelta(hours=1)):
        minute()
        minute()
    assert [one.to for one in letters()[: len(letters()) - before]] == [f"れん <{world.ren.mail}>"]


def _remind(app, key):
    with app.app_context(), unit_of_work():
        announce(AcknowledgementReminded(announcement_id=key, number=1))
    with app.app_context():
        drain()
