"""Making notices: who is told what, in a few statements however many they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select

from app.core.clock import now
from app.core.db import session
from app.core.operation import announce
from app.models import Member, Notice, NoticeChoice, NoticeMail, NoticeSettings, PushSubscription

from .events import NoticesMade, PushDue
from .hours import is_quiet, next_digest, opening
from .ways import Habits, Ways, ways_of

# As many people are pushed to at once; more take their turns by the minute, so that no other delivery waits.
PUSHED_AT_ONCE = 20
_BATCH = 500  # members a statement: databases limit how many values one may carry


@dataclass(frozen=True)
class Subject:
    """What people are told of: a post, an announcement, a message, or what waits for their office; and how urgent it is.

    `for_digest` are the members whose contact budget it would overdraw, or who share the work of reading it; `rung`
    those whose devices rang about the same just now, and do not ring again.
    """

    post_id: int | None = None
    announcement_id: int | None = None
    message_id: int | None = None
    talk_request_id: int | None = None
    report_id: int | None = None
    is_procedure: bool = False
    is_emergency: bool = False
    for_digest: Collection[int] = field(default_factory=frozenset)
    rung: Collection[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class _Told:
    """One member who is told, and how it reaches them."""

    member_id: int
    kind: str
    ways: Ways
    digest: str
    subscription_ids: Sequence[int]


def tell(kinds: Mapping[int, str], subject: Subject) -> None:
    """Make a notice for each of these members (member → kind), and see to it that it leaves the way they chose.

    Call it within a unit of work, with members who are here and may see the subject now.
    """
    if not kinds:
        return
    moments = Moments(is_emergency=subject.is_emergency)
    is_pushed_at_once = len(kinds) <= PUSHED_AT_ONCE and not moments.is_quiet
    for member_ids in _batches(sorted(kinds)):
        mails = lock_mails(member_ids)
        told = _told(member_ids, kinds, subject)
        notice_ids = _insert(told, subject, waits_for_push=not is_pushed_at_once)
        for each in told:
            _schedule(each, mails, moments, waits_for_push=not is_pushed_at_once)
        if is_pushed_at_once:
            _push(told, notice_ids)
    announce(NoticesMade(member_ids=sorted(kinds)))


def _batches(members: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(members), _BATCH):
        yield members[start : start + _BATCH]


def lock_mails(member_ids: Collection[int]) -> dict[int, NoticeMail]:
    """The schedules of these members, kept until the operation ends: nothing may slip in beside a leaving letter."""
    rows = session.scalars(
        select(NoticeMail)
        .where(NoticeMail.member_id.in_(member_ids))
        .order_by(NoticeMail.member_id)
        .with_for_update()
    )
    return {row.member_id: row for row in rows}


def _told(member_ids: Sequence[int], kinds: Mapping[int, str], subject: Subject) -> list[_Told]:
    choices = {
        (row.member_id, row.kind): Ways(row.by_mail, row.by_push)
        for row in session.scalars(
            select(NoticeChoice).where(
                NoticeChoice.member_id.in_(member_ids), NoticeChoice.kind.in_(set(kinds.values()))
            )
        )
    }
    devices = devices_of(member_ids)
    told = []
    for member_id, habits in habits_of(member_ids, devices).items():
        kind = kinds[member_id]
        ways = ways_of(
            kind,
            habits,
            choices.get((member_id, kind)),
            is_procedure=subject.is_procedure,
            is_for_digest=member_id in subject.for_digest,
        )
        is_rung = ways.is_pushed and member_id not in subject.rung
        pushed_to = devices.get(member_id, ()) if is_rung else ()
        told.append(_Told(member_id, kind, ways, habits.digest, pushed_to))
    return told


def devices_of(member_ids: Collection[int]) -> dict[int, list[int]]:
    """The devices of these members that take pushes: member → subscriptions."""
    found: dict[int, list[int]] = {}
    for member_id, subscription_id in session.execute(
        select(PushSubscription.member_id, PushSubscription.id)
        .where(PushSubscription.member_id.in_(member_ids))
        .order_by(PushSubscription.id)
    ):
        found.setdefault(member_id, []).append(subscription_id)
    return found


def habits_of(member_ids: Collection[int], devices: Mapping[int, object]) -> dict[int, Habits]:
    """What decides about the ways of these members."""
    rows = session.execute(
        select(
            Member.id,
            Member.pace,
            func.coalesce(NoticeSettings.digest, "daily").label("digest"),
            func.coalesce(NoticeSettings.is_paused, False).label("is_paused"),
        )
        .outerjoin(NoticeSettings, NoticeSettings.member_id == Member.id)
        .where(Member.id.in_(member_ids))
        .order_by(Member.id)
    )
    return {row.id: Habits(row.pace, row.id in devices, row.digest, bool(row.is_paused)) for row in rows}


def _insert(told: Sequence[_Told], subject: Subject, *, waits_for_push: bool) -> dict[int, int]:
    """Add the rows; member → notice."""
    rows = [
        {
            "member_id": each.member_id,
            "kind": each.kind,
            "post_id": subject.post_id,
            "announcement_id": subject.announcement_id,
            "message_id": subject.message_id,
            "talk_request_id": subject.talk_request_id,
            "report_id": subject.report_id,
            "made_at": now(),
            "mail": each.ways.mail,
            "waits_for_push": waits_for_push and bool(each.subscription_ids),
        }
        for each in told
    ]
    if not rows:
        return {}
    added = session.execute(insert(Notice).returning(Notice.member_id, Notice.id), rows)
    return dict(added.tuples().all())


def _push(told: Sequence[_Told], notice_ids: Mapping[int, int]) -> None:
    for each in told:
        for subscription_id in each.subscription_ids:
            announce(PushDue(notice_id=notice_ids[each.member_id], subscription_id=subscription_id))


# ── when it leaves ───────────────────────────────────────────────────────────────────────────────────────────


class Moments:
    """When what is told now may leave; the community's hours are asked once for everybody."""

    def __init__(self, *, is_emergency: bool = False) -> None:
        self.is_emergency = is_emergency
        self.is_quiet = is_quiet() and not is_emergency
        self.opening = opening() if self.is_quiet else now()
        self._digests: dict[str, datetime] = {}

    def bundle(self, not_before: datetime | None) -> datetime:
        """The moment of the next bundle for somebody whose last one keeps the next away until `not_before`."""
        if self.is_emergency or not_before is None or not_before <= self.opening:
            return self.opening
        return opening(not_before)

    def digest(self, rhythm: str) -> datetime:
        """The moment of the next digest, `daily` or `weekly`."""
        if rhythm not in self._digests:
            self._digests[rhythm] = next_digest(rhythm)
        return self._digests[rhythm]


def _schedule(each: _Told, mails: dict[int, NoticeMail], moments: Moments, *, waits_for_push: bool) -> None:
    """Note when the next letter and the next pushes leave; an earlier moment that stands already stays."""
    is_waiting = waits_for_push and bool(each.subscription_ids)
    if not each.ways.mail and not is_waiting:
        return
    row = mails.get(each.member_id)
    if row is None:
        row = mails[each.member_id] = NoticeMail(member_id=each.member_id, is_going=False)
        session.add(row)
    if each.ways.mail == "bundle":
        row.due_at = _earlier(row.due_at, moments.bundle(row.not_before))
    if each.ways.mail == "digest" and row.digest_at is None:
        row.digest_at = moments.digest(each.digest)
    if is_waiting:
        row.push_at = _earlier(row.push_at, moments.opening)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other < one else one
