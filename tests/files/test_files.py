"""Files: what is taken in, who gets it back, and what is left behind."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from app.boards.operations import hide_post, reply_to_topic, start_topic, withdraw_post
from app.core.clock import now
from app.core.errors import Invalid
from app.core.files import storage
from app.files.operations import collect_orphans, forget_loose_files
from app.people.operations import block_person
from tests.conftest import NO_SUCH_ID, Client, World

Acting = Callable[..., Any]


def a_picture(size: tuple[int, int] = (640, 480), colour: str = "pink", kind: str = "JPEG") -> bytes:
    """A plain picture with a word about a place in its EXIF."""
    picture = Image.new("RGB", size, colour)
    exif = Image.Exif()
    exif[0x010E] = "上諏訪の自宅"
    out = io.BytesIO()
    picture.save(out, kind, exif=exif.tobytes())
    return out.getvalue()


def without_token(text: str) -> str:
    """A page without the value made for each answer."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", text)


def send(client: Client, data: bytes, name: str = "photo.jpg") -> Any:
    """What the composer's script sends for one file."""
    return client.post(
        "/api/files",
        {"file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )


def taken(client: Client, data: bytes | None = None, name: str = "photo.jpg") -> str:
    """The id of a file that was taken in."""
    answer = send(client, a_picture() if data is None else data, name)
    assert answer.status_code == 200, answer.text
    return str(answer.json["id"])


def test_a_picture_waits_until_a_job_has_rebuilt_it_and_then_holds_nothing_but_pixels(
    as_: Callable[..., Client], world: World, deliver: Callable[[], None]
) -> None:
    haruka = as_(world.haruka)
    upload_id = taken(haruka)
    assert haruka.get(f"/api/files/{upload_id}").json["state"] == "waiting"
    assert haruka.get(f"/files/{upload_id}").status_code == 404
    deliver()
    state = haruka.get(f"/api/files/{upload_id}").json
    assert state["state"] == "ready"
    assert state["thumbnail"] == f"/files/{upload_id}/small"
    picture = haruka.get(f"/files/{upload_id}")
    assert picture.status_code == 200
    assert picture.mimetype == "image/webp"
    assert "自宅".encode() not in picture.data
    assert not Image.open(io.BytesIO(picture.data)).getexif()


def test_a_file_is_its_owners_alone_until_it_is_posted_and_then_its_readers(
    as_: Callable[..., Client], world: World, acting: Acting, deliver: Callable[[], None]
) -> None:
    haruka, takumi, yui = as_(world.haruka), as_(world.takumi), as_(world.yui)
    upload_id = taken(haruka)
    deliver()
    missing = takumi.get(f"/files/{NO_SUCH_ID}")
    for path in (f"/files/{upload_id}", f"/files/{upload_id}/small"):
        assert takumi.get(path).status_code == 404
        assert without_token(takumi.get(path).text) == without_token(missing.text)
    for act in ("alt", "delete"):
        assert takumi.post(f"/api/files/{upload_id}/{act}", {}).status_code == 404
    acting(world.haruka, reply_to_topic, world.topic_id, body="写真です", files=[upload_id])
    assert takumi.get(f"/files/{upload_id}").status_code == 200
    assert yui.get(f"/files/{upload_id}").status_code == 404  # behind the wall
    assert takumi.get(f"/api/files/{upload_id}").status_code == 404
    for act in ("alt", "delete"):
        assert takumi.post(f"/api/files/{upload_id}/{act}", {}).status_code == 403


def test_a_hidden_a_withdrawn_and_a_blocked_persons_picture_look_like_no_picture(
    as_: Callable[..., Client], world: World, acting: Acting, deliver: Callable[[], None]
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    ids = [taken(haruka) for _ in range(3)]
    deliver()
    posts = [
        acting(world.haruka, reply_to_topic, world.topic_id, body=f"{number}", files=[upload_id])
        for number, upload_id in enumerate(ids)
    ]
    assert [sora.get(f"/files/{each}").status_code for each in ids] == [200, 200, 200]
    acting(world.mod, hide_post, posts[0], reason="理由")
    acting(world.haruka, withdraw_post, posts[1])
    assert [sora.get(f"/files/{each}").status_code for each in ids] == [404, 404, 200]
    acting(world.sora, block_person, world.haruka.public_id)
    assert sora.get(f"/files/{ids[2]}").status_code == 404


def test_a_not_modified_answer_is_given_only_to_whoever_may_see_the_file(
    as_: Callable[..., Client], world: World, acting: Acting, deliver: Callable[[], None]
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    upload_id = taken(haruka)
    deliver()
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="写真", files=[upload_id])
    tag = sora.get(f"/files/{upload_id}").headers["ETag"]
    again = {"headers": {"If-None-Match": tag}}
    assert sora.get(f"/files/{upload_id}", **again).status_code == 304
    acting(world.mod, hide_post, post_id, reason="理由")
    assert sora.get(f"/files/{upload_id}", **again).status_code == 404


def test_a_document_is_only_ever_saved_under_a_harmless_name(
    as_: Callable[..., Client], world: World
) -> None:
    haruka = as_(world.haruka)
    upload_id = taken(haruka, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n", "../持ち物\u202efdp.pdf")
    answer = haruka.get(f"/files/{upload_id}")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "\u202e" not in haruka.get(f"/api/files/{upload_id}").json["name"]
    assert "/" not in haruka.get(f"/api/files/{upload_id}").json["name"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "a.svg"),
        (b"MZ\x90\x00" + b"\0" * 200, "photo.jpg"),
        (b"<!doctype html><script>alert(1)</script>", "a.pdf"),
        (b"GIF89a/*" + b"\0" * 50, "a.gif"),
        (b"", "empty.txt"),
    ],
)
def test_what_is_neither_picture_nor_document_is_refused_with_a_sentence(
    as_: Callable[..., Client], world: World, data: bytes, name: str
) -> None:
    answer = send(as_(world.haruka), data, name)
    assert answer.status_code == 422
    assert len(answer.json["message"]) > 15


def test_a_picture_that_cannot_be_rebuilt_tells_its_owner_why(
    as_: Callable[..., Client], world: World, deliver: Callable[[], None]
) -> None:
    haruka = as_(world.haruka)
    upload_id = taken(haruka, a_picture()[:2000])
    deliver()
    state = haruka.get(f"/api/files/{upload_id}").json
    assert state["state"] == "refused"
    assert "もう一度" in state["refusal"]


def test_alt_words_are_kept_and_a_loose_file_can_be_taken_away(
    as_: Callable[..., Client], world: World
) -> None:
    haruka = as_(world.haruka)
    upload_id = taken(haruka)
    assert haruka.post(f"/api/files/{upload_id}/alt", {"alt": " 桜の　つぼみ "}).status_code == 200
    assert haruka.get(f"/api/files/{upload_id}").json["alt"] == "桜の つぼみ"
    assert haruka.post(f"/api/files/{upload_id}/delete").status_code == 200
    assert haruka.get(f"/api/files/{upload_id}").status_code == 404


def test_nobody_attaches_anothers_file_one_twice_or_more_than_ten(
    as_: Callable[..., Client], world: World, acting: Acting
) -> None:
    haruka = as_(world.haruka)
    ids = [taken(haruka, a_picture((20, 20), f"#0000{number:02x}")) for number in range(11)]
    with pytest.raises(Invalid, match="10個"):
        acting(world.haruka, reply_to_topic, world.topic_id, body="多すぎる", files=ids)
    with pytest.raises(Invalid, match="付けられない"):
        acting(world.sora, reply_to_topic, world.topic_id, body="ほかの人の", files=ids[:1])
    acting(world.haruka, reply_to_topic, world.topic_id, body="一度目", files=ids[:1])
    with pytest.raises(Invalid, match="付けられない"):
        acting(world.haruka, start_topic, "square", title="二度目", body="同じ写真", files=ids[:1])


def test_what_nobody_posted_is_collected_and_what_was_posted_stays(
    app: Flask, as_: Callable[..., Client], world: World, acting: Acting, deliver: Callable[[], None],
    held_clock: Callable[..., Any],
) -> None:  # fmt: skip
    haruka = as_(world.haruka)
    posted, loose = taken(haruka, a_picture(colour="pink")), taken(haruka, a_picture(colour="green"))
    deliver()
    acting(world.haruka, reply_to_topic, world.topic_id, body="写真", files=[posted])
    with app.app_context():
        before = set(storage().keys())
    with app.app_context(), held_clock(now() + timedelta(days=3)):
        forget_loose_files()
        assert collect_orphans() > 0
        after = set(storage().keys())
    assert after < before
    assert haruka.get(f"/files/{posted}").status_code == 200
    assert haruka.get(f"/files/{loose}").status_code == 404
