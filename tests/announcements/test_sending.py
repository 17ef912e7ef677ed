"""From the form to the reader: writing, checking, sending, scheduling, taking back."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select, update

from app.announcements.operations import (
    _send_scheduled,
    cancel_announcement,
    schedule_announcement,
    send_announcement,
    send_due,
)
from app.core import clock
from app.core.db import session
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Community,
    ContactSpent,
    Member,
)
from tests.announcements.conftest import FORM, MONDAY_NOON, without_token
from tests.conftest import NO_SUCH_ID

pytestmark = pytest.mark.usefixtures("at_noon")


def test_hr_writes_checks_and_sends_and_candidates_read_their_own_words(world, as_, written, revision_of):
    """Nobody but HR sees the draft; once sent, each reader's name stands in the text."""
    key = written()
    haruka = as_(world.haruka)
    assert haruka.get(f"/announcements/{key}").status_code == 404
    hr = as_(world.jinji)
    assert "健康診断のご案内" in hr.page("/hr/announcements")
    checked = hr.page(f"/hr/announcements/{key}/check")
    assert "内定者全員" in checked
    assert "4名にいま送信する" in checked
    assert "通知（メール・プッシュ）も、送信と同時に届きます" in checked
    answer = hr.post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
    assert answer.status_code == 303
    assert "はるかさん、日程をお知らせします。" in haruka.page(f"/announcements/{key}")
    assert "そらさん、日程をお知らせします。" in as_(world.sora).page(f"/announcements/{key}")
    assert "健康診断のご案内" in haruka.page("/announcements")
    assert "健康診断のご案内" not in as_(world.takumi).page("/announcements")
    assert as_(world.takumi).get(f"/announcements/{key}").status_code == 404
    assert "送信済み" in hr.page("/hr/announcements?state=sent")
    assert "メンバー" in hr.page(f"/hr/announcements/{key}")


def test_for_everybody_but_hr_the_office_pages_are_missing(world, as_, written):
    """The same answer as for an address that never was, whatever is sent to it."""
    key = written()
    for person in (world.haruka, world.takumi, world.mod, world.desk, world.admin):
        client = as_(person)
        missing = without_token(client.get(f"/announcements/{NO_SUCH_ID}"))
        for path in (
            "/hr/announcements",
            "/hr/announcements/new",
            "/hr/announcements/templates",
            f"/hr/announcements/{key}",
            f"/hr/announcements/{key}/check",
            f"/hr/announcements/{key}/preview",
        ):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert without_token(answer) == missing, path
        for act in (
            "send", "emergency", "schedule", "cancel", "discard", "copy", "test", "remind", "template",
        ):  # fmt: skip
            assert client.post(f"/hr/announcements/{key}/{act}", {"revision": 1}).status_code == 404, act
        assert client.post("/hr/announcements/new", {"nonsense": "1"}).status_code == 404
        assert client.post(f"/hr/announcements/templates/{NO_SUCH_ID}/delete").status_code == 404


def test_an_audience_is_the_union_of_its_sets_and_names_each_person_once(world, sent, rows):
    """A cohort and a group of it; suspended and former members are left out."""
    key = sent(audience=[f"cohort:{world.april.public_id}", f"group:{world.group_id}", "hr"])
    found = rows(
        select(AnnouncementRecipient.member_id).join(Announcement).where(Announcement.public_id == key)
    )
    people = [world.haruka, world.sora, world.ren, world.jinji, world.lead]
    assert sorted(found) == sorted(person.id for person in people)


def test_whoever_is_suspended_or_gone_receives_nothing(world, sent, write, rows):
    """Neither of them is told, and neither is counted."""
    write(
        lambda: session.execute(
            update(Member).where(Member.id == world.ren.id).values(suspended_at=clock.now())
        )
    )
    write(
        lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(ended_at=clock.now()))
    )
    sent(audience=["candidates"])
    assert set(rows(select(AnnouncementRecipient.member_id))) == {world.haruka.id, world.yui.id}


def test_an_audience_of_nobody_is_refused_at_every_door(world, as_, written, revision_of, write, acting):
    """The check page says so and offers no button; sending and scheduling are refused as well."""
    for audience in ([], ["moderators"]):
        key = written(audience=audience)
        write(
            lambda: session.execute(
                update(Member).where(Member.id == world.mod.id).values(suspended_at=clock.now())
            )
        )
        hr = as_(world.jinji)
        shown = hr.page(f"/hr/announcements/{key}/check")
        assert "届ける相手が1人もいません" in shown
        assert "いま送信する" not in shown
        answer = hr.post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
        assert answer.status_code == 422
        assert "届ける相手が1人もいません" in answer.text
        later = {"revision": revision_of(key), "at": "2026-10-06T09:00"}
        assert hr.post(f"/hr/announcements/{key}/schedule", later).status_code == 422


def test_a_small_audience_is_allowed_with_a_word_of_warning(world, as_, written):
    """One to four people is close to writing to one of them."""
    few = written(audience=[f"group:{world.group_id}"])
    assert "対象は2名です" in as_(world.jinji).page(f"/hr/announcements/{few}/check")
    more = written(audience=["candidates", "hr"])
    assert "名指し" not in as_(world.jinji).page(f"/hr/announcements/{more}/check")


def test_without_a_text_or_with_a_changed_one_nothing_is_sent(world, as_, written, revision_of, rows):
    """An empty body stands on the check page; what changed after the check has to be checked again."""
    empty = written(body="")
    hr = as_(world.jinji)
    assert "タイトルと本文を書いてください" in hr.page(f"/hr/announcements/{empty}/check")
    assert hr.post(f"/hr/announcements/{empty}/send", {"revision": revision_of(empty)}).status_code == 422
    key = written()
    seen = revision_of(key)
    again = {"title": "別の題", "body": "別の文", "kind": "news", "audience": ["hr"], "revision": seen}
    assert hr.post(f"/hr/announcements/{key}", again).status_code == 303
    answer = hr.post(f"/hr/announcements/{key}/send", {"revision": seen})
    assert answer.status_code == 409
    assert "内容が変わりました" in answer.text
    assert "別の題" in answer.text, "checked again, on the same page"
    assert rows(select(func.count()).select_from(AnnouncementRecipient)) == [0]


def test_two_tabs_do_not_overwrite_each_other(world, as_, written, rows):
    """The second saving is refused with the text kept; pressing again is a choice."""
    key = written()
    hr = as_(world.jinji)
    fields = {"title": "一", "body": "文", "kind": "news", "audience": ["candidates"], "revision": 1}
    assert hr.post(f"/hr/announcements/{key}", fields).status_code == 303
    answer = hr.post(f"/hr/announcements/{key}", {**fields, "title": "二つめの窓"})
    assert answer.status_code == 422
    assert "先に保存しました" in answer.text
    assert "二つめの窓" in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert (
        hr.post(f"/hr/announcements/{key}", {**fields, "title": "二つめの窓", "revision": 2}).status_code
        == 303
    )
    assert rows(select(Announcement.title)) == ["二つめの窓"]


def test_what_was_sent_cannot_be_changed_but_copied(world, as_, sent, rows):
    """The form is gone, a post to it is refused with a sentence; the copy is a draft without dates."""
    key = sent(asks_acknowledgement="y", names_from="2026-10-12")
    hr = as_(world.jinji)
    fields = {"title": "別", "body": "文", "kind": "news", "audience": ["candidates"], "revision": 1}
    assert hr.post(f"/hr/announcements/{key}", fields).status_code == 403
    for page in ("check", "preview"):
        answer = hr.get(f"/hr/announcements/{key}/{page}")
        assert answer.location == f"/hr/announcements/{key}", "a tab left open leads to what became of it"
    answer = hr.post(f"/hr/announcements/{key}/copy")
    assert answer.status_code == 303
    assert answer.location.split("/")[-1] != key
    copy = rows(select(Announcement).where(Announcement.public_id == answer.location.split("/")[-1]))[0]
    assert (copy.state, copy.title, copy.names_from) == ("draft", "健康診断のご案内", None)


# ── scheduling ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_scheduled_one_leaves_at_its_minute_on_the_companys_clock(
    world, as_, written, revision_of, minute, held_clock, app, rows
):
    """9:00 in Tokyo is midnight in UTC; a minute before, nobody sees it."""
    key = written()
    hr = as_(world.jinji)
    shown = hr.page(f"/hr/announcements/{key}/check?at=2026-10-06T09:00")
    assert "日本時間" in shown
    assert "10月6日（火） 9:00に予約する" in shown
    answer = hr.post(
        f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": "2026-10-06T09:00"}
    )
    assert answer.status_code == 303
    assert rows(select(Announcement.scheduled_at)) == [datetime(2026, 10, 6, 0, 0, tzinfo=UTC)]
    with held_clock(datetime(2026, 10, 5, 23, 59, tzinfo=UTC)):
        minute()
        assert as_(world.haruka).get(f"/announcements/{key}").status_code == 404
    with held_clock(datetime(2026, 10, 6, 0, 0, tzinfo=UTC)):
        minute()
        assert as_(world.haruka).get(f"/announcements/{key}").status_code == 200


@pytest.mark.parametrize(
    "at", ["2026-10-05T11:59", "2020-01-01T00:00", "2030-01-01T09:00", "明日", "2026-02-30T09:00"]
)
def test_a_moment_in_the_past_too_far_off_or_none_at_all_is_refused(
    world, as_, written, revision_of, rows, at
):
    """On the page that asks and by the door that schedules; the draft stays a draft."""
    key = written()
    hr = as_(world.jinji)
    assert 'aria-invalid="true"' in hr.page(f"/hr/announcements/{key}/check?at={at}")
    answer = hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": at})
    assert answer.status_code == 422
    assert rows(select(Announcement.state)) == ["draft"]


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("2026-10-05T21:30", "通知オフの時間帯のため、10月6日（火） 8:00に届きます"),
        ("2026-10-06T07:59", "通知オフの時間帯のため、10月6日（火） 8:00に届きます"),
        (
            "2026-10-10T12:00",
            "10月10日（土）は休業日のため、通知（メール・プッシュ）は10月13日（火） 8:00に届きます",
        ),
        (
            "2026-12-31T12:00",
            "12月31日（木）は休業日のため、通知（メール・プッシュ）は2027年1月4日（月） 8:00に届きます",
        ),
    ],
)
def test_the_check_page_says_when_it_arrives(world, as_, written, at, sentence):
    """Quiet hours, a long weekend with 体育の日, 31 December."""
    assert sentence in as_(world.jinji).page(f"/hr/announcements/{written()}/check?at={at}")


def test_the_year_end_can_be_scheduled_for_and_the_next_business_morning_is_suggested(
    world, as_, written, held_clock, rows, revision_of
):
    """Asked on the evening of 30 December, the suggestion is 4 January."""
    key = written()
    with held_clock(datetime(2026, 12, 30, 10, 0, tzinfo=UTC)):
        hr = as_(world.jinji)
        assert "at=2027-01-04T09:00" in hr.page(f"/hr/announcements/{key}/check").replace("%3A", ":")
        fields = {"revision": revision_of(key), "at": "2026-12-31T23:59"}
        assert hr.post(f"/hr/announcements/{key}/schedule", fields).status_code == 303
    assert rows(select(Announcement.scheduled_at)) == [datetime(2026, 12, 31, 14, 59, tzinfo=UTC)]


def test_an_hour_that_summer_time_leaves_out_is_refused(world, as_, written, revision_of):
    """In a company in Berlin the clock goes from 2:00 to 3:00 on 28 March 2027."""
    from app.core.i18n import set_time_zone

    key = written()
    hr = as_(world.jinji)
    set_time_zone("Europe/Berlin")
    try:
        fields = {"revision": revision_of(key), "at": "2027-03-28T02:30"}
        answer = hr.post(f"/hr/announcements/{key}/schedule", fields)
        assert answer.status_code == 422
        assert "この時刻はありません" in answer.text
        fields["at"] = "2027-03-28T03:30"
        assert hr.post(f"/hr/announcements/{key}/schedule", fields).status_code == 303
    finally:
        set_time_zone("Asia/Tokyo")


def test_changing_a_scheduled_one_takes_it_off_the_schedule(
    world, as_, written, revision_of, minute, held_clock, rows
):
    """What was not checked does not leave by itself."""
    key = written()
    hr = as_(world.jinji)
    hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": "2026-10-06T09:00"})
    assert "予約はいったん外れます" in hr.page(f"/hr/announcements/{key}")
    fields = {
        "title": "題",
        "body": "文",
        "kind": "news",
        "audience": ["candidates"],
        "revision": revision_of(key),
    }
    assert hr.post(f"/hr/announcements/{key}", fields).status_code == 303
    with held_clock(MONDAY_NOON + timedelta(days=2)):
        minute()
    assert rows(select(Announcement.state)) == ["draft"]


def test_a_scheduled_one_without_anybody_left_is_a_draft_again(
    world, as_, written, revision_of, minute, held_clock, write
):
    """The list says why."""
    key = written(audience=["desk"])
    hr = as_(world.jinji)
    hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": "2026-10-06T09:00"})
    write(
        lambda: session.execute(update(Member).where(Member.id == world.desk.id).values(ended_at=clock.now()))
    )
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
        minute()
        assert "届ける相手がいなかったため、下書きに戻しました" in as_(world.jinji).page("/hr/announcements")


def test_two_processes_send_a_due_one_once(app, world, acting, written, revision_of, rows, held_clock):
    """Both find it due at the same moment; one of them sends."""
    key = written()
    acting(
        world.jinji, schedule_announcement, key, MONDAY_NOON + timedelta(minutes=1), revision=revision_of(key)
    )
    announcement_id = rows(select(Announcement.id))[0]
    done: list[bool] = []
    start = threading.Barrier(3)

    def send() -> None:
        with clock.hold(MONDAY_NOON + timedelta(minutes=2)), app.app_context():
            start.wait()
            done.append(_send_scheduled(announcement_id))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, True]
    assert len(rows(select(AnnouncementRecipient.id))) == 4


# ── taking back ──────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_taken_back_vanishes_for_recipients_and_stays_in_hrs_list(world, as_, sent, asking):
    """Its page answers like one that never was; acknowledging it too. HR reads what happened, twice is harmless."""
    key = sent(**asking)
    haruka, hr = as_(world.haruka), as_(world.jinji)
    assert haruka.get(f"/announcements/{key}").status_code == 200
    assert hr.post(f"/hr/announcements/{key}/cancel").status_code == 303
    assert hr.post(f"/hr/announcements/{key}/cancel").status_code == 303
    gone = haruka.get(f"/announcements/{key}")
    assert gone.status_code == 404
    assert without_token(gone) == without_token(haruka.get(f"/announcements/{NO_SUCH_ID}"))
    assert "健康診断のご案内" not in haruka.page("/announcements")
    assert haruka.post(f"/announcements/{key}/acknowledge").status_code == 404
    assert "すでに届いたメールは取り消せません" in hr.page(f"/hr/announcements/{key}")
    assert "健康診断のご案内" in hr.page("/hr/announcements?state=cancelled")


def test_a_scheduled_one_that_is_taken_back_never_leaves(
    world, as_, written, revision_of, minute, held_clock, rows
):
    """A draft cannot be taken back, but deleted."""
    key = written()
    hr = as_(world.jinji)
    assert hr.post(f"/hr/announcements/{key}/cancel").status_code == 409
    hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": "2026-10-06T09:00"})
    assert hr.post(f"/hr/announcements/{key}/discard").status_code == 409
    hr.post(f"/hr/announcements/{key}/cancel")
    with held_clock(MONDAY_NOON + timedelta(days=2)):
        minute()
    assert rows(select(Announcement.state)) == ["draft"]
    assert rows(select(AnnouncementRecipient.id)) == []
    draft = written()
    assert hr.post(f"/hr/announcements/{draft}/discard").status_code == 303
    assert hr.get(f"/hr/announcements/{draft}").status_code == 404


def test_a_booking_that_is_taken_back_is_a_draft_with_its_moment_and_files(
    world, as_, written, revision_of, minute, held_clock, rows
):
    """HR changes it and books it again, at the same moment or another; the list never says that it was missed."""
    hr = as_(world.jinji)
    at = {"at": "2026-10-06T09:00"}
    key = written(attachments=[(BytesIO(b"%PDF-1.4\n%%EOF\n"), "goannai.pdf")])
    hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), **at})
    assert hr.post(f"/hr/announcements/{key}/cancel").status_code == 303
    page = hr.page(f"/hr/announcements/{key}")
    assert "10月6日（火） 9:00の予約は取り消されています" in page
    assert "goannai.pdf" in page
    assert hr.post(f"/hr/announcements/{key}/cancel").status_code == 303, "twice is harmless"
    assert "10月6日（火） 9:00に予約する" in hr.page(f"/hr/announcements/{key}/check")
    assert "名にいま送信する" in hr.page(f"/hr/announcements/{key}/check?at=now")
    files = re.findall(r'name="files" value="([a-z2-7]{13})" checked', page)
    fields = {**FORM, "title": "直した題", "files": files, "revision": revision_of(key)}
    assert hr.post(f"/hr/announcements/{key}", fields).status_code == 303
    assert "10月6日（火） 9:00に予約する" in hr.page(f"/hr/announcements/{key}/check")
    assert "10月6日（火） 9:00の予約は取り消しました" in hr.page("/hr/announcements")
    hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), **at})
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
    assert rows(select(Announcement.state)) == ["sent"]
    assert "直した題" in as_(world.haruka).page(f"/announcements/{key}")


def test_the_check_page_shows_what_the_first_reader_would_read_above_the_button(world, as_, written):
    key = written(body="{呼び名}さんへのご案内です。")
    page = as_(world.jinji).page(f"/hr/announcements/{key}/check")
    assert "さんの場合の見え方です" in page
    assert re.search(r"(はるか|そら|れん|ゆい)さんへのご案内です。", page)
    assert page.index("へのご案内です。") < page.index("名にいま送信する")
    assert page.index('class="bulk-bar"') < page.index("名にいま送信する")


def test_taking_back_while_it_is_being_sent_ends_in_one_of_two_clean_states(
    app, world, acting, written, revision_of, rows, as_
):
    """Whoever is first wins: cancelled with recipients who see nothing, or a draft that was never sent."""
    key = written()
    acting(
        world.jinji, schedule_announcement, key, MONDAY_NOON + timedelta(minutes=1), revision=revision_of(key)
    )
    start = threading.Barrier(2)

    def send() -> None:
        with clock.hold(MONDAY_NOON + timedelta(minutes=2)), app.app_context():
            start.wait()
            send_due()

    sender = threading.Thread(target=send)
    sender.start()
    start.wait()
    acting(world.jinji, cancel_announcement, key)
    sender.join()
    is_sent = bool(rows(select(AnnouncementRecipient.id)))
    assert rows(select(Announcement.state)) == ["cancelled" if is_sent else "draft"]
    assert as_(world.haruka).get(f"/announcements/{key}").status_code == 404


# ── how often, and at once ───────────────────────────────────────────────────────────────────────────────────


def _ways(rows, key):
    return rows(
        select(AnnouncementRecipient.reach)
        .join(Announcement)
        .where(Announcement.public_id == key)
        .order_by(AnnouncementRecipient.member_id)
    )


def test_the_second_in_a_fortnight_joins_the_digest_of_candidates_only(
    world, as_, sent, written, rows, held_clock
):
    """Employees have no budget; procedures need none and spend none; after fourteen days it is free again."""
    first = sent(audience=["candidates", "employees"])
    assert set(_ways(rows, first)) == {"now"}
    assert len(rows(select(ContactSpent.member_id))) == 4
    second = sent(audience=["candidates", "employees"])
    assert sorted(_ways(rows, second)) == ["digest"] * 4 + ["now"] * 2
    procedure = sent(kind="procedure")
    assert set(_ways(rows, procedure)) == {"now"}
    shown = as_(world.jinji).page(f"/hr/announcements/{written()}/check")
    assert "2週間に1回までの通知を受け取り終えた内定者には、まとめて通知で届きます" in shown
    with held_clock(MONDAY_NOON + timedelta(days=13)):
        assert set(_ways(rows, sent())) == {"digest"}
    with held_clock(MONDAY_NOON + timedelta(days=14)):
        assert set(_ways(rows, sent())) == {"now"}
    assert len(rows(select(ContactSpent.member_id))) == 8


def test_the_budget_is_the_communitys(world, sent, rows, write):
    """Two a fortnight, where the company chose so."""
    write(lambda: session.execute(update(Community).values(contacts_a_fortnight=2)))
    assert [set(_ways(rows, sent())) for _ in range(3)] == [{"now"}, {"now"}, {"digest"}]


def test_an_emergency_needs_a_reason_and_passes_quiet_hours_and_budget(
    world, as_, sent, written, revision_of, rows, held_clock
):
    """The reason is kept and shown in the list; without one nothing is sent."""
    sent()
    key = written(title="本日の懇親会は中止です")
    hr = as_(world.jinji)
    answer = hr.post(f"/hr/announcements/{key}/emergency", {"revision": revision_of(key), "reason": " "})
    assert answer.status_code == 422
    with held_clock(MONDAY_NOON.replace(hour=13)):  # 22:00 in Tokyo
        hr = as_(world.jinji)
        fields = {"revision": revision_of(key), "reason": "台風で会場が閉まるため"}
        assert hr.post(f"/hr/announcements/{key}/emergency", fields).status_code == 303
        assert set(_ways(rows, key)) == {"now"}
        assert "台風で会場が閉まるため" in hr.page(f"/hr/announcements/{key}")
        assert "緊急" in hr.page("/hr/announcements")
        assert "台風" not in as_(world.haruka).page(f"/announcements/{key}")


def test_what_is_taken_back_before_the_quiet_hours_end_has_reached_nobody(world, as_, sent, rows, held_clock):
    """Its contacts are given back; those of one that left at noon are not."""
    with held_clock(MONDAY_NOON.replace(hour=13)):
        key = sent()
        assert len(rows(select(ContactSpent.member_id))) == 4
        as_(world.jinji).post(f"/hr/announcements/{key}/cancel")
    assert rows(select(ContactSpent.member_id)) == []
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        key = sent()
        as_(world.jinji).post(f"/hr/announcements/{key}/cancel")
    assert len(rows(select(ContactSpent.member_id))) == 4


def test_three_thousand_people_see_it_within_seconds(world, as_, many, written, revision_of, acting, rows):
    """product's bar is ten seconds; one transaction takes a fraction of one."""
    many(3_000)
    key = written()
    as_(world.jinji).page(f"/hr/announcements/{key}/check")
    began = time.monotonic()
    acting(world.jinji, send_announcement, key, revision=revision_of(key))
    took = time.monotonic() - began
    assert rows(select(func.count()).select_from(AnnouncementRecipient)) == [3_004]
    assert as_(world.haruka).get(f"/announcements/{key}").status_code == 200
    assert took < 3, f"{took:.2f} s"


def test_of_what_is_booked_the_next_to_leave_stands_first(world, as_, written, revision_of):
    hr = as_(world.jinji)
    for title, at in (("十二月のこと", "2026-12-01T09:00"), ("来週のこと", "2026-10-06T09:00")):
        key = written(title=title)
        booked = hr.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": at})
        assert booked.status_code == 303
    page = hr.page("/hr/announcements?state=scheduled")
    assert page.index("来週のこと") < page.index("十二月のこと")
