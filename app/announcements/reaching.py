"""When an announcement reaches whom: quiet hours, holidays, and the contact budget of each candidate."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, select

from app.core.calendar import is_business_day
from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import _, clock_time, company_zone, day, t
from app.models import Announcement, Community, ContactSpent, Invitation, Member, Role
from app.people.quiet import quiet_hours

from .audience import invited_of, members_of, not_yet_invited_of
from .cards import Reach

FORTNIGHT = timedelta(days=14)


def reach_clause(row: Announcement, on: date) -> ColumnElement[str]:
    """An expression over Member: `now`, or `digest` for candidates whose contact budget is spent on that day."""
    if row.is_procedure or row.emergency_reason:
        return literal("now")
    return case((_is_spent(on), "digest"), else_="now")


def _is_spent(on: date) -> ColumnElement[bool]:
    spent = (
        select(func.count())
        .where(
            ContactSpent.member_id == Member.id,
            ContactSpent.spent_on > on - FORTNIGHT,
            ContactSpent.spent_on <= on,
        )
        .scalar_subquery()
    )
    budget = select(Community.contacts_a_fortnight).where(Community.id == 1).scalar_subquery()
    return and_(Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0, spent >= budget)


def reach_of(row: Announcement, at: datetime) -> Reach:
    """How many people an announcement would reach if it were sent at this moment, and when."""
    clause = reach_clause(row, at.astimezone(company_zone()).date())
    found = session.execute(
        select(clause.label("way"), func.count().label("people"))
        .select_from(Member)
        .where(members_of(row.id))
        .group_by("way")
    )
    ways = {each.way: each.people for each in found}
    invited, unsent = 0, 0
    if row.reaches_invited:
        invited = _count(invited_of(row.id))
        unsent = _count(not_yet_invited_of(row.id))
    quiet = quiet_hours()
    return Reach(
        at_once=ways.get("now", 0),
        digest=ways.get("digest", 0),
        invited=invited,
        invited_unsent=unsent,
        opens_at=quiet.next_open(at) if quiet.is_quiet(at) else None,
    )


def _count(which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Invitation).where(which)) or 0


def arrival(at: datetime, opens_at: datetime | None) -> str:
    """When mail and pushes arrive that are sent at this moment, in a sentence; why later than that."""
    if opens_at is None:
        return t("通知（メール・プッシュ）も、送信と同時に届きます")
    moment = f"{day(opens_at)} {clock_time(opens_at)}"
    if not is_business_day(at.astimezone(company_zone()).date()):
        return t(
            "%(day)sは休業日のため、通知（メール・プッシュ）は%(moment)sに届きます",
            day=day(at),
            moment=moment,
        )
    return t("通知オフの時間帯のため、%(moment)sに届きます", moment=moment)


# ── the company's clock ──────────────────────────────────────────────────────────────────────────────────────


def company_moment(wall: datetime) -> datetime:
    """The moment a clock in the company shows this date and time (naive).

    Raises Invalid for an hour that is left out when summer time begins; of an hour that comes twice, the first.
    """
    if not 1970 <= wall.year <= 9000:  # no zone is known at the ends of the calendar
        sentence = _("日時を読み取れませんでした。もう一度選んでください。")
        raise Invalid(sentence, {"at": [sentence]})
    at = wall.replace(tzinfo=company_zone()).astimezone(UTC)
    if at.astimezone(company_zone()).replace(tzinfo=None) != wall:
        sentence = _("夏時間への切り替えのため、この時刻はありません。1時間ずらしてください。")
        raise Invalid(sentence, {"at": [sentence]})
    return at


def wall_clock(at: datetime) -> str:
    """A moment as the field of a form holds it: the company's own date and time, to the minute."""
    return f"{at.astimezone(company_zone()):%Y-%m-%dT%H:%M}"
