"""What somebody tried who wished to see, change or break on boards what is not theirs."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from app.boards.operations import (
    archive_topic,
    edit_post,
    hide_post,
    lock_topic,
    pin_topic,
    reply_to_topic,
    start_topic,
    withdraw_post,
)
from app.boards.queries import topic_page
from app.core.errors import Invalid
from app.core.images import PictureRefused, rebuild
from app.models import Upload
from tests.conftest import Client, World, counted_queries
from tests.files.test_files import taken

Acting = Callable[..., Any]


# ── two worlds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_history_of_a_post_asks_as_often_whether_a_name_in_it_is_somebody_unseen_or_nobody(
    world: World, acting: Acting, as_: Callable[..., Client]
) -> None:
    """れん is behind a block, ろん is nobody: the page says both as words, and takes as many statements."""
    haruka, counts = as_(world.haruka), []
    for name in ("れん", "ろん"):
        post_id = acting(world.sora, reply_to_topic, world.topic_id, body=f"@{name} こんにちは")
        acting(world.sora, edit_post, post_id, revision=1, body=f"@{name} こんばんは")
        haruka.page(f"/posts/{post_id}/history")
        with counted_queries() as statements:
            text = haruka.page(f"/posts/{post_id}/history")
        assert f"@{name} こんばんは" in text
        assert world.ren.public_id not in text
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ── what was taken back ──────────────────────────────────────────────────────────────────────────────────────


def test_the_title_of_a_topic_that_was_taken_back_stands_nowhere(
    world: World, acting: Acting, as_: Callable[..., Client], deliver: Callable[[], int]
) -> None:
    """Neither on the home page of whoever was spoken to in it, nor where a moderator hides what is left."""
    topic_id = acting(world.takumi, start_topic, "square", title="消した題", body="@そら 消した本文")
    reply = acting(world.sora, reply_to_topic, topic_id, body="@mod @naomi 返信")
    deliver()
    assert "消した題" in as_(world.mod).page("/")
    acting(world.takumi, withdraw_post, acting(world.takumi, topic_page, topic_id).posts[0].id)
    for person in (world.mod, world.naomi, world.takumi, world.sora, world.jinji):
        for path in ("/", "/notices", "/boards/square", f"/topics/{topic_id}", f"/posts/{reply}/history"):
            assert "消した" not in as_(person).get(path).text, (person.key, path)
    for path in (f"/topics/{topic_id}/hide", f"/topics/{topic_id}/reveal", f"/posts/{reply}/hide"):
        assert "消した" not in as_(world.mod).page(path), path


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("closing", ["lock", "hide", "withdraw"])
def test_what_a_picture_shows_is_told_anew_only_as_long_as_its_post_may_be_edited(
    world: World, acting: Acting, as_: Callable[..., Client], deliver: Callable[[], int], closing: str
) -> None:
    """Otherwise words under a closed topic, or under a post a moderator looks at, would still change."""
    sora = as_(world.sora)
    upload_id = taken(sora)
    deliver()
    assert sora.post(f"/api/files/{upload_id}/alt", {"alt": "まだどこにも付いていない"}).status_code == 200
    topic_id = acting(world.takumi, start_topic, "square", title="題", body="本文")
    post_id = acting(world.sora, reply_to_topic, topic_id, body="写真です", files=[upload_id])
    assert sora.post(f"/api/files/{upload_id}/alt", {"alt": "桜の写真"}).status_code == 200
    if closing == "lock":
        acting(world.mod, lock_topic, topic_id)
    elif closing == "hide":
        acting(world.mod, hide_post, post_id, reason="確認のためです")
    else:
        acting(world.sora, withdraw_post, post_id)
    answer = sora.post(f"/api/files/{upload_id}/alt", {"alt": "あとから変えた"})
    assert answer.status_code == 403
    assert sora.get(f"/api/files/{upload_id}").get_json()["alt"] == "桜の写真"


def test_a_small_jpeg_that_asks_to_be_drawn_thousands_of_times_is_refused_at_once() -> None:
    """Each scan goes over all pixels: without a bound 100 KB keep a decoder busy until it is ended."""
    out = io.BytesIO()
    Image.new("L", (640, 480), 128).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    rebuild(data)
    rebuild(data + data[last:-2] * 200)  # behind its end nothing is drawn: telephones keep a film there
    with pytest.raises(PictureRefused) as refusal:
        rebuild(data[:-2] + data[last:-2] * 200 + data[-2:])
    assert refusal.value.code == "unreadable"


# ── odd input ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/api/preview", "/api/drafts/topic-square", "/api/push/unsubscribe"])
@pytest.mark.parametrize("text", ["[" * 100_000, '{"body":' * 100_000], ids=["lists", "objects"])
def test_brackets_in_brackets_without_end_are_no_json_and_no_mistake_of_ours(
    app: Flask, world: World, as_: Callable[..., Client], path: str, text: str
) -> None:
    haruka = as_(world.haruka)
    answer = haruka.http.post(
        path,
        data=text,
        content_type="application/json",
        headers={"Origin": "http://localhost", "X-CSRF-Token": haruka.csrf()},
    )
    assert answer.status_code in (200, 422)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_pinned_among_the_past_topics_takes_no_place_on_the_board(
    world: World, acting: Acting
) -> None:
    topics = [acting(world.mod, start_topic, "square", title=f"題{n}", body="文") for n in range(11)]
    for topic_id in topics[:5]:
        acting(world.mod, archive_topic, topic_id)
        acting(world.mod, pin_topic, topic_id)
    for topic_id in topics[5:10]:
        acting(world.mod, pin_topic, topic_id)
    with pytest.raises(Invalid):
        acting(world.mod, pin_topic, topics[10])


def test_too_many_files_in_one_form_are_refused_before_any_of_them_is_kept(
    world: World, as_: Callable[..., Client], rows: Callable[..., list[Any]]
) -> None:
    """Otherwise three such forms fill the room for files nobody attached, and without JavaScript nothing empties it."""
    form = {"body": "資料です", "attachments": [(io.BytesIO(b"words"), f"{n}.txt") for n in range(11)]}
    path = f"/topics/{world.topic_id}/replies"
    answer = as_(world.haruka).post(path, form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "10個まで" in answer.text
    assert rows(select(Upload.id)) == []
