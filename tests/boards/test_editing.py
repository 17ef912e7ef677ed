"""Editing: the earlier text is kept and open to readers, and two tabs do not overwrite each other."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.boards.operations import (
    archive_topic,
    edit_post,
    hide_post,
    lock_topic,
    reply_to_topic,
    withdraw_post,
)
from app.core.errors import Forbidden, Invalid
from app.models import Post, PostRevision, Topic
from tests.conftest import NO_SUCH_ID, NOON


@pytest.fixture
def reply(world, acting):
    """A reply of Haruka's."""
    return acting(world.haruka, reply_to_topic, world.topic_id, body="はじめの文章")


def test_an_edit_is_shown_with_its_mark_and_opens_its_history(world, as_, reply, held_clock):
    """Whoever reads the post reads what it said before, each with its date."""
    haruka = as_(world.haruka)
    text = haruka.page(f"/posts/{reply}/edit")
    assert "はじめの文章" in text
    with held_clock(NOON + timedelta(days=2)):
        answer = haruka.post(f"/posts/{reply}/edit", {"revision": "1", "body": "つぎの文章"})
    assert answer.status_code == 303
    text = as_(world.takumi).page(f"/topics/{world.topic_id}")
    assert "つぎの文章" in text
    assert "はじめの文章" not in text
    assert f'href="/posts/{reply}/history"' in text
    assert "編集済み" in text
    text = as_(world.takumi).page(f"/posts/{reply}/history")
    assert text.index("つぎの文章") < text.index("はじめの文章")
    assert "10月7日（水） 12:00" in text
    assert text.count("<time") >= 2


def test_the_title_is_edited_with_the_first_post_and_kept_in_its_history(world, as_, rows):
    """The topic's title changes everywhere; what it was is read in the history."""
    sora = as_(world.sora)
    form = {"revision": "1", "title": "はじめまして、そらです", "body": "そらです。よろしくお願いします"}
    assert sora.post(f"/posts/{world.first_post_id}/edit", form).status_code == 303
    assert "はじめまして、そらです" in as_(world.haruka).page("/boards/square")
    text = as_(world.haruka).page(f"/posts/{world.first_post_id}/history")
    assert "<bdi>はじめまして</bdi>" in text
    assert "<bdi>はじめまして、そらです</bdi>" in text
    assert (
        sora.post(f"/posts/{world.first_post_id}/edit", {**form, "revision": "2", "title": ""}).status_code
        == 422
    )
    assert rows(select(Topic.title)) == ["はじめまして、そらです"]


def test_a_reply_has_no_title_to_change(world, as_, reply, rows):
    answer = as_(world.haruka).post(
        f"/posts/{reply}/edit", {"revision": "1", "title": "別の題", "body": "つぎの文章"}
    )
    assert answer.status_code == 303
    assert rows(select(Topic.title)) == ["はじめまして"]


def test_two_tabs_do_not_overwrite_each_other(world, as_, reply, rows):
    """The second is refused with a sentence; its text stays, and the newer one stands beside it."""
    haruka = as_(world.haruka)
    assert haruka.post(f"/posts/{reply}/edit", {"revision": "1", "body": "一つ目の画面"}).status_code == 303
    answer = haruka.post(f"/posts/{reply}/edit", {"revision": "1", "body": "二つ目の画面"})
    assert answer.status_code == 422
    assert "別の画面でこの投稿が変更されました" in answer.text
    assert "二つ目の画面" in answer.text
    assert "一つ目の画面" in answer.text
    assert rows(select(Post.body).where(Post.public_id == reply)) == ["一つ目の画面"]
    revision = re.search(r'name="revision"[^>]* value="([0-9]+)"', answer.text)
    assert revision is not None
    again = {"revision": revision[1], "body": "二つ目の画面"}
    assert haruka.post(f"/posts/{reply}/edit", again).status_code == 303
    assert rows(select(Post.body).where(Post.public_id == reply)) == ["二つ目の画面"]


def test_the_same_text_changes_nothing(world, as_, reply, rows):
    """Saved without a change, and the same form sent twice: one version, told once."""
    haruka = as_(world.haruka)
    assert haruka.post(f"/posts/{reply}/edit", {"revision": "1", "body": "はじめの文章"}).status_code == 303
    assert rows(select(Post.edited_at).where(Post.public_id == reply)) == [None]
    for _again in range(2):
        form = {"revision": "1", "body": "つぎの文章"}
        assert haruka.post(f"/posts/{reply}/edit", form).status_code == 303
    assert rows(select(PostRevision.number)) == [1]
    assert rows(select(Post.revision).where(Post.public_id == reply)) == [2]


def test_every_version_is_kept_in_order(world, acting, reply, rows):
    for number in range(2, 5):
        acting(world.haruka, edit_post, reply, revision=number - 1, body=f"{number}番目の文章")
    assert rows(select(PostRevision.body).order_by(PostRevision.number)) == [
        "はじめの文章",
        "2番目の文章",
        "3番目の文章",
    ]
    assert rows(select(Post.excerpt).where(Post.public_id == reply)) == ["4番目の文章"]


def test_only_its_author_edits_a_post(world, as_, reply):
    """Others are told so in a sentence; for whoever does not see it, it is not there."""
    for person in (world.takumi, world.jinji, world.mod):
        client = as_(person)
        assert client.get(f"/posts/{reply}/edit").status_code == 403
        answer = client.post(f"/posts/{reply}/edit", {"revision": "1", "body": "書いた文章"})
        assert answer.status_code == 403
        assert "書いた文章" in answer.text
        assert f"/posts/{reply}/edit" not in client.page(f"/topics/{world.topic_id}")
    for person, post_id in ((world.ren, reply), (world.yui, reply), (world.haruka, NO_SUCH_ID)):
        client = as_(person)
        for path in ("edit", "history"):
            assert client.get(f"/posts/{post_id}/{path}").status_code == 404
        assert client.post(f"/posts/{post_id}/edit", {"revision": "1", "body": "x"}).status_code == 404


def test_what_is_no_longer_open_is_not_edited_and_the_text_is_kept(world, as_, acting, reply):
    """A topic closed, put away or withdrawn, a post hidden, meanwhile."""
    haruka = as_(world.haruka)
    form = {"revision": "1", "body": "書いた文章"}
    for change in (
        lambda: acting(world.mod, lock_topic, world.topic_id),
        lambda: acting(world.mod, archive_topic, world.topic_id),
        lambda: acting(world.mod, hide_post, reply, reason="確認のためです"),
        lambda: acting(world.haruka, withdraw_post, reply),
    ):
        change()
        answer = haruka.post(f"/posts/{reply}/edit", form)
        assert answer.status_code == 403
        assert "編集できません" in answer.text
        assert "書いた文章" in answer.text
    with pytest.raises(Forbidden):
        acting(world.haruka, edit_post, reply, revision=1, body="x")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": " "}, "入力してください"),
        ({"body": "あ" * 10_001}, "10,000文字以内"),
        ({"revision": "x"}, "画面を開き直して"),
        ({"revision": ""}, "画面を開き直して"),
        ({"hidden_at": "1"}, "この画面にない項目"),
    ],
)
def test_an_edit_that_cannot_be_taken_is_refused_and_stays_on_the_page(
    world, as_, reply, rows, changes, sentence
):
    form = {"revision": "1", "body": "書き直した文章", **changes}
    answer = as_(world.haruka).post(f"/posts/{reply}/edit", form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form["body"].strip() in answer.text
    assert rows(select(Post.body).where(Post.public_id == reply)) == ["はじめの文章"]


def test_an_edit_is_a_fact_with_those_who_are_newly_spoken_to(app, world, acting, monkeypatch):
    """What listeners get: ids only, and only the new ones."""
    from app.boards import operations

    told = []
    monkeypatch.setattr(operations, "announce", told.append)
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そら")
    acting(world.haruka, edit_post, post_id, revision=1, body="@そら @たくみ")
    acting(world.haruka, edit_post, post_id, revision=2, body="@そら @たくみ @たくみ")
    assert [fact.mentioned for fact in told[1:]] == [[world.takumi.id], []]
    with pytest.raises(Invalid):
        acting(world.haruka, edit_post, post_id, revision=1, body="別の文章")
