"""What a viewer is shown of messages and of a room's log; `as_json` is what sockets and their HTTP twins send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.core.errors import Sentence
from app.core.i18n import _
from app.core.ids import PublicId
from app.files.cards import FileCard
from app.people.cards import PersonCard

# What each stamp says, beside its drawing and wherever there is room for words only.
STAMP_WORDS: dict[str, Sentence] = {
    "hello": _("はじめまして"),
    "understood": _("了解です"),
    "thanks": _("ありがとうございます"),
    "join": _("参加します"),
    "thinking": _("検討中です"),
    "later": _("あとで返信します"),
    "well_done": _("お疲れさまです"),
    "congrats": _("おめでとうございます"),
}


def moment_json(moment: datetime) -> str:
    """A moment as scripts read it: ISO 8601 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person_json(person: PersonCard) -> dict[str, Any]:
    """Somebody in a room: `id` is null where there is no profile to go to."""
    return {"id": person.id, "name": person.name, "bud": person.bud, "mark": person.role_mark}


@dataclass(frozen=True)
class QuotedCard:
    """The message another one answers, as far as the viewer sees it."""

    id: PublicId
    author: PersonCard
    excerpt: str
    is_unsent: bool

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        author = {"id": self.author.id, "name": self.author.name}
        return {"id": self.id, "author": author, "excerpt": self.excerpt, "unsent": self.is_unsent}


@dataclass(frozen=True)
class SignCard:
    """One reaction under a message: its name and who gave it, as far as the viewer meets them."""

    name: str
    people: tuple[tuple[PublicId | None, str], ...]

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"name": self.name, "by": [{"id": key, "name": name} for key, name in self.people]}


@dataclass(frozen=True)
class MessageCard:
    """One message. Taken back, it has neither text nor files nor signs, only its place."""

    id: PublicId
    seq: int
    author: PersonCard
    is_mine: bool
    body: str
    html: str
    stamp: str
    sent_at: datetime
    is_edited: bool
    is_unsent: bool
    reply_to: QuotedCard | None = None
    files: tuple[FileCard, ...] = ()
    signs: tuple[SignCard, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "id": self.id,
            "seq": self.seq,
            "author": person_json(self.author),
            "mine": self.is_mine,
            "body": self.body,
            "html": self.html,
            "stamp": self.stamp,
            "at": moment_json(self.sent_at),
            "edited": self.is_edited,
            "unsent": self.is_unsent,
            "reply_to": None if self.reply_to is None else self.reply_to.as_json(),
            "files": [file.as_json() for file in self.files],
            "reactions": [sign.as_json() for sign in self.signs],
        }


@dataclass(frozen=True)
class EventCard:
    """One entry of a room's log for this viewer; `prev` is the seq of the entry before it that they may see."""

    room: PublicId
    seq: int
    prev: int
    kind: str
    at: datetime
    more: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "room": self.room,
            "seq": self.seq,
            "prev": self.prev,
            "kind": self.kind,
            "at": moment_json(self.at),
            **self.more,
        }
