"""How long what is kept, and that it really goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.boards.operations import edit_post, forget_withdrawn, reply_to_topic, withdraw_post
from app.core.clock import now
from app.core.i18n import speaking
from app.exports.retention import RETENTION
from app.models import Post, PostRevision
from tests.conftest import Client, World


def test_every_periodic_act_that_deletes_is_in_the_table_people_read(app: Flask) -> None:
    tidied = {act.__name__ for act in app.extensions["tsubomi.tidy"]}
    assert {act for kept in RETENTION for act in kept.acts} == tidied


def test_the_page_says_how_long_and_when_ones_own_ends(
    as_: Callable[..., Client], world: World, write: Callable[..., Any]
) -> None:
    page = as_(world.haruka).page("/me/data")
    with speaking("ja"):
        for kept in RETENTION:
            assert str(kept.what) in page
            assert kept.how_long in page
    assert "あなたのもの" in page, "the session that asks ends some day"


def test_the_words_of_what_was_taken_back_are_deleted_after_two_weeks(
    app: Flask,
    world: World,
    acting: Callable[..., Any],
    rows: Callable[..., Any],
    held_clock: Callable[..., Any],
) -> None:
    kept, gone = (
        acting(world.haruka, reply_to_topic, world.topic_id, body=body)
        for body in ("残すことば", "消すことば")
    )
    acting(world.haruka, edit_post, gone, body="消すことば、ふたたび", revision=1)
    acting(world.haruka, withdraw_post, gone)
    for days, is_there in ((13, True), (15, False)):
        with app.app_context(), held_clock(now() + timedelta(days=days)):
            forget_withdrawn()
        assert (rows(select(Post.body).where(Post.public_id == gone)) != [""]) is is_there
        assert rows(select(Post.body).where(Post.public_id == kept)) == ["残すことば"]
        earlier = rows(select(PostRevision.number).join(Post).where(Post.public_id == gone))
        assert bool(earlier) is is_there


def test_a_topic_taken_back_loses_its_title_with_its_words(
    app: Flask,
    as_: Callable[..., Client],
    world: World,
    acting: Callable[..., Any],
    held_clock: Callable[..., Any],
) -> None:
    acting(world.sora, withdraw_post, world.first_post_id)
    with app.app_context(), held_clock(now() + timedelta(days=15)):
        forget_withdrawn()
    assert "取り消されたトピック" in as_(world.haruka).page(f"/topics/{world.topic_id}")
