"""What somebody tried in order to learn, receive or see more than they may; each failed first or held from the start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.db import session
from app.invitations.cards import Invitee
from app.invitations.operations import correct_invitation, send_invitations
from app.models import Announcement, AnnouncementRecipient, Group, Invitation
from tests.announcements.conftest import MONDAY_NOON

pytestmark = pytest.mark.usefixtures("at_noon")

FRIDAY_NIGHT = datetime(2026, 10, 16, 12, 0, tzinfo=UTC)  # 21:00 in Tokyo, the weekend lies before it


def _link(letters, address):
    text = next(one.text for one in letters() if address in one.to and "/announcements/letters/" in one.text)
    return "/announcements/letters/" + text.split("/announcements/letters/")[1][:26]


def test_names_are_never_shown_before_people_were_told(world, as_, written, revision_of, held_clock, rows):
    """Sent at night or on a day off, it is told on the next business morning: the day of names lies after that."""
    with held_clock(FRIDAY_NIGHT):
        for names_from in ("2026-10-17", "2026-10-19"):
            key = written(asks_acknowledgement="y", names_from=names_from)
            jinji = as_(world.jinji)
            assert "10月19日（月））より後の日" in jinji.page(f"/hr/announcements/{key}/check")
            answer = jinji.post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
            assert answer.status_code == 422, answer.status_code
        assert rows(select(Announcement.state)) == ["draft", "draft"]
        key = written(asks_acknowledgement="y", names_from="2026-10-20")
        answer = as_(world.jinji).post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
        assert answer.status_code == 303


def test_an_emergency_is_told_at_once_and_may_name_the_next_day(world, as_, written, revision_of, held_clock):
    """安否確認 on a day off: nothing holds it back, so the dates count from the day itself."""
    with held_clock(FRIDAY_NIGHT):
        key = written(asks_acknowledgement="y", names_from="2026-10-17")
        answer = as_(world.jinji).post(
            f"/hr/announcements/{key}/emergency", {"revision": revision_of(key), "reason": "台風のため"}
        )
        assert answer.status_code == 303


def test_what_was_scheduled_never_leaves_after_its_day_of_names(
    world, as_, written, revision_of, minute, held_clock, rows
):
    """A server that stood still for a week sends nothing whose names HR would see the same morning."""
    key = written(asks_acknowledgement="y", names_from="2026-10-08")
    answer = as_(world.jinji).post(
        f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": "2026-10-06T10:00"}
    )
    assert answer.status_code == 303
    with held_clock(MONDAY_NOON + timedelta(days=8)):
        minute()
        assert rows(select(Announcement.state)) == ["draft"]
        assert rows(select(AnnouncementRecipient.id)) == []
        assert "未確認" not in as_(world.jinji).page("/hr")


def test_a_corrected_address_ends_the_links_that_went_to_the_wrong_one(
    world, sent, asking, invited, acting, minute, deliver, letters, anyone, rows
):
    """Whoever got somebody else's letter reads nothing more and acknowledges nothing; the right one gets it."""
    invitation_id = invited("wrong@univ.example.jp")
    sent(**asking, reaches_invited="y")
    minute()
    deliver()
    wrong = _link(letters, "wrong@")
    assert anyone().get(wrong).status_code == 200
    assert anyone().post(wrong).status_code == 303
    public_id = rows(select(Invitation.public_id).where(Invitation.id == invitation_id))[0]
    acting(
        world.jinji,
        correct_invitation,
        public_id,
        Invitee("right@univ.example.jp", "髙橋 葵", cohort=world.april.public_id),
    )
    assert anyone().get(wrong).status_code == 404
    assert anyone().post(wrong).status_code == 404
    assert rows(
        select(AnnouncementRecipient.is_acknowledged).where(
            AnnouncementRecipient.invitation_id == invitation_id
        )
    ) == [False]
    minute()
    deliver()
    assert not [one for one in letters() if "right@" in one.to]  # not before the invitation itself went there
    acting(world.jinji, send_invitations, [public_id])
    minute()
    deliver()
    right = _link(letters, "right@")
    assert right != wrong
    assert anyone().get(right).status_code == 200


def test_a_letter_that_could_not_leave_by_day_does_not_leave_at_night(
    world, app, sent, invited, minute, deliver, letters, held_clock, rows
):
    """The mail server was gone until the quiet hours: the letter comes in the morning, once."""
    invited()
    sent(reaches_invited="y")
    minute()
    with held_clock(MONDAY_NOON.replace(hour=13)):  # 22:00
        deliver()
        minute()
        deliver()
        assert letters() == []
    with held_clock(MONDAY_NOON.replace(hour=23)):  # 8:00
        for _ in range(2):
            minute()
            deliver()
        assert len([one for one in letters() if "健康診断" in one.subject]) == 1


def test_the_desk_knows_no_more_than_the_page_of_names(
    world, as_, sent, asking, minute, held_clock, set_acknowledged
):
    """At midnight of the day of names, yesterday's count says nothing yet about who is left."""
    sent(**asking)
    with held_clock(datetime(2026, 10, 11, 16, 0, tzinfo=UTC)):  # 1:00 on the day
        minute()
        assert "名簿表示日を過ぎた" not in as_(world.jinji).page("/hr")
    with held_clock(datetime(2026, 10, 11, 21, 0, tzinfo=UTC)):  # 6:00
        minute()
        assert "名簿表示日を過ぎた" in as_(world.jinji).page("/hr")


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00", "9999-12-31T23:59", "2026-10-06T10:00:61", "x", "2026-02-30T10:00"]
)
def test_no_moment_breaks_the_page(world, as_, written, revision_of, at):
    """The ends of the calendar are refused like every other moment that cannot be."""
    key = written()
    jinji = as_(world.jinji)
    assert jinji.get(f"/hr/announcements/{key}/check", query_string={"at": at}).status_code == 200
    answer = jinji.post(f"/hr/announcements/{key}/schedule", {"revision": revision_of(key), "at": at})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_no_date_breaks_the_page(world, as_, written, day):
    """Nor do the ends of the calendar as a day of names."""
    key = written(asks_acknowledgement="y", names_from=day)
    jinji = as_(world.jinji)
    for path in ("", "/check", "/preview"):
        assert jinji.get(f"/hr/announcements/{key}{path}").status_code == 200


def test_addresses_of_ones_own_do_not_make_the_number_turn_on_one_person(
    world, as_, sent, asking, invited, minute, deliver, letters, anyone, held_clock, write
):
    """Nine invented people in a 班 beside one, four of whom press the button, then nine of HR: no number at all."""
    group = write(lambda: session.scalar(select(Group.id).where(Group.public_id == world.group_id)))
    for number in range(9):
        invited(f"jinji+{number}@example.jp", group_id=group)
    key = sent(**asking, reaches_invited="y", audience=[f"group:{world.group_id}", "hr"])
    minute()
    deliver()
    for number in range(4):
        assert anyone().post(_link(letters, f"jinji+{number}@")).status_code == 303
    as_(world.lead).post(f"/announcements/{key}/acknowledge")
    as_(world.haruka).post(f"/announcements/{key}/acknowledge")
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
    assert "10名に満たないため、人数は表示しません" in shown
    assert "5名以上" not in shown


def test_neither_hr_nor_the_invited_are_in_the_number(
    world, as_, sent, asking, many, set_acknowledged, minute, held_clock, rows
):
    """Ten candidates, four of whom acknowledged, and HR, who did too: still fewer than five."""
    people = many(8)
    key = sent(**asking, audience=["candidates", "hr"])
    set_acknowledged([*people[:4], world.lead.id, world.jinji.id])
    with held_clock(MONDAY_NOON + timedelta(days=1)):
        minute()
        shown = as_(world.jinji).page(f"/hr/announcements/{key}")
    assert "5名未満" in shown
    assert "12名のうち" in shown
    assert rows(select(Announcement.acknowledged)) == [4]
