"""What whoever writes is told of a message, and pages of a room's log as a viewer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.ids import PublicId
from app.people.cards import PersonCard

from ..cards import EventCard, MessageCard, moment_json


@dataclass(frozen=True)
class Sent:
    """A message that is in the log; `is_dup` where the same key had made it before."""

    id: PublicId
    seq: int
    sent_at: datetime
    is_dup: bool = False

    def as_json(self) -> dict[str, Any]:
        """The ack."""
        dup = {"dup": True} if self.is_dup else {}
        return {"ok": True, **dup, "id": self.id, "seq": self.seq, "at": moment_json(self.sent_at)}


@dataclass(frozen=True)
class LogItem:
    """One thing in a page of the log: a message, or a line that says who came or what happened.

    `is_saved` is whether the viewer keeps the message, theirs alone: it is in no event.
    """

    message: MessageCard | None = None
    note: EventCard | None = None
    is_saved: bool = False

    @property
    def at(self) -> datetime:
        """When it was said, or happened."""
        if self.message is not None:
            return self.message.sent_at
        assert self.note is not None
        return self.note.at

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        if self.message is not None:
            return {"type": "message", "message": self.message.as_json(), "saved": self.is_saved}
        assert self.note is not None
        note = self.note.as_json()
        return {"type": "note", **{name: note[name] for name in note if name not in {"room", "prev"}}}


@dataclass(frozen=True)
class PinnedCard:
    """The message that stands above a room."""

    id: PublicId
    author: PersonCard
    excerpt: str

    def as_json(self) -> dict[str, Any]:
        """For scripts, as the event of pinning says it."""
        author = {"id": self.author.id, "name": self.author.name}
        return {"id": self.id, "author": author, "excerpt": self.excerpt}


@dataclass(frozen=True)
class LogPage:
    """A page of a room's log, oldest first. `head` is the newest seq the viewer sees (0: none), `older` where to go on.

    `bookmark` is how far the viewer had read, theirs alone; `pinned` is said on the latest page.
    """

    room: PublicId
    items: tuple[LogItem, ...]
    head: int
    epoch: int
    older: PublicId | None
    bookmark: int
    pinned: PinnedCard | None = None

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "items": [item.as_json() for item in self.items],
            "head": self.head,
            "epoch": self.epoch,
            "older": self.older,
            "bookmark": self.bookmark,
            "pinned": None if self.pinned is None else self.pinned.as_json(),
        }


@dataclass(frozen=True)
class MessageActs:
    """One message and what the viewer may do with it, for whoever uses no script."""

    room: PublicId
    message: MessageCard
    is_saved: bool


@dataclass(frozen=True)
class SavedMessageCard:
    """One message the viewer keeps for themselves, and the room it leads to."""

    room: PublicId
    message_id: PublicId
    author: PersonCard
    excerpt: str
    sent_at: datetime
