"""What changes reports: making one, and a moderator's having looked at it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.models import Message, MessageReport, ReportedMessage
from app.policy import Viewer

from ..cards import STAMP_WORDS
from ..events import MessagesReported
from ..rooms.queries import room_frame
from .cards import Readers
from .queries import is_about
from .readers import readers_of

MOST_MESSAGES = 21  # the one it is about, and ten around it on either side
LONGEST_AUDIENCE = 200  # the column's width


@operation
def report_messages(
    viewer: Viewer, room_id: PublicId, message_ids: Collection[PublicId], *, reason: str, note: str
) -> Readers:
    """Hand these messages, as they read now, to the moderators; nothing else of the room. Gives who will read them.

    Announces MessagesReported. Raises NotFound for one the viewer does not see, Forbidden for their own, Invalid for
    none or too many, and where every moderator wrote some of them: nobody would ever read it.
    """
    # In one order, so that two who report the same messages do not wait for each other.
    chosen = sorted(set(message_ids))
    if not chosen:
        sentence = _("見せるメッセージを1つ以上選んでください")
        raise Invalid(sentence, {"messages": [sentence]})
    if len(chosen) > MOST_MESSAGES:
        sentence = _("一度に知らせられるのは%(most)s件までです", most=MOST_MESSAGES)
        raise Invalid(sentence, {"messages": [sentence]})
    frame = room_frame(viewer, room_id)
    messages = [policy.claim(viewer, Message, key, "report") for key in chosen]
    room_keys = {message.room_id for message in messages}
    if len(room_keys) > 1 or messages[0].room.public_id != room_id:
        raise Invalid(_("ほかのルームのメッセージが含まれています。画面を開き直してください。"))
    readers = readers_of(viewer, {message.author_id for message in messages})
    if readers.is_nobody:
        sentence = _(
            "まだ送られていません。選んだメッセージを確認できる運営の担当者が、ほかにいないためです。"
        )
        raise Invalid(sentence, {"messages": [sentence]})
    _store(viewer, messages, reason=reason, note=note, audience=frame.audience)
    return readers


def _store(viewer: Viewer, messages: Sequence[Message], *, reason: str, note: str, audience: str) -> None:
    report = MessageReport(
        room_id=messages[0].room_id,
        reporter_id=viewer.id,
        reason=reason,
        note=note or "",
        audience=audience[:LONGEST_AUDIENCE],
        reported_at=now(),
    )
    session.add(report)
    session.flush()
    session.add_all(
        ReportedMessage(report_id=report.id, message_id=message.id, body=_words(message))
        for message in messages
    )
    announce(MessagesReported(report_id=report.id))


def _words(message: Message) -> str:
    return message.body or str(STAMP_WORDS.get(message.stamp, ""))


@operation
def close_report(viewer: Viewer, report_id: PublicId) -> None:
    """Say that this was looked at; again is harmless. Raises NotFound for whoever is no moderator, or whom it is about."""
    report = policy.claim(viewer, MessageReport, report_id, "view")
    if session.scalar(select(is_about(viewer)).where(MessageReport.id == report.id)):
        raise NotFound()
    if report.closed_at is None:
        report.closed_at = now()


@operation
def forget_reporter(member_id: int) -> None:
    """Whoever left is named in no report any more; the report stays."""
    for report in session.scalars(select(MessageReport).where(MessageReport.reporter_id == member_id)):
        report.reporter_id = None
