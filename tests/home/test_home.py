"""Home: what is new for me, in few words, and an end."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.boards.operations import hide_post, reply_to_topic, start_topic
from app.bookmarks.operations import mark_all_read, move_bookmark, set_level
from app.core.db import session
from app.home.queries import home_page
from app.models import Notice, Post
from tests.conftest import NOON


@pytest.fixture
def home(world, acting):
    """Home as one person sees it."""
    return lambda person: acting(person, home_page, name=person.name, first_steps=False)


@pytest.fixture
def tell(write):
    """Puts a notice about a post into somebody's list, as the listeners of notices do."""

    def plant(person, post_id, kind):
        def add():
            key = session.scalar(select(Post.id).where(Post.public_id == post_id))
            session.add(Notice(member_id=person.id, kind=kind, post_id=key, made_at=NOON))

        write(add)

    return plant


def test_home_says_calmly_that_nothing_waits_and_ends(world, as_, acting):
    """With everything read; the newest topics stay as an invitation."""
    acting(world.haruka, mark_all_read)
    text = as_(world.haruka).page("/")
    assert "あなたへの新しいコメントはありません" in text
    assert "はじめまして" in text
    assert text.index("新しいトピックは、ここまでです") > text.index("はじめまして")


def test_every_announcement_can_be_found_again_from_home_and_my_page(world, as_):
    """Also after the notice of it is gone."""
    for place in ("/", "/me"):
        assert 'href="/announcements"' in as_(world.haruka).page(place)


def test_posts_that_speak_to_me_are_listed_until_they_are_read(world, as_, acting, home, tell):
    """A mention and an answer; hidden and blocked ones never."""
    posts = [
        acting(getattr(world, key), reply_to_topic, world.topic_id, body=f"{key}より")
        for key in ("takumi", "naomi", "ren")
    ]
    for post, kind in (
        (posts[0], "mention"),
        (posts[1], "answer"),
        (posts[2], "mention"),
    ):
        tell(world.haruka, post, kind)
    assert [(each.post_id, each.is_mention, each.others) for each in home(world.haruka).for_me] == [
        (posts[0], True, 1)
    ]
    text = as_(world.haruka).page("/")
    assert "あなたへの呼びかけ" in text
    assert "たくみさんほか1件のコメント" in text
    assert home(world.sora).for_me == ()
    acting(world.mod, hide_post, posts[1], reason="確認のためです")
    assert [(each.post_id, each.others) for each in home(world.haruka).for_me] == [(posts[0], 0)]
    acting(world.haruka, set_level, world.topic_id, "mute")
    assert home(world.haruka).for_me == ()
    acting(world.haruka, set_level, world.topic_id, "normal")
    acting(world.haruka, move_bookmark, world.topic_id, posts[0])
    assert home(world.haruka).for_me == ()


def test_topics_that_go_on_are_few_and_not_said_twice(world, acting, home):
    """Five with new comments, five newest, none in both."""
    topics = [
        acting(world.takumi, start_topic, "square", title=f"{number}番", body="本文") for number in range(14)
    ]
    acting(world.haruka, mark_all_read)
    for topic in topics[:7]:
        acting(world.takumi, reply_to_topic, topic, body="続き")
    page = home(world.haruka)
    assert [row.id for row in page.alive] == topics[6:1:-1]
    assert [row.id for row in page.fresh] == topics[:8:-1]
    assert all(row.board_name == "みんなのひろば" for row in (*page.alive, *page.fresh))


def test_a_topic_that_speaks_to_me_stands_on_home_once(world, as_, acting, home, tell):
    """Not among the topics with new comments, nor among the newest; what makes room is filled with others."""
    topics = [
        acting(world.takumi, start_topic, "square", title=f"{number}番", body="本文") for number in range(7)
    ]
    post = acting(world.naomi, reply_to_topic, topics[6], body="はるかさんへ")
    tell(world.haruka, post, "mention")
    page = home(world.haruka)
    assert [each.topic_id for each in page.for_me] == [topics[6]]
    assert topics[6] not in [row.id for row in (*page.alive, *page.fresh)]
    assert len(page.fresh) == 5
    assert as_(world.haruka).page("/").count("6番") == 1


def test_the_keys_have_a_page_of_their_own(world, as_):
    """The same sheet that the script shows."""
    text = as_(world.haruka).page("/shortcuts")
    assert "data-sheet" in text
    assert "<kbd>j</kbd>" in text
