"""The frame of a room: its name, who can read it in words, and what this viewer may do there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, case, exists, func, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import day, join_names, language_now, t, tn
from app.core.ids import PublicId
from app.core.reading import IdSet, Reading, is_found_among
from app.models import Group, Member, Message, Role, Room, RoomMember, RoomPin, RoomReader
from app.people.audiences import audience_label, staff_label
from app.people.cards import PersonCard
from app.people.queries import person_card, person_columns
from app.people.quiet import quiet_hours
from app.policy import Viewer, rules, standing, standing_part, why_not

from ..talks.hours import hours_line
from .audience import has_staff, sets_of
from .cards import RoomFace, RoomFrame

_viewer_id = bindparam("viewer_id", type_=Integer)
SEAT_LASTS = timedelta(days=14)  # となりの席: from its Monday on

# The other one of two; in 人事への連絡 whose room it is.
PARTNER_ID: ColumnElement[Any] = case(
    (Room.kind == "office", Room.candidate_id),
    (Room.low_id == _viewer_id, Room.high_id),
    else_=Room.low_id,
)
FACE_COLUMNS: tuple[Any, ...] = (
    Room.id.label("room_key"),
    Room.public_id.label("room_id"),
    Room.kind.label("room_kind"),
    Room.name.label("room_name"),
    Room.icon.label("room_icon"),
    Room.closes_on.label("room_closes_on"),
    Group.name.label("group_name"),
    *person_columns(),
)


def with_faces(query: Select[Any]) -> Select[Any]:
    """The query over Room with what `face_of` needs beside it (FACE_COLUMNS)."""
    return query.outerjoin(Group, Group.id == Room.group_id).outerjoin(
        Member, and_(Room.kind.in_(("direct", "office")), Member.id == PARTNER_ID)
    )


def with_reader(query: Select[Any]) -> Select[Any]:
    """The query over Room with the viewer's own row about it beside it."""
    return query.outerjoin(
        RoomReader, and_(RoomReader.room_id == Room.id, RoomReader.member_id == _viewer_id)
    )


def with_membership(query: Select[Any]) -> Select[Any]:
    """The query over Room with the viewer's own membership beside it, if they are in it."""
    return query.outerjoin(
        RoomMember,
        and_(
            RoomMember.room_id == Room.id,
            RoomMember.member_id == _viewer_id,
            RoomMember.left_seq.is_(None),
        ),
    )


# What the viewer may see of a room they are in: from when they came, nobody blocked, nobody behind a wall. The rule of
# rooms is asked by the statement around it, which has the membership beside the room.
IS_SEEN = and_(
    Message.room_id == Room.id,
    Message.seq > RoomMember.joined_seq,
    standing_part(rules.within_room, Message),
)
# Out of the viewer's list: they hid it, and nothing they see was said since.
IS_HIDDEN = case(
    (RoomReader.hidden_seq.is_(None), False),
    else_=~exists()
    .where(IS_SEEN, Message.seq > RoomReader.hidden_seq)
    .correlate(Room, RoomMember, RoomReader),
)


def face_of(viewer: Viewer, row: Row[Any]) -> RoomFace:
    """A room's face from a row with FACE_COLUMNS."""
    person = None
    if row.room_kind == "direct" or (row.room_kind == "office" and row.person_key != viewer.id):
        person = person_card(viewer, row)
    return RoomFace(
        id=row.room_id, kind=row.room_kind, name=_name(row, person), icon=_icon(row), person=person
    )


def _name(row: Row[Any], person: PersonCard | None) -> str:
    if row.room_kind == "direct" and person is not None:
        return person.name
    if row.room_kind == "office":
        return t("人事への連絡") if person is None else t("%(name)sの連絡", name=person.called)
    if row.room_kind == "seat" and row.room_closes_on is not None:
        return t("となりの席 %(day)sの週", day=day(row.room_closes_on - SEAT_LASTS))
    if row.group_name is not None:
        return t("班「%(group)s」", group=row.group_name)
    return row.room_name or t("名前のないルーム")


def _icon(row: Row[Any]) -> str:
    return "office" if row.room_kind == "office" else "sprout" if row.room_icon == "bud" else row.room_icon


_FACES = Reading(
    with_faces(select(*FACE_COLUMNS).select_from(Room)).where(
        is_found_among(Room.id, bindparam("room_ids", type_=IdSet())), standing("view", Room)
    )
)


def faces(viewer: Viewer, room_ids: Iterable[int]) -> dict[int, RoomFace]:
    """Room → its face, for those of these rooms that the viewer sees; one query."""
    rows = _FACES.all({**viewer.binds, "room_ids": frozenset(room_ids)})
    return {row.room_key: face_of(viewer, row) for row in rows}


_PINNED = (
    select(Message.public_id)
    .join(RoomPin, RoomPin.message_id == Message.id)
    .where(RoomPin.room_id == Room.id, Message.unsent_at.is_(None), standing("view", Message, Room))
    .correlate(Room)
    .scalar_subquery()
)
# How many of those in a room the viewer meets.
MET = (
    select(func.count())
    .select_from(RoomMember)
    .join(Member, Member.id == RoomMember.member_id)
    .where(RoomMember.room_id == Room.id, RoomMember.left_seq.is_(None), standing("view", Member))
    .correlate(Room)
    .scalar_subquery()
)
_FRAME_AT = Reading(
    with_membership(
        with_reader(
            with_faces(
                select(
                    *FACE_COLUMNS,
                    Room.description,
                    Room.is_open,
                    Room.is_announcement,
                    Room.slow_seconds,
                    Room.closes_on,
                    Room.prompt,
                    Room.archived_at,
                    Room.asked_by_id,
                    RoomMember.room_id.is_not(None).label("is_mine"),
                    func.coalesce(RoomReader.is_muted, False).label("is_muted"),
                    func.coalesce(RoomReader.is_paused, False).label("is_paused"),
                    IS_HIDDEN.label("is_hidden"),
                    func.coalesce(RoomReader.is_pinned, False).label("is_pinned"),
                    standing("send", Room, Room).label("can_send"),
                    standing("pin", Room, Room).label("can_pin"),
                    standing("arrange", Room, Room).label("can_arrange"),
                    standing("leave", Room, Room).label("can_leave"),
                    _PINNED.label("pinned_id"),
                    MET.label("met"),
                ).select_from(Room)
            )
        )
    ).where(Room.public_id == bindparam("room_id"), standing("view", Room))
)


def room_frame(viewer: Viewer, room_id: PublicId) -> RoomFrame:
    """Everything around the messages of one room. Raises NotFound where the viewer does not see it."""
    return frame_of(viewer, frame_row(viewer, room_id))


def frame_row(viewer: Viewer, room_id: PublicId) -> Any:
    """The row behind `room_frame`, for pages that show more of it. Raises NotFound."""
    row = _FRAME_AT.first({**viewer.binds, "room_id": room_id})
    if row is None:
        raise NotFound()
    return row


def frame_of(viewer: Viewer, row: Any) -> RoomFrame:
    """The frame from a row of `frame_row`."""
    face = face_of(viewer, row)
    audience, is_candidate_only = _audience(viewer, row, face)
    return RoomFrame(
        face=face,
        description=hours_line(quiet_hours().hours) if face.kind == "office" else row.description,
        audience=audience,
        is_candidate_only=is_candidate_only,
        can_send=bool(row.can_send),
        why_not=None if row.can_send else _why_not(viewer, row.room_key),
        can_pin=bool(row.can_pin),
        is_mine=bool(row.is_mine),
        is_muted=bool(row.is_muted),
        is_paused=bool(row.is_paused),
        is_request=row.asked_by_id is not None and row.asked_by_id != viewer.id,
        is_waiting=row.asked_by_id == viewer.id,
        is_announcement=bool(row.is_announcement),
        is_closed=row.archived_at is not None,
        slow_seconds=row.slow_seconds,
        closes_on=row.closes_on,
        prompt=row.prompt,
        pinned_id=row.pinned_id,
    )


def _why_not(viewer: Viewer, room_key: int) -> str:
    room = session.get(Room, room_key)
    assert room is not None  # the statement before has just found it
    return str(why_not(viewer, "send", room))


# ── who can read it, in words ────────────────────────────────────────────────────────────────────────────────


def _audience(viewer: Viewer, row: Any, face: RoomFace) -> tuple[str, bool]:
    """The line about who reads a room, and whether only candidates do."""
    if face.kind == "direct" and face.person is not None:
        line = t("あなたと%(name)sだけが読めます", name=face.person.called)
        return line, viewer.is_candidate and not face.person.is_staff
    if face.kind == "office":
        return _office_audience(viewer, face), False
    if face.kind == "place":
        return _placed_audience(viewer, row)
    words = tn("%(count)s名だけが読めます", "%(count)s名だけが読めます", row.met)
    if row.group_name is not None:
        words = tn(
            "班「%(group)s」の%(count)s名だけが読めます",
            "班「%(group)s」の%(count)s名だけが読めます",
            row.met,
            group=row.group_name,
        )
    return sentences(words, t("人事や社員は参加していません")), True


def _placed_audience(viewer: Viewer, row: Any) -> tuple[str, bool]:
    sets = sets_of(viewer, [row.room_key]).get(row.room_key, [])
    label = audience_label(sets)
    line = (
        t("%(audience)sのうち、参加した人が読めます", audience=label)
        if row.is_open
        else t("%(audience)sが読めます", audience=label)
    )
    return sentences(line, staff_label(sets)), not has_staff(sets)


_TEAM = Reading(
    select(*person_columns())
    .where(Member.roles.bitwise_and(int(Role.HR | Role.LEAD)) != 0, standing("view", Member))
    .order_by(Member.display_fold, Member.id)
)
MOST_NAMED = 4  # of the HR team, in one line


def office_team(viewer: Viewer) -> tuple[PersonCard, ...]:
    """Who reads 人事への連絡, by name."""
    return tuple(person_card(viewer, row) for row in _TEAM.all(viewer.binds))


def team_named(viewer: Viewer) -> str:
    """The HR team as it is named in one line."""
    return named_shortly(office_team(viewer))


def named_shortly(people: Iterable[PersonCard]) -> str:
    """「佐藤・田中」, with 「ほか2名」 where they are many; without what stands in brackets behind a name."""
    names = [_spoken(person.name) for person in people]
    others = len(names) - MOST_NAMED
    shown = join_names(names[:MOST_NAMED])
    return (
        tn("%(names)sほか%(count)s名", "%(names)sほか%(count)s名", others, names=shown)
        if others > 0
        else shown
    )


def _spoken(name: str) -> str:
    """「佐藤さん（人事・採用担当）」 is 「佐藤」 among others of the team."""
    return name.partition("（")[0].strip().removesuffix("さん") or name


def _office_audience(viewer: Viewer, face: RoomFace) -> str:
    names = team_named(viewer)
    if face.person is None:
        line = t("あなたと採用チーム（%(names)s）だけが読めます", names=names)
        return sentences(line, t("返信の目安は1営業日です"))
    return t(
        "%(name)sと採用チーム（%(names)s）だけが読めます",
        name=face.person.called,
        names=names,
    )


def sentences(*parts: str | None) -> str:
    """Short sentences in one line, the last without its full stop."""
    return ("。" if language_now() == "ja" else ". ").join(part for part in parts if part)
