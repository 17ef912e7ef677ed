"""What lies in a room's log, read once and held in memory, so that several viewers can be told of it without a query each.

An `Entry` holds what the rules ask about, as values: nothing reads it again, and nothing is written through it. It is
unfiltered and never for a page; only `cards_of` and `message_cards` show something of it, and they ask the policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from app import policy
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.reading import IdSet, Reading, is_found_among
from app.core.text import RENDERER_VERSION, render_plain
from app.files.cards import FileCard
from app.models import (
    REACTIONS,
    Member,
    Message,
    MessageReaction,
    Room,
    RoomEvent,
    Upload,
)
from app.people.cards import PersonCard, erased_card
from app.people.queries import person_card
from app.policy import Viewer

from .cards import STAMP_WORDS, EventCard, MessageCard, QuotedCard, SignCard, person_json

LONGEST_EXCERPT = 80  # characters of a quoted or pinned message


@dataclass(frozen=True, slots=True)
class HeldRoom:
    """What the rules ask of a room."""

    id: int
    public_id: PublicId
    kind: str
    low: Row[Any] | None
    high: Row[Any] | None


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """What the rules ask of an entry of a log, and what it says."""

    room: HeldRoom
    room_id: int
    seq: int
    kind: str
    actor_id: int | None
    actor_cohort_id: int | None
    author_id: int | None
    author_cohort_id: int | None
    payload: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """What the rules ask of a message, and what it says; one that is only quoted says its first words."""

    room: HeldRoom
    room_id: int
    seq: int
    public_id: PublicId
    author_id: int | None
    author_cohort_id: int | None
    body: str
    stamp: str
    unsent_at: datetime | None
    body_html: str = ""
    sent_at: datetime | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldSign:
    """What the rules ask of a sign, and its name."""

    member_id: int
    member_cohort_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Attached:
    """One file under a message, and whose it is: while it is being rebuilt, only they are shown it."""

    card: FileCard
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One log row with everything its card needs, for whoever may see it: never for a page."""

    event: HeldEvent
    message: HeldMessage | None
    quoted: HeldMessage | None
    signs: tuple[HeldSign, ...]
    files: tuple[Attached, ...]
    people: Mapping[int, Row[Any]]


# ── the statements ───────────────────────────────────────────────────────────────────────────────────────────

_quoted = aliased(Message, name="quoted")


def _text_of(column: Any, unsent_at: Any) -> ColumnElement[Any]:
    """What was taken back is not even read."""
    return case((unsent_at.is_(None), column), else_="")


LOG_COLUMNS = (
    Room.id.label("room_key"),
    Room.public_id.label("room_id"),
    Room.kind.label("room_kind"),
    Room.low_id.label("room_low_id"),
    Room.high_id.label("room_high_id"),
    RoomEvent.seq,
    RoomEvent.kind,
    RoomEvent.actor_id,
    RoomEvent.actor_cohort_id,
    RoomEvent.author_id,
    RoomEvent.author_cohort_id,
    RoomEvent.payload,
    RoomEvent.created_at,
    Message.id.label("message_key"),
    Message.public_id.label("message_id"),
    Message.seq.label("message_seq"),
    _text_of(Message.body, Message.unsent_at).label("body"),
    _text_of(Message.body_html, Message.unsent_at).label("body_html"),
    Message.renderer_version,
    _text_of(Message.stamp, Message.unsent_at).label("stamp"),
    Message.sent_at,
    Message.edited_at,
    Message.unsent_at,
    _quoted.id.label("quoted_key"),
    _quoted.public_id.label("quoted_id"),
    _quoted.seq.label("quoted_seq"),
    _quoted.author_id.label("quoted_author_id"),
    _quoted.author_cohort_id.label("quoted_author_cohort_id"),
    _text_of(func.substr(_quoted.body, 1, 4 * LONGEST_EXCERPT), _quoted.unsent_at).label("quoted_body"),
    _text_of(_quoted.stamp, _quoted.unsent_at).label("quoted_stamp"),
    _quoted.unsent_at.label("quoted_unsent_at"),
)


def with_log(statement: Select[Any]) -> Select[Any]:
    """`statement` of LOG_COLUMNS with its tables: the room, its log, the message of an entry and what that answers."""
    return (
        statement.select_from(Room)
        .join(RoomEvent, RoomEvent.room_id == Room.id)
        .outerjoin(Message, Message.id == RoomEvent.message_id)
        .outerjoin(_quoted, _quoted.id == Message.reply_to_id)
    )


_SIGN, _FILE = 1, 2
_PART_COLUMNS: dict[str, Any] = {
    "message_key": BigInteger(),
    "member_key": Integer(),
    "cohort_key": Integer(),
    "word": String(),
    "public_id": String(),
    "alt": String(),
    "number": Integer(),
    "width": Integer(),
    "height": Integer(),
    "place": Integer(),
    "is_picture": Boolean(),
    "is_waiting": Boolean(),
}


def _branch(kind: int, **columns: Any) -> Select[Any]:
    """One SELECT of the union: what it does not say is NULL of the right type, which PostgreSQL insists on."""
    plain = [columns.get(name, sql_cast(null(), type_)).label(name) for name, type_ in _PART_COLUMNS.items()]
    return select(literal_column(str(kind), Integer).label("kind"), *plain)


def _parts() -> Any:
    ids = bindparam("message_ids", type_=IdSet())
    signs = _branch(
        _SIGN,
        message_key=MessageReaction.message_id,
        member_key=MessageReaction.member_id,
        cohort_key=MessageReaction.member_cohort_id,
        word=MessageReaction.name,
    ).where(is_found_among(MessageReaction.message_id, ids))
    files = _branch(
        _FILE,
        message_key=Upload.message_id,
        member_key=Upload.owner_id,
        word=Upload.name,
        public_id=Upload.public_id,
        alt=Upload.alt,
        number=Upload.size_bytes,
        width=Upload.width,
        height=Upload.height,
        place=Upload.position,
        is_picture=Upload.kind == "picture",
        is_waiting=Upload.state == "waiting",
    ).where(is_found_among(Upload.message_id, ids), Upload.state != "refused")
    return union_all(signs, files)


_PARTS = Reading(_parts())
_PEOPLE = Reading(
    select(
        Member.id,
        Member.public_id,
        Member.display_name,
        Member.bud,
        Member.roles,
        Member.cohort_id,
        Member.department,
        Member.joined_company_on,
        Member.suspended_at,
        Member.ended_at,
    ).where(is_found_among(Member.id, bindparam("member_ids", type_=IdSet())))
)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def entries_of(rows: Sequence[Row[Any]]) -> list[Entry]:
    """Entries from rows of LOG_COLUMNS of one room, in their order; two more statements, whatever is in them."""
    if not rows:
        return []
    parts = _PARTS.all({"message_ids": frozenset(row.message_key for row in rows if row.message_key)})
    people = people_of(_speakers(rows, parts))
    room = _room(rows[0], people)
    signs: dict[int, list[HeldSign]] = {}
    files: dict[int, list[Row[Any]]] = {}
    for part in parts:
        if part.kind == _SIGN:
            signs.setdefault(part.message_key, []).append(_sign(part))
        else:
            files.setdefault(part.message_key, []).append(part)
    return [
        Entry(
            event=_event(row, room),
            message=_message(row, room),
            quoted=_quoted_message(row, room),
            signs=tuple(signs.get(row.message_key, ())),
            files=_files(files.get(row.message_key, ())),
            people=people,
        )
        for row in rows
    ]


def _speakers(rows: Iterable[Row[Any]], parts: Iterable[Row[Any]]) -> set[int | None]:
    wanted = {part.member_key for part in parts if part.kind == _SIGN}
    for row in rows:
        wanted |= {row.actor_id, row.author_id, row.quoted_author_id, row.room_low_id, row.room_high_id}
    return wanted


def people_of(member_ids: Collection[int | None]) -> dict[int, Row[Any]]:
    """What the rules and cards ask of these members, by internal id; one statement."""
    wanted = frozenset(key for key in member_ids if key is not None)
    return {row.id: row for row in _PEOPLE.all({"member_ids": wanted})}


def _room(row: Row[Any], people: Mapping[int, Row[Any]]) -> HeldRoom:
    return HeldRoom(
        id=row.room_key,
        public_id=row.room_id,
        kind=row.room_kind,
        low=people.get(row.room_low_id),
        high=people.get(row.room_high_id),
    )


def _event(row: Row[Any], room: HeldRoom) -> HeldEvent:
    return HeldEvent(
        room=room,
        room_id=room.id,
        seq=row.seq,
        kind=row.kind,
        actor_id=row.actor_id,
        actor_cohort_id=row.actor_cohort_id,
        author_id=row.author_id,
        author_cohort_id=row.author_cohort_id,
        payload=row.payload,
        created_at=row.created_at,
    )


def _message(row: Row[Any], room: HeldRoom) -> HeldMessage | None:
    if row.message_key is None:
        return None
    is_stale = row.unsent_at is None and row.renderer_version != RENDERER_VERSION
    return HeldMessage(
        room=room,
        room_id=room.id,
        seq=row.message_seq,
        public_id=row.message_id,
        author_id=row.author_id,
        author_cohort_id=row.author_cohort_id,
        body=row.body,
        stamp=row.stamp,
        unsent_at=row.unsent_at,
        body_html=render_plain(row.body) if is_stale else row.body_html,
        sent_at=row.sent_at,
        edited_at=row.edited_at,
    )


def _quoted_message(row: Row[Any], room: HeldRoom) -> HeldMessage | None:
    if row.quoted_key is None:
        return None
    return HeldMessage(
        room=room,
        room_id=room.id,
        seq=row.quoted_seq,
        public_id=row.quoted_id,
        author_id=row.quoted_author_id,
        author_cohort_id=row.quoted_author_cohort_id,
        body=row.quoted_body,
        stamp=row.quoted_stamp,
        unsent_at=row.quoted_unsent_at,
    )


def _sign(part: Row[Any]) -> HeldSign:
    return HeldSign(member_id=part.member_key, member_cohort_id=part.cohort_key, name=part.word)


def _files(parts: Iterable[Row[Any]]) -> tuple[Attached, ...]:
    return tuple(
        Attached(
            FileCard(
                id=part.public_id,
                is_picture=bool(part.is_picture),
                is_waiting=bool(part.is_waiting),
                name=part.word,
                alt=part.alt,
                size_bytes=part.number,
                width=part.width,
                height=part.height,
            ),
            owner_id=part.member_key,
        )
        for part in sorted(parts, key=lambda part: (part.place, part.public_id))
    )


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────


def seen_entries(viewer: Viewer, entries: Iterable[Entry]) -> list[Entry]:
    """Those of these entries this viewer sees, asked in memory: no statement runs."""
    return [entry for entry in entries if policy.can(viewer, "view", entry.event, kind=RoomEvent)]


def cards_of(viewer: Viewer, seen: Iterable[Entry], *, prev: int) -> list[EventCard]:
    """What this viewer is told of entries they see, oldest first; `prev` is the seq of the entry before them they see.

    The policy is asked about every quote, sign and person in memory: no statement runs.
    """
    telling = _Telling(viewer)
    cards = []
    for entry in seen:
        event = entry.event
        cards.append(
            EventCard(
                room=event.room.public_id,
                seq=event.seq,
                prev=prev,
                kind=event.kind,
                at=event.created_at,
                more=_TELLING[event.kind](telling, entry),
            )
        )
        prev = event.seq
    return cards


def message_cards(viewer: Viewer, seen: Iterable[Entry]) -> dict[int, MessageCard]:
    """The messages among entries this viewer sees, by the seq of the entry."""
    telling = _Telling(viewer)
    return {entry.event.seq: telling.message(entry) for entry in seen if entry.message is not None}


class _Telling:
    """One viewer being told; people and signs come up again and again, so each is asked about once."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._people: dict[int, PersonCard] = {}

    def person(self, entry: Entry, member_id: int | None) -> PersonCard:
        """Somebody as the viewer sees them; whoever left nothing behind is 「退会した方」."""
        member = None if member_id is None else entry.people.get(member_id)
        if member is None:
            return erased_card()
        if member.id not in self._people:
            self._people[member.id] = card_of(self.viewer, member)
        return self._people[member.id]

    def message(self, entry: Entry) -> MessageCard:
        """A message with its present text."""
        message = cast(HeldMessage, entry.message)
        is_unsent = message.unsent_at is not None
        return MessageCard(
            id=message.public_id,
            seq=message.seq,
            author=self.person(entry, message.author_id),
            is_mine=self._is_me(message.author_id),
            body=message.body,
            html=message.body_html,
            stamp=message.stamp,
            sent_at=cast(datetime, message.sent_at),
            is_edited=not is_unsent and message.edited_at is not None,
            is_unsent=is_unsent,
            reply_to=None if is_unsent else self._quote(entry),
            files=() if is_unsent else self._files(entry),
            signs=() if is_unsent else self._signs(entry),
        )

    def _is_me(self, member_id: int | None) -> bool:
        return member_id is not None and member_id == self.viewer.id

    def _quote(self, entry: Entry) -> QuotedCard | None:
        """The message it answers; one the viewer does not see is as if there were none."""
        if entry.quoted is None or not policy.can(self.viewer, "view", entry.quoted, kind=Message):
            return None
        is_unsent = entry.quoted.unsent_at is not None
        return QuotedCard(
            id=entry.quoted.public_id,
            author=self.person(entry, entry.quoted.author_id),
            excerpt="" if is_unsent else excerpt_of(entry.quoted.body, entry.quoted.stamp),
            is_unsent=is_unsent,
        )

    def _files(self, entry: Entry) -> tuple[FileCard, ...]:
        return tuple(
            each.card for each in entry.files if not each.card.is_waiting or self._is_me(each.owner_id)
        )

    def _signs(self, entry: Entry) -> tuple[SignCard, ...]:
        """In the order the six are offered, never by their number; people by the alphabet."""
        seen = [sign for sign in entry.signs if policy.can(self.viewer, "view", sign, kind=MessageReaction)]
        cards = []
        for name in REACTIONS:
            given = [self.person(entry, sign.member_id) for sign in seen if sign.name == name]
            if given:
                cards.append(
                    SignCard(name, tuple(sorted(((one.id, one.name) for one in given), key=_by_name)))
                )
        return tuple(cards)

    # What each kind of entry says.

    def as_message(self, entry: Entry) -> dict[str, Any]:
        """A message was sent."""
        return {"message": self.message(entry).as_json()}

    def as_edit(self, entry: Entry) -> dict[str, Any]:
        """A message says something else now, or its pictures are ready.

        What one from before the viewer came says, they are not told.
        """
        message = cast(HeldMessage, entry.message)
        is_theirs = policy.can(self.viewer, "view", message, kind=Message)
        body, html = (message.body, message.body_html) if is_theirs else ("", "")
        shown = self._files(entry) if is_theirs and message.unsent_at is None else ()
        return {
            "message": {
                "id": message.public_id,
                "body": body,
                "html": html,
                "edited": message.edited_at is not None,
                "files": [file.as_json() for file in shown],
            }
        }

    def as_unsending(self, entry: Entry) -> dict[str, Any]:
        """A message was taken back."""
        return {"message": {"id": cast(HeldMessage, entry.message).public_id}}

    def as_sign(self, entry: Entry) -> dict[str, Any]:
        """A sign was given or taken back."""
        giver = self.person(entry, entry.event.actor_id)
        return {
            "message": {"id": cast(HeldMessage, entry.message).public_id},
            "name": entry.event.payload["name"],
            "by": {"id": giver.id, "name": giver.name},
            "mine": self._is_me(entry.event.actor_id),
        }

    def as_pin(self, entry: Entry) -> dict[str, Any]:
        """A message stands above the room now, or none: taken down, or one from before the viewer came."""
        message = entry.message
        if (
            message is None
            or message.unsent_at is not None
            or entry.event.payload.get("off")
            or not policy.can(self.viewer, "view", message, kind=Message)
        ):
            return {"message": None}
        author = self.person(entry, message.author_id)
        return {
            "message": {
                "id": message.public_id,
                "author": {"id": author.id, "name": author.name},
                "excerpt": excerpt_of(message.body, message.stamp),
            }
        }

    def as_coming_or_going(self, entry: Entry) -> dict[str, Any]:
        """Somebody came or left."""
        person = person_json(self.person(entry, entry.event.actor_id))
        return {
            "act": entry.event.payload["act"],
            "person": {name: person[name] for name in ("id", "name", "bud")},
        }

    def as_system(self, entry: Entry) -> dict[str, Any]:
        """Something happened to the room; the sentence is in the page's language."""
        return {"text": entry.event.payload["text"], "args": entry.event.payload.get("args", {})}


_TELLING = {
    "message": _Telling.as_message,
    "edit": _Telling.as_edit,
    "unsend": _Telling.as_unsending,
    "react": _Telling.as_sign,
    "unreact": _Telling.as_sign,
    "pin": _Telling.as_pin,
    "member": _Telling.as_coming_or_going,
    "system": _Telling.as_system,
}


def _by_name(person: tuple[PublicId | None, str]) -> tuple[str, str]:
    return person[1], person[0] or ""


def card_of(viewer: Viewer, member: Row[Any]) -> PersonCard:
    """The card of a member that is held in memory, as `person_card` makes it of a row."""
    row = SimpleNamespace(
        person_key=member.id,
        person_id=member.public_id,
        person_name=member.display_name,
        person_bud=member.bud,
        person_roles=member.roles,
        person_department=member.department,
        person_joined_on=member.joined_company_on,
        person_is_visible=policy.can(viewer, "view", member, kind=Member),
    )
    return person_card(viewer, cast(Row[Any], row))


def excerpt_of(body: str, stamp: str) -> str:
    """The first words of a message in one line; a stamp in words, and what a message of files alone is."""
    if stamp:
        return str(STAMP_WORDS[stamp])
    return " ".join(body.split())[:LONGEST_EXCERPT] or t("写真・ファイル")
