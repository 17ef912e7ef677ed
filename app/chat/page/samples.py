"""Messages that were never said: what the page's scripts cut theirs from.

They are drawn by the same macros as all others, so a message that arrives looks like one that was there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from app.core.text import render_plain, stored_html
from app.files.cards import FileCard
from app.models import REACTIONS
from app.people.cards import PersonCard

from ..cards import MessageCard, QuotedCard, SignCard
from .cards import Said

PLACE = "a" * 13  # stands where a public id belongs; view.js knows it
_ONCE = datetime(2027, 4, 1, tzinfo=UTC)
_SOMEBODY = PersonCard(id=PLACE, name="－", bud=1, role_mark="－")


def _file(*, is_picture: bool, is_waiting: bool) -> FileCard:
    return FileCard(PLACE, is_picture, is_waiting, "－", "", 0, 1, 1)


def _sample(**more: object) -> Said:
    card = MessageCard(
        id=PLACE,
        seq=0,
        author=_SOMEBODY,
        body="－",
        html="－",
        stamp="",
        sent_at=_ONCE,
        **more,  # type: ignore[arg-type]
    )
    return Said(card=card, html=stored_html(render_plain("－")), at="", is_first=True)


@cache
def samples() -> tuple[tuple[str, Said], ...]:
    """By name: a message of somebody else with everything a message can have, one's own likewise, and one taken back."""
    everything = {
        "is_edited": True,
        "is_unsent": False,
        "reply_to": QuotedCard(PLACE, _SOMEBODY, "－", False),
        "files": (
            _file(is_picture=False, is_waiting=True),
            _file(is_picture=True, is_waiting=False),
            _file(is_picture=False, is_waiting=False),
        ),
        "signs": tuple(SignCard(name, ((PLACE, "－"),)) for name in REACTIONS),
    }
    return (
        ("other", _sample(is_mine=False, **everything)),
        ("mine", _sample(is_mine=True, **everything)),
        ("gone", _sample(is_mine=False, is_edited=False, is_unsent=True)),
        ("my-gone", _sample(is_mine=True, is_edited=False, is_unsent=True)),
    )
