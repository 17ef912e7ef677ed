"""What is unread: one's own side only, the way to it, and that nobody else's reading changes anything."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from app.boards.operations import hide_post, reply_to_topic, reveal_post, start_topic, withdraw_post
from app.boards.queries import alive_topics, board_page, boards_page, fresh_topics, topic_page, unread_cursor
from app.bookmarks.operations import (
    mark_all_read,
    mark_board_read,
    move_bookmark,
    save_post,
    set_level,
    unsave_post,
)
from app.bookmarks.queries import saved_page
from app.core.db import session
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.paging import Cursor
from app.invitations.cards import Invitee
from app.invitations.operations import accept_invitation, invite_person, send_invitations
from app.models import Block, BoardReader, Member, Post, SavedPost, TopicReader
from app.policy import NOBODY
from tests.conftest import NO_SUCH_ID


@pytest.fixture
def say(world, acting):
    """Somebody replies to the topic of the world; gives the post's id."""
    return lambda key, body="コメント", topic=None: acting(
        getattr(world, key), reply_to_topic, topic or world.topic_id, body=body
    )


@pytest.fixture
def row(world, acting):
    """The topic of the world as a person's list shows it."""

    def find(key, topic=None):
        page = acting(getattr(world, key), board_page, "square")
        return next(each for each in page.topics if each.id == (topic or world.topic_id))

    return find


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_topic_never_opened_is_new_and_one_read_to_its_end_is_not_unread(world, acting, say, row):
    """The author's own topic is not new to them; what one wrote oneself is never unread."""
    last = say("takumi")
    assert row("haruka").is_new
    assert row("haruka").unread == 2
    assert not row("sora").is_new
    assert row("sora").unread == 1
    acting(world.haruka, move_bookmark, world.topic_id, last)
    assert (row("haruka").is_new, row("haruka").unread) == (False, 0)
    say("takumi")
    assert (row("haruka").is_new, row("haruka").unread) == (False, 1)
    say("haruka")
    assert row("haruka").unread == 0  # whoever answers has read what they answer


def test_what_stands_between_two_people_is_never_unread(world, acting, say, row):
    """A block, a wall, hidden, taken back; a hidden one shown again is unread."""
    last = say("takumi")
    for key in ("haruka", "sora"):
        acting(getattr(world, key), move_bookmark, world.topic_id, last)
    say("ren")
    hidden = say("naomi", "隠される")
    acting(world.mod, hide_post, hidden, reason="確認のためです")
    gone = say("naomi", "取り消される")
    acting(world.naomi, withdraw_post, gone)
    assert row("haruka").unread == 0
    assert row("sora").unread == 1  # Ren's
    assert acting(world.haruka, alive_topics) == ()
    acting(world.mod, reveal_post, hidden)
    assert row("haruka").unread == 1


def test_counting_stops_at_a_hundred(world, acting, say, row):
    """However long the topic."""
    for number in range(105):
        say("takumi", f"{number}番")
    assert row("haruka").unread == 100


def test_reply_counts_leave_out_blocked_walled_and_hidden_replies_and_count_nobody_twice(
    world, acting, say, row, write
):
    """Somebody blocked who is behind a wall as well stands between only once."""
    topic = acting(world.takumi, start_topic, "square", title="みんなの話題", body="本文")
    for key in ("sora", "ren", "yui", "naomi"):
        say(key, topic=topic)
    acting(world.mod, hide_post, say("naomi", topic=topic), reason="確認のためです")
    counts = {key: row(key, topic).reply_count for key in ("haruka", "sora", "yui", "takumi", "mod")}
    assert counts == {"haruka": 2, "sora": 3, "yui": 2, "takumi": 4, "mod": 4}

    def block_yui():
        session.add(Block(blocker_id=world.haruka.id, blocked_id=world.yui.id))
        session.execute(update(Member).values(version=Member.version + 1))

    write(block_yui)
    assert row("haruka", topic).reply_count == 2
    assert acting(world.haruka, topic_page, topic).reply_count == 2


# ── the way to it ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_unread_post_is_marked_and_a_link_leads_there_from_any_page(world, as_, acting, say):
    """On its page to the line, from another page to its page."""
    posts = [say("takumi", f"{number}番") for number in range(60)]
    acting(world.haruka, move_bookmark, world.topic_id, posts[40])
    haruka = as_(world.haruka)
    first = haruka.page(f"/topics/{world.topic_id}")
    assert "ここから新着" not in first
    assert f'href="/topics/{world.topic_id}?unread=1#unread"' in first
    assert "新着のコメントへ（19件）" in first
    there = haruka.page(f"/topics/{world.topic_id}?unread=1")
    assert there.index(posts[40]) < there.index("ここから新着") < there.index(f'id="post-{posts[41]}"')
    assert 'href="#unread"' in there
    assert f'href="/topics/{world.topic_id}?unread=1#unread"' in haruka.page("/boards/square")


def test_with_nothing_unread_the_same_address_leads_to_the_end(world, acting, say):
    """And for a topic never opened to its beginning."""
    posts = [say("takumi", f"{number}番") for number in range(30)]
    assert acting(world.haruka, unread_cursor, world.topic_id) == Cursor()
    acting(world.haruka, move_bookmark, world.topic_id, posts[-1])
    cursor = acting(world.haruka, unread_cursor, world.topic_id)
    assert acting(world.haruka, topic_page, world.topic_id, cursor).posts[-1].id == posts[-1]


def test_a_permalink_deep_in_a_long_topic_leads_to_its_page(world, as_, say):
    """300 replies; every tenth is looked up."""
    posts = [say("takumi", f"{number}番") for number in range(300)]
    sora = as_(world.sora)
    for post_id in posts[::50]:
        answer = sora.get(f"/posts/{post_id}")
        assert f'id="post-{post_id}"' in sora.page(answer.headers["Location"].partition("#")[0])
    end = sora.page(f"/topics/{world.topic_id}?last=1")
    assert f'id="post-{posts[-1]}"' in end
    assert "最新のコメントへ" not in end
    assert "最新のコメントへ" in sora.page(f"/topics/{world.topic_id}")


def test_an_old_topic_with_new_comments_stands_above_the_list_and_does_not_move_in_it(world, acting, say):
    """Until it is read or muted."""
    newer = [
        acting(world.takumi, start_topic, "square", title=f"{number}番", body="本文") for number in range(25)
    ]
    for person in (world.haruka, world.sora):
        acting(person, mark_all_read)
    before = [each.id for each in acting(world.haruka, board_page, "square").topics]
    last = say("takumi", "ひさしぶり")
    page = acting(world.haruka, board_page, "square")
    assert [each.id for each in page.alive] == [world.topic_id]
    assert [each.id for each in page.topics] == before == newer[:4:-1]
    assert page.alive[0].unread == 1
    assert acting(world.haruka, board_page, "square", Cursor(after=newer[10])).alive == ()
    acting(world.haruka, move_bookmark, world.topic_id, last)
    assert acting(world.haruka, board_page, "square").alive == ()
    acting(world.sora, set_level, world.topic_id, "mute")
    assert acting(world.sora, board_page, "square").alive == ()


def test_the_liveliest_topic_comes_first_by_what_one_sees(world, acting, say):
    """A blocked person's comment moves nothing."""
    first, second, third = (
        acting(world.takumi, start_topic, "square", title=f"{number}番", body="本文") for number in range(3)
    )
    acting(world.haruka, mark_all_read)
    for topic in (second, first, third):
        say("takumi", topic=topic)
    say("ren", topic=second)
    assert [each.id for each in acting(world.haruka, alive_topics)] == [third, first, second]
    assert [each.board_name for each in acting(world.haruka, alive_topics)] == ["みんなのひろば"] * 3


# ── moving on ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bookmark_moves_forward_through_the_door_and_never_back(world, as_, acting, say, rows):
    """The script's request and the button of a page without one."""
    posts = [say("takumi", f"{number}番") for number in range(3)]
    haruka = as_(world.haruka)
    path = f"/topics/{world.topic_id}/bookmark"
    assert f'action="{path}"' in haruka.page(f"/topics/{world.topic_id}")
    assert haruka.post(path, {"post": posts[2]}, headers={"X-Fragment": "1"}).status_code == 204
    kept = rows(select(TopicReader.bookmark_id).where(TopicReader.member_id == world.haruka.id))
    assert haruka.post(path, {"post": posts[0]}).status_code == 303
    assert rows(select(TopicReader.bookmark_id).where(TopicReader.member_id == world.haruka.id)) == kept
    assert f'action="{path}"' not in haruka.page(f"/topics/{world.topic_id}")


def test_a_bookmark_that_is_there_already_writes_nothing(world, acting, say, queries):
    """Neither a second time nor behind everything marked as read."""
    last = say("takumi")
    acting(world.haruka, move_bookmark, world.topic_id, last)
    acting(world.sora, mark_all_read)
    for person in (world.haruka, world.sora):
        with queries() as seen:
            acting(person, move_bookmark, world.topic_id, last)
        assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)


def test_a_bookmark_is_refused_for_what_one_does_not_see_in_that_topic(world, as_, acting, say):
    """Hidden, blocked, of another topic, or nothing: one answer."""
    other = acting(world.takumi, start_topic, "square", title="ほか", body="本文")
    elsewhere = say("takumi", topic=other)
    blocked = say("ren")
    hidden = say("naomi")
    acting(world.mod, hide_post, hidden, reason="確認のためです")
    haruka = as_(world.haruka)
    for post_id in (elsewhere, blocked, hidden, NO_SUCH_ID, "x"):
        answer = haruka.post(f"/topics/{world.topic_id}/bookmark", {"post": post_id})
        assert answer.status_code == 404, post_id


def test_reading_pages_writes_nothing(world, as_, say, rows):
    """A bookmark moves by its own request only."""
    say("takumi")
    haruka = as_(world.haruka)
    for path in ("/", "/boards", "/boards/square", f"/topics/{world.topic_id}?unread=1", "/me/saved"):
        haruka.page(path)
    assert rows(select(TopicReader).where(TopicReader.member_id == world.haruka.id)) == []


def test_a_board_is_marked_read_and_only_that_board(world, as_, acting, rows):
    """Up to the newest post one may see; what comes later is new again."""
    acting(world.sora, start_topic, "wakaba", title="班のこと", body="本文")
    haruka = as_(world.haruka)
    assert "新着のあるトピック 1件" in haruka.page("/boards")
    assert haruka.post("/boards/square/read").status_code == 303
    news = {each.board.slug: each.topics for each in acting(world.haruka, boards_page).boards}
    assert news == {"square": 0, "april": 0, "news": 0, "wakaba": 1}
    assert "すべて読んだことにする" not in haruka.page("/boards/square")
    acting(world.takumi, start_topic, "square", title="あとから", body="本文")
    news = {each.board.slug: each.topics for each in acting(world.haruka, boards_page).boards}
    assert news["square"] == 1
    assert haruka.post("/boards/no-such-board/read").status_code == 404
    assert len(rows(select(BoardReader))) == 1


def test_everything_is_marked_read_at_once(world, as_, acting, say, row):
    """On every board, for oneself only."""
    acting(world.sora, start_topic, "wakaba", title="班のこと", body="本文")
    say("takumi")
    haruka = as_(world.haruka)
    assert haruka.post("/read?next=/boards").headers["Location"] == "/boards"
    assert not acting(world.haruka, boards_page).has_news
    assert (row("haruka").unread, row("haruka").is_new) == (0, False)
    assert acting(world.sora, boards_page).has_news
    assert haruka.post("/read?next=https://evil.example/").headers["Location"] == "/"


def test_a_newcomer_is_not_met_by_everything_that_was_ever_written(
    world, app, acting, rows, deliver, letters
):
    """Their bookmark begins where the community was when they joined."""
    invitee = Invitee(mail="new@example.jp", legal_name="あたらしい人", cohort=world.april.public_id)
    acting(world.jinji, send_invitations, [acting(world.jinji, invite_person, invitee)])
    deliver()
    secret = re.search(r"/invitations/([a-z2-7]{26})", letters()[0].text)[1]
    with app.app_context():
        accept_invitation(
            NOBODY,
            secret,
            display_name="あたらしい",
            bud=1,
            pace="few",
            rules_version=1,
            language="ja",
            password_hash=None,
        )
    newest = rows(select(Post.id).order_by(Post.id.desc()).limit(1))
    assert rows(select(Member.bookmark_id).where(Member.mail == "new@example.jp")) == newest


# ── how much one wishes to hear ──────────────────────────────────────────────────────────────────────────────


def test_a_muted_topic_shows_nothing_new_and_a_followed_one_says_so(world, as_, acting, say, row):
    """By buttons, without JavaScript; a word there is not is refused."""
    say("takumi")
    haruka = as_(world.haruka)
    path = f"/topics/{world.topic_id}/level"
    assert haruka.post(path, {"level": "mute"}).status_code == 303
    assert (row("haruka").unread, row("haruka").is_new) == (0, False)
    assert "ここから新着" not in haruka.page(f"/topics/{world.topic_id}?unread=1")
    assert acting(world.haruka, topic_page, world.topic_id).level == 0
    assert haruka.post(path, {"level": "follow"}).status_code == 303
    assert "フォロー中" in haruka.page(f"/topics/{world.topic_id}")
    assert row("haruka").unread == 2
    with pytest.raises(Invalid):
        acting(world.haruka, set_level, world.topic_id, "loud")
    for topic in (NO_SUCH_ID, acting(world.ren, start_topic, "square", title="れん", body="本文")):
        assert haruka.post(f"/topics/{topic}/level", {"level": "mute"}).status_code == 404


# ── saved posts ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_saved_post_is_kept_until_it_is_hidden_taken_back_or_let_go(world, as_, acting, say, rows):
    """Gone from the list as if it had never been saved; shown again it is back."""
    post, other = say("takumi", "大事な話"), say("naomi", "ほかの話")
    haruka = as_(world.haruka)
    for _time in range(2):
        assert haruka.post(f"/posts/{post}/save").status_code == 303
    haruka.post(f"/posts/{other}/save")
    assert len(rows(select(SavedPost))) == 2
    text = haruka.page("/me/saved")
    assert text.index("ほかの話") < text.index("大事な話")
    assert f"/posts/{post}/unsave" in haruka.page(f"/posts/{post}/acts")
    acting(world.mod, hide_post, post, reason="確認のためです")
    assert "大事な話" not in haruka.page("/me/saved")
    acting(world.mod, reveal_post, post)
    assert "大事な話" in haruka.page("/me/saved")
    acting(world.naomi, withdraw_post, other)
    assert "ほかの話" not in haruka.page("/me/saved")
    with pytest.raises(Forbidden):
        acting(world.haruka, save_post, other)
    assert haruka.post(f"/posts/{post}/unsave?from=saved").headers["Location"] == "/me/saved"
    assert "保存した投稿は、まだありません" in haruka.page("/me/saved")
    acting(world.haruka, unsave_post, post)


def test_saved_posts_are_their_owners_alone_and_only_of_what_they_see(world, acting, say):
    """Neither another's list nor a post behind a block."""
    post = say("takumi")
    acting(world.haruka, save_post, post)
    assert acting(world.sora, saved_page).posts == ()
    assert not acting(world.sora, topic_page, world.topic_id).posts[-1].is_saved
    assert acting(world.haruka, topic_page, world.topic_id).posts[-1].is_saved
    with pytest.raises(NotFound):
        acting(world.haruka, save_post, say("ren"))


def test_saved_posts_are_read_page_by_page(world, acting, say):
    """25 of them, the last one saved first."""
    posts = [say("takumi", f"{number}番") for number in range(25)]
    for post in posts:
        acting(world.haruka, save_post, post)
    first = acting(world.haruka, saved_page)
    assert [row.id for row in first.posts] == posts[:4:-1]
    after = re.search(r"after=(\w+)", first.pager.older)
    second = acting(world.haruka, saved_page, Cursor(after=after[1]))
    assert [row.id for row in second.posts] == posts[4::-1]
    assert second.pager.newer is not None
    assert second.pager.older is None


# ── an open page ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_open_page_learns_how_much_others_wrote_and_nothing_else(world, as_, acting, say, queries):
    """Not one's own, nothing hidden or blocked; two statements."""
    haruka = as_(world.haruka)
    path = f"/api/topics/{world.topic_id}/news?after={world.first_post_id}"
    assert f'data-news="/api/topics/{world.topic_id}/news"' in haruka.page(f"/topics/{world.topic_id}")
    assert haruka.get(path).json == {"ok": True, "count": 0}
    say("haruka")
    say("ren")
    acting(world.mod, hide_post, say("naomi"), reason="確認のためです")
    assert haruka.get(path).json == {"ok": True, "count": 0}
    say("takumi")
    with queries() as seen:
        assert haruka.get(path).json == {"ok": True, "count": 1}
    assert len(seen) == 2


def test_news_behind_a_post_one_does_not_see_are_none_and_of_a_hidden_topic_missing(world, as_, acting, say):
    """A place behind something hidden is no place."""
    blocked = say("ren")
    say("takumi")
    own = acting(world.ren, start_topic, "square", title="れん", body="本文")
    haruka = as_(world.haruka)
    for after in (blocked, NO_SUCH_ID, "", "x" * 40):
        answer = haruka.get(f"/api/topics/{world.topic_id}/news?after={after}")
        assert answer.json == {"ok": True, "count": 0}
    for topic in (own, NO_SUCH_ID):
        assert haruka.get(f"/api/topics/{topic}/news?after={blocked}").status_code == 404


def test_a_page_in_the_middle_of_a_topic_asks_for_nothing(world, as_, say):
    """What comes next is a link there anyway."""
    for number in range(25):
        say("takumi", f"{number}番")
    haruka = as_(world.haruka)
    assert "data-news" not in haruka.page(f"/topics/{world.topic_id}")
    assert "data-news" in haruka.page(f"/topics/{world.topic_id}?last=1")


def test_fresh_topics_tell_whether_they_are_new(world, acting):
    """The same marks on home."""
    assert [row.is_new for row in acting(world.haruka, fresh_topics)] == [True]
    acting(world.haruka, mark_board_read, "square")
    assert [row.is_new for row in acting(world.haruka, fresh_topics)] == [False]
