"""Taking back: what was said is gone for its readers, what others said stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.boards.operations import (
    edit_post,
    hide_post,
    hide_topic,
    pin_topic,
    reply_to_topic,
    reveal_post,
    set_reaction,
    start_topic,
    withdraw_post,
)
from app.core.errors import Forbidden
from app.models import Post, Reaction, Topic, TopicReader
from tests.conftest import NO_SUCH_ID


@pytest.fixture
def reply(world, acting):
    """A reply of Haruka's, edited once."""
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="はじめの文章")
    acting(world.haruka, edit_post, post_id, revision=1, body="つぎの文章")
    return post_id


def test_a_comment_taken_back_leaves_a_note_and_nothing_else(world, as_, acting, reply, rows):
    """No text, no history, no signs; its place and its author stay, and the number of replies."""
    acting(world.takumi, set_reaction, reply, "thanks", True)
    haruka = as_(world.haruka)
    assert f"/posts/{reply}/withdraw" in haruka.page(f"/posts/{reply}/acts")
    assert "元には戻せません" in haruka.page(f"/posts/{reply}/withdraw")
    answer = haruka.post(f"/posts/{reply}/withdraw")
    assert answer.status_code == 303
    for person in (world.haruka, world.takumi, world.mod):
        text = as_(person).page(f"/topics/{world.topic_id}")
        assert "このコメントは取り消されました" in text
        assert "つぎの文章" not in text
        assert "編集済み" not in text
        assert f"/posts/{reply}/edit" not in text
        refused = as_(person).get(f"/posts/{reply}/history")
        assert refused.status_code == 403
        assert "文章" not in refused.text.partition("<main")[2].partition("</main>")[0]
    assert rows(select(func.count()).select_from(Reaction)) == [0]
    assert rows(select(Topic.replies)) == [1]


def test_taking_back_twice_is_harmless(world, as_, reply, rows):
    haruka = as_(world.haruka)
    assert haruka.post(f"/posts/{reply}/withdraw").status_code == 303
    [at] = rows(select(Post.withdrawn_at).where(Post.public_id == reply))
    assert haruka.post(f"/posts/{reply}/withdraw").status_code == 303
    assert rows(select(Post.withdrawn_at).where(Post.public_id == reply)) == [at]
    assert "すでに取り消されています" in haruka.page(f"/posts/{reply}/withdraw")


def test_a_first_post_takes_its_title_along_and_nobody_replies_any_more(world, as_, acting, reply, rows):
    """The replies of others stay; a reply on its way is kept on the page."""
    acting(world.mod, pin_topic, world.topic_id)
    haruka = as_(world.haruka)
    haruka.page(f"/topics/{world.topic_id}")
    answer = as_(world.sora).post(f"/posts/{world.first_post_id}/withdraw")
    assert answer.status_code == 303
    text = haruka.page(f"/topics/{world.topic_id}")
    assert "取り消されたトピック" in text
    assert "つぎの文章" in text
    assert "よろしくお願いします" not in text
    assert "はじめまして" not in text
    assert "はじめまして" not in haruka.page("/boards/square") + haruka.page("/")
    answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章"})
    assert answer.status_code == 403
    assert "取り消されたため、コメントできません" in answer.text
    assert "書いた文章" in answer.text
    assert "はじめまして" not in answer.text
    assert rows(select(Topic.pinned_at)) == [None]
    text = haruka.page(f"/posts/{reply}/withdraw") + haruka.get(f"/posts/{reply}/history").text
    assert "はじめまして" not in text


def test_only_its_author_takes_a_post_back_at_any_time(world, as_, acting, reply):
    """Moderators hide instead; a hidden post may still be taken back by its author."""
    for person in (world.takumi, world.mod, world.jinji):
        assert as_(person).get(f"/posts/{reply}/withdraw").status_code == 403
        assert as_(person).post(f"/posts/{reply}/withdraw").status_code == 403
    for person, post_id in ((world.ren, reply), (world.haruka, NO_SUCH_ID)):
        assert as_(person).get(f"/posts/{post_id}/withdraw").status_code == 404
        assert as_(person).post(f"/posts/{post_id}/withdraw").status_code == 404
    acting(world.mod, hide_topic, world.topic_id, reason="確認のためです")
    acting(world.sora, withdraw_post, world.first_post_id)
    with pytest.raises(Forbidden):
        acting(world.mod, withdraw_post, world.first_post_id)


def test_hidden_replies_are_not_counted_and_counted_again(world, acting, reply, rows):
    """Hiding twice takes off one; taking back takes off none."""
    acting(world.takumi, reply_to_topic, world.topic_id, body="もう一つ")
    assert rows(select(Topic.replies)) == [2]
    for _again in range(2):
        acting(world.mod, hide_post, reply, reason="確認のためです")
    assert rows(select(Topic.replies)) == [1]
    for _again in range(2):
        acting(world.mod, reveal_post, reply)
    assert rows(select(Topic.replies)) == [2]
    acting(world.haruka, withdraw_post, reply)
    assert rows(select(Topic.replies)) == [2]


def test_whoever_writes_has_read_up_to_there(world, acting, rows):
    """One's own bookmark moves, nobody else's; how much one wishes to hear stays."""
    acting(world.takumi, reply_to_topic, world.topic_id, body="一つ目")
    newest = acting(world.haruka, reply_to_topic, world.topic_id, body="二つ目")
    [key] = rows(select(Post.id).where(Post.public_id == newest))
    of = {reader.member_id: reader for reader in rows(select(TopicReader))}
    assert of[world.haruka.id].bookmark_id == key
    assert of[world.haruka.id].level == 1
    assert of[world.takumi.id].bookmark_id < key
    assert rows(select(Topic.newest_id)) == [key]
    topic_id = acting(world.ren, start_topic, "square", title="題", body="本文")
    [first] = rows(select(Post.id).join(Topic).where(Topic.public_id == topic_id))
    [reader] = rows(select(TopicReader).where(TopicReader.member_id == world.ren.id))
    assert reader.bookmark_id == first
