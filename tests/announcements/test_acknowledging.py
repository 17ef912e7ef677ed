"""確認しました: asked for openly, counted late and rounded, names only from the day that was announced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.announcements.operations import LETTERS_A_MINUTE, acknowledge
from app.announcements.queries import notice_lines, waiting_for
from app.core import clock
from app.core.db import session
from app.core.events import OutboxRow
from app.models import Announcement, AnnouncementRecipient, ContactSpent, Member
from tests.announcements.conftest import MONDAY_NOON, without_token
from tests.conftest import NO_SUCH_ID

pytestmark = pytest.mark.usefixtures("at_noon")

TUESDAY_MORNING = datetime(2026, 10, 5, 21, 0, tzinfo=UTC)  # 6:00 in Tokyo
NAMES_DAY = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)  # 10:00 in Tokyo, a holiday


def test_the_notice_itself_says_from_when_hr_sees_names(world, as_, sent, asking):
    """In Japanese, in やさしい日本語 and in English; not where nothing is asked."""
    key = sent(
        **asking,
        easy_body="けんこうしんだんの おしらせです",
        english_title="Health check",
        english_body="The dates, {呼び名}",
    )
    haruka = as_(world.haruka)
    assert (
        "10月12日（月）までに確認されていない方には、人事から直接ご連絡します"
        "（この日から、未確認の方のお名前が人事に表示されます）"
    ) in haruka.page(f"/announcements/{key}")
    easy = haruka.page(f"/announcements/{key}?v=easy")
    assert "けんこうしんだん" in easy
    assert "まだ押していない方の名前が、人事の画面に出ます" in easy
    assert "健康診断のご案内" in easy  # a variant without a title has the title of the announcement
    english = haruka.page(f"/announcements/{key}?v=en")
    assert "Health check" in english
    assert "The dates, はるか" in english
    assert 'lang="en"' in english
    assert "お知らせします。" in haruka.page(f"/announcements/{key}?v=fr")
    assert "人事に表示されます" not in haruka.page(f"/announcements/{sent()}")


def test_acknowledging_is_a_button_that_may_be_pressed_twice(world, as_, sent, asking, rows):
    """Only those who received it find it there; where nobody asked it is refused."""
    key = sent(**asking, audience=[f"cohort:{world.april.public_id}"])
    haruka = as_(world.haruka)
    assert f'action="/announcements/{key}/acknowledge"' in haruka.page(f"/announcements/{key}")
    for _ in range(2):
        assert haruka.post(f"/announcements/{key}/acknowledge").status_code == 303
    shown = haruka.page(f"/announcements/{key}")
    assert "受け付けています" in shown
    assert f'action="/announcements/{key}/acknowledge"' not in shown
    assert rows(
        select(AnnouncementRecipient.member_id).where(AnnouncementRecipient.is_acknowledged.is_(True))
    ) == [world.haruka.id]
    missing = without_token(as_(world.yui).post(f"/announcements/{NO_SUCH_ID}/acknowledge"))
    for person in (world.yui, world.takumi, world.jinji):
        answer = as_(person).post(f"/announcements/{key}/acknowledge")
        assert answer.status_code == 404
        if person is world.yui:
            assert without_token(answer) == missing
    plain = sent()
    assert haruka.post(f"/announcements/{plain}/acknowledge").status_code == 403


def test_pressing_it_is_answered_in_the_language_that_was_being_read(world, as_, sent, asking):
    """The page says at its top that it arrived, and stays the one that was open."""
    key = sent(**asking)
    haruka = as_(world.haruka)
    answer = haruka.post(f"/announcements/{key}/acknowledge?v=easy")
    assert answer.location == f"/announcements/{key}?v=easy"
    assert "「確認しました」を受け付けました" in haruka.page(answer.location)


def test_reading_leaves_no_trace(world, as_, sent, asking, app):
    """After everybody opened it, every table holds what it held before."""
    key = sent(**asking)

    def everything() -> dict[str, list[object]]:
        from app.core.db import Base

        with app.app_context():
            return {
                name: session.execute(table.select()).all()
                for name, table in Base.metadata.tables.items()
                if name != "member_session"
            }

    before = everything()
    for person in (world.haruka, world.sora, world.ren):
        as_(person).page("/announcements")
        as_(person).page(f"/announcements/{key}?v=en")
    assert everything() == before


def test_hr_sees_steps_of_five_as_of_the_morning_and_never_a_live_count(
    world, as_, sent, asking, many, minute, held_clock, acting, set_acknowledged
):
    """Two worlds: whether seven more acknowledge during the day changes nothing HR sees until tomorrow."""
    people = many(20)
    key = sent(**asking)
    hr = as_(world.jinji)
    assert "最初の集計は、送信した次の日の朝です" in hr.page(f"/hr/announcements/{key}")
    set_acknowledged(people[:13])
    minute()
    assert "名以上" not in hr.page(f"/hr/announcements/{key}")
    with held_clock(TUESDAY_MORNING):
        minute()
        hr = as_(world.jinji)
        before = hr.get(f"/hr/announcements/{key}")
        assert "10名以上" in before.text
        assert "13" not in before.text.split("確認しました")[1].split("</section>")[0]
        set_acknowledged(people)
        acting(world.haruka, acknowledge, key)
        minute()
        after = hr.get(f"/hr/announcements/{key}")
        assert without_token(after) == without_token(before)
        assert without_token(hr.get("/hr/announcements")) == without_token(hr.get("/hr/announcements"))
    with held_clock(TUESDAY_MORNING + timedelta(days=1)):
        minute()
        assert "20名以上" in as_(world.jinji).page(f"/hr/announcements/{key}")


def test_below_an_audience_of_ten_there_is_no_count_at_all(
    world, as_, sent, asking, minute, held_clock, set_acknowledged
):
    """And a sentence that says why."""
    key = sent(**asking)
    set_acknowledged([world.haruka.id])
    with held_clock(TUESDAY_MORNING):
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
    assert "10名に満たないため、人数は表示しません" in shown
    assert "名以上" not in shown
    assert "5名未満" not in shown


def test_names_are_shown_from_the_announced_day_on_and_not_an_hour_earlier(
    world, as_, sent, asking, minute, held_clock, set_acknowledged, invited
):
    """From that morning's count: who acknowledged on the evening before is not on the list, nor is who left."""
    invited()
    key = sent(**asking, reaches_invited="y")
    set_acknowledged([world.haruka.id])
    with held_clock(NAMES_DAY - timedelta(hours=11)):  # 23:00 on the day before
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
        assert "そら 氏名" not in shown
        assert "未確認の方のお名前は、10月12日（月）から表示されます" in shown
        set_acknowledged([world.ren.id])
    with held_clock(NAMES_DAY - timedelta(hours=9)):  # 1:00, before the count
        minute()
        assert "そら 氏名" not in as_(world.jinji).page(f"/hr/announcements/{key}")
    with held_clock(NAMES_DAY):
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
        assert "そら 氏名" in shown
        assert "髙橋 葵" in shown
        assert "はるか 氏名" not in shown
        assert "れん 氏名" not in shown
        set_acknowledged([world.sora.id])
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
        assert "そら 氏名" in shown
        assert "この一覧は毎朝1回だけ更新され、日中は変わりません" in shown


def test_an_announcement_that_asked_nothing_never_shows_names(world, as_, sent, minute, held_clock):
    """Not even a year later."""
    key = sent()
    with held_clock(MONDAY_NOON + timedelta(days=300)):
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
    assert "氏名</th>" not in shown
    assert "そら 氏名" not in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"asks_acknowledgement": "y"},
        {"asks_acknowledgement": "y", "names_from": "2026-10-12", "remind_on": "2026-10-12"},
        {"remind_on": "2026-10-08"},
        {"asks_acknowledgement": "y", "names_from": "2026-13-01"},
    ],
)
def test_dates_that_do_not_belong_together_are_refused_beside_their_field(world, as_, fields):
    """What was typed stays."""
    typed = {"title": "消えない題", "body": "文", "kind": "news", "audience": ["candidates"], **fields}
    answer = as_(world.jinji).post("/hr/announcements/new", typed)
    assert answer.status_code == 422
    assert "消えない題" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_the_day_of_names_lies_after_the_day_it_is_sent(world, as_, written, revision_of):
    """Sent later than it was written for, it is refused with the day in the sentence."""
    key = written(asks_acknowledgement="y", names_from="2026-10-06")
    hr = as_(world.jinji)
    assert "いま送信する" in hr.page(f"/hr/announcements/{key}/check")
    later = {"revision": revision_of(key), "at": "2026-10-06T09:00"}
    answer = hr.post(f"/hr/announcements/{key}/schedule", later)
    assert answer.status_code == 422
    assert "名簿表示日は、届ける日（10月6日（火））より後の日にしてください" in answer.text


def test_whoever_leaves_takes_along_what_was_sent_to_them(world, app, sent, asking, rows, deliver):
    """Neither that they received it nor that they acknowledged it stays."""
    sent(**asking)
    with app.app_context():
        from app.accounts.operations import end_membership
        from app.policy import viewer_of

        end_membership(viewer_of(world.sora.id), keeps_name=False)
    deliver()
    assert world.sora.id not in rows(select(AnnouncementRecipient.member_id))
    assert world.sora.id not in rows(select(ContactSpent.member_id))


# ── reminders ────────────────────────────────────────────────────────────────────────────────────────────────


def _reminders(rows):
    return [row.payload["number"] for row in rows(select(OutboxRow)) if row.fact == "AcknowledgementReminded"]


def test_one_reminder_and_for_procedures_two(world, as_, sent, asking, rows, minute, held_clock):
    """By hand, from the first count on; who gets it is not told, and beyond that the door refuses."""
    hr = as_(world.jinji)
    news, procedure = sent(**asking), sent(**asking, kind="procedure")
    assert hr.post(f"/hr/announcements/{news}/remind").status_code == 403
    assert f"/hr/announcements/{news}/remind" not in hr.page(f"/hr/announcements/{news}")
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
        hr = as_(world.jinji)
        assert f"/hr/announcements/{news}/remind" in hr.page(f"/hr/announcements/{news}")
        assert [hr.post(f"/hr/announcements/{news}/remind").status_code for _ in range(2)] == [303, 409]
        pressed = [hr.post(f"/hr/announcements/{procedure}/remind").status_code for _ in range(3)]
        assert pressed == [303, 303, 409]
        assert f"/hr/announcements/{news}/remind" not in hr.page(f"/hr/announcements/{news}")
        assert hr.post(f"/hr/announcements/{sent()}/remind").status_code == 403
    assert rows(select(Announcement.reminders).order_by(Announcement.id)) == [1, 2, 0]


def test_a_reminder_leaves_on_its_day_outside_quiet_hours_once(world, sent, minute, held_clock, rows):
    """On Thursday at 7:59 not yet, at 8:00 once."""
    sent(asks_acknowledgement="y", names_from="2026-10-12", remind_on="2026-10-08")
    for hour, minutes, expected in ((22, 59, 0), (23, 0, 1), (23, 1, 1)):
        with held_clock(datetime(2026, 10, 7, hour, minutes, tzinfo=UTC)):
            minute()
        assert rows(select(Announcement.reminders)) == [expected]


def test_a_reminder_pressed_at_night_waits_for_the_morning(
    world, as_, sent, asking, minute, held_clock, rows
):
    """HR is told when."""
    key = sent(**asking)
    tuesday = MONDAY_NOON + timedelta(days=1)
    with held_clock(tuesday):
        minute()
    with held_clock(tuesday.replace(hour=13)):  # 22:00 in Tokyo
        hr = as_(world.jinji)
        hr.post(f"/hr/announcements/{key}/remind")
        assert "通知オフの時間帯のため、10月7日（水）にもう一度お知らせします" in hr.page(
            f"/hr/announcements/{key}"
        )
        minute()
        assert rows(select(Announcement.reminders)) == [0]
    with held_clock(tuesday.replace(hour=23)):
        minute()
    assert rows(select(Announcement.reminders)) == [1]


# ── what home and notices ask ────────────────────────────────────────────────────────────────────────────────


def test_home_is_told_what_still_waits_and_notices_find_their_line(world, acting, sent, asking, rows, as_):
    """Only for their own reader, until acknowledged or taken back; the reader's name stands in the title."""
    key = sent(**asking, title="{呼び名}さんへ")
    sent()
    ids = rows(select(Announcement.id).order_by(Announcement.id))
    cards = acting(world.haruka, waiting_for)
    assert [(card.id, card.title, card.href) for card in cards] == [
        (key, "はるかさんへ", f"/announcements/{key}")
    ]
    assert acting(world.takumi, waiting_for) == ()
    assert acting(world.haruka, notice_lines, ids)[ids[0]] == ("はるかさんへ", f"/announcements/{key}")
    assert len(acting(world.haruka, notice_lines, ids)) == 2
    assert acting(world.takumi, notice_lines, ids) == {}
    acting(world.haruka, acknowledge, key)
    assert acting(world.haruka, waiting_for) == ()
    assert len(acting(world.sora, waiting_for, most=1)) == 1
    as_(world.jinji).post(f"/hr/announcements/{key}/cancel")
    assert acting(world.sora, waiting_for) == ()
    assert list(acting(world.sora, notice_lines, ids)) == [ids[1]]


def test_my_list_goes_on_over_pages_and_costs_the_same(world, as_, write, queries, rows):
    """Twenty a page, newest first."""

    def plant() -> None:
        for number in range(45):
            row = Announcement(
                state="sent",
                title=f"第{number}号",
                renderer_version=1,
                sent_at=MONDAY_NOON,
                author_id=world.jinji.id,
            )
            session.add(row)
            session.flush()
            session.add(
                AnnouncementRecipient(
                    announcement_id=row.id, public_id=row.public_id, member_id=world.haruka.id
                )
            )
        session.execute(update(Member).where(Member.id == world.haruka.id).values(version=Member.version + 1))

    write(plant)
    haruka = as_(world.haruka)
    first = haruka.page("/announcements")
    assert "第44号" in first
    assert "第24号" not in first
    after = rows(select(Announcement.public_id).where(Announcement.title == "第25号"))[0]
    with queries() as seen:
        second = haruka.page(f"/announcements?after={after}")
    assert "第24号" in second
    assert "第44号" not in second
    assert len(seen) <= 8, seen
    assert haruka.get(f"/announcements?after={NO_SUCH_ID}").status_code == 200


# ── people who have not joined ───────────────────────────────────────────────────────────────────────────────


def _link(letters, mail="aoi@univ.example.jp"):
    import re

    text = next(letter.text for letter in letters() if mail in letter.to)
    found = re.search(r"/announcements/letters/[a-z2-7]{26}", text)
    return found[0] if found else None


def test_the_invited_get_the_text_and_a_link_that_needs_no_account(
    world, sent, asking, invited, minute, deliver, letters, anyone, rows
):
    """Opening the link changes nothing; pressing the button does, twice without harm."""
    invited()
    sent(
        **asking,
        reaches_invited="y",
        body="**{呼び名}**さん、[案内](https://example.jp/a)です。",
        easy_body="やさしい ほん文",
    )
    minute()
    deliver()
    letter = next(one for one in letters() if "aoi@univ.example.jp" in one.to)
    assert letter.subject == "【花丘商事】健康診断のご案内"
    assert "髙橋 葵さん、案内 https://example.jp/a です。" in letter.text
    assert "10月12日（月）までに確認されていない方には" in letter.text
    assert "やさしい ほん文" in letter.text
    link = _link(letters)
    client = anyone()
    opened = client.page(link)
    assert "髙橋 葵" in opened
    acknowledged = select(AnnouncementRecipient.is_acknowledged).where(
        AnnouncementRecipient.invitation_id.is_not(None)
    )
    assert rows(acknowledged) == [False]
    for _ in range(2):
        assert client.post(link).status_code == 303
    assert rows(acknowledged) == [True]
    assert "受け付けています" in client.page(link)
    assert client.get(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404


def test_the_link_ends_with_the_invitation_and_with_the_announcement(
    world, as_, sent, asking, invited, minute, deliver, letters, anyone, write
):
    """A revoked invitation and an unknown secret get the same page."""
    from app.models import Invitation

    key = invited()
    announcement = sent(**asking, reaches_invited="y")
    minute()
    deliver()
    link = _link(letters)
    client = anyone()
    unknown = client.get("/announcements/letters/" + "a" * 26)
    assert unknown.status_code == 404
    as_(world.jinji).post(f"/hr/announcements/{announcement}/cancel")
    assert without_token(client.get(link)) == without_token(unknown)
    assert client.post(link).status_code == 404
    second = sent(**asking, reaches_invited="y", title="二通め")
    minute()
    deliver()
    link = _link(letters)
    assert client.get(link).status_code == 200
    write(
        lambda: session.execute(update(Invitation).where(Invitation.id == key).values(revoked_at=clock.now()))
    )
    assert client.get(link).status_code == 404
    assert second


def test_nothing_is_mailed_once_it_was_taken_back_or_the_invitation_ended(
    world, as_, sent, invited, minute, deliver, letters
):
    """What waits in the outbox is judged when it is sent: cancel while sending."""
    invited()
    key = sent(reaches_invited="y")
    minute()
    as_(world.jinji).post(f"/hr/announcements/{key}/cancel")
    deliver()
    assert letters() == []


def test_only_the_invited_whose_invitation_left_and_only_where_hr_says_so(
    world, as_, sent, written, invited, minute, deliver, letters, write
):
    """The check page counts both, and says who is left out."""
    from app.models import Invitation

    invited()
    unsent = invited("later@univ.example.jp")
    write(lambda: session.execute(update(Invitation).where(Invitation.id == unsent).values(sent_at=None)))
    shown = as_(world.jinji).page(f"/hr/announcements/{written(reaches_invited='y')}/check")
    assert "5名にいま送信する" in shown
    assert "招待メールをまだ送っていない方（1名）には届きません" in shown
    sent()
    minute()
    deliver()
    assert letters() == []
    sent(reaches_invited="y")
    minute()
    deliver()
    assert [one.to for one in letters()] == [one.to for one in letters() if "aoi@" in one.to]
    assert len(letters()) == 1


def test_letters_wait_for_the_end_of_quiet_hours_and_leave_a_hundred_a_minute(
    world, sent, invited, minute, held_clock, rows
):
    """None is sent twice."""
    for number in range(LETTERS_A_MINUTE + 5):
        invited(f"i{number}@univ.example.jp")
    with held_clock(MONDAY_NOON.replace(hour=13)):
        sent(reaches_invited="y")
        minute()
        assert rows(select(OutboxRow).where(OutboxRow.fact == "InvitedMailDue")) == []
    with held_clock(MONDAY_NOON.replace(hour=23)):
        counts = []
        for _ in range(3):
            minute()
            counts.append(len(rows(select(OutboxRow).where(OutboxRow.fact == "InvitedMailDue"))))
    assert counts == [100, 105, 105]


def test_a_reminder_goes_by_letter_to_the_invited_who_have_not_acknowledged(
    world, as_, sent, asking, invited, minute, deliver, letters, anyone, held_clock
):
    """The one who did gets none; the link stays the same."""
    invited()
    invited("ume@univ.example.jp")
    key = sent(**asking, reaches_invited="y")
    minute()
    deliver()
    link = _link(letters)
    anyone().post(_link(letters, "ume@univ.example.jp"))
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
        as_(world.jinji).post(f"/hr/announcements/{key}/remind")
        minute()
        deliver()
    reminders = [one for one in letters() if "確認のお願い" in one.subject]
    assert [("aoi@" in one.to) for one in reminders] == [True]
    assert link in reminders[0].text


def test_whoever_joins_keeps_what_was_announced_to_them_and_sees_nothing_else(
    world, as_, sent, asking, acting, deliver, letters, minute, app, rows
):
    """An announcement from before, that was not for the invited, stays unseen."""
    from app.invitations.cards import Invitee
    from app.invitations.operations import accept_invitation, invite_person, send_invitations
    from app.policy import NOBODY
    from tests.conftest import Person

    invitation = acting(
        world.jinji, invite_person, Invitee("aoi@univ.example.jp", "髙橋 葵", cohort=world.april.public_id)
    )
    acting(world.jinji, send_invitations, [invitation])
    deliver()
    secret = next(letter.text for letter in letters()).split("/invitations/")[1][:26]
    unseen, theirs = sent(title="前のお知らせ"), sent(**asking, reaches_invited="y")
    minute()
    deliver()
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
    row = rows(select(Member).where(Member.id == member_id))[0]
    aoi = as_(Person("aoi", row.id, row.public_id, "aoi@univ.example.jp", "あおい"))
    assert "あおいさん" in aoi.page(f"/announcements/{theirs}")
    assert aoi.post(f"/announcements/{theirs}/acknowledge").status_code == 303
    assert aoi.get(f"/announcements/{unseen}").status_code == 404


def test_an_invitation_that_makes_way_for_a_new_one_takes_its_letters_along(
    world, acting, sent, invited, write, rows
):
    """Inviting the same address again after revoking works, though it was a recipient."""
    from app.invitations.cards import Invitee
    from app.invitations.operations import invite_person
    from app.models import Invitation

    key = invited()
    sent(reaches_invited="y")
    write(
        lambda: session.execute(update(Invitation).where(Invitation.id == key).values(revoked_at=clock.now()))
    )
    acting(
        world.jinji, invite_person, Invitee("aoi@univ.example.jp", "髙橋 葵", cohort=world.april.public_id)
    )
    assert rows(select(AnnouncementRecipient.id).where(AnnouncementRecipient.invitation_id == key)) == []
