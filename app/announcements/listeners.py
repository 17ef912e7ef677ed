"""The letters of announcements: to invited people who have not joined, and to HR who tries one out.

Members are told by notifications, which listen to the facts of this package. Whoever leaves takes along what was sent
to them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, select

from app.accounts.events import MembershipEnded
from app.core.clock import now
from app.core.db import session
from app.core.events import Delivery, delivers, listens
from app.core.i18n import speaking, t
from app.core.mail import letter_text, link_to, send_letter
from app.core.tokens import secret_of
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Community,
    ContactSpent,
    Invitation,
    Member,
    Upload,
)
from app.people.quiet import quiet_hours
from app.policy import viewer_of

from .cards import VARIANTS
from .events import InvitedMailDue, TestLetterAsked
from .merging import FULL_NAME
from .operations import PURPOSE, postpone_letter
from .reading import (
    lines_of,
    roster_sentence,
    title_of,
    values_of_invited,
    values_of_member,
    variants_of,
)

_TEXT = (
    Announcement.id,
    Announcement.public_id,
    Announcement.title,
    Announcement.body,
    Announcement.asks_acknowledgement,
    Announcement.names_from,
    Announcement.emergency_reason,
    select(func.count())
    .where(Upload.announcement_id == Announcement.id)
    .scalar_subquery()
    .label("file_count"),
    Community.name.label("community"),
    Community.help_line,
)


@delivers(InvitedMailDue)
def mail_invited(fact: InvitedMailDue, delivery: Delivery) -> None:
    """Write to one invited person, unless the announcement was taken back or the invitation ended meanwhile."""
    row = session.execute(
        select(
            *_TEXT,
            Invitation.id.label("invitation_id"),
            Invitation.mail,
            Invitation.legal_name,
            AnnouncementRecipient.nonce,
            AnnouncementRecipient.is_acknowledged,
        )
        .select_from(AnnouncementRecipient)
        .join(Announcement, Announcement.id == AnnouncementRecipient.announcement_id)
        .join(Invitation, Invitation.id == AnnouncementRecipient.invitation_id)
        .join(Community, Community.id == 1)
        .where(
            AnnouncementRecipient.id == fact.recipient_id,
            Announcement.state == "sent",
            Invitation.revoked_at.is_(None),
            Invitation.sent_at.is_not(None),
        )
    ).first()
    if row is None or (fact.number and row.is_acknowledged):
        session.rollback()
        return
    if quiet_hours().is_quiet(now()) and (fact.number or not row.emergency_reason):
        session.rollback()
        postpone_letter(fact.recipient_id, fact.number)  # a mail server was gone until now
        return
    link = None
    if row.asks_acknowledgement:
        link = link_to(f"/announcements/letters/{secret_of(PURPOSE, row.nonce)}")
    values = values_of_invited(row.invitation_id)
    with speaking("ja"):
        subject = _subject(row, title_of(row, values), is_reminder=bool(fact.number))
    _send(
        row,
        values,
        to_address=row.mail,
        to_name=row.legal_name or None,
        subject=subject,
        link=link,
        is_test=False,
        is_reminder=bool(fact.number),
        key=delivery.key,
    )


def _subject(row: Row[Any], title: str, *, is_reminder: bool) -> str:
    if is_reminder:
        return t("【%(community)s】確認のお願い：%(title)s", community=row.community, title=title)
    return t("【%(community)s】%(title)s", community=row.community, title=title)


@delivers(TestLetterAsked)
def mail_test(fact: TestLetterAsked, delivery: Delivery) -> None:
    """Write to whoever tries an announcement out, if they still may."""
    row = session.execute(
        select(*_TEXT, Member.mail, Member.display_name)
        .select_from(Announcement)
        .join(Member, Member.id == fact.member_id)
        .join(Community, Community.id == 1)
        .where(Announcement.id == fact.announcement_id)
    ).first()
    if row is None or row.mail is None or not viewer_of(fact.member_id).is_hr:
        session.rollback()
        return
    values = values_of_member(fact.member_id)
    with speaking("ja"):
        subject = t("【テスト】%(title)s", title=title_of(row, values))
    _send(
        row,
        values,
        to_address=row.mail,
        to_name=row.display_name,
        subject=subject,
        link=None,
        is_test=True,
        is_reminder=False,
        key=delivery.key,
    )


def _send(
    row: Row[Any],
    values: Any,
    *,
    to_address: str,
    to_name: str | None,
    subject: str,
    link: str | None,
    is_test: bool,
    is_reminder: bool,
    key: str,
) -> None:
    """The whole text in Japanese, its variants below it, and what is asked; without an account."""
    variants = [
        (label, title_of(text, values, row.title), lines_of(text, values), roster_sentence(row, kind))
        for kind, label in VARIANTS.items()
        for text in [variants_of(row.id).get(kind)]
        if text is not None
    ]
    text = letter_text(
        "announcements/announcement.txt",
        "ja",
        name=values.get(FULL_NAME, ""),
        title=title_of(row, values),
        body=lines_of(row, values),
        roster=roster_sentence(row),
        variants=variants,
        link=link,
        asks=row.asks_acknowledgement,
        is_test=is_test,
        is_reminder=is_reminder,
        file_count=row.file_count,
        community=row.community,
        help_line=row.help_line,
    )
    session.rollback()  # nothing stays open while a mail server is spoken to
    send_letter(to_address=to_address, to_name=to_name, subject=subject, text=text, language="ja", key=key)


@listens(MembershipEnded)
def forget_recipient(fact: MembershipEnded, delivery: Delivery) -> None:
    """What was sent to somebody who left, whether they acknowledged it, and how often they were reached: all gone."""
    for kind in (AnnouncementRecipient, ContactSpent):
        session.execute(delete(kind).where(kind.member_id == fact.member_id))
