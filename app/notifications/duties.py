"""Who is told that something waits for their office: a 話したい for the HR team, a report for the moderators.

A notice says that something waits and nothing of what: neither who, nor a word. It is gone from every list as soon as
somebody of the office has seen to it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.models import Member, Message, MessageReport, Notice, ReportedMessage, Role, TalkRequest
from app.policy import viewers_of

from .audiences import Told
from .hours import BETWEEN_BUNDLES
from .telling import Subject


def told_of_wish(request_id: int) -> Told:
    """The HR team, of a wish to talk with them that is still open. A mentor is told by the message that opens the talk."""
    request = session.get(TalkRequest, request_id)
    if request is None or request.answered_at is not None or request.closed_at is not None:
        return {}, Subject(talk_request_id=request_id)
    team = (
        []
        if request.wish != "office"
        else _holding(Role.HR | Role.LEAD, ~_is_told(Notice.talk_request_id == request_id))
    )
    seeing = _seeing(team, request)
    return dict.fromkeys(seeing, "talk"), Subject(talk_request_id=request_id, rung=_rung("talk", seeing))


def told_of_report(report_id: int) -> Told:
    """The moderators, but for whom it is about and who reported it themselves."""
    report = session.get(MessageReport, report_id)
    if report is None or report.closed_at is not None:
        return {}, Subject(report_id=report_id)
    is_about_them = exists().where(
        ReportedMessage.report_id == report_id,
        Message.id == ReportedMessage.message_id,
        Message.author_id == Member.id,
    )
    moderators = _holding(Role.MODERATOR, ~_is_told(Notice.report_id == report_id), ~is_about_them)
    seeing = _seeing(moderators, report)
    return dict.fromkeys(seeing, "report"), Subject(report_id=report_id, rung=_rung("report", seeing))


def knowing_of_wish(room_id: int) -> frozenset[int]:
    """Those who were told of the open wish to talk in this room: what its candidate adds is no news of its own."""
    return frozenset(
        session.scalars(
            select(Notice.member_id)
            .join(TalkRequest, TalkRequest.id == Notice.talk_request_id)
            .where(
                TalkRequest.room_id == room_id,
                TalkRequest.answered_at.is_(None),
                TalkRequest.closed_at.is_(None),
            )
        )
    )


def _holding(roles: Role, *which: ColumnElement[bool]) -> list[int]:
    """The members who hold one of these roles and are here."""
    return list(
        session.scalars(
            select(Member.id)
            .where(
                Member.roles.bitwise_and(int(roles)) != 0,
                Member.suspended_at.is_(None),
                Member.ended_at.is_(None),
                *which,
            )
            .order_by(Member.id)
        )
    )


def _is_told(subject: ColumnElement[bool]) -> ColumnElement[bool]:
    """Over Member: a notice about this is in their list already."""
    return exists().where(Notice.member_id == Member.id, subject)


def _seeing(member_ids: Collection[int], row: Any) -> list[int]:
    return [key for key, viewer in viewers_of(list(member_ids)).items() if policy.can(viewer, "view", row)]


def _rung(kind: str, member_ids: Collection[int]) -> frozenset[int]:
    """Those who were told of another one within half an hour: their devices do not ring again."""
    return frozenset(
        session.scalars(
            select(Notice.member_id).where(
                Notice.member_id.in_(member_ids),
                Notice.kind == kind,
                Notice.made_at > now() - BETWEEN_BUNDLES,
            )
        )
    )
