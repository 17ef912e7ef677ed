"""What changes rooms: opening them, coming, leaving, talks of two, how each person has them listed, HR's rooms."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.names import (
    MAX_DISPLAY_NAME_LENGTH,
    NameRefused,
    check_display_name,
    check_person_name,
    grapheme_length,
)
from app.core.operation import announce, operation
from app.models import (
    Community,
    Group,
    Member,
    Message,
    Role,
    Room,
    RoomAudience,
    RoomMember,
    RoomReader,
)
from app.people.audiences import SetKey, keys_of
from app.policy import Viewer, allowed, viewers_of

from ..events import RoomJoined, RoomLeft
from ..messages.operations import Words, put_message, words
from .audience import has_hr, has_staff, is_addressed
from .cards import ICONS
from .choosing import may_be_asked
from .membership import (
    MOST_TALKING,
    count_members,
    follow_audience,
    follow_group,
    found_members,
    groups_without_room,
    let_go,
    let_in,
    members_of,
)
from .ownership import hand_on

FEWEST_IN_SMALL = 3  # two people write to each other, as both sides wish (Member.messages_from)
MOST_IN_SMALL = 12
MOST_NAME = MAX_DISPLAY_NAME_LENGTH
SLOW_STEPS = (0, 10, 30, 60, 300)  # seconds between two messages of one person
LISTINGS = ("muted", "paused", "hidden", "pinned")
_KEY = re.compile(r"[0-9a-f]{32}")
REACHES = ("nobody", "group", "cohort")

_NOT_TOGETHER = _("この組み合わせではルームを開けません。メンバーを変えて、もう一度お試しください。")


# ── small rooms ──────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_room(
    viewer: Viewer, *, name: str, people: Collection[PublicId], icon: str = "sprout", description: str = ""
) -> PublicId:
    """Open a small room with these people; gives its public id. They are in it at once and can leave.

    Announces RoomJoined. Raises Forbidden unless the community lets candidates open rooms, Invalid for too few or too
    many people, and for somebody the viewer may not ask.

    Two of them between whom a block or a wall stands do not meet in it: each sees the room without the other. Refusing
    would tell whoever tries two names what stands between them (privacy.md, I4).
    """
    if not viewer.may_open_rooms or viewer.id is None:
        raise Forbidden(
            _("いまは、内定者からルームを開けない設定です。ご希望は人事への連絡からお知らせください。")
        )
    keys = _people_asked(viewer, people)
    if not FEWEST_IN_SMALL <= len(keys) + 1 <= MOST_IN_SMALL:
        raise _wrong(
            "people",
            _(
                "自分を含めて%(fewest)s〜%(most)s名になるように選んでください",
                fewest=FEWEST_IN_SMALL,
                most=MOST_IN_SMALL,
            ),
        )
    room = Room(
        kind="small",
        name=_room_name(name),
        icon=_known_icon(icon),
        description=description,
        owner_id=viewer.id,
    )
    session.add(room)
    session.flush()
    found_members(room.id, {viewer.id, *keys})
    return room.public_id


@operation
def add_people(viewer: Viewer, room_id: PublicId, people: Collection[PublicId]) -> None:
    """Ask more people into one's small room. Whoever is in it stays as they are.

    Raises NotFound, Forbidden for anybody but its owner, Invalid as `open_room`; also where somebody has left by
    themselves, in the same words.
    """
    room = _small_room(viewer, room_id)
    if not viewer.may_open_rooms:
        raise Forbidden(_("いまは、内定者からルームにメンバーを加えられない設定です。"))
    keys = _people_asked(viewer, people)
    if not keys:
        raise _wrong("people", _("加える人を選んでください"))
    here = members_of(room.id)
    # Counted as the owner sees them: somebody out of their sight must not show in what is refused.
    if len(_met_among(viewer, here) | keys) > MOST_IN_SMALL:
        raise _wrong("people", _("このルームは%(most)s名までです", most=MOST_IN_SMALL))
    has_left = exists().where(
        RoomMember.room_id == room.id, RoomMember.member_id.in_(keys), RoomMember.is_declined
    )
    if session.scalar(select(has_left)):
        raise _wrong("people", _NOT_TOGETHER)
    let_in(room, keys)


def _met_among(viewer: Viewer, keys: Collection[int]) -> set[int]:
    return set(session.scalars(select(Member.id).where(Member.id.in_(keys), allowed(viewer, "view", Member))))


@operation
def change_room(viewer: Viewer, room_id: PublicId, *, name: str, icon: str, description: str = "") -> None:
    """Give a small room another name, picture and description. Raises NotFound, Forbidden, Invalid."""
    room = _small_room(viewer, room_id)
    room.name, room.icon, room.description = _room_name(name), _known_icon(icon), description


def _small_room(viewer: Viewer, room_id: PublicId) -> Room:
    room = policy.claim(viewer, Room, room_id, "arrange")
    check_small(room)
    return room


def check_small(room: Room) -> None:
    """Raise Forbidden where a room's name and members are not those of one person to decide."""
    if room.kind != "small" or room.archived_at is not None:
        raise Forbidden(_("このルームの名前やメンバーは、ここからは変えられません。"))


def _people_asked(viewer: Viewer, people: Collection[PublicId]) -> set[int]:
    """Internal ids of those chosen. Raises Invalid for one the viewer may not ask, in the words for whoever has left."""
    wanted = set(people) - {viewer.public_id}
    found = set(session.scalars(select(Member.id).where(Member.public_id.in_(wanted), may_be_asked(viewer))))
    if len(found) != len(wanted):
        raise _wrong("people", _NOT_TOGETHER)
    return found


def _room_name(name: str) -> str:
    """The name, cleaned. Raises Invalid for one nobody could read, or that passes for an office."""
    try:
        cleaned = check_person_name(name)
    except NameRefused as refused:
        raise _wrong("name", refused.sentence) from refused
    try:
        return check_display_name(cleaned)
    except NameRefused as refused:
        if grapheme_length(cleaned) > MOST_NAME:
            raise _wrong("name", refused.sentence) from refused
        raise _wrong(
            "name", _("運営や人事のルームと間違えやすい名前は使えません。別の名前にしてください")
        ) from refused


def _known_icon(icon: str) -> str:
    if icon not in ICONS:
        raise Invalid(_("選べない項目が含まれています。画面を開き直してください。"))
    return icon


def _wrong(field: str, sentence: object) -> Invalid:
    return Invalid(str(sentence), {field: [str(sentence)]})


# ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────


@operation
def leave_room(viewer: Viewer, room_id: PublicId) -> None:
    """Go out of a room by oneself: nobody puts one back. A small room is handed on.

    Announces RoomLeft. Raises NotFound; Forbidden for talks of two and 人事への連絡.
    """
    room = policy.claim(viewer, Room, room_id, "leave")
    assert viewer.id is not None
    let_go(room, [viewer.id], by_themselves=True)
    if room.owner_id == viewer.id:
        hand_on(room, besides=viewer.id)


@operation
def join_room(viewer: Viewer, room_id: PublicId) -> None:
    """Come into a room of HR that is for one, or back into that of one's 班. What was said before stays unread.

    Announces RoomJoined. Raises NotFound, also for whoever is in it already; Conflict where the room is full.
    """
    room = policy.claim(viewer, Room, room_id, "join")
    assert viewer.id is not None
    if room.kind == "place" and not room.is_announcement and count_members(room.id) >= MOST_TALKING:
        raise Conflict(_("このルームは、いま満員です。空いたときに、また参加できます。"))
    let_in(room, [viewer.id], also_declined=True)
    session.execute(
        update(RoomReader)
        .where(RoomReader.member_id == viewer.id, RoomReader.room_id == room.id)
        .values(hidden_seq=None)
    )


@operation
def list_room(viewer: Viewer, room_id: PublicId, *, how: str, is_on: bool) -> None:
    """Have a room listed as one likes (`LISTINGS`): nobody else ever knows. Raises NotFound.

    A hidden one is out of the list until something new is said there.
    """
    room = policy.claim(viewer, Room, room_id, "view")
    if how not in LISTINGS:
        raise NotFound()
    assert viewer.id is not None
    reader = session.get(RoomReader, (viewer.id, room.id))
    if reader is None:
        reader = RoomReader(member_id=viewer.id, room_id=room.id)
        session.add(reader)
    if how == "hidden":
        reader.hidden_seq = room.newest_seq if is_on else None
    else:
        setattr(reader, f"is_{how}", is_on)


# ── talks of two ─────────────────────────────────────────────────────────────────────────────────────────────


def begin_talk(viewer: Viewer, person_id: PublicId, *, body: str, key: str) -> PublicId:
    """Write to somebody for the first time, or on where the two already talk; gives the room's public id.

    From candidate to candidate it is a request: the other one may answer, or never does, and the one who asked goes
    on waiting without hearing why. `key`: 32 hexadecimal digits made with the form; sent twice it is one message.
    Announces RoomJoined. Raises NotFound, Forbidden where the other one is not to be written to, Invalid.
    """
    said = words(body)
    key = key if _KEY.fullmatch(key) else secrets.token_hex(16)
    try:
        return _begin_talk(viewer, person_id, said, key)
    except IntegrityError:  # the two wrote to each other at the same moment: one room is there by now
        return _begin_talk(viewer, person_id, said, key)


@operation
def _begin_talk(viewer: Viewer, person_id: PublicId, said: Words, key: str) -> PublicId:
    assert viewer.id is not None
    person = policy.fetch(viewer, Member, person_id)
    found = session.execute(select(Room.id, Room.public_id).where(_is_between(viewer.id, person.id))).first()
    if found is None:
        policy.fetch(viewer, Member, person_id, "message")
        _check_key(viewer, key)
        room = _open_talk(viewer.id, person.id)
        put_message(_fresh(viewer.id), room, key, said)
        if viewer.is_candidate and person.roles & Role.CANDIDATE:
            room.asked_by_id = viewer.id
        return room.public_id
    public_id: PublicId = found.public_id
    if _was_sent(viewer, found.id, key):
        return public_id
    _check_key(viewer, key)
    if viewer.id not in members_of(found.id):
        policy.fetch(viewer, Member, person_id, "message")
        _come_back(found.id, viewer.id)
    fresh = _fresh(viewer.id)
    put_message(fresh, policy.claim(fresh, Room, public_id, "send"), key, said)
    return public_id


def _fresh(member_id: int) -> Viewer:
    """A snapshot that is not kept: it knows the room that nobody else knows before the operation ends."""
    return viewers_of([member_id])[member_id]


def _is_between(one_id: int, other_id: int) -> ColumnElement[bool]:
    low, high = sorted((one_id, other_id))
    return and_(Room.low_id == low, Room.high_id == high)


def _was_sent(viewer: Viewer, room_id: int, key: str) -> bool:
    is_sent = exists().where(
        Message.room_id == room_id, Message.author_id == viewer.id, Message.client_key == key
    )
    return bool(session.scalar(select(is_sent)))


def _check_key(viewer: Viewer, key: str) -> None:
    """Raise Invalid where the form has sent a message to somebody else already, as `send_message` does."""
    is_used = exists().where(Message.author_id == viewer.id, Message.client_key == key)
    if session.scalar(select(is_used)):
        raise _wrong(
            "body",
            _(
                "このメッセージは、別の内容ですでに送られています。もう一度送ると、新しいメッセージになります。"
            ),
        )


def _open_talk(one_id: int, other_id: int) -> Room:
    low, high = sorted((one_id, other_id))
    room = Room(kind="direct", low_id=low, high_id=high)
    session.add(room)
    session.flush()
    found_members(room.id, {one_id, other_id})
    return room


def _come_back(room_id: int, member_id: int) -> None:
    """Into a talk one did not wish to answer before. The other one is not told: for them nobody had gone."""
    session.execute(
        update(RoomMember)
        .where(RoomMember.room_id == room_id, RoomMember.member_id == member_id)
        .values(left_seq=None, is_declined=False, epoch=RoomMember.epoch + 1)
    )
    _raise_version(member_id)
    announce(RoomJoined(room_id=room_id, member_ids=[member_id]))


def _raise_version(member_id: int) -> None:
    session.execute(update(Member).where(Member.id == member_id).values(version=Member.version + 1))


@operation
def accept_request(viewer: Viewer, room_id: PublicId) -> None:
    """Let somebody who asked go on writing. Raises NotFound where nobody asked."""
    _requested(viewer, room_id).asked_by_id = None


@operation
def decline_request(viewer: Viewer, room_id: PublicId) -> None:
    """Do not answer: the talk is gone from the viewer, and stays for whoever asked, who is not told.

    Announces RoomLeft. Raises NotFound where nobody asked.
    """
    room = _requested(viewer, room_id)
    assert viewer.id is not None
    session.execute(
        update(RoomMember)
        .where(RoomMember.room_id == room.id, RoomMember.member_id == viewer.id)
        .values(is_declined=True, left_seq=room.newest_seq)
    )
    _raise_version(viewer.id)
    announce(RoomLeft(room_id=room.id, member_ids=[viewer.id]))


def _requested(viewer: Viewer, room_id: PublicId) -> Room:
    room = policy.claim(viewer, Room, room_id, "view")
    if room.asked_by_id is None or room.asked_by_id == viewer.id:
        raise NotFound()
    return room


@operation
def choose_messages_from(viewer: Viewer, *, messages_from: str) -> None:
    """Who among the candidates may write to one first (`REACHES`). Nobody is told. Raises Invalid."""
    _known_reach(messages_from)
    policy.claim(viewer, Member, viewer.public_id, "view").messages_from = messages_from


def _known_reach(reach: str) -> None:
    if reach not in REACHES:
        raise Invalid(_("選べない項目が含まれています。画面を開き直してください。"))


# ── rooms of HR ──────────────────────────────────────────────────────────────────────────────────────────────


@operation
def change_reach(viewer: Viewer, *, direct_cap: str, lets_open_rooms: bool) -> None:
    """How far candidates may write to each other at most, and whether they open rooms. Acts at once.

    Raises NotFound for anybody but HR, Invalid.
    """
    check_organiser(viewer)
    _known_reach(direct_cap)
    community = session.get_one(Community, 1, with_for_update=True)
    community.direct_cap, community.lets_open_rooms = direct_cap, lets_open_rooms
    community.version = Community.version + 1


@operation
def open_place(
    viewer: Viewer,
    *,
    name: str,
    audience: Collection[str],
    description: str = "",
    icon: str = "people",
    is_open: bool = False,
    is_announcement: bool = False,
    slow_seconds: int = 0,
) -> PublicId:
    """Open a room of HR for sets of people (tokens of `keys_of`); gives its public id.

    They are all in it from the start; an open one begins with whoever opens it, and the others come as they like.
    Announces RoomJoined. Raises NotFound for anybody but HR, Invalid for an audience of nobody, or of more people
    than a conversation holds unless only HR writes; and where only HR writes, for one without HR.
    """
    check_organiser(viewer)
    room = Room(kind="place")
    _write_place(room, name, description, icon, is_open, is_announcement, slow_seconds)
    sets = _sets(viewer, audience)
    _check_somebody_writes(is_announcement, sets)
    session.add(room)
    session.flush()
    _address(room, sets)
    _check_size(room, sets)
    addressed = select(Member.id).where(is_addressed(room.id))
    if is_open:
        addressed = addressed.where(Member.id == viewer.id)
    found_members(room.id, set(session.scalars(addressed)))
    _tell_everybody()
    return room.public_id


@operation
def change_place(
    viewer: Viewer,
    room_id: PublicId,
    *,
    name: str,
    audience: Collection[str],
    description: str = "",
    icon: str = "people",
    is_open: bool = False,
    is_announcement: bool = False,
    slow_seconds: int = 0,
) -> None:
    """Change a room of HR. Its members follow its audience; staff do not come into a room of candidates that talked.

    One that has grown too large by itself stays changeable, as long as no more people come and people write slowly.
    Announces RoomJoined and RoomLeft for those who come and go. Raises NotFound for anybody but HR, Invalid.
    """
    room = _place(viewer, room_id)
    sets = _sets(viewer, audience)
    before = _sets_of(room)
    _check_still_candidates(before, sets)
    _check_somebody_writes(is_announcement, sets)
    may_grow = not sets <= set(before) or (room.is_open and not is_open) or room.is_announcement
    _write_place(room, name, description, icon, is_open, is_announcement, slow_seconds)
    session.execute(delete(RoomAudience).where(RoomAudience.room_id == room.id))
    _address(room, sets)
    if may_grow:
        _check_size(room, sets)
    if room.archived_at is None:
        follow_audience(room)
    _check_calm(room, is_announcement, slow_seconds)
    _tell_everybody()


@operation
def archive_place(viewer: Viewer, room_id: PublicId) -> None:
    """Put a room of HR away: it is still read by those in it, and nobody writes. Twice is harmless. Raises NotFound."""
    room = _place(viewer, room_id)
    room.archived_at = room.archived_at or now()
    _tell_everybody()


@operation
def reopen_place(viewer: Viewer, room_id: PublicId) -> None:
    """Take a room out again; whom it is for by now is in it. Twice is harmless. Raises NotFound."""
    room = _place(viewer, room_id)
    room.archived_at = None
    session.flush()
    follow_audience(room)
    _tell_everybody()


def check_organiser(viewer: Viewer) -> None:
    """Raise NotFound for whoever does not keep rooms of HR."""
    if not policy.can(viewer, "organise", Room(kind="place")):
        raise NotFound()


def _place(viewer: Viewer, room_id: PublicId) -> Room:
    return policy.claim(viewer, Room, room_id, "organise")


def _write_place(
    room: Room,
    name: str,
    description: str,
    icon: str,
    is_open: bool,
    is_announcement: bool,
    slow_seconds: int,
) -> None:
    try:
        room.name = check_person_name(name)
    except NameRefused as refused:
        raise _wrong("name", refused.sentence) from refused
    if slow_seconds not in SLOW_STEPS:
        raise Invalid(_("選べない項目が含まれています。画面を開き直してください。"))
    room.description, room.icon = description, _known_icon(icon)
    room.is_open, room.is_announcement, room.slow_seconds = is_open, is_announcement, slow_seconds


def _sets(viewer: Viewer, audience: Collection[str]) -> set[SetKey]:
    sets = keys_of(viewer, audience)
    if not sets:
        raise _wrong("audience", _("参加できる人を、1つ以上選んでください"))
    return sets


def _address(room: Room, sets: Iterable[SetKey]) -> None:
    session.add_all(
        RoomAudience(room_id=room.id, role=key.role, cohort_id=key.cohort_id, group_id=key.group_id)
        for key in sorted(sets, key=str)
    )
    session.flush()


def _check_size(room: Room, sets: Collection[SetKey]) -> None:
    """Raise Invalid where more people would come into a conversation than it holds, with what to do instead."""
    if room.is_open or room.is_announcement:
        return
    most = select(Member.id).where(is_addressed(room.id)).limit(MOST_TALKING + 1)
    if len(session.scalars(most).all()) <= MOST_TALKING:
        return
    if has_hr(sets):
        raise _wrong_size()
    raise _wrong(
        "audience",
        _(
            "人事が参加しないルームは、%(most)s名までです。同期や班ごとに、ルームを分けてください",
            most=MOST_TALKING,
        ),
    )


def _wrong_size() -> Invalid:
    return _wrong(
        "is_announcement",
        _("%(most)s名を超えるルームは、「人事だけが書き込めます」にしてください", most=MOST_TALKING),
    )


def _check_calm(room: Room, is_announcement: bool, slow_seconds: int) -> None:
    """Raise Invalid where `keep_calm` had to put right what HR chose for a room as large as this one has grown."""
    if room.is_announcement and not is_announcement:
        raise _wrong_size()
    if room.slow_seconds > slow_seconds:
        raise _wrong(
            "slow_seconds",
            _(
                "%(most)s名を超えているあいだは、1分に1回か、それよりゆっくりにしてください",
                most=MOST_TALKING,
            ),
        )


def _sets_of(room: Room) -> list[SetKey]:
    columns = select(RoomAudience.role, RoomAudience.cohort_id, RoomAudience.group_id)
    return [SetKey(*row) for row in session.execute(columns.where(RoomAudience.room_id == room.id))]


def _check_somebody_writes(is_announcement: bool, sets: Collection[SetKey]) -> None:
    """Whoever is not in a room does not write there, HR neither: without HR nobody would."""
    if is_announcement and not has_hr(sets):
        raise _wrong(
            "audience",
            _(
                "「人事だけが書き込めます」にするときは、「人事」も選んでください。いまのままでは、書き込める人がいません"
            ),
        )


def _check_still_candidates(before: Collection[SetKey], sets: Collection[SetKey]) -> None:
    """What is told to those who write there, 「人事・社員は参加していません」, stays true.

    Whether anybody has written yet is not asked: the answer would tell HR of a talk it is not in.
    """
    if not has_staff(before) and has_staff(sets):
        raise _wrong(
            "audience",
            _("内定者だけのルームには、あとから人事や社員を加えられません。新しいルームを開いてください"),
        )


def _tell_everybody() -> None:
    session.flush()
    session.execute(update(Community).where(Community.id == 1).values(version=Community.version + 1))


# ── keeping rooms true ───────────────────────────────────────────────────────────────────────────────────────


def give_rooms_to_groups() -> int:
    """A room for every 班 somebody is in that has none; gives how many there were. Again and again is harmless."""
    groups = groups_without_room()
    for group_id in groups:
        _give_room(group_id)
    return len(groups)


@operation
def _give_room(group_id: int) -> None:
    follow_group(group_id)


def release_group(group_id: int) -> None:
    """A 班 is done away with: its room, in which nobody is any more, ends with it. Called within an operation."""
    name = select(Group.name).where(Group.id == group_id).scalar_subquery()
    ended = update(Room).where(Room.group_id == group_id)
    session.execute(ended.values(group_id=None, name=name, archived_at=now()))
