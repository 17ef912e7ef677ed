"""Keyset pages: every item once, in order, in both directions, and no cursor tells what one may not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, select, true

from app.core.db import session
from app.core.paging import Cursor, Keyset, Slice
from app.models import Board, Topic
from tests.conftest import NO_SUCH_ID, NOON, World

TOTAL, SIZE = 23, 5


@dataclass
class Shelf:
    """A board of its own with topics in order; every fourth is not for us."""

    app: Flask
    board_id: int
    ids: list[str]

    def read(self, cursor: Cursor, *, newest: bool = False, visible: Any = None) -> Slice[Any]:
        """One page, as public ids."""
        with self.app.app_context():
            keyset = Keyset(
                select(Topic.id, Topic.public_id).where(Topic.board_id == bindparam("board_id")),
                key=Topic.id,  # type: ignore[arg-type]
                public_id=Topic.public_id,  # type: ignore[arg-type]
                visible=true() if visible is None else visible,
                size=SIZE,
                is_newest_first=newest,
            )
            return keyset.read(cursor, {"board_id": self.board_id})


@pytest.fixture
def shelf(app: Flask, world: World, write: Callable[[Callable[[], Any]], Any]) -> Shelf:
    def plant() -> tuple[int, list[str]]:
        board = Board(slug="paging", name="ページ")
        session.add(board)
        session.flush()
        topics = [
            Topic(
                board_id=board.id,
                author_id=world.sora.id,
                title=f"{number}",
                started_at=NOON,
                hidden_at=NOON + timedelta(1) if number % 4 == 0 else None,
            )
            for number in range(TOTAL)
        ]
        for topic in topics:
            session.add(topic)
            session.flush()
        return board.id, [topic.public_id for topic in topics]

    return Shelf(app, *write(plant))


def _ids(page: Slice[Any]) -> list[str]:
    return [row.public_id for row in page.rows]


@pytest.mark.parametrize("newest", [False, True])
def test_walking_forward_meets_every_item_once_in_order(shelf: Shelf, newest: bool) -> None:
    wanted = shelf.ids[::-1] if newest else shelf.ids
    met: list[str] = []
    page = shelf.read(Cursor(), newest=newest)
    assert page.previous is None
    while True:
        met += _ids(page)
        if page.next is None:
            break
        page = shelf.read(Cursor(after=page.next), newest=newest)
        assert page.previous is not None
    assert met == wanted


@pytest.mark.parametrize("newest", [False, True])
def test_walking_backward_from_the_end_meets_every_item_once_in_order(shelf: Shelf, newest: bool) -> None:
    wanted = shelf.ids[::-1] if newest else shelf.ids
    met: list[str] = []
    page = shelf.read(Cursor(is_end=True), newest=newest)
    assert page.next is None
    while True:
        met = _ids(page) + met
        if page.previous is None:
            break
        page = shelf.read(Cursor(before=page.previous), newest=newest)
        assert page.next is not None
    assert met == wanted


def test_there_and_back_is_the_same_page(shelf: Shelf) -> None:
    first = shelf.read(Cursor())
    second = shelf.read(Cursor(after=first.next))
    back = shelf.read(Cursor(before=second.previous))
    assert _ids(back) == _ids(first)
    assert back.previous is None


def test_pages_are_full_whatever_is_hidden_between(shelf: Shelf) -> None:
    page = shelf.read(Cursor(), visible=Topic.hidden_at.is_(None))
    assert len(page.rows) == SIZE
    assert _ids(page) == [each for number, each in enumerate(shelf.ids) if number % 4][:SIZE]


def test_a_hidden_cursor_is_one_that_is_missing(shelf: Shelf) -> None:
    visible = Topic.hidden_at.is_(None)
    for cursor in (shelf.ids[4], NO_SUCH_ID, "", "zzz", "' OR 1=1 --"):
        assert _ids(shelf.read(Cursor(after=cursor), visible=visible)) == []
        assert _ids(shelf.read(Cursor(before=cursor), visible=visible)) == []
    assert _ids(shelf.read(Cursor(after=shelf.ids[5]), visible=visible)) != []


def test_the_last_page_may_be_just_full(shelf: Shelf) -> None:
    exact = Topic.public_id.in_(shelf.ids[: 2 * SIZE])
    second = shelf.read(Cursor(after=shelf.ids[SIZE - 1]), visible=exact)
    assert len(second.rows) == SIZE
    assert second.next is None
