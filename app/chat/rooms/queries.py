"""What pages of rooms show, already for one viewer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select

from app import policy
from app.core.db import session
from app.core.errors import Forbidden, NotFound
from app.core.i18n import company_zone, t
from app.core.ids import PublicId
from app.core.reading import IdSet, Reading, is_found_among
from app.models import Community, Member, Message, Room, RoomMember, RoomReader, Upload
from app.people.audiences import audience_label, set_choices, staff_label
from app.people.cards import PersonCard
from app.people.marks import company_today
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed, standing

from ..cards import STAMP_WORDS
from .audience import sets_of
from .cards import (
    AboutPage,
    ChoosePage,
    LastWords,
    OfficeRoom,
    OfficeRoomPage,
    OpenRow,
    Reach,
    RoomFace,
    RoomFrame,
    RoomRow,
    RoomShelves,
    RoomsPage,
)
from .choosing import people_found, people_named
from .frames import (
    FACE_COLUMNS,
    IS_HIDDEN,
    IS_SEEN,
    MET,
    face_of,
    frame_of,
    frame_row,
    office_team,
    room_frame,
    with_faces,
    with_reader,
)
from .membership import MOST_TALKING
from .operations import check_organiser, check_small

__all__ = ["office_team", "room_frame"]

MOST_UNREAD = 100  # counting stops here; the screen says 99+
LONGEST_WORDS = 80
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────

_NEWEST = (
    select(Message.id)
    .where(IS_SEEN)
    .order_by(Message.seq.desc())
    .limit(1)
    .correlate(Room, RoomMember)
    .scalar_subquery()
)
_unread = (
    select(Message.id)
    .where(
        IS_SEEN,
        Message.seq > func.coalesce(RoomReader.bookmark_seq, 0),
        Message.author_id.is_distinct_from(bindparam("viewer_id")),
        Message.unsent_at.is_(None),
    )
    .limit(MOST_UNREAD)
    .correlate(Room, RoomMember, RoomReader)
)
_UNREAD = case(
    (
        and_(
            func.coalesce(RoomReader.is_paused, False).is_(False),
            Room.newest_seq > func.coalesce(RoomReader.bookmark_seq, 0),
        ),
        select(func.count())
        .select_from(_unread.subquery())
        .correlate(Room, RoomMember, RoomReader)
        .scalar_subquery(),
    ),
    else_=0,
)
_MINE = Reading(
    with_reader(
        with_faces(
            select(
                *FACE_COLUMNS,
                Room.asked_by_id,
                _NEWEST.label("newest_id"),
                _UNREAD.label("unread"),
                func.coalesce(RoomReader.is_muted, False).label("is_muted"),
                func.coalesce(RoomReader.is_paused, False).label("is_paused"),
                IS_HIDDEN.label("is_hidden"),
                func.coalesce(RoomReader.is_pinned, False).label("is_pinned"),
            )
            .select_from(RoomMember)
            .join(Room, Room.id == RoomMember.room_id)
        )
    )
    .where(
        RoomMember.member_id == bindparam("viewer_id"),
        RoomMember.left_seq.is_(None),
        standing("view", Room),
    )
    .order_by(Room.id.desc())
)
_has_files = exists().where(Upload.message_id == Message.id).correlate(Message)
_WORDS = Reading(
    select(
        Message.id.label("message_key"),
        Message.sent_at,
        Message.unsent_at,
        Message.stamp,
        func.substr(Message.body, 1, 4 * LONGEST_WORDS).label("body"),
        _has_files.label("has_files"),
        *person_columns(),
    )
    .outerjoin(Member, Member.id == Message.author_id)
    .where(is_found_among(Message.id, bindparam("message_ids", type_=IdSet())))
)
_OPEN = Reading(
    with_faces(select(*FACE_COLUMNS, Room.description))
    .where(Room.kind.in_(("place", "group")), standing("join", Room), Room.archived_at.is_(None))
    .order_by(Room.id.desc())
)


MOST_BESIDE = 40  # rooms beside an open one; whoever has more finds them on the page of all


def rooms_beside(viewer: Viewer, frame: RoomFrame) -> RoomShelves | None:
    """The rooms the viewer is in, as they stand beside an open one on a PC; two statements.

    None beside 人事への連絡 of a candidate, to which HR comes from a list of its own.
    """
    if frame.kind == "office" and frame.face.person is not None:
        return None
    shelves = _shelves(viewer)
    return RoomShelves(
        tuple(shelves["requests"][:MOST_BESIDE]),
        tuple(shelves["rooms"][:MOST_BESIDE]),
    )


def rooms_page(viewer: Viewer) -> RoomsPage:
    """The rooms the viewer is in, and those they may come into, in three statements whatever there is.

    人事への連絡 of others, which the HR team reads by role, stands in the office.
    """
    return RoomsPage(
        **{name: tuple(cards) for name, cards in _shelves(viewer).items()},
        open=tuple(_open_row(viewer, row) for row in _OPEN.all(viewer.binds)),
        can_open=viewer.may_open_rooms,
        can_organise=policy.can(viewer, "organise", Room(kind="place")),
    )


def _shelves(viewer: Viewer) -> dict[str, list[RoomRow]]:
    rows = _MINE.all(viewer.binds)
    newest = frozenset(row.newest_id for row in rows if row.newest_id is not None)
    words = {row.message_key: row for row in _WORDS.all({**viewer.binds, "message_ids": newest})}
    listed = sorted(
        ((row, _room_row(viewer, row, words.get(row.newest_id))) for row in rows),
        key=lambda each: (each[1].is_pinned, _when(each[1])),
        reverse=True,
    )
    shelves: dict[str, list[RoomRow]] = {"requests": [], "rooms": [], "paused": [], "hidden": []}
    for row, card in listed:
        shelves[_shelf(viewer, row)].append(card)
    return shelves


def _when(card: RoomRow) -> datetime:
    return _LONG_AGO if card.last is None else card.last.at


def _shelf(viewer: Viewer, row: Any) -> str:
    """Where the list shows a room."""
    if row.asked_by_id is not None and row.asked_by_id != viewer.id:
        return "requests"
    if row.is_paused:
        return "paused"
    return "hidden" if row.is_hidden else "rooms"


def _room_row(viewer: Viewer, row: Any, said: Any | None) -> RoomRow:
    return RoomRow(
        face=face_of(viewer, row),
        last=None if said is None else _last_words(viewer, said),
        unread=row.unread,
        is_muted=bool(row.is_muted),
        is_pinned=bool(row.is_pinned),
        is_waiting=row.asked_by_id == viewer.id,
    )


def _last_words(viewer: Viewer, said: Any) -> LastWords:
    author = person_card(viewer, said)
    return LastWords(
        author=None if author.is_me else author,
        words=_words(said),
        at=said.sent_at,
        is_today=said.sent_at.astimezone(company_zone()).date() == company_today(),
    )


def _words(said: Any) -> str:
    if said.unsent_at is not None:
        return t("送信を取り消しました")
    if said.stamp:
        return str(STAMP_WORDS[said.stamp])
    words = " ".join(said.body.split())[:LONGEST_WORDS]
    return words or (t("写真・ファイル") if said.has_files else "")


def _open_row(viewer: Viewer, row: Any) -> OpenRow:
    return OpenRow(face=face_of(viewer, row), description=row.description, is_return=row.room_kind == "group")


# ── about one room ───────────────────────────────────────────────────────────────────────────────────────────

_IN_IT = Reading(
    select(*person_columns())
    .select_from(RoomMember)
    .join(Member, Member.id == RoomMember.member_id)
    .where(
        RoomMember.room_id == bindparam("room_key"),
        standing("view", RoomMember, Room),
        standing("view", Member),
    )
    .order_by(Member.id != bindparam("viewer_id"), Member.display_fold, Member.id)
)


def about_page(viewer: Viewer, room_id: PublicId) -> AboutPage:
    """Who is in a room, who reads it, and what the viewer may do about it. Raises NotFound."""
    row = frame_row(viewer, room_id)
    is_kept = row.can_arrange and row.room_kind == "small" and row.archived_at is None
    return AboutPage(
        frame=frame_of(viewer, row),
        people=_people(viewer, row),
        is_hidden=bool(row.is_hidden),
        is_pinned=bool(row.is_pinned),
        can_leave=bool(row.can_leave),
        can_return=row.room_kind in ("group", "place") and row.archived_at is None,
        hands_on=bool(is_kept),
        can_edit=bool(is_kept),
        can_add=bool(is_kept) and viewer.may_open_rooms,
    )


def _people(viewer: Viewer, row: Any) -> tuple[PersonCard, ...]:
    """Those in it whom the viewer meets, oneself first; with 人事への連絡 also the team that reads it by role."""
    found = _IN_IT.all({**viewer.binds, "room_key": row.room_key})
    people = tuple(person_card(viewer, each) for each in found)
    return people + office_team(viewer) if row.room_kind == "office" else people


# ── small rooms and talks of two ─────────────────────────────────────────────────────────────────────────────


def choose_page(
    viewer: Viewer, query: str, chosen: Sequence[PublicId], room_id: PublicId | None = None
) -> ChoosePage:
    """Whom to open a small room with, or to ask into one's own. Raises Forbidden or NotFound for anybody else."""
    face = None if room_id is None else kept_face(viewer, room_id)
    if not viewer.may_open_rooms:
        raise Forbidden(
            t("いまは、内定者からルームを開けない設定です。ご希望は人事への連絡からお知らせください。")
        )
    picked = people_named(viewer, list(chosen))
    known = {person.id for person in picked} | (set() if room_id is None else _inside(viewer, room_id))
    found, has_more = people_found(viewer, query)
    return ChoosePage(
        room=face,
        chosen=picked,
        found=tuple(person for person in found if person.id not in known),
        query=query,
        has_more=has_more,
    )


def kept_face(viewer: Viewer, room_id: PublicId) -> RoomFace:
    """The viewer's own small room. Raises NotFound, or Forbidden where it is none or somebody else's."""
    room = policy.fetch(viewer, Room, room_id, "arrange")
    check_small(room)
    return RoomFace(id=room.public_id, kind=room.kind, name=room.name, icon=room.icon)


def _inside(viewer: Viewer, room_id: PublicId) -> set[PublicId | None]:
    """Those in the room whom the viewer meets: nobody else is left out of the list."""
    return set(
        session.scalars(
            select(Member.public_id)
            .join(RoomMember, RoomMember.member_id == Member.id)
            .join(Room, Room.id == RoomMember.room_id)
            .where(Room.public_id == room_id, RoomMember.left_seq.is_(None), allowed(viewer, "view", Member))
        )
    )


def person_to_message(viewer: Viewer, person_id: PublicId) -> PersonCard:
    """Somebody to write to for the first time. Raises NotFound, or Forbidden where they are not to be written to."""
    policy.fetch(viewer, Member, person_id, "message")
    row = session.execute(
        select(*person_columns()).where(Member.public_id == person_id, standing("view", Member)), viewer.binds
    ).one()
    return person_card(viewer, row)


def talk_with(viewer: Viewer, person_id: PublicId) -> PublicId | None:
    """The talk the two already have, if the viewer is in it."""
    other = select(Member.id).where(Member.public_id == person_id).scalar_subquery()
    is_theirs: ColumnElement[bool] = or_(
        and_(Room.low_id == viewer.id, Room.high_id == other),
        and_(Room.high_id == viewer.id, Room.low_id == other),
    )
    return session.scalar(select(Room.public_id).where(is_theirs, allowed(viewer, "view", Room)))


def messages_from(viewer: Viewer) -> str:
    """Who among the candidates may write to the viewer first, as they chose."""
    chosen = session.scalar(select(Member.messages_from).where(Member.id == viewer.id))
    if chosen is None:
        raise NotFound()
    return chosen


# ── rooms of HR ──────────────────────────────────────────────────────────────────────────────────────────────


def reach(viewer: Viewer) -> Reach:
    """How candidates reach each other. Raises NotFound for anybody but HR."""
    check_organiser(viewer)
    community = session.get_one(Community, 1)
    return Reach(community.direct_cap, community.lets_open_rooms)


def office_rooms(viewer: Viewer) -> tuple[OfficeRoom, ...]:
    """Every room of HR by name and audience, never its talk. Raises NotFound for anybody but HR."""
    check_organiser(viewer)
    rooms = session.execute(
        select(Room, MET.label("members"))
        .where(allowed(viewer, "organise", Room))
        .order_by(Room.archived_at.is_not(None), Room.id.desc()),
        viewer.binds,
    ).all()
    sets = sets_of(viewer, [room.id for room, _members in rooms])
    return tuple(
        OfficeRoom(
            face=RoomFace(id=room.public_id, kind=room.kind, name=room.name, icon=room.icon),
            description=room.description,
            audience_label=audience_label(sets.get(room.id, [])),
            staff_label=staff_label(sets.get(room.id, [])),
            members=members,
            is_member=room.id in viewer.room_ids,
            is_open=room.is_open,
            is_announcement=room.is_announcement,
            is_archived=room.archived_at is not None,
            is_crowded=_is_crowded(room, members),
        )
        for room, members in rooms
    )


def office_room_page(viewer: Viewer, room_id: PublicId | None = None) -> OfficeRoomPage:
    """The form of one room of HR, or of a new one. Raises NotFound, also for anybody but HR."""
    check_organiser(viewer)
    choices = set_choices(viewer)
    if room_id is None:
        return OfficeRoomPage(None, "", choices, (), False, False, 0, False, False)
    room = policy.fetch(viewer, Room, room_id, "organise")
    keys = {each.key for each in sets_of(viewer, [room.id]).get(room.id, [])}
    members = session.scalar(select(MET).where(Room.id == room.id), viewer.binds) or 0
    return OfficeRoomPage(
        face=RoomFace(id=room.public_id, kind=room.kind, name=room.name, icon=room.icon),
        description=room.description,
        choices=choices,
        chosen=tuple(choice.token for choice in choices if choice.key in keys),
        is_open=room.is_open,
        is_announcement=room.is_announcement,
        slow_seconds=room.slow_seconds,
        is_archived=room.archived_at is not None,
        is_crowded=_is_crowded(room, members),
    )


def _is_crowded(room: Room, members: int) -> bool:
    """Where `keep_calm` has slowed a room down, because HR is not in it to announce."""
    return members > MOST_TALKING and not room.is_announcement and room.archived_at is None
