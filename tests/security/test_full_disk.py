"""A disk that is full while people write: a page that says so and keeps the text, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from app.core.db import db, session
from app.core.passwords import hash_password
from app.models import Invitation, Member, MemberSession, Post, Topic
from tests.conftest import PASSWORD

LONG = "書いている途中でディスクがいっぱいになりました。" * 200


@contextmanager
def full_disk(app: Flask) -> Iterator[None]:
    """Let SQLite meet its real "database or disk is full": not one page more may be added to the file."""

    def fill(connection: Any, _record: Any, _proxy: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    def empty(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count=1073741823")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", fill)
    event.listen(engine, "checkin", empty)
    try:
        yield
    finally:
        event.remove(engine, "checkout", fill)
        event.remove(engine, "checkin", empty)


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """SQLite alone: a full PostgreSQL is another machine's affair and comes through the same class of errors."""
    return sqlite_app


def _use_up(client: Any, text: str, times: int = 60) -> Any:
    """Write until no page of the file is left; the answer that says so."""
    for number in range(times):
        answer = client.post("/boards/square/new", {"title": f"題{number}", "body": text})
        if answer.status_code != 303:
            return answer
    raise AssertionError("the disk never became full")


def test_a_topic_that_does_not_fit_is_a_page_with_the_text_and_nothing_is_stored(
    app: Flask, world: Any, as_: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    haruka = as_(world.haruka)
    with full_disk(app):
        answer = _use_up(haruka, LONG)
        topics = rows(select(func.count()).select_from(Topic))
        posts = rows(select(func.count()).select_from(Post))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "保存先に問題があります" in answer.text
    assert LONG in answer.text
    assert topics == posts  # no topic without its first post


def test_reading_goes_on_while_the_disk_is_full_and_writing_after(
    app: Flask, world: Any, as_: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    haruka = as_(world.haruka)
    with full_disk(app):
        _use_up(haruka, LONG)
        for path in ("/", "/boards", "/boards/square", f"/topics/{world.topic_id}", "/people", "/me"):
            assert haruka.get(path).status_code == 200, path
    assert haruka.post("/boards/square/new", {"title": "また書ける", "body": LONG}).status_code == 303
    assert "また書ける" in rows(select(Topic.title))


def test_a_reply_to_a_script_is_told_in_its_own_words(
    app: Flask, world: Any, as_: Callable[..., Any]
) -> None:
    haruka = as_(world.haruka)
    with full_disk(app):
        _use_up(haruka, LONG)
        for _attempt in range(60):
            answer = haruka.post(
                f"/topics/{world.topic_id}/replies", {"body": LONG}, headers={"Accept": "application/json"}
            )
            if answer.status_code != 303:
                break
    assert answer.status_code == 503
    assert answer.json["code"] == "unavailable"
    assert answer.json["ok"] is False


def test_a_pasted_sheet_that_does_not_fit_stays_on_the_page_and_invites_nobody_by_halves(
    app: Flask, world: Any, as_: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    jinji = as_(world.jinji)
    lines = "\n".join(f"person{number}@example.jp" for number in range(3_000))
    with full_disk(app):
        answer = jinji.post(
            "/hr/invitations/import/confirm", {"lines": lines, "cohort": world.april.public_id}
        )
        assert answer.status_code == 503
        assert "person2999@example.jp" in answer.text
        assert rows(select(func.count()).select_from(Invitation)) == [0]


def test_nobody_is_signed_in_by_halves(
    app: Flask, world: Any, as_: Callable[..., Any], anyone: Callable[..., Any], write: Any, rows: Any
) -> None:
    hashed = hash_password(PASSWORD)
    write(
        lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(password_hash=hashed))
    )
    as_(world.haruka)
    with full_disk(app):
        before = rows(select(func.count()).select_from(MemberSession))[0]
        for _attempt in range(60):
            door = anyone()
            answer = door.post("/sign-in", {"email": world.sora.mail, "password": PASSWORD})
            if answer.status_code != 302:
                break
            before += 1
    assert answer.status_code == 503
    assert PASSWORD not in answer.text
    assert door.get("/").status_code == 302  # to the door
    assert rows(select(func.count()).select_from(MemberSession))[0] == before
