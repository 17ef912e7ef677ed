"""What the page of a room shows: the log as lines, one below the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from app.core.ids import PublicId

from ..cards import MessageCard
from ..messages.cards import PinnedCard
from ..rooms.cards import RoomFrame


@dataclass(frozen=True)
class Said:
    """One message as it is drawn. `is_first` of a run: flower and name stand beside it; `at` is for scripts.

    `is_saved` is for the menu, and the viewer's alone.
    """

    card: MessageCard
    html: Markup
    at: str
    is_first: bool
    stamp_words: str = ""
    is_saved: bool = False


@dataclass(frozen=True)
class DayLine:
    """A day begins; `key` is the day as scripts compare it, in the company's zone."""

    at: datetime
    key: str


@dataclass(frozen=True)
class NoteLine:
    """Somebody came or left, or something happened to the room."""

    words: str
    seq: int
    at: str


@dataclass(frozen=True)
class UnreadLine:
    """From here on the viewer has not read; theirs alone."""


Line = Said | DayLine | NoteLine | UnreadLine


@dataclass(frozen=True)
class ActsPage:
    """One message, and the room it stands in."""

    room_id: PublicId
    room_name: str
    said: Said


@dataclass(frozen=True)
class RoomPage:
    """One room and a page of its log. `is_latest` is False on the way back through older pages without a script.

    `sought` is the message somebody came for. `place` tells scripts what may be done here; `words` are their sentences, `stamps` the stamps with their words.
    """

    frame: RoomFrame
    lines: tuple[Line, ...]
    pinned: PinnedCard | None
    older: PublicId | None
    head: int
    epoch: int
    bookmark: int
    is_latest: bool
    sought: PublicId | None
    people_href: str
    place: dict[str, Any]
    words: dict[str, Any]
    stamps: tuple[tuple[str, str], ...]
