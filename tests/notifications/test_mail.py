"""Letters about notices: bundled, outside the quiet hours, in one's language, once; ended with one tap."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from app.core.db import session
from app.core.events import waiting
from app.models import Member, Notice, NoticeChoice, NoticeMail, NoticeSettings
from app.notifications.operations import announce_due_mail
from tests.conftest import NO_SUCH_ID
from tests.guards.houses import NO_SUCH_SECRET
from tests.notifications.conftest import MONDAY_NIGHT, MONDAY_NOON, TUESDAY_EIGHT
from tests.services.redis import free_port

ALL_AS_THEY_ARE = {
    "announcement_mail": "bundle", "announcement_push": "y",
    "reminder_mail": "bundle", "reminder_push": "y",
    "message_mail": "bundle", "message_push": "y",
    "mention_mail": "bundle", "mention_push": "y",
    "answer_mail": "bundle", "answer_push": "y",
    "reply_mail": "digest",
    "room_mail": "digest",
    "digest": "daily",
}  # fmt: skip


@pytest.fixture
def to(letters):
    """The letters to somebody, oldest first."""
    return lambda person: [letter for letter in reversed(letters()) if person.mail in letter.to]


@pytest.fixture
def emptied(app):
    """Takes every letter from the shelf."""
    import shutil

    return lambda: shutil.rmtree(app.extensions["tsubomi.settings"].mail_folder, ignore_errors=True)


def test_a_letter_says_titles_and_reasons_and_its_subject_says_nothing(
    world, at, says, announced, minute, to
):
    with at(MONDAY_NOON):
        says(world.haruka, "@たくみ さん、ひみつの相談です")
        announced([world.takumi], title="秘密の催し")
        minute()
    (letter,) = to(world.takumi)
    assert letter.subject == "【花丘商事】2件の新しいお知らせ"
    assert "・はじめまして" in letter.text
    assert "（お名前が書かれています）" in letter.text
    assert "・秘密の催し" in letter.text
    assert "ひみつの相談" not in letter.text, "the words of a post stay inside"
    assert "http://localhost/notices" in letter.text


def test_at_most_one_letter_in_half_an_hour(world, at, says, minute, to):
    """The first leaves with the minute, the others together half an hour later; then nothing waits."""
    with at(MONDAY_NOON):
        says(world.haruka)
        minute()
        assert len(to(world.sora)) == 1
    with at(MONDAY_NOON + timedelta(minutes=10)):
        says(world.takumi)
        says(world.naomi)
        minute()
        assert len(to(world.sora)) == 1
    with at(MONDAY_NOON + timedelta(minutes=29, seconds=59)):
        minute()
        assert len(to(world.sora)) == 1
    with at(MONDAY_NOON + timedelta(minutes=30)):
        minute()
        minute()
    assert [letter.subject for letter in to(world.sora)][1:] == ["【花丘商事】2件の新しいお知らせ"]
    with at(MONDAY_NOON + timedelta(hours=5)):
        minute()
    assert len(to(world.sora)) == 2


def test_nothing_leaves_in_quiet_hours_but_an_emergency(world, at, says, announced, minute, to):
    with at(MONDAY_NIGHT):
        says(world.haruka)
        minute()
        assert to(world.sora) == []
        announced([world.sora], title="明日の入社前研修は中止します", emergency_reason="台風")
        minute()
        (urgent,) = to(world.sora)
        assert urgent.subject == "【花丘商事】1件の新しいお知らせ"
        assert "中止します" in urgent.text
        assert "はじめまして" not in urgent.text, "only the emergency goes out at night"
    with at(TUESDAY_EIGHT - timedelta(minutes=1)):
        minute()
        assert len(to(world.sora)) == 1
    with at(TUESDAY_EIGHT):
        minute()
    assert "はじめまして" in to(world.sora)[1].text


def test_a_holiday_is_quiet_all_day(world, at, says, minute, to):
    """The second Monday of October is 体育の日's heir."""
    holiday = datetime(2026, 10, 12, 3, 0, tzinfo=UTC)
    with at(holiday):
        says(world.haruka)
        minute()
        assert to(world.sora) == []
    with at(datetime(2026, 10, 12, 23, 0, tzinfo=UTC)):
        minute()
        assert len(to(world.sora)) == 1


def test_a_followed_topic_comes_in_the_digest(world, at, hears, says, minute, to):
    from app.models import Level

    hears(world.naomi, Level.FOLLOWED)
    with at(MONDAY_NOON):
        says(world.haruka)
        says(world.takumi)
        minute()
        assert to(world.naomi) == []
    with at(TUESDAY_EIGHT - timedelta(minutes=1)):
        minute()
        assert to(world.naomi) == []
    with at(TUESDAY_EIGHT):
        minute()
        minute()
    (letter,) = to(world.naomi)
    assert "まとめてお届けします" in letter.text
    assert letter.subject == "【花丘商事】2件の新しいお知らせ"


def test_the_weekly_digest_comes_on_monday_or_the_next_business_day(world, at, as_, hears, says, minute, to):
    from app.models import Level

    hears(world.naomi, Level.FOLLOWED)
    with at(MONDAY_NOON):
        as_(world.naomi).post("/me/notices", {**ALL_AS_THEY_ARE, "digest": "weekly"})
        says(world.haruka)
    for day in range(6, 13):  # the twelfth is a holiday
        with at(datetime(2026, 10, day, 3, 0, tzinfo=UTC)):
            minute()
            assert to(world.naomi) == []
    with at(datetime(2026, 10, 12, 23, 0, tzinfo=UTC)):
        minute()
    assert len(to(world.naomi)) == 1


def test_what_overdraws_the_contact_budget_joins_the_digest(world, at, announced, minute, to):
    with at(MONDAY_NOON):
        announced([world.haruka], reach="digest")
        minute()
        assert to(world.haruka) == []
    with at(TUESDAY_EIGHT):
        minute()
    assert len(to(world.haruka)) == 1


def test_whoever_only_reads_is_sent_names_and_announcements(
    world, at, write, says, announced, minute, told, to
):
    for person in (world.sora, world.takumi):
        write(
            lambda person=person: session.execute(
                update(Member).where(Member.id == person.id).values(pace="read")
            )
        )
    with at(MONDAY_NOON):
        says(world.haruka, "@たくみ さん")
        minute()
        assert told(world.sora) == ["answer"], "the list has it all the same"
        assert (len(to(world.sora)), len(to(world.takumi))) == (0, 1)


def test_choices_and_pause_hold_but_for_procedures(world, at, as_, says, announced, minute, to):
    nothing = {name: value for name, value in ALL_AS_THEY_ARE.items() if not name.endswith("_push")}
    nothing = {name: "" if name.endswith("_mail") else value for name, value in nothing.items()}
    with at(MONDAY_NOON):
        assert as_(world.haruka).post("/me/notices", nothing).status_code == 303
        assert as_(world.sora).post("/me/notices/pause").status_code == 303
        assert "通知を休んでいます" in as_(world.sora).page("/me/notices")
        says(world.takumi, "@はるか さん")
        announced([world.haruka, world.sora], title="懇親会")
        minute()
        assert to(world.haruka) == to(world.sora) == []
        announced([world.haruka, world.sora], title="入社書類", is_procedure=True)
        minute()
        for person in (world.haruka, world.sora):
            (letter,) = to(person)
            assert "入社書類" in letter.text
            assert "懇親会" not in letter.text
        as_(world.sora).post("/me/notices/resume")
    with at(MONDAY_NOON + timedelta(hours=1)):
        says(world.takumi)
        minute()
    assert len(to(world.sora)) == 2


def test_a_choice_that_cannot_be_is_refused(world, as_, rows):
    client = as_(world.haruka)
    assert client.post("/me/notices", {**ALL_AS_THEY_ARE, "mention_mail": "hourly"}).status_code == 422
    assert client.post("/me/notices", {**ALL_AS_THEY_ARE, "digest": "never"}).status_code == 422
    assert client.post("/me/notices", {**ALL_AS_THEY_ARE, "topic_mail": "bundle"}).status_code == 422
    assert rows(select(NoticeChoice)) == []
    assert client.post("/me/notices", ALL_AS_THEY_ARE).status_code == 303
    assert rows(select(NoticeChoice)) == [], "what is usual is not kept as a choice"


def test_a_letter_is_in_its_readers_language(world, at, write, says, minute, to):
    write(lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(language="en")))
    with at(MONDAY_NOON):
        says(world.haruka)
        minute()
    (letter,) = to(world.sora)
    assert letter.text.startswith("Dear そら")


def test_merge_fields_in_a_title_speak_to_the_reader(world, at, as_, announced, minute, to):
    with at(MONDAY_NOON):
        announced([world.haruka], title="{呼び名}さんへ")
        minute()
        assert "はるかさんへ" in as_(world.haruka).page("/notices")
    assert "はるかさんへ" in to(world.haruka)[0].text


def test_the_suspended_and_those_without_an_address_get_no_letter(
    world, app, at, write, says, minute, letters, rows
):
    with at(MONDAY_NOON):
        says(world.haruka, "@たくみ さん")
        write(
            lambda: session.execute(
                update(Member)
                .where(Member.id == world.takumi.id)
                .values(suspended_at=MONDAY_NOON, version=Member.version + 1)
            )
        )
        write(lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(mail=None)))
        minute()
        assert letters() == []
        assert rows(select(Notice.mail)) == ["", ""]
        with app.app_context():
            assert waiting() == 0


# ── ending it ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def link(world, at, says, minute, to):
    """The link of a letter sora got."""
    with at(MONDAY_NOON):
        says(world.haruka)
        minute()
    return re.search(r"http://localhost(/unsubscribe/[a-z2-7]{26})", to(world.sora)[0].text)[1]


def test_a_letter_ends_the_letters_without_signing_in(world, at, anyone, says, announced, minute, to, link):
    visitor = anyone()
    page = visitor.page(link)
    assert world.sora.name not in page
    assert world.sora.mail not in page
    with at(MONDAY_NOON + timedelta(hours=1)):
        says(world.takumi)
        minute()
        assert len(to(world.sora)) == 2, "opening the link changes nothing"
        assert visitor.post(link).status_code == 200
        assert visitor.post(link).status_code == 200, "twice is harmless"
    with at(MONDAY_NOON + timedelta(hours=2)):
        says(world.naomi)
        announced([world.sora])
        minute()
        assert len(to(world.sora)) == 2
        announced([world.sora], is_procedure=True)
        minute()
    assert len(to(world.sora)) == 3


def test_a_mail_program_ends_the_letters_by_itself(world, app, at, says, minute, to, link, rows):
    """RFC 8058: a post without cookie, token or origin."""
    answer = app.test_client().post(
        link, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example.com"}
    )
    assert answer.status_code == 200
    chosen = rows(select(NoticeChoice).where(NoticeChoice.member_id == world.sora.id))
    assert {choice.by_mail for choice in chosen} == {""}
    assert rows(select(NoticeChoice).where(NoticeChoice.member_id != world.sora.id)) == []


def test_the_headers_offer_the_end(world, app, at, says, minute, link):
    folder = app.extensions["tsubomi.settings"].mail_folder
    (path,) = folder.glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["List-Unsubscribe"] == f"<http://localhost{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_link_cannot_be_guessed(world, anyone, link, rows):
    visitor = anyone()
    for secret in (NO_SUCH_SECRET, f"{link[-26:-1]}{'a' if link[-1] != 'a' else 'b'}"):
        assert visitor.get(f"/unsubscribe/{secret}").status_code == 404
        assert visitor.post(f"/unsubscribe/{secret}").status_code == 404
    assert visitor.get(f"/unsubscribe/{NO_SUCH_ID}").status_code == 404
    assert rows(select(NoticeChoice)) == []
    stored = rows(select(NoticeSettings.secret_hash))
    assert not any(link[-26:] in value for value in stored), "no database holds a working link"


# ── when the mail server fails ───────────────────────────────────────────────────────────────────────────────


class PostOffice:
    """A mail server that can be closed and opened."""

    def __init__(self):
        self.port, self.taken, self.controller, self.answers = free_port(), [], None, []

    async def handle_DATA(self, _server, _session, envelope):
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def open(self):
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self):
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@pytest.fixture
def post_office(changed_settings):
    """Closed at first; the app sends its letters there."""
    office = PostOffice()
    changed_settings(mail_url=f"smtp://127.0.0.1:{office.port}", mail_from="tsubomi@example.jp")
    yield office
    office.close()


def test_a_mail_server_that_is_gone_for_an_hour_loses_and_doubles_nothing(
    world, app, at, says, minute, post_office, rows
):
    """What comes meanwhile joins the letter that waits."""
    with at(MONDAY_NOON):
        says(world.haruka, "@たくみ さん")
        minute()
    for minutes in range(5, 60, 5):
        with at(MONDAY_NOON + timedelta(minutes=minutes)):
            if minutes == 40:
                says(world.naomi)
            minute()
    assert post_office.taken == []
    post_office.open()
    for minutes in range(60, 180, 10):
        with at(MONDAY_NOON + timedelta(minutes=minutes)):
            minute()
    subjects = sorted((str(letter["To"]), str(letter["Subject"])) for letter in post_office.taken)
    assert [subject for _to, subject in subjects] == [
        "【花丘商事】2件の新しいお知らせ",
        "【花丘商事】1件の新しいお知らせ",
    ]
    assert rows(select(Notice).where(Notice.mail != "")) == []
    with app.app_context():
        assert waiting() == 0


def test_a_stop_between_announcing_and_sending_sends_once(world, app, at, says, deliver, post_office):
    """Two rounds of the clock before anything is delivered, and a server that first says no."""
    post_office.open()
    post_office.answers = ["451 later"]
    with at(MONDAY_NOON):
        says(world.haruka)
        for _ in range(2):
            with app.app_context():
                announce_due_mail()
        deliver()
        assert post_office.taken == []
    with at(MONDAY_NOON + timedelta(minutes=2)):
        deliver()
        deliver()
    assert len(post_office.taken) == 1


def test_a_repeat_after_a_kill_carries_the_same_message_id(
    world, app, at, says, post_office, monkeypatch, deliver
):
    """The letter is out, the note of it is not: the second try looks the same to every mail program."""
    from app.notifications import operations

    post_office.open()
    settle = operations.settle_mail
    killed = []

    def die_once(*args, **kwargs):
        if not killed:
            killed.append(True)
            raise RuntimeError("killed")
        return settle(*args, **kwargs)

    monkeypatch.setattr(operations, "settle_mail", die_once)
    with at(MONDAY_NOON):
        says(world.haruka)
        with app.app_context():
            announce_due_mail()
        deliver()
    with at(MONDAY_NOON + timedelta(minutes=2)):
        deliver()
        deliver()
    assert len(post_office.taken) == 2
    assert len({letter["Message-ID"] for letter in post_office.taken}) == 1


def test_letters_leave_a_hundred_a_minute(world, app, at, write, says, rows):
    def plant():
        from app.core.names import fold
        from app.models import Role

        for number in range(120):
            name = f"ひと{number}"
            member = Member(
                mail=f"h{number}@example.jp",
                roles=int(Role.CANDIDATE),
                cohort_id=world.april.id,
                display_name=name,
                display_fold=fold(name),
                bud=1,
                rules_version=1,
            )
            session.add(member)
            session.flush()
            session.add(NoticeMail(member_id=member.id, due_at=MONDAY_NOON, is_going=False))

    write(plant)
    with at(MONDAY_NOON), app.app_context():
        assert announce_due_mail() == 100
        assert announce_due_mail() == 20
        assert announce_due_mail() == 0
