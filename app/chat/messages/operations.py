"""What changes messages: sending, editing, taking back, signs, pins; and what one person keeps of a room for themselves."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CursorResult,
    Integer,
    Subquery,
    bindparam,
    delete,
    exists,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from app import policy
from app.core.clock import now
from app.core.db import UtcDateTime, session
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId, new_public_id
from app.core.limits import spend
from app.core.operation import announce, operation
from app.core.reading import Reading
from app.core.text import RENDERER_VERSION, begins_with_name, mention_tails, render_plain
from app.files.operations import attach_files
from app.models import (
    REACTIONS,
    Block,
    Draft,
    Member,
    Message,
    MessageMention,
    MessageReaction,
    Room,
    RoomMember,
    RoomPin,
    RoomReader,
    SavedMessage,
    Upload,
    Wall,
)
from app.policy import Viewer, allowed, standing
from app.writing.operations import forget_draft

from .. import log
from ..events import MessageEdited, MessageWaits
from ..index import MESSAGES
from ..talks.answering import note_answer
from .budgets import SENDING, slow_mode
from .cards import Sent
from .entering import Put, enter

T = TypeVar("T")

EDITABLE_FOR = timedelta(minutes=15)
QUIET_FOR = timedelta(hours=6)  # after so long, a message in a room is news
# How many messages are looked at: for the speaker's own, and for one that everybody sees.
LOOKED_BACK, LATEST = 500, 5
MOST_MENTIONS = 20
LYING = timedelta(seconds=20)  # whoever has the room open reads it meanwhile, and is told nothing
_KEY = re.compile(r"[0-9a-f]{32}")


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Words:
    """What is to be said, rendered before the transaction so that no other writer waits for it."""

    body: str
    body_html: str
    stamp: str = ""
    reply_to: PublicId | None = None
    files: tuple[PublicId, ...] = ()
    mentions: tuple[PublicId, ...] = ()


def words(
    body: str = "",
    *,
    stamp: str = "",
    reply_to: PublicId | None = None,
    files: Sequence[PublicId] = (),
    mentions: Collection[PublicId] = (),
) -> Words:
    """What is to be said, ready to be stored. Outside any transaction, for rendering takes its time."""
    return Words(body, render_plain(body), stamp, reply_to or None, tuple(files), tuple(mentions))


_viewer_id = bindparam("viewer_id", type_=Integer)
_since: BindParameter[datetime] = bindparam("since", type_=UtcDateTime)


def _is_lively() -> ColumnElement[bool]:
    """Whether it is certain that nobody in the row's room had quiet: the viewer said something lately, or somebody whom
    neither a block nor a wall keeps from anybody.

    Otherwise it may have been quiet for somebody. For whom is asked when they are told: what one reader does not see
    breaks no quiet of theirs.
    """
    lately, latest = _newest(LOOKED_BACK, "lately"), _newest(LATEST, "latest")
    is_apart = or_(
        _is_there(or_(Block.blocker_id == latest.c.author_id, Block.blocked_id == latest.c.author_id)),
        _is_there(
            or_(
                Wall.low_cohort_id == latest.c.author_cohort_id,
                Wall.high_cohort_id == latest.c.author_cohort_id,
            )
        ),
    )
    return or_(
        select(latest.c.author_id).where(*_stands(latest), not_(is_apart)).correlate(Room).exists(),
        select(lately.c.author_id)
        .where(*_stands(lately), lately.c.author_id == _viewer_id)
        .correlate(Room)
        .exists(),
    )


def _newest(most: int, name: str) -> Subquery:
    return (
        select(Message.author_id, Message.author_cohort_id, Message.sent_at, Message.unsent_at)
        .where(Message.room_id == Room.id)
        .order_by(Message.seq.desc())
        .limit(most)
        .correlate(Room)
        .subquery(name)
    )


def _stands(said: Subquery) -> tuple[ColumnElement[bool], ...]:
    return said.c.sent_at > _since, said.c.unsent_at.is_(None)


def _is_there(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*which)


_PLACE = Reading(
    select(
        Room.id,
        Room.kind,
        Room.asked_by_id,
        _is_there(RoomReader.member_id == _viewer_id, RoomReader.room_id == Room.id).label("has_bookmark"),
        _is_lively().label("is_lively"),
    ).where(Room.id == bindparam("room_id", type_=BigInteger))
)
# Everything the answer to a sending depends on. Nothing is held by it: what must still be true is asked once more when the
# message takes its place (`log.NEXT_FOR_SENDER`, the unique key).
_GROUND = Reading(
    select(
        Room.id,
        Room.kind,
        Room.asked_by_id,
        Room.slow_seconds,
        standing("send", Room, Room).label("may_send"),
        _is_there(Message.author_id == _viewer_id, Message.client_key == bindparam("client_key")).label(
            "is_sent"
        ),
        _is_there(Draft.member_id == _viewer_id, Draft.composer == bindparam("composer")).label("has_draft"),
        _is_there(RoomReader.member_id == _viewer_id, RoomReader.room_id == Room.id).label("has_bookmark"),
        _is_lively().label("is_lively"),
    ).where(Room.public_id == bindparam("public_id"), standing("view", Room))
)


def _ground(viewer: Viewer, room_id: PublicId, key: str) -> Any:
    asked = {
        "public_id": room_id,
        "client_key": key,
        "composer": f"room-{room_id}",
        "since": now() - QUIET_FOR,
    }
    found = _GROUND.first({**viewer.binds, **asked})
    if found is None:
        raise NotFound()
    return found


def send_message(
    viewer: Viewer,
    room_id: PublicId,
    *,
    key: str,
    body: str = "",
    stamp: str = "",
    reply_to: PublicId | None = None,
    files: Sequence[PublicId] = (),
    mentions: Collection[PublicId] = (),
) -> Sent:
    """Say something in a room: a text, perhaps with the viewer's own uploads, or a stamp.

    However often the same `key` (32 hex characters) comes, one message is made; a repeated one is never counted against
    a limit. `mentions` of people who are not in the room for the viewer are left out. Announces MessageWaits where
    somebody may have to be told. Raises NotFound if the viewer does not see the room or what they answer, Forbidden if
    they do not write there, Invalid if the key came with other content or a file is not theirs, TooOften.
    """
    said = words(body, stamp=stamp, reply_to=reply_to, files=files, mentions=mentions)
    ground = _ground(viewer, room_id, key)
    if not ground.is_sent:
        spend(SENDING, viewer.public_id)
        if ground.slow_seconds:
            spend(slow_mode(ground.slow_seconds), f"{viewer.public_id} {room_id}")
    try:
        return _send(viewer, ground, room_id, key, said)
    except IntegrityError:  # the same key at the same moment, or a first bookmark: it is there now
        return _send(viewer, _ground(viewer, room_id, key), room_id, key, said)


def sound_key(key: str | None) -> str:
    """The key a page without script sent along, or a new one where it is none."""
    return key if key and _KEY.fullmatch(key) else secrets.token_hex(16)


def _twice(write: Callable[[], T]) -> T:
    """Where the same thing arrives twice at once, one of them meets the other's row: it then finds it."""
    try:
        return write()
    except IntegrityError:
        return write()


@operation
def _send(viewer: Viewer, ground: Any, room_id: PublicId, key: str, said: Words) -> Sent:
    # Before the question whether they may write: who asked first waits for an answer, also with a repeated try.
    sent = _sent_before(viewer, ground.id, key, said) if ground.is_sent else None
    if sent is not None:
        return sent
    if not ground.may_send:
        raise _why_no_sending(viewer, room_id)
    note_answer(viewer, ground)
    if ground.has_draft:
        forget_draft(viewer, f"room-{room_id}")
    put = _put(viewer, ground, key, said, is_quiet=not ground.is_lively, binds=viewer.binds)
    if put is None:
        raise _why_no_sending(viewer, room_id)
    return Sent(put.public_id, put.seq, put.sent_at)


def _why_no_sending(viewer: Viewer, room_id: PublicId) -> AppError:
    """Whatever keeps them from writing; it may just have ended again."""
    try:
        policy.fetch(viewer, Room, room_id, "send")
    except AppError as error:
        return error
    return Conflict(_("ルームの設定が変わりました。画面を開き直してください。"))


def put_message(viewer: Viewer, room: Room, key: str, said: Words) -> Put:
    """Enter a message into a room's log; inside the caller's operation, which has asked whether the viewer may write.

    An answer to whoever asked first opens the talk. The viewer's own bookmark moves to it. Raises as `send_message`.
    """
    session.flush()
    place = _PLACE.all({**viewer.binds, "room_id": room.id, "since": now() - QUIET_FOR})[0]
    put = _put(viewer, place, key, said, is_quiet=not place.is_lively, binds=None)
    assert put is not None
    return put


def _put(
    viewer: Viewer, room: Any, key: str, said: Words, *, is_quiet: bool, binds: Mapping[str, Any] | None
) -> Put | None:
    """The message with everything that belongs to it; None where `binds` no longer may write there.

    The room's row is held from the moment the message is entered: what can be done before that is.
    """
    quoted_id = _quoted(viewer, room.id, said.reply_to)
    spoken_to = _spoken_to(viewer, room.id, said.mentions)
    if not room.has_bookmark:
        session.add(RoomReader(member_id=viewer.id, room_id=room.id, bookmark_seq=0))
    session.flush()
    put = enter(
        {
            "public_id": new_public_id(),
            "room_id": room.id,
            "author_id": viewer.id,
            "client_key": key,
            "body": said.body,
            "body_html": said.body_html,
            "renderer_version": RENDERER_VERSION,
            "stamp": said.stamp,
            "reply_to_id": quoted_id,
            "sent_at": now(),
        },
        binds,
    )
    if put is None:
        return None
    session.add_all(MessageMention(message_id=put.id, member_id=each) for each in spoken_to)
    MESSAGES.put(put.id, room.id, said.body)
    if said.files:
        attach_files(viewer, said.files, message_id=put.id)
    if room.asked_by_id is not None and room.asked_by_id != viewer.id:
        session.execute(update(Room).where(Room.id == room.id).values(asked_by_id=None))
    if spoken_to or is_quiet or room.kind in {"direct", "office"}:
        announce(MessageWaits(message_id=put.id), after=LYING)
    return put


def _sent_before(viewer: Viewer, room_id: int, key: str, said: Words) -> Sent | None:
    """What this key already became, if anything. Raises Invalid where the content is another one now."""
    answered = aliased(Message)
    row = session.execute(
        select(Message, answered.public_id.label("reply_to"))
        .outerjoin(answered, answered.id == Message.reply_to_id)
        .where(Message.author_id == viewer.id, Message.client_key == key)
    ).first()
    if row is None:
        return None
    message: Message = row.Message
    # Meanwhile its author changed it: what was sent at first is not known any more.
    has_changed = message.edited_at is not None or message.unsent_at is not None
    sent = (message.body, message.stamp, row.reply_to, _files_of(message))
    is_same = has_changed or sent == (said.body, said.stamp, said.reply_to, said.files)
    if message.room_id != room_id or not is_same:
        sentence = _(
            "このメッセージは、別の内容ですでに送られています。もう一度送ると、新しいメッセージになります。"
        )
        raise Invalid(sentence, {"body": [sentence]})
    return Sent(message.public_id, message.seq, message.sent_at, is_dup=True)


def _files_of(message: Message) -> tuple[PublicId, ...]:
    return tuple(
        session.scalars(
            select(Upload.public_id)
            .where(Upload.message_id == message.id)
            .order_by(Upload.position, Upload.id)
        )
    )


def _quoted(viewer: Viewer, room_id: int, reply_to: PublicId | None) -> int | None:
    """The message to be answered. One of another room is no message of this one, so it is missing."""
    if reply_to is None:
        return None
    message = policy.fetch(viewer, Message, reply_to, "keep")
    if message.room_id != room_id:
        raise NotFound()
    return message.id


def _spoken_to(viewer: Viewer, room_id: int, mentions: Collection[PublicId]) -> list[int]:
    """Those of these people who are in the room for the viewer, by internal id; nobody speaks to themselves."""
    if not mentions:
        return []
    _check_number(len(set(mentions)))
    return list(
        session.scalars(
            select(Member.id)
            .join(RoomMember, RoomMember.member_id == Member.id)
            .where(
                RoomMember.room_id == room_id,
                Member.public_id.in_(set(mentions)),
                Member.id != viewer.id,
                allowed(viewer, "view", RoomMember),
            )
            .order_by(Member.id)
        )
    )


def _check_number(count: int) -> None:
    if count > MOST_MENTIONS:
        sentence = _(
            "呼びかけられるのは、一度に%(most)s人までです（いま%(count)s人です）",
            most=MOST_MENTIONS,
            count=count,
        )
        raise Invalid(sentence, {"body": [sentence]})


def _cohort_of(viewer: Viewer) -> int | None:
    """The author's cohort as it is now, held until the text is stored: a move meanwhile must leave no gap in a wall."""
    return session.scalar(
        select(Member.cohort_id).where(Member.id == viewer.id).with_for_update(read=True, key_share=True)
    )


# ── changing one's mind ──────────────────────────────────────────────────────────────────────────────────────


def edit_message(
    viewer: Viewer,
    room_id: PublicId,
    message_id: PublicId,
    *,
    body: str,
    mentions: Collection[PublicId] = (),
) -> int:
    """Change what one's own message says, within EDITABLE_FOR of sending it; gives the seq of the change.

    `mentions` are people chosen for the new text; whose name no longer stands in it is not spoken to any more. The same
    text again changes nothing. Announces MessageEdited where somebody is newly spoken to. Raises NotFound, Forbidden,
    Invalid for too many mentions, Conflict where it is too late.
    """
    return _edit(viewer, room_id, message_id, words(body, mentions=mentions))


@operation
def _edit(viewer: Viewer, room_id: PublicId, message_id: PublicId, said: Words) -> int:
    message = _of_room(room_id, policy.claim(viewer, Message, message_id, "edit"))
    if message.body == said.body:
        return message.seq
    if now() - message.sent_at > EDITABLE_FOR:
        raise Conflict(
            _(
                "送ってから15分を過ぎたメッセージは、編集できません。送信を取り消して、送り直すことはできます。"
            )
        )
    MESSAGES.drop(message.id, message.room_id, message.body)
    MESSAGES.put(message.id, message.room_id, said.body)
    mentioned = _speak_anew(viewer, message, said)
    message.body, message.body_html = said.body, said.body_html
    message.renderer_version, message.edited_at = RENDERER_VERSION, now()
    session.flush()
    seq = log.append(viewer, message.room_id, "edit", message=message)
    if mentioned:
        announce(MessageEdited(message_id=message.id, seq=seq, mentioned=mentioned), after=LYING)
    return seq


def _speak_anew(viewer: Viewer, message: Message, said: Words) -> list[int]:
    """Make those it speaks to the ones its new text names; gives the members it did not speak to before.

    Who is called otherwise by now stands in neither text, and stays.
    """
    before = {
        row.id: row.display_name
        for row in session.execute(
            select(Member.id, Member.display_name)
            .join(MessageMention, MessageMention.member_id == Member.id)
            .where(MessageMention.message_id == message.id)
        )
    }
    chosen = _spoken_to(viewer, message.room_id, said.mentions)
    old, new = mention_tails(message.body_html), mention_tails(said.body_html)
    gone = {key for key, name in before.items() if _names(old, name) and not _names(new, name)} - {*chosen}
    mentioned = [key for key in chosen if key not in before]
    _check_number(len(before) - len(gone) + len(mentioned))
    mine = (MessageMention.message_id == message.id, MessageMention.member_id.in_(gone))
    session.execute(delete(MessageMention).where(*mine))
    session.add_all(MessageMention(message_id=message.id, member_id=key) for key in mentioned)
    return mentioned


def _names(tails: Sequence[str], name: str) -> bool:
    return any(begins_with_name(tail, name) for tail in tails)


def _of_room(room_id: PublicId, message: Message) -> Message:
    """The message, if it is one of the room it was asked for in. Raises NotFound."""
    if message.room.public_id != room_id:
        raise NotFound()
    return message


@operation
def unsend_message(viewer: Viewer, room_id: PublicId, message_id: PublicId) -> int:
    """Take one's own message back, at any time: its text is gone, a trace stays; gives the seq of that.

    Signs, saved copies and its place above the room go with it; its files are collected two weeks later. Doing so twice
    changes nothing. Raises NotFound, Forbidden.
    """
    message = _of_room(room_id, policy.claim(viewer, Message, message_id, "unsend"))
    if message.unsent_at is not None:
        return message.seq
    MESSAGES.drop(message.id, message.room_id, message.body)
    message.unsent_at = now()
    message.body = message.body_html = message.stamp = ""
    session.flush()
    for kept in (MessageReaction, MessageMention, SavedMessage):
        session.execute(delete(kept).where(kept.message_id == message.id))
    _take_down(viewer, message)
    return log.append(viewer, message.room_id, "unsend", message=message)


# ── signs ────────────────────────────────────────────────────────────────────────────────────────────────────


def set_reaction(viewer: Viewer, room_id: PublicId, message_id: PublicId, *, name: str, on: bool) -> None:
    """Give one of the six signs to a message, or take it back; doing so again changes nothing.

    Raises NotFound, Forbidden, Invalid for a sign there is not.
    """
    _twice(lambda: _set_reaction(viewer, room_id, message_id, name, on))


@operation
def _set_reaction(viewer: Viewer, room_id: PublicId, message_id: PublicId, name: str, on: bool) -> None:
    message = _of_room(room_id, policy.fetch(viewer, Message, message_id, "react"))
    if name not in REACTIONS:
        sentence = _("このリアクションはありません。画面を開き直してください。")
        raise Invalid(sentence, {"name": [sentence]})
    cohort_id = _cohort_of(viewer)
    sign = {"message_id": message.id, "member_id": viewer.id, "name": name}
    if on and session.scalar(select(MessageReaction.name).filter_by(**sign)) is None:
        session.add(MessageReaction(**sign, member_cohort_id=cohort_id))
        session.flush()
    elif on or not _changed(delete(MessageReaction).filter_by(**sign)):
        return
    log.append(
        viewer,
        message.room_id,
        "react" if on else "unreact",
        message=message,
        payload={"name": name},
        actor=(viewer.id, cohort_id),
    )


def _changed(statement: Any, values: Mapping[str, Any] | None = None) -> bool:
    """Run a statement; whether it found anything to change."""
    result = session.execute(statement, values)
    return isinstance(result, CursorResult) and result.rowcount > 0


# ── above the room ───────────────────────────────────────────────────────────────────────────────────────────


@operation
def pin_message(viewer: Viewer, room_id: PublicId, message_id: PublicId) -> None:
    """Let this message stand above its room, in place of any other. Raises NotFound, Forbidden."""
    room = policy.claim(viewer, Room, room_id, "pin")
    message = _of_room(room_id, policy.fetch(viewer, Message, message_id, "keep"))
    pinned = _pinned(room.id)
    if pinned is not None and pinned.id == message.id:
        return
    # Taken down with an entry of its own: who does not see the new one sees that the old one is gone.
    if pinned is not None:
        _take_down(viewer, pinned)
    session.add(RoomPin(room_id=room.id, message_id=message.id))
    log.append(viewer, room.id, "pin", message=message, actor=log.NOBODY)


@operation
def unpin_message(viewer: Viewer, room_id: PublicId) -> None:
    """Let nothing stand above the room. Raises NotFound, Forbidden."""
    room = policy.claim(viewer, Room, room_id, "pin")
    # One they do not see is not there for them, so they cannot take it down.
    pinned = _pinned(room.id, allowed(viewer, "view", Message))
    if pinned is not None:
        _take_down(viewer, pinned)


def _pinned(room_id: int, *which: ColumnElement[bool]) -> Message | None:
    return session.scalar(
        select(Message)
        .join(RoomPin, RoomPin.message_id == Message.id)
        .where(RoomPin.room_id == room_id, *which)
    )


def _take_down(viewer: Viewer, message: Message) -> None:
    """Remove it from above its room; only those who saw it there are told."""
    if _changed(delete(RoomPin).where(RoomPin.message_id == message.id)):
        taken = {"off": True}
        log.append(viewer, message.room_id, "pin", message=message, payload=taken, actor=log.NOBODY)


# ── for oneself ──────────────────────────────────────────────────────────────────────────────────────────────


def move_bookmark(viewer: Viewer, room_id: PublicId, *, seq: int) -> int:
    """Move one's bookmark in a room on to `seq`, never back and never beyond what one sees; gives where it is.

    Nobody else ever hears of it. Raises NotFound.
    """
    room_key = log.room_key(viewer, room_id)
    seq = min(seq, log.head(viewer, room_key))
    kept = _BOOKMARK.first({**viewer.binds, "room_id": room_key})
    if kept is not None and kept.bookmark_seq >= seq:
        return int(kept.bookmark_seq)
    _twice(lambda: _move_bookmark(viewer, room_key, seq))
    return seq


_BOOKMARK = Reading(
    select(RoomReader.bookmark_seq).where(
        RoomReader.member_id == bindparam("viewer_id", type_=Integer),
        RoomReader.room_id == bindparam("room_id", type_=BigInteger),
    )
)


_READER = RoomReader.__table__
_MOVE = (
    update(_READER)  # type: ignore[arg-type]
    .where(
        _READER.c.member_id == bindparam("mine"),
        _READER.c.room_id == bindparam("place"),
        _READER.c.bookmark_seq < bindparam("seq"),
    )
    .values(bookmark_seq=bindparam("seq"))
)


@operation
def _move_bookmark(viewer: Viewer, room_id: int, seq: int) -> None:
    if _changed(_MOVE, {"mine": viewer.id, "place": room_id, "seq": seq}):
        return
    mine = (RoomReader.member_id == viewer.id, RoomReader.room_id == room_id)
    if session.scalar(select(RoomReader.member_id).where(*mine)) is None:
        session.add(RoomReader(member_id=viewer.id, room_id=room_id, bookmark_seq=seq))
        session.flush()


def set_saved(viewer: Viewer, room_id: PublicId | None, message_id: PublicId, *, on: bool) -> None:
    """Keep a message for oneself, or no longer; doing so again changes nothing. Raises NotFound, Forbidden.

    Without `room_id` it is looked for in all of the viewer's rooms.
    """
    _twice(lambda: _set_saved(viewer, room_id, message_id, on))


@operation
def _set_saved(viewer: Viewer, room_id: PublicId | None, message_id: PublicId, on: bool) -> None:
    message = policy.fetch(viewer, Message, message_id, "keep" if on else "view")
    if room_id is not None:
        _of_room(room_id, message)
    mine = (SavedMessage.member_id == viewer.id, SavedMessage.message_id == message.id)
    if not on:
        session.execute(delete(SavedMessage).where(*mine))
    elif session.scalar(select(SavedMessage.id).where(*mine)) is None:
        session.add(SavedMessage(member_id=viewer.id, message_id=message.id))
