"""A text as its readers will see it, before it is sent: with JavaScript in place, without it on the page."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.text import MAX_BODY_LENGTH, render_markdown
from app.models import Post
from tests.writing.conftest import send_json


def preview(client, payload):
    """What the tab 「プレビュー」 asks for."""
    return send_json(client, "/api/preview", payload)


def test_a_preview_is_made_by_the_renderer_of_posts(world, as_):
    body = "**「研修」**です\n<script>x()</script> [x](javascript:x)"
    found = preview(as_(world.haruka), {"body": body}).json
    assert found == {"ok": True, "html": render_markdown(body)}
    assert "<script" not in found["html"]


@pytest.mark.parametrize(
    "payload", [None, [], {"body": "x" * (MAX_BODY_LENGTH + 1)}, {"body": ["x"]}, {"title": "x"}]
)
def test_what_could_not_be_sent_is_not_drawn_either(world, as_, payload):
    answer = preview(as_(world.haruka), payload)
    assert answer.status_code == (200 if payload in (None, []) else 422)
    assert "<p>x" not in answer.text


def test_previews_are_limited(world, as_):
    client = as_(world.haruka)
    assert [preview(client, {"body": "x"}).status_code for _turn in range(61)][-2:] == [200, 429]


def test_without_javascript_the_form_comes_back_with_its_preview_and_nothing_is_posted(world, as_, rows):
    client = as_(world.haruka)
    for path, typed in (
        ("/boards/square/new", {"title": "", "body": "**太い**字"}),
        (f"/topics/{world.topic_id}/replies", {"body": "**太い**字"}),
    ):
        answer = client.post(path, {**typed, "preview": "1"})
        assert answer.status_code == 200
        assert "プレビューです。まだ送られていません" in answer.text
        assert "<strong>太い</strong>字" in answer.text
        assert "**太い**字</textarea>" in answer.text
        assert "入力してください" not in answer.text, "a title may still be missing"
    assert rows(select(func.count()).select_from(Post)) == [1]


def test_a_preview_of_a_text_that_is_too_long_says_so(world, as_):
    answer = as_(world.haruka).post(
        f"/topics/{world.topic_id}/replies", {"body": "あ" * (MAX_BODY_LENGTH + 1), "preview": "1"}
    )
    assert answer.status_code == 422
    assert "10,001文字" in answer.text


def test_a_preview_shows_nobody_a_page_they_may_not_see(world, as_):
    typed = {"body": "x", "preview": "1"}
    assert as_(world.yui).post(f"/topics/{world.topic_id}/replies", typed).status_code == 404
    assert as_(world.haruka).post("/boards/news/new", {"title": "x", **typed}).status_code == 403
