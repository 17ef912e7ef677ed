"""What recipients see of announcements, and what the letter of somebody without an account leads to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Integer, Row, bindparam, func, select
from sqlalchemy.orm import aliased

from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.core.paging import Cursor, Keyset
from app.core.reading import Reading
from app.models import Announcement, AnnouncementRecipient, Upload
from app.people.cards import Pager
from app.policy import Viewer, standing

from .cards import (
    LetterPage,
    ReceivedList,
    ReceivedPage,
    ReceivedRow,
    WaitingCard,
)
from .operations import open_letter
from .reading import (
    files_of,
    html_of,
    language_of,
    roster_sentence,
    tabs_of,
    title_of,
    values_of_invited,
    values_of_member,
    variants_of,
)

ROWS_A_PAGE = 20

_COPY = (
    select(
        AnnouncementRecipient.public_id,
        Announcement.title,
        Announcement.sent_at,
        Announcement.is_procedure,
        Announcement.asks_acknowledgement,
        Announcement.names_from,
        AnnouncementRecipient.is_acknowledged,
    )
    .select_from(AnnouncementRecipient)
    .join(Announcement, Announcement.id == AnnouncementRecipient.announcement_id)
)
_RECEIVED = Keyset(
    _COPY,
    key=AnnouncementRecipient.id,
    public_id=AnnouncementRecipient.public_id,
    visible=standing("view", AnnouncementRecipient),
    size=ROWS_A_PAGE,
    is_newest_first=True,
)
_WAITING = Reading(
    _COPY.where(
        standing("acknowledge", AnnouncementRecipient),
        AnnouncementRecipient.is_acknowledged.is_(False),
    )
    .order_by(Announcement.names_from, AnnouncementRecipient.id)
    .limit(bindparam("most", type_=Integer))
)
_LINES = select(Announcement.id, Announcement.public_id, Announcement.title).where(
    Announcement.id.in_(bindparam("asked_ids", expanding=True)), standing("receive", Announcement)
)
_mine = aliased(AnnouncementRecipient)
_READ = (
    select(
        Announcement.id,
        Announcement.public_id,
        Announcement.state,
        Announcement.title,
        Announcement.body,
        Announcement.body_html,
        Announcement.renderer_version,
        Announcement.sent_at,
        Announcement.is_procedure,
        Announcement.emergency_reason,
        Announcement.asks_acknowledgement,
        Announcement.names_from,
        _mine.is_acknowledged,
        standing("receive", Announcement).label("is_received"),
    )
    .select_from(Announcement)
    .outerjoin(
        _mine, (_mine.announcement_id == Announcement.id) & (_mine.member_id == bindparam("reader_id"))
    )
    .where(Announcement.public_id == bindparam("public_id"), standing("view", Announcement))
)


def received_list(viewer: Viewer, cursor: Cursor) -> ReceivedList:
    """The announcements sent to this viewer, newest first."""
    values = values_of_member(viewer.id)
    found = _RECEIVED.read(cursor, viewer.binds)
    return ReceivedList(
        rows=tuple(
            ReceivedRow(
                id=row.public_id,
                title=title_of(row, values),
                sent_at=row.sent_at,
                is_procedure=row.is_procedure,
                asks_acknowledgement=row.asks_acknowledgement,
                is_acknowledged=row.is_acknowledged,
            )
            for row in found.rows
        ),
        pager=Pager(
            newer=f"/announcements?before={found.previous}" if found.previous else None,
            older=f"/announcements?after={found.next}" if found.next else None,
        ),
    )


def received_page(viewer: Viewer, announcement_id: PublicId, variant: str = "") -> ReceivedPage:
    """One announcement for its reader, or for HR whatever its state. Raises NotFound; nothing is noted.

    `variant`: `easy`, `en`, or the text as it was written, also where there is no such variant.
    """
    row = session.execute(
        _READ, {**viewer.binds, "public_id": announcement_id, "reader_id": viewer.id}
    ).first()
    if row is None:
        raise NotFound()
    return page_of(row, values_of_member(viewer.id), variant, is_office=viewer.is_hr)


def page_of(row: Any, values: Any, variant: str, *, is_office: bool) -> ReceivedPage:
    """An announcement's row as the page of a reader with these merge values."""
    variants = variants_of(row.id)
    variant = variant if variant in variants else ""
    text = variants[variant] if variant else row
    is_received = bool(row.is_received)
    return ReceivedPage(
        id=row.public_id,
        title=title_of(text, values, row.title),
        body_html=html_of(text, values),
        language=language_of(variant),
        sent_at=row.sent_at,
        is_procedure=row.is_procedure,
        is_emergency=bool(row.emergency_reason),
        tabs=tabs_of(variants, variant),
        variant=variant,
        files=files_of(row.id),
        roster_sentence=roster_sentence(row, variant),
        asks_acknowledgement=row.asks_acknowledgement,
        is_acknowledged=bool(row.is_acknowledged),
        can_acknowledge=is_received and row.asks_acknowledgement and not row.is_acknowledged,
        is_unsent=row.state != "sent",
        is_office=is_office,
    )


def waiting_for(viewer: Viewer, most: int = 3) -> tuple[WaitingCard, ...]:
    """What still asks this viewer for 確認しました, the earliest 名簿表示日 first; at most `most`. For home."""
    if not viewer.announcement_ids:
        return ()
    rows = _WAITING.all({**viewer.binds, "most": most})
    values = values_of_member(viewer.id) if any("{" in row.title for row in rows) else {}
    return tuple(
        WaitingCard(
            id=row.public_id,
            title=title_of(row, values),
            href=f"/announcements/{row.public_id}",
            names_from=row.names_from,
            is_procedure=row.is_procedure,
        )
        for row in rows
    )


def notice_lines(viewer: Viewer, announcement_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Title and address of those of these announcements that are there for the viewer, by internal id."""
    if not announcement_ids:
        return {}
    rows = session.execute(_LINES, {**viewer.binds, "asked_ids": list(announcement_ids)}).all()
    values = values_of_member(viewer.id) if any("{" in row.title for row in rows) else {}
    return {row.id: (title_of(row, values), f"/announcements/{row.public_id}") for row in rows}


def letter_page(secret: str) -> LetterPage:
    """What the link of a letter leads to. Raises NotFound alike for unknown links and ended invitations."""
    row: Row[Any] | None = session.execute(
        select(
            Announcement.id,
            Announcement.title,
            Announcement.body,
            Announcement.body_html,
            Announcement.renderer_version,
            Announcement.sent_at,
            Announcement.asks_acknowledgement,
            Announcement.names_from,
            AnnouncementRecipient.invitation_id,
            AnnouncementRecipient.is_acknowledged,
            select(func.count())
            .where(Upload.announcement_id == Announcement.id)
            .scalar_subquery()
            .label("file_count"),
        )
        .select_from(Announcement)
        .join(AnnouncementRecipient, AnnouncementRecipient.announcement_id == Announcement.id)
        .where(open_letter(secret))
    ).first()
    if row is None:
        raise NotFound()
    values = values_of_invited(row.invitation_id)
    return LetterPage(
        title=title_of(row, values),
        body_html=html_of(row, values),
        sent_at=row.sent_at,
        roster_sentence=roster_sentence(row),
        is_acknowledged=row.is_acknowledged,
        file_count=row.file_count,
    )
