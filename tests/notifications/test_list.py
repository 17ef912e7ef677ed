"""Who is told what, why, and what becomes of it when they may no longer see it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update

from app.accounts.operations import end_membership
from app.boards.operations import edit_post, hide_post, reply_to_topic, start_topic, withdraw_post
from app.core.db import session
from app.models import Announcement, BoardAudience, Level, Member, Notice
from app.notifications.operations import tidy_notices
from app.people.operations import block_person
from tests.conftest import NO_SUCH_ID

pytestmark = pytest.mark.usefixtures("at_noon")


def reasons(client):
    """The reasons on somebody's list, newest first."""
    return re.findall(r'href="/me/notices#(\w+)"', client.page("/notices"))


def test_each_is_told_once_for_the_strongest_reason(world, says, hears, told):
    """Named, answered, following: the strongest counts; the author is told nothing."""
    hears(world.sora, Level.FOLLOWED)
    hears(world.takumi, Level.FOLLOWED)
    hears(world.naomi, Level.FOLLOWED)
    hears(world.haruka, Level.FOLLOWED)
    says(world.haruka, "@たくみ さんに聞きました")
    assert told(world.takumi) == ["mention"]
    assert told(world.sora) == ["answer"]
    assert told(world.naomi) == ["reply"]
    assert told(world.haruka) == []
    assert told(world.jinji) == []


def test_who_is_quoted_is_answered(world, says, told):
    first = says(world.takumi, "どうぞ")
    says(world.naomi, "ありがとうございます", quoted=first)
    assert told(world.takumi) == ["answer"]


def test_nobody_is_told_of_what_they_may_not_see(world, says, hears, told):
    """A block and a wall stand between; the same post tells others."""
    for person in (world.ren, world.yui, world.naomi):
        hears(person, Level.FOLLOWED)
    says(world.haruka)
    assert (told(world.ren), told(world.yui), told(world.naomi)) == ([], [], ["reply"])


def test_a_muted_topic_tells_nothing_even_by_name(world, says, hears, told):
    hears(world.takumi, Level.MUTED)
    hears(world.sora, Level.MUTED)
    says(world.haruka, "@たくみ さん")
    assert told(world.takumi) == told(world.sora) == []


def test_a_topic_speaks_to_whom_it_names(world, acting, deliver, told):
    acting(world.haruka, start_topic, "square", title="質問です", body="@たくみ さん、いかがですか")
    deliver()
    assert told(world.takumi) == ["mention"]


def test_an_edit_tells_only_whom_it_names_newly(world, acting, says, deliver, told):
    post_id = says(world.haruka, "@たくみ さん")
    acting(world.haruka, edit_post, post_id, revision=1, body="@たくみ さん、@naomi さん、@そら さん")
    deliver()
    assert told(world.takumi) == ["mention"]
    assert told(world.naomi) == ["mention"]
    assert told(world.sora) == ["answer"], "of one post nobody is told twice"


def test_the_list_says_why_and_leads_there(world, as_, says, announced):
    post_id = says(world.haruka, "@たくみ さん、どうぞ")
    announced([world.takumi], title="社員の皆さんへ")
    client = as_(world.takumi)
    page = client.page("/notices")
    assert reasons(client) == ["announcement", "mention"]
    assert "お名前が書かれています" in page
    assert "はじめまして" in page
    assert "社員の皆さんへ" in page
    places = [client.get(path).location for path in re.findall(r'"(/notices/[a-z2-7]{13})"', page)]
    assert re.fullmatch(r"/announcements/[a-z2-7]{13}", places[0])
    assert places[1] == f"/posts/{post_id}"
    assert client.get(f"/notices/{NO_SUCH_ID}").status_code == 404
    key = re.findall(r"/notices/([a-z2-7]{13})", page)[0]
    assert as_(world.haruka).get(f"/notices/{key}").status_code == 404, "somebody else's is missing"


def block(world, acting, **_):
    acting(world.takumi, block_person, world.haruka.public_id)


def hide(world, acting, post_id, **_):
    acting(world.mod, hide_post, post_id, reason="理由")


def withdraw(world, acting, post_id, **_):
    acting(world.haruka, withdraw_post, post_id)


def leave_the_board(world, write, **_):
    def change():
        session.execute(update(BoardAudience).where(BoardAudience.role == 2).values(role=64))
        session.execute(update(Member).values(version=Member.version + 1))

    write(change)


def mute(world, hears, **_):
    hears(world.takumi, Level.MUTED)


@pytest.mark.parametrize("change", [block, hide, withdraw, leave_the_board, mute])
def test_what_may_no_longer_be_seen_is_gone_from_list_bell_and_letter(
    change, world, as_, acting, write, hears, says, counted, minute, letters
):
    """As if it had never been there."""
    post_id = says(world.haruka, "@たくみ さん、どうぞ")
    client = as_(world.takumi)
    assert reasons(client) == ["mention"]
    assert counted(world.takumi) == 1
    key = re.findall(r"/notices/([a-z2-7]{13})", client.page("/notices"))[0]
    before = len([letter for letter in letters() if "takumi" in letter.to])
    change(world=world, acting=acting, write=write, hears=hears, post_id=post_id)
    assert reasons(client) == []
    assert counted(world.takumi) == 0
    if change is not mute:
        assert client.get(f"/notices/{key}").status_code == 404
    minute()
    assert len([letter for letter in letters() if "takumi" in letter.to]) == before


def test_a_cancelled_announcement_is_gone(world, as_, write, announced, minute, letters):
    key = announced([world.haruka])
    assert reasons(as_(world.haruka)) == ["announcement"]
    write(
        lambda: session.execute(
            update(Announcement)
            .where(Announcement.id == key)
            .values(cancelled_at=func.current_timestamp(), state="cancelled")
        )
    )
    assert reasons(as_(world.haruka)) == []
    minute()
    assert letters() == []


def test_the_bookmark_moves_by_a_press_and_never_by_looking(world, as_, says, counted, rows):
    says(world.haruka)
    says(world.takumi, "@そら さん")
    client = as_(world.sora)
    page = client.page("/notices")
    assert counted(world.sora) == 2, "looking changes nothing"
    newest = re.search(r'name="newest" value="([a-z2-7]{13})"', page)[1]
    says(world.naomi)
    assert client.post("/notices/seen", {"newest": newest}).status_code == 303
    assert counted(world.sora) == 1, "what came after the page was drawn is still new"
    assert client.page("/notices").count('class="mark">新着') == 1
    answer = client.post("/notices/seen", {"newest": NO_SUCH_ID}, headers={"Accept": "application/json"})
    assert answer.json == {"ok": True}
    assert counted(world.sora) == 1
    older = rows(select(Notice.public_id).where(Notice.member_id == world.sora.id).order_by(Notice.id))[0]
    client.post("/notices/seen", {"newest": older})
    assert counted(world.sora) == 1, "it never moves back"
    assert "data-seen" in client.page("/notices")


def test_comments_in_one_topic_are_one_line_and_one_on_the_bell(world, as_, says, counted, acting):
    """It begins where they are new, tells of nobody one does not meet, and is simply the newest once it was seen."""
    first = says(world.haruka, "ひとつめ")
    says(world.takumi, "ふたつめ")
    says(world.naomi, "みっつめ")
    assert counted(world.sora) == 1
    client = as_(world.sora)
    page = client.page("/notices")
    assert page.count('class="row notice-row"') == 1
    assert "naomiさんほか2件のコメント" in page
    assert "みっつめ" not in page
    assert client.get(re.search(r'"(/notices/[a-z2-7]{13})"', page)[1]).location == f"/posts/{first}"
    acting(world.sora, block_person, world.haruka.public_id)
    assert "naomiさんほか1件のコメント" in client.page("/notices")
    client.post("/notices/seen", {"newest": re.search(r'name="newest" value="([a-z2-7]{13})"', page)[1]})
    page = client.page("/notices")
    assert page.count('class="row notice-row"') == 1
    assert "：みっつめ" in page
    assert "新着</span>" not in page
    assert counted(world.sora) == 0


def test_comments_of_two_topics_or_two_reasons_are_lines_of_their_own(
    world, as_, acting, says, deliver, counted
):
    says(world.haruka)
    says(world.haruka, "@そら さん")
    other = acting(world.sora, start_topic, "square", title="もうひとつ", body="文")
    acting(world.haruka, reply_to_topic, other, body="こんにちは")
    deliver()
    assert counted(world.sora) == 3
    assert as_(world.sora).page("/notices").count('class="row notice-row"') == 3


def test_reading_a_topic_takes_it_off_the_bell_as_far_as_it_was_read(world, as_, says, counted):
    """The list keeps the line, without the mark; nothing is written but the bookmark in the topic."""
    read, client = says(world.haruka, "ひとつめ"), as_(world.sora)
    later = says(world.takumi, "ふたつめ")
    assert "たくみさんほか1件のコメント" in client.page("/notices")
    client.post(f"/topics/{world.topic_id}/bookmark", {"post": read})
    assert counted(world.sora) == 1
    assert "：ふたつめ" in client.page("/notices")
    client.post(f"/topics/{world.topic_id}/bookmark", {"post": later})
    assert counted(world.sora) == 0
    page = client.page("/notices")
    assert "：ふたつめ" in page
    assert "新着</span>" not in page
    assert "data-seen" not in page, "nothing is left to be said with the button"


@pytest.mark.parametrize("door", ["/read", "/boards/square/read"])
def test_marking_everything_as_read_takes_it_off_the_bell_too(world, as_, says, counted, announced, door):
    """Announcements are no posts: they stay."""
    says(world.haruka)
    announced([world.sora])
    assert counted(world.sora) == 2
    as_(world.sora).post(door)
    assert counted(world.sora) == 1


def test_who_is_named_in_what_they_had_read_is_told_all_the_same(world, as_, acting, says, deliver, counted):
    post_id = says(world.haruka, "こんにちは")
    as_(world.takumi).post(f"/topics/{world.topic_id}/bookmark", {"post": post_id})
    acting(world.haruka, edit_post, post_id, revision=1, body="@たくみ さん、こんにちは")
    deliver()
    assert counted(world.takumi) == 1


def test_somebody_elses_notice_moves_no_bookmark(world, as_, says, counted, rows):
    says(world.haruka, "@たくみ さん")
    foreign = rows(select(Notice.public_id).where(Notice.member_id == world.takumi.id))[0]
    as_(world.sora).post("/notices/seen", {"newest": foreign})
    assert counted(world.sora) == 1


def test_the_list_is_read_page_by_page(world, as_, announced):
    for number in range(23):
        announced([world.haruka], title=f"お知らせ{number}")
    client = as_(world.haruka)
    first = client.page("/notices")
    assert "お知らせ22" in first
    assert "お知らせ2<" not in first
    older = re.search(r'rel="next" href="(/notices\?after=[a-z2-7]{13})"', first)[1]
    second = client.page(older)
    assert re.findall(r"お知らせ\d+", second) == ["お知らせ2", "お知らせ1", "お知らせ0"]
    assert "data-seen" not in second, "the newest is not on this page"


def test_the_bell_counts_in_one_statement_whatever_is_hidden(world, as_, acting, says, queries):
    says(world.haruka, "@たくみ さん")
    client = as_(world.takumi)

    def statements():
        client.get("/me")
        with queries() as seen:
            client.get("/me")
        return [statement for statement in seen if " notice" in statement]

    before = statements()
    assert len(before) == 1
    acting(world.takumi, block_person, world.haruka.public_id)
    assert len(statements()) == 1


def test_a_reminder_goes_to_whoever_has_not_acknowledged(world, app, write, announced, deliver, told):
    from app.announcements.events import AcknowledgementReminded
    from app.core.operation import announce
    from app.models import AnnouncementRecipient

    key = announced([world.haruka, world.sora], asks_acknowledgement=True)
    write(
        lambda: session.execute(
            update(AnnouncementRecipient)
            .where(AnnouncementRecipient.member_id == world.sora.id)
            .values(is_acknowledged=True)
        )
    )
    for number in (1, 2):
        write(lambda number=number: announce(AcknowledgementReminded(announcement_id=key, number=number)))
        deliver()
    assert told(world.haruka) == ["announcement", "reminder"], "the second takes the place of the first"
    assert told(world.sora) == ["announcement"]


def test_notices_are_kept_for_ninety_days(world, app, at, says, told):
    from datetime import timedelta

    from tests.notifications.conftest import MONDAY_NOON

    says(world.haruka)
    for days, expected in ((89, ["answer"]), (91, [])):
        with at(MONDAY_NOON + timedelta(days=days)), app.app_context():
            tidy_notices()
        assert told(world.sora) == expected


def test_whoever_leaves_leaves_no_notices(world, acting, says, deliver, rows):
    says(world.haruka, "@たくみ さん")
    acting(world.takumi, end_membership, keeps_name=False)
    deliver()
    assert rows(select(Notice).where(Notice.member_id == world.takumi.id)) == []
