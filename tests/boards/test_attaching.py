"""Files under posts: only one's own, only once, in the order chosen."""

from __future__ import annotations

import io
from datetime import date

import pytest
from sqlalchemy import select

from app.boards.operations import edit_post, reply_to_topic, withdraw_post
from app.core.db import session
from app.core.errors import Invalid
from app.models import Post, Upload


@pytest.fixture
def upload(write):
    """Adds a file of this person's that hangs on nothing; gives its public id."""

    def add(person, name="資料.pdf", **more):
        def plant():
            row = Upload(
                owner_id=person.id,
                kind="document",
                name=name,
                size_bytes=2048,
                kept_until=date(2099, 1, 1),
                **{"state": "ready", "file_key": "a" * 64, "media_type": "application/pdf", **more},
            )
            session.add(row)
            session.flush()
            return row.public_id

        return write(plant)

    return add


@pytest.fixture
def files_of(rows):
    """The names of a post's files in their order."""

    def find(post_id):
        query = select(Upload.name).join(Post).where(Post.public_id == post_id)
        return rows(query.order_by(Upload.position))

    return find


def test_files_are_attached_in_the_order_chosen_and_shown(world, as_, upload, rows):
    """As the composer sends them, separated by spaces."""
    files = [upload(world.haruka, name) for name in ("一.pdf", "二.pdf", "三.pdf")]
    haruka = as_(world.haruka)
    form = {"body": "資料です", "files": " ".join(reversed(files))}
    assert haruka.post(f"/topics/{world.topic_id}/replies", form).status_code == 303
    text = as_(world.takumi).page(f"/topics/{world.topic_id}")
    assert text.index("三.pdf") < text.index("二.pdf") < text.index("一.pdf")
    assert f'href="/files/{files[0]}" download' in text


def test_what_is_not_mine_to_attach_is_refused_and_the_text_is_kept(world, as_, acting, upload, rows):
    """Somebody else's, one that was refused, one that hangs elsewhere, none, more than ten."""
    taken = upload(world.haruka)
    acting(world.haruka, reply_to_topic, world.topic_id, body="もう付けました", files=[taken])
    eleven = " ".join(upload(world.haruka) for _number in range(11))
    haruka = as_(world.haruka)
    for files in (
        upload(world.sora),
        upload(world.haruka, state="refused"),
        taken,
        "aaaaaaaaaaaaa",
        eleven,
    ):
        answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章", "files": files})
        assert answer.status_code == 422
        assert "書いた文章" in answer.text
    assert rows(select(Post.id).where(Post.body == "書いた文章")) == []


def test_an_edit_leaves_takes_away_and_adds_files(world, as_, acting, upload, files_of, rows):
    """A form that does not speak of files leaves them; the same ones again change nothing."""
    one, two = upload(world.haruka, "一.pdf"), upload(world.haruka, "二.pdf")
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="資料です", files=[one])
    text = as_(world.haruka).page(f"/posts/{post_id}/edit")
    assert f'name="files" type="hidden" value="{one}"' in text
    acting(world.haruka, edit_post, post_id, revision=1, body="資料です", files=[one])
    acting(world.haruka, edit_post, post_id, revision=1, body="資料をどうぞ")
    assert files_of(post_id) == ["一.pdf"]
    acting(world.haruka, edit_post, post_id, revision=2, body="資料をどうぞ", files=[two, one])
    assert files_of(post_id) == ["二.pdf", "一.pdf"]
    acting(world.haruka, edit_post, post_id, revision=3, body="資料をどうぞ", files=[])
    assert files_of(post_id) == []
    assert rows(select(Post.revision).where(Post.public_id == post_id)) == [4]
    with pytest.raises(Invalid):
        acting(world.haruka, edit_post, post_id, revision=4, body="資料", files=[upload(world.sora)])


def test_a_post_taken_back_shows_no_file(world, as_, acting, upload):
    post_id = acting(
        world.haruka, reply_to_topic, world.topic_id, body="資料です", files=[upload(world.haruka)]
    )
    assert "資料.pdf" in as_(world.takumi).page(f"/topics/{world.topic_id}")
    acting(world.haruka, withdraw_post, post_id)
    assert "資料.pdf" not in as_(world.takumi).page(f"/topics/{world.topic_id}")


def test_without_javascript_files_travel_with_the_form(world, as_, files_of, rows):
    """The form's own file field, left empty or not."""
    haruka = as_(world.haruka)
    path = f"/topics/{world.topic_id}/replies"
    empty = {"body": "なにも付けません", "files": "", "attachments": (io.BytesIO(b""), "")}
    assert haruka.post(path, empty, content_type="multipart/form-data").status_code == 303
    pdf = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    form = {"body": "資料です", "files": "", "attachments": (io.BytesIO(pdf), "案内.pdf")}
    answer = haruka.post(path, form, content_type="multipart/form-data")
    assert answer.status_code == 303
    [post_id] = rows(select(Post.public_id).where(Post.body == "資料です"))
    assert files_of(post_id) == ["案内.pdf"]
    wrong = {"body": "書いた文章", "attachments": (io.BytesIO(b"MZ" + b"x" * 99), "program.pdf")}
    answer = haruka.post(path, wrong, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "書いた文章" in answer.text
