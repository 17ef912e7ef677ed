"""Whom one may speak to by name on a board, while somebody types `@` and a few letters."""

from __future__ import annotations

from sqlalchemy import bindparam, case, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.names import fold
from app.models import Board, Member
from app.people.cards import PersonCard
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from .audience import reads_board

MOST_CANDIDATES = 8  # what a phone shows above its keyboard
LONGEST_TEXT = 40  # more than the longest 呼び名

_BOARD_AT = select(Board.id).where(Board.slug == bindparam("slug"), standing("view", Board))
# Names only, as in the directory; those that begin so come first.
_CANDIDATES = (
    select(*person_columns())
    .where(
        Member.display_fold.like(bindparam("within"), escape="/"),
        Member.id != bindparam("oneself"),
        standing("view", Member),
        reads_board(bindparam("board_id")),  # type: ignore[arg-type] # a parameter in the id's place
    )
    .order_by(
        case((Member.display_fold.like(bindparam("beginning"), escape="/"), 0), else_=1),
        Member.display_fold,
        Member.id,
    )
    .limit(MOST_CANDIDATES)
)


def mention_candidates(viewer: Viewer, slug: str, text: str) -> tuple[PersonCard, ...]:
    """Up to MOST_CANDIDATES people the viewer sees, who read the board and are called like `text`; never oneself.

    Raises NotFound if the viewer does not read the board.
    """
    board_id = session.scalar(_BOARD_AT, {**viewer.binds, "slug": slug})
    if board_id is None:
        raise NotFound()
    letters = _as_typed(fold(text.strip()))
    if not letters or len(text) > LONGEST_TEXT:
        return ()
    rows = session.execute(
        _CANDIDATES,
        {
            **viewer.binds,
            "board_id": board_id,
            "oneself": viewer.id,
            "within": f"%{letters}%",
            "beginning": f"{letters}%",
        },
    )
    return tuple(person_card(viewer, row) for row in rows)


def _as_typed(letters: str) -> str:
    """A percent sign is a percent sign."""
    for sign in "/%_":
        letters = letters.replace(sign, f"/{sign}")
    return letters
