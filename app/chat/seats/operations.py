"""What changes around first friends: cards, the quiz, one's choices, HR's switches, and each week's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, insert, select
from sqlalchemy.orm import aliased

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _, company_zone
from app.core.ids import PublicId
from app.core.operation import operation
from app.models import Cohort, Community, Member, Role, Room, RoomMember, SeatAnswer
from app.people.places import blocks_among
from app.policy import Viewer

from .. import log
from ..rooms.frames import SEAT_LASTS
from ..rooms.membership import found_members
from ..rooms.operations import check_organiser
from .clearing import clear_seats, close_seats
from .deck import DECKS
from .placing import place_newcomer
from .quiz import QUESTIONS
from .seating import tables_of

OPENS_AT_HOUR = 8  # on Mondays, on the company's clock
A_WEEK = timedelta(days=7)


# ── in a room ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def change_prompt(viewer: Viewer, room_id: PublicId) -> None:
    """Lay another card for everybody in the room. Raises NotFound, also where there are no cards; Forbidden."""
    room = policy.claim(viewer, Room, room_id, "send")
    if room.kind not in DECKS:
        raise NotFound()
    room.prompt = (room.prompt + 1) % len(DECKS[room.kind])
    log.append(viewer, room.id, "system", payload={"text": "prompt"}, actor=log.NOBODY)


@operation
def answer_quiz(viewer: Viewer, room_id: PublicId, answers: Mapping[int, int]) -> None:
    """Answer the quiz of a となりの席, or anew: question → answer, both by number. Those who answered see each other's.

    Raises NotFound, also in rooms of another kind; Forbidden; Invalid for no answer, or one there is not.
    """
    room = policy.claim(viewer, Room, room_id, "send")
    if room.kind != "seat":
        raise NotFound()
    if not answers:
        raise Invalid(_("どれか1つを選んでください。答えたくないものは、空けておいて大丈夫です。"))
    if any(
        question not in range(len(QUESTIONS)) or choice not in (0, 1) for question, choice in answers.items()
    ):
        raise Invalid(_("選べない項目が含まれています。画面を開き直してください。"))
    mine = (SeatAnswer.room_id == room.id, SeatAnswer.member_id == viewer.id)
    session.execute(delete(SeatAnswer).where(*mine))
    session.execute(
        insert(SeatAnswer),
        [
            {"room_id": room.id, "member_id": viewer.id, "question": question, "choice": choice}
            for question, choice in sorted(answers.items())
        ],
    )


# ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def choose_joining(viewer: Viewer, *, joins_groups: bool, joins_seats: bool) -> None:
    """Whether one is put into a 班, and sits down at となりの席, by itself. Nobody is told.

    Whoever wishes a 班 and is in none comes into one at once, where there is room. Announces PlacesChanged.
    """
    # In the order in which HR arranges places, so that neither waits for the other.
    session.get_one(Community, 1, with_for_update=True)
    member = policy.claim(viewer, Member, viewer.public_id, "view")
    is_new = joins_groups and not member.joins_groups
    member.joins_groups, member.joins_seats = joins_groups, joins_seats
    session.flush()
    if is_new:
        place_newcomer(member.id)


@operation
def change_gathering(viewer: Viewer, *, fills_groups: bool, has_seats: bool) -> None:
    """Whether newcomers are put into a 班, and candidates meet in となりの席. Raises NotFound for anybody but HR."""
    check_organiser(viewer)
    community = session.get_one(Community, 1, with_for_update=True)
    community.fills_groups, community.has_seats = fills_groups, has_seats


# ── each week ────────────────────────────────────────────────────────────────────────────────────────────────


def lay_tables() -> None:
    """Each Monday from eight o'clock: put candidates who wish it into rooms of a few. Once a week, whoever asks."""
    at = now().astimezone(company_zone())
    if at.weekday() != 0 or at.hour < OPENS_AT_HOUR:
        return
    if not session.scalar(select(Community.has_seats).where(Community.id == 1)):
        return
    monday = at.date()
    for cohort_id in session.scalars(select(Cohort.id).order_by(Cohort.id)).all():
        if not _is_laid(cohort_id, monday):
            _lay_tables_of(cohort_id, monday)


def _is_laid(cohort_id: int, monday: date) -> bool:
    return bool(session.scalar(select(_sits(monday, Member.cohort_id == cohort_id))))


def _sits(monday: date, which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is a table of this week with such a member."""
    return (
        exists()
        .where(Room.kind == "seat", Room.closes_on == monday + SEAT_LASTS, RoomMember.room_id == Room.id)
        .where(Member.id == RoomMember.member_id, which)
    )


@operation
def _lay_tables_of(cohort_id: int, monday: date) -> None:
    """Tables stay within one cohort, so neither a wall nor the profile for minors is ever between two at one table."""
    # The cohort is held: of two who lay tables at once the second finds them laid.
    session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update())
    if _is_laid(cohort_id, monday):
        return
    people = _willing(cohort_id)
    tables = tables_of(people, blocks_among(people), _met_last_week(people, monday), f"{monday} {cohort_id}")
    for number, table in enumerate(tables):
        room = Room(
            kind="seat", icon="people", closes_on=monday + SEAT_LASTS, prompt=_first_card(monday, number)
        )
        session.add(room)
        session.flush()
        found_members(room.id, table)
        log.append(None, room.id, "system", payload={"text": "seat_opened"})


def _first_card(monday: date, number: int) -> int:
    return (monday.toordinal() // 7 * 5 + number) % len(DECKS["seat"])


def _willing(cohort_id: int) -> list[int]:
    return list(
        session.scalars(
            select(Member.id)
            .where(
                Member.cohort_id == cohort_id,
                Member.joins_seats,
                Member.ended_at.is_(None),
                Member.suspended_at.is_(None),
                Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
            )
            .order_by(Member.id)
        )
    )


def _met_last_week(people: list[int], monday: date) -> dict[int, set[int]]:
    other = aliased(RoomMember)
    pairs = session.execute(
        select(RoomMember.member_id, other.member_id)
        .join(Room, Room.id == RoomMember.room_id)
        .join(other, other.room_id == Room.id)
        .where(
            Room.kind == "seat",
            Room.closes_on == monday - A_WEEK + SEAT_LASTS,
            RoomMember.member_id.in_(people),
            other.member_id != RoomMember.member_id,
        )
    )
    met: dict[int, set[int]] = {}
    for one, another in pairs:
        met.setdefault(one, set()).add(another)
    return met


def tidy_seats() -> None:
    """Close となりの席 whose fortnight is over, and delete those closed a day ago."""
    close_seats()
    clear_seats()


EVERY_MINUTE: tuple[Callable[[], Any], ...] = (lay_tables,)
