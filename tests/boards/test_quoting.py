"""Answering one post: the quote leads back, and nothing of an invisible post is told."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.boards.operations import hide_post, reply_to_topic, start_topic, withdraw_post
from app.core.errors import Forbidden, NotFound
from app.models import Post
from tests.conftest import NO_SUCH_ID


def test_a_post_is_quoted_from_its_menu_and_the_quote_leads_back(world, as_, acting):
    """The link opens the composer with the quote in it; the reply carries it."""
    asked = acting(world.takumi, reply_to_topic, world.topic_id, body="朝は**早い**ですか")
    haruka = as_(world.haruka)
    assert f"/posts/{asked}/quote" in haruka.page(f"/posts/{asked}/acts")
    answer = haruka.get(f"/posts/{asked}/quote")
    assert answer.status_code == 303
    path, _hash, anchor = answer.headers["Location"].partition("#")
    assert anchor == "reply"
    text = haruka.page(path)
    assert 'id="reply"' in text
    assert f'name="quoted" type="hidden" value="{asked}"' in text
    sent = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "8時です", "quoted": asked})
    assert sent.status_code == 303
    text = as_(world.sora).page(f"/topics/{world.topic_id}")
    assert f'class="quote" href="/posts/{asked}"' in text
    assert "朝は早いですか" in text


def test_an_invisible_post_is_quoted_like_one_that_is_missing(world, as_, acting, rows):
    """Blocked, hidden, of another topic: one answer, and the text is kept."""
    blocked = acting(world.ren, reply_to_topic, world.topic_id, body="れんです")
    hidden = acting(world.takumi, reply_to_topic, world.topic_id, body="ひみつ")
    acting(world.mod, hide_post, hidden, reason="確認のためです")
    other = acting(world.takumi, start_topic, "square", title="別の話", body="本文")
    elsewhere = acting(world.takumi, reply_to_topic, other, body="別のところ")
    haruka = as_(world.haruka)
    answers = set()
    for quoted in (blocked, hidden, elsewhere, NO_SUCH_ID, "x" * 500):
        answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章", "quoted": quoted})
        assert answer.status_code == 404
        assert "書いた文章" in answer.text
        answers.add(re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text.replace(quoted, "")))
        assert "このコメントに答えます" not in haruka.page(f"/topics/{world.topic_id}?quote={quoted}")
    assert len(answers) == 1
    assert rows(select(Post.id).where(Post.body == "書いた文章")) == []


def test_a_post_taken_back_meanwhile_is_not_quoted_and_the_text_is_kept(world, as_, acting):
    """A sentence says what now."""
    asked = acting(world.takumi, reply_to_topic, world.topic_id, body="やっぱりいいです")
    acting(world.takumi, withdraw_post, asked)
    answer = as_(world.haruka).post(
        f"/topics/{world.topic_id}/replies", {"body": "書いた文章", "quoted": asked}
    )
    assert answer.status_code == 403
    assert "取り消されています" in answer.text
    assert "書いた文章" in answer.text
    with pytest.raises(Forbidden):
        acting(world.haruka, reply_to_topic, world.topic_id, body="x", quoted=asked)


def test_a_quote_of_somebody_one_does_not_meet_is_not_there(world, as_, acting):
    """Ren and Haruka do not meet: Sora's quote of Ren is no quote for Haruka."""
    asked = acting(world.ren, reply_to_topic, world.topic_id, body="れんの問い")
    acting(world.sora, reply_to_topic, world.topic_id, body="そらの答え", quoted=asked)
    assert "れんの問い" in as_(world.takumi).page(f"/topics/{world.topic_id}")
    text = as_(world.haruka).page(f"/topics/{world.topic_id}")
    assert "そらの答え" in text
    assert "れんの問い" not in text
    assert asked not in text


def test_the_quote_of_a_post_that_was_taken_back_says_so(world, as_, acting):
    asked = acting(world.takumi, reply_to_topic, world.topic_id, body="やっぱりいいです")
    acting(world.sora, reply_to_topic, world.topic_id, body="そうですか", quoted=asked)
    acting(world.takumi, withdraw_post, asked)
    text = as_(world.haruka).page(f"/topics/{world.topic_id}")
    assert "取り消されたコメント" in text
    assert "やっぱりいいです" not in text


def test_what_is_said_is_kept_in_a_few_words(world, acting, rows):
    """The first 200 characters without markup, for quotes and notices."""
    post_id = acting(world.takumi, reply_to_topic, world.topic_id, body="**はい**\n\n" + "あ" * 300)
    assert rows(select(Post.excerpt).where(Post.public_id == post_id)) == ["はい " + "あ" * 197]
    with pytest.raises(NotFound):
        acting(world.haruka, reply_to_topic, world.topic_id, body="x", quoted=NO_SUCH_ID)
