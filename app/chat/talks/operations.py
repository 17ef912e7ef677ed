"""What changes 人事への連絡: opening it, wishing to talk, answering a wish, and the same words to everybody."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Forbidden
from app.core.i18n import _, day
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.models import CheckIn, Community, Member, Message, Room, TalkRequest
from app.people.quiet import quiet_hours
from app.policy import Viewer, viewers_of

from ..events import CheckInDue, TalkAsked
from ..log import append
from ..messages.operations import Words, put_message, words
from ..rooms.membership import found_members
from .queries import FORTNIGHT, check_office, words_to_mentor
from .threads import is_open_request

_KEY = re.compile(r"[0-9a-f]{32}")


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_office(viewer: Viewer, person_id: PublicId | None = None) -> PublicId:
    """Open one's own 人事への連絡 or, as HR, a candidate's; gives the room. It is made once, whoever asks first.

    Announces RoomJoined where it is new. Raises NotFound where there is no such candidate, or the viewer is neither
    the candidate nor HR.
    """
    member = policy.claim(viewer, Member, person_id or viewer.public_id, "correspond")
    return office_room(member).public_id


def office_room(member: Member) -> Room:
    """The thread of a candidate with the HR team, made where it is missing.

    The candidate's row is held by the caller, so that two who ask at once get the same one.
    """
    room = session.scalar(select(Room).where(Room.candidate_id == member.id))
    if room is None:
        room = Room(kind="office", candidate_id=member.id, icon="office")
        session.add(room)
        session.flush()
        found_members(room.id, [member.id])
    return room


# ── 話したい ─────────────────────────────────────────────────────────────────────────────────────────────────


def ask_office(viewer: Viewer, *, line: str, key: str) -> PublicId:
    """Wish to talk with the HR team, perhaps with a `line`; gives the request. An open one is found again.

    `key` is the client key of the line. Announces TalkAsked. Raises NotFound for whoever is no candidate.
    """
    return _ask_office(viewer, words(line), key)


@operation
def _ask_office(viewer: Viewer, said: Words, key: str) -> PublicId:
    member = policy.claim(viewer, Member, viewer.public_id, "correspond")
    found = _open_request(member.id, "office")
    return found or _ask(member, office_room(member), "office", said, key)


def ask_mentor(viewer: Viewer, mentor_id: PublicId, *, line: str, key: str) -> PublicId:
    """Wish to talk with one's mentor; otherwise as `ask_office`. Raises NotFound where there is no such mentor.

    A mentor has no list of wishes as HR has: without a line the wish is said in words, so that it counts as unread
    and is told of like any message.
    """
    said = words(line if line.strip() else words_to_mentor())
    try:
        return _ask_mentor(viewer, mentor_id, said, key)
    except IntegrityError:  # the mentor wrote first at the same moment: the room is there by now
        return _ask_mentor(viewer, mentor_id, said, key)


@operation
def _ask_mentor(viewer: Viewer, mentor_id: PublicId, said: Words, key: str) -> PublicId:
    member = policy.claim(viewer, Member, viewer.public_id, "correspond")
    mentor = policy.fetch(viewer, Member, mentor_id, "message")
    if mentor.id not in viewer.mentor_ids:
        raise Forbidden(_("いまは、この方にメンターとしてお話しできません。画面を開き直してください。"))
    found = _open_request(member.id, "mentor")
    return found or _ask(member, _room_of_two(member.id, mentor.id), "mentor", said, key)


def _open_request(member_id: int, wish: str) -> PublicId | None:
    return session.scalar(
        select(TalkRequest.public_id)
        .join(Room, Room.id == TalkRequest.room_id)
        .where(
            TalkRequest.member_id == member_id,
            TalkRequest.wish == wish,
            Room.archived_at.is_(None),
            is_open_request(),
        )
    )


def _ask(member: Member, room: Room, wish: str, said: Words, key: str) -> PublicId:
    asker = viewers_of([member.id])[member.id]  # with the room that may be new
    append(asker, room.id, "system", payload={"text": "talk_request"})
    request = TalkRequest(member_id=member.id, wish=wish, room_id=room.id, asked_at=now())
    session.add(request)
    session.flush()
    announce(TalkAsked(request_id=request.id))
    if said.body:
        _say_once(asker, room, key, said)
    return request.public_id


def _say_once(viewer: Viewer, room: Room, key: str, said: Words) -> None:
    """A line that goes with another act: a form that comes twice says it once."""
    key = key if _KEY.fullmatch(key) else secrets.token_hex(16)
    is_said = exists().where(Message.author_id == viewer.id, Message.client_key == key)
    if not session.scalar(select(is_said)):
        put_message(viewer, room, key, said)


def _room_of_two(one_id: int, other_id: int) -> Room:
    """The talk of a candidate with their mentor. Nobody has to accept it: the two belong together."""
    low, high = sorted((one_id, other_id))
    room = session.scalar(
        select(Room).where(Room.low_id == low, Room.high_id == high).with_for_update(of=Room)
    )
    if room is None:
        room = Room(kind="direct", low_id=low, high_id=high)
        session.add(room)
        session.flush()
        found_members(room.id, [low, high])
    room.asked_by_id = None
    return room


@operation
def withdraw_request(viewer: Viewer, request_id: PublicId) -> None:
    """Take back a wish to talk; the thread stays. Twice is harmless. Raises NotFound, Conflict once it was answered."""
    request = policy.claim(viewer, TalkRequest, request_id, "withdraw")
    if request.answered_at is not None:
        raise Conflict(_("すでにお返事が届いています。トークをご覧ください。"))
    if request.closed_at is None:
        request.closed_at = now()
        append(viewer, request.room_id, "system", payload={"text": "talk_withdrawn"})


def close_request(viewer: Viewer, request_id: PublicId, *, line: str, key: str) -> None:
    """HR answers a wish with one sentence, which stands in the thread, and closes it.

    Raises NotFound where there is none for the HR team, Conflict where it was answered or taken back meanwhile.
    """
    _close_request(viewer, request_id, words(line), key)


@operation
def _close_request(viewer: Viewer, request_id: PublicId, said: Words, key: str) -> None:
    request = policy.claim(viewer, TalkRequest, request_id, "close")
    if request.answered_at is not None or request.closed_at is not None:
        raise Conflict(_("この「話したい」は、すでに対応が終わっています。トークでは続けて話せます。"))
    request.answered_at = request.closed_at = now()
    _say_once(viewer, session.get_one(Room, request.room_id), key, said)


# ── お変わりありませんか ─────────────────────────────────────────────────────────────────────────────────────


@operation
def plan_check_in(viewer: Viewer, *, body: str) -> PublicId:
    """Send every candidate the same words, each in their own 人事への連絡; in quiet hours when they end. Gives its id.

    Announces CheckInDue for when it leaves. Raises NotFound for whoever is not HR, Conflict within 14 days of the
    round before.
    """
    check_office(viewer)
    # One after another: two of HR at once would each find the fortnight free.
    session.execute(select(Community.id).where(Community.id == 1).with_for_update())
    newest = session.scalar(select(CheckIn).order_by(CheckIn.id.desc()).limit(1))
    if newest is not None and newest.due_at + FORTNIGHT > now():
        raise Conflict(
            _(
                "「お変わりありませんか」は14日に1回までです。次は%(day)sから送れます。",
                day=day(newest.due_at + FORTNIGHT),
            )
        )
    at = now()
    row = CheckIn(author_id=viewer.id, body=body, due_at=quiet_hours().next_open(at))
    session.add(row)
    session.flush()
    announce(CheckInDue(check_in_id=row.id), after=row.due_at - at)
    return row.public_id


@operation
def cancel_check_in(viewer: Viewer, check_in_id: PublicId) -> None:
    """Take back a round before it leaves; it then never was. Raises NotFound, Conflict once it has begun."""
    row = policy.claim(viewer, CheckIn, check_in_id, "view")
    if row.due_at <= now() or row.reached_id:
        raise Conflict(
            _("もう送り始めているため、取り消せません。送ったメッセージは、トークから送信取消ができます。")
        )
    session.delete(row)
