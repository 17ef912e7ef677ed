"""What is read around reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t
from app.core.ids import PublicId
from app.models import Member, Message, MessageReport, ReportedMessage
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed

from ..cards import STAMP_WORDS
from ..rooms.queries import room_frame
from .cards import Choice, ModerationPage, ReportCard, ReportedWords, ReportPage
from .forms import REASONS
from .readers import readers_of

AROUND = 10  # messages on either side of the one it is about
MOST_CLOSED = 50


def report_page(viewer: Viewer, message_id: PublicId, chosen: Collection[str] = ()) -> ReportPage:
    """The message and those around it that the viewer sees, and who would read those `chosen` (none: the message).

    Raises NotFound, Forbidden for their own.
    """
    message = policy.fetch(viewer, Message, message_id, "report")
    frame = room_frame(viewer, message.room.public_id)
    before = _beside(viewer, message, Message.seq <= message.seq, Message.seq.desc(), AROUND + 1)
    after = _beside(viewer, message, Message.seq > message.seq, Message.seq, AROUND)
    around = [row for row in [*reversed(before), *after] if row.public_id != message_id]
    authors = {row.person_key for row in (*before, *after) if row.public_id in chosen}
    readers = readers_of(viewer, authors or {message.author_id})
    return ReportPage(
        room=frame,
        message=_choice(viewer, next(row for row in before if row.public_id == message_id)),
        around=tuple(_choice(viewer, row) for row in around),
        readers=readers,
        could_be_fewer=readers.is_nobody and not readers_of(viewer, {message.author_id}).is_nobody,
        tells_who=frame.kind in {"direct", "office"},
        is_own_office=frame.kind == "office" and viewer.is_candidate,
        may_talk=viewer.is_candidate,
    )


def _beside(viewer: Viewer, message: Message, where: Any, order: Any, most: int) -> list[Any]:
    return list(
        session.execute(
            select(Message.public_id, Message.body, Message.stamp, Message.sent_at, *person_columns())
            .outerjoin(Member, Member.id == Message.author_id)
            .where(
                Message.room_id == message.room_id,
                Message.unsent_at.is_(None),
                where,
                allowed(viewer, "view", Message),
            )
            .order_by(order)
            .limit(most),
            viewer.binds,
        )
    )


def _choice(viewer: Viewer, row: Any) -> Choice:
    author = person_card(viewer, row)
    return Choice(row.public_id, author, _words(row), row.sent_at, is_mine=author.is_me)


def _words(row: Any) -> str:
    return row.body or str(STAMP_WORDS.get(row.stamp, "")) or t("写真やファイル")


def is_about(viewer: Viewer) -> ColumnElement[bool]:
    """Over MessageReport: the viewer wrote something of it. Nobody reads, or decides, what was said of themselves."""
    return exists().where(
        ReportedMessage.report_id == MessageReport.id,
        Message.id == ReportedMessage.message_id,
        Message.author_id == viewer.id,
    )


def moderation_page(viewer: Viewer) -> ModerationPage:
    """Every report this moderator may see. Raises NotFound for whoever is none."""
    if not viewer.is_moderator:
        raise NotFound()
    reports = session.execute(
        select(
            MessageReport.id,
            MessageReport.public_id,
            MessageReport.reason,
            MessageReport.note,
            MessageReport.audience,
            MessageReport.reported_at,
            MessageReport.closed_at,
        )
        .where(allowed(viewer, "view", MessageReport), ~is_about(viewer))
        .order_by(MessageReport.id)
    ).all()
    is_open = [row for row in reports if row.closed_at is None]
    is_closed = [row for row in reversed(reports) if row.closed_at is not None][:MOST_CLOSED]
    said = _reported(viewer, [row.id for row in (*is_open, *is_closed)])
    return ModerationPage(
        open=tuple(_card(row, said[row.id]) for row in is_open),
        closed=tuple(_card(row, said[row.id]) for row in is_closed),
    )


def open_reports(viewer: Viewer) -> int:
    """How many reports wait for this moderator: those on top of `moderation_page`. Nobody else has any."""
    if not viewer.is_moderator:
        return 0
    mine = allowed(viewer, "view", MessageReport) & ~is_about(viewer)
    return session.scalars(select(func.count()).where(MessageReport.closed_at.is_(None), mine)).one()


def _reported(viewer: Viewer, report_ids: list[int]) -> dict[int, list[ReportedWords]]:
    """What was chosen, and nothing else: the messages themselves are not asked whether the moderator sees them."""
    found: dict[int, list[ReportedWords]] = defaultdict(list)
    for row in session.execute(
        select(ReportedMessage.report_id, ReportedMessage.body, Message.sent_at, *person_columns())
        .join(Message, Message.id == ReportedMessage.message_id)
        .outerjoin(Member, Member.id == Message.author_id)
        .where(ReportedMessage.report_id.in_(report_ids))
        .order_by(Message.seq),
        viewer.binds,
    ):
        words = row.body or t("写真やファイル")
        found[row.report_id].append(ReportedWords(person_card(viewer, row), words, row.sent_at))
    return found


_REASONS = dict(REASONS)


def _card(row: Any, messages: list[ReportedWords]) -> ReportCard:
    return ReportCard(
        id=row.public_id,
        reason=str(_REASONS.get(row.reason, row.reason)),
        note=row.note,
        audience=row.audience,
        reported_at=row.reported_at,
        is_closed=row.closed_at is not None,
        messages=tuple(messages),
    )
