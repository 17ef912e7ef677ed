"""Putting boards in order, and away."""

from __future__ import annotations

from sqlalchemy import select

from app.boards.events import BoardChanged
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.operation import announce, operation
from app.models import Board
from app.policy import Viewer

from ..checks import tell_everybody
from ..gate import claimed_community


@operation
def raise_board(viewer: Viewer, slug: str) -> None:
    """Let a board change places with the one above it; the first stays. Raises NotFound."""
    _swap(viewer, slug, -1)


@operation
def lower_board(viewer: Viewer, slug: str) -> None:
    """Let a board change places with the one below it; the last stays. Raises NotFound."""
    _swap(viewer, slug, 1)


def _swap(viewer: Viewer, slug: str, step: int) -> None:
    claimed_community(viewer, "organise")
    boards = list(session.scalars(select(Board).order_by(Board.position, Board.id)))
    place = next((place for place, board in enumerate(boards) if board.slug == slug), None)
    if place is None:
        raise NotFound()
    other = place + step
    if 0 <= other < len(boards):
        boards[place], boards[other] = boards[other], boards[place]
    for position, board in enumerate(boards, start=1):
        board.position = position
    tell_everybody()


@operation
def archive_board(viewer: Viewer, slug: str) -> None:
    """Put a board away: it is still read, and nobody writes on it. Twice is harmless. Raises NotFound.

    Announces BoardChanged.
    """
    board = _board(viewer, slug)
    if board.archived_at is None:
        board.archived_at = now()
        _changed(board)


@operation
def reopen_board(viewer: Viewer, slug: str) -> None:
    """Take a board out again: its writers write as before. Twice is harmless. Raises NotFound.

    Announces BoardChanged.
    """
    board = _board(viewer, slug)
    if board.archived_at is not None:
        board.archived_at = None
        _changed(board)


def _board(viewer: Viewer, slug: str) -> Board:
    claimed_community(viewer, "organise")
    board = session.scalar(select(Board).where(Board.slug == slug).with_for_update())
    if board is None:
        raise NotFound()
    return board


def _changed(board: Board) -> None:
    tell_everybody()  # who writes where is part of everybody's snapshot
    announce(BoardChanged(board_id=board.id))
