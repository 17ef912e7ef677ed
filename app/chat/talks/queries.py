"""What 話したい and HR's inbox show, already for a viewer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func, select

from app import policy
from app.core.calendar import QuietHours
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.paging import Cursor, Keyset, Slice
from app.core.reading import Reading
from app.models import CheckIn, Member, Mentor, Role, Room, TalkRequest
from app.people.queries import person_card, person_columns
from app.people.quiet import quiet_hours
from app.policy import Viewer, standing

from ..cards import STAMP_WORDS
from ..rooms.frames import team_named
from .cards import (
    AskedCard,
    Candidate,
    CheckInCard,
    CheckInPage,
    OfficeLine,
    RequestRow,
    TalkCounts,
    TalkPage,
    TalkRow,
    TalksPage,
    Wait,
)
from .hours import hours_line, wait_of
from .threads import HAS_ASKED, HAS_NEWEST, IS_REST, IS_WAITING, Newest, Waiting, is_open_request

PAGE_SIZE = 30
MOST_REQUESTS = 100  # each is a task of today; nobody leaves more open
LONGEST_WORDS = 120
# Between two rounds of「お変わりありませんか」.
FORTNIGHT = timedelta(days=14)

_viewer_id = bindparam("viewer_id", type_=Integer)


# ── for a candidate ──────────────────────────────────────────────────────────────────────────────────────────


def office_line(viewer: Viewer) -> OfficeLine:
    """Who reads 人事への連絡, in which hours they are there, and when an answer can be expected."""
    return OfficeLine(
        readers=t("採用チーム（%(names)s）が読みます。返信の目安は1営業日です", names=names)
        if (names := team_named(viewer))
        else t("採用チームが読みます。返信の目安は1営業日です"),
        hours=hours_line(quiet_hours().hours),
    )


_MENTORS = Reading(
    select(*person_columns())
    .select_from(Mentor)
    .join(Member, Member.id == Mentor.employee_id)
    .where(
        Mentor.candidate_id == _viewer_id,
        standing("view", Mentor),
        standing("view", Member),
        standing("message", Member),
    )
    .order_by(Member.display_fold, Member.id)
)
_ASKED = Reading(
    select(
        TalkRequest.public_id,
        TalkRequest.wish,
        TalkRequest.asked_at,
        Room.public_id.label("room_id"),
        *person_columns(),
    )
    .select_from(TalkRequest)
    .join(Room, Room.id == TalkRequest.room_id)
    .outerjoin(
        Member,
        (TalkRequest.wish == "mentor")
        & (Member.id != TalkRequest.member_id)
        & Member.id.in_([Room.low_id, Room.high_id]),
    )
    .where(
        TalkRequest.member_id == _viewer_id,
        standing("view", TalkRequest),
        standing("view", Room),
        Room.archived_at.is_(None),
        is_open_request(),
    )
    .order_by(TalkRequest.id)
)
_MY_OFFICE = Reading(select(Room.public_id).where(Room.candidate_id == _viewer_id, standing("view", Room)))


def talk_page(viewer: Viewer) -> TalkPage:
    """話したい for one candidate. Raises NotFound for everybody else."""
    check_candidate(viewer)
    room = _MY_OFFICE.first(viewer.binds)
    return TalkPage(
        office=office_line(viewer),
        room_id=None if room is None else room.public_id,
        asked=tuple(
            AskedCard(
                id=row.public_id,
                room_id=row.room_id,
                asked_at=row.asked_at,
                mentor=person_card(viewer, row) if row.wish == "mentor" else None,
            )
            for row in _ASKED.all(viewer.binds)
        ),
        mentors=tuple(person_card(viewer, row) for row in _MENTORS.all(viewer.binds)),
    )


def words_to_mentor() -> str:
    """What a wish says to a mentor where its asker writes nothing else; shown to them before they send it."""
    return t("お話ししたいです")


def check_candidate(viewer: Viewer) -> None:
    """Raise NotFound for whoever is no candidate: 話したい is theirs."""
    if not viewer.is_candidate:
        raise NotFound()


# ── HR's inbox ───────────────────────────────────────────────────────────────────────────────────────────────

_CANDIDATE = (
    Member.display_name.label("candidate_name"),
    Member.legal_name.label("candidate_legal_name"),
    Member.bud.label("candidate_bud"),
    Member.ended_at.label("candidate_ended_at"),
)


def _thread(*more: Any, shown: ColumnElement[bool] = HAS_NEWEST) -> Any:
    """One row a thread: its candidate, and its newest words, or which are `shown`, with who said them."""
    speaker = Member.__table__.alias("speaker")
    return (
        select(
            Room.public_id,
            *_CANDIDATE,
            func.substr(Newest.body, 1, LONGEST_WORDS).label("words"),
            Newest.stamp.label("stamp"),
            Newest.sent_at.label("at"),
            Newest.author_id.is_not_distinct_from(Room.candidate_id).label("is_theirs"),
            speaker.c.display_name.label("speaker"),
            *more,
        )
        .select_from(Room)
        .join(Newest, shown)
        .outerjoin(Member, Member.id == Room.candidate_id)
        .outerjoin(speaker, speaker.c.id == Newest.author_id)
    )


_OPEN_REQUESTS = (
    select(
        TalkRequest.public_id,
        TalkRequest.asked_at,
        Room.public_id.label("room_id"),
        *_CANDIDATE,
    )
    .select_from(TalkRequest)
    .join(Room, Room.id == TalkRequest.room_id)
    .join(Member, Member.id == TalkRequest.member_id)
    .where(TalkRequest.wish == "office", standing("view", TalkRequest), is_open_request())
    .order_by(TalkRequest.asked_at, TalkRequest.id)
    .limit(MOST_REQUESTS)
)
_REQUESTS = Reading(_OPEN_REQUESTS)
_REQUEST_AT = Reading(_OPEN_REQUESTS.where(TalkRequest.public_id == bindparam("request_id")))
_WAITING = Keyset(
    _thread(Waiting.sent_at.label("since"), shown=HAS_ASKED),
    key=Waiting.id,
    public_id=Room.public_id,
    visible=IS_WAITING,
    size=PAGE_SIZE,
)
_REST = Keyset(
    _thread(),
    key=Newest.id,
    public_id=Room.public_id,
    visible=IS_REST,
    size=PAGE_SIZE,
    is_newest_first=True,
)
_COUNTS = Reading(
    select(
        select(func.count())
        .select_from(TalkRequest)
        .where(TalkRequest.wish == "office", standing("view", TalkRequest), is_open_request())
        .scalar_subquery()
        .label("requests"),
        select(func.count()).select_from(Room).join(Waiting, IS_WAITING).scalar_subquery().label("waiting"),
    )
)


def talk_counts(viewer: Viewer) -> TalkCounts:
    """What waits for HR; nothing for everybody else. One query."""
    row = _COUNTS.first(viewer.binds) if viewer.is_hr else None
    return TalkCounts(requests=row.requests, waiting=row.waiting) if row else TalkCounts(0, 0)


def talks_page(viewer: Viewer, show: str, cursor: Cursor) -> TalksPage:
    """HR's inbox: open 話したい first, then what waits, the oldest first, then everything else by its newest words.

    `show` is `waiting` or `all`; a cursor leads on in what waits, or in everything else. Raises NotFound for whoever is
    not HR. Five queries.
    """
    check_office(viewer)
    is_first = cursor.after is None and cursor.before is None
    shows_all = show == "all"
    nothing: Slice[Any] = Slice(rows=(), previous=None, next=None)
    waiting = (
        _WAITING.read(cursor if not shows_all else Cursor(), viewer.binds)
        if is_first or not shows_all
        else nothing
    )
    rest = _REST.read(cursor, viewer.binds) if shows_all else nothing
    quiet = quiet_hours().hours
    lead = rest if shows_all else waiting
    return TalksPage(
        counts=talk_counts(viewer),
        show="all" if shows_all else "waiting",
        requests=_requests(viewer, quiet) if is_first else (),
        waiting=tuple(_row(row, wait_of(row.since, now(), quiet)) for row in waiting.rows),
        rest=tuple(_row(row, None) for row in rest.rows) if shows_all else None,
        more_waiting=_address("waiting") if shows_all and waiting.next else None,
        previous=_address(show, before=lead.previous) if lead.previous else None,
        next=_address(show, after=lead.next) if lead.next else None,
    )


def check_office(viewer: Viewer) -> None:
    """Raise NotFound for whoever does not belong to the HR team."""
    if not viewer.is_hr:
        raise NotFound()


def _requests(viewer: Viewer, quiet: QuietHours) -> tuple[RequestRow, ...]:
    return tuple(_request(row, quiet) for row in _REQUESTS.all(viewer.binds))


def _request(row: Any, quiet: QuietHours) -> RequestRow:
    return RequestRow(
        id=row.public_id,
        room_id=row.room_id,
        candidate=_candidate(row),
        wait=wait_of(row.asked_at, now(), quiet),
    )


def request_row(viewer: Viewer, request_id: PublicId) -> RequestRow:
    """One open 話したい. Raises NotFound for whoever is not HR, and where it is open no longer."""
    check_office(viewer)
    row = _REQUEST_AT.first({**viewer.binds, "request_id": request_id})
    if row is None:
        raise NotFound()
    return _request(row, quiet_hours().hours)


def _address(show: str, **place: str) -> str:
    return "/hr/talks?" + "&".join(f"{name}={value}" for name, value in {"show": show, **place}.items())


def _row(row: Any, wait: Wait | None) -> TalkRow:
    return TalkRow(
        room_id=row.public_id,
        candidate=_candidate(row),
        words=_words(row),
        speaker=None if row.is_theirs else row.speaker or t("退会した方"),
        at=row.at,
        wait=wait,
    )


def _words(row: Any) -> str:
    """One line of the newest words; a stamp and files have none."""
    if row.stamp:
        return t("スタンプ：%(words)s", words=STAMP_WORDS[row.stamp])
    return " ".join(row.words.split()) or t("写真・ファイル")


def _candidate(row: Any) -> Candidate:
    if not row.candidate_name:
        return Candidate(t("退会した方"), "", 0, has_left=True)
    return Candidate(
        row.candidate_name,
        row.candidate_legal_name,
        row.candidate_bud,
        has_left=row.candidate_ended_at is not None,
    )


# ── お変わりありませんか ─────────────────────────────────────────────────────────────────────────────────────


def check_in_page(viewer: Viewer, body: str | None = None) -> CheckInPage:
    """The next round and the one before. Raises NotFound for whoever is not HR."""
    check_office(viewer)
    newest = session.scalar(
        select(CheckIn).where(policy.allowed(viewer, "view", CheckIn)).order_by(CheckIn.id.desc()).limit(1)
    )
    free_at = None if newest is None else newest.due_at + FORTNIGHT
    quiet = quiet_hours()
    return CheckInPage(
        newest=None if newest is None else _check_in_card(newest),
        free_at=free_at if free_at is not None and free_at > now() else None,
        people=_people(),
        opens_at=quiet.next_open(now()) if quiet.is_quiet(now()) else None,
        body=body if body is not None else default_words(),
    )


def default_words() -> str:
    """What HR may send as it is."""
    return t(
        "お変わりありませんか。採用チームです。\n"
        "入社までのことで気になることや聞いてみたいことがあれば、このトークにいつでも書いてください。\n"
        "返信は任意です。返信がなくても、内定や配属に影響することはありません。"
    )


def _people() -> int:
    """How many candidates are here."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Member)
            .where(
                Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
                Member.ended_at.is_(None),
                Member.suspended_at.is_(None),
            )
        )
        or 0
    )


def _check_in_card(row: CheckIn) -> CheckInCard:
    return CheckInCard(
        id=row.public_id,
        body=row.body,
        due_at=row.due_at,
        is_leaving=row.due_at <= now() or row.reached_id > 0,
        is_finished=row.finished_at is not None,
        recipients=row.recipients,
    )
