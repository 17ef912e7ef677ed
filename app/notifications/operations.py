"""What changes about notices: the bookmark, how they reach a member, devices, and what leaves when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, or_, select, update

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.core.push import is_sound_subscription
from app.core.tokens import hashed, new_nonce, secret_of
from app.models import (
    Announcement,
    Member,
    MemberSession,
    Notice,
    NoticeChoice,
    NoticeMail,
    NoticeSettings,
    PushSubscription,
)
from app.policy import Viewer

from .events import BundleDue, PushDue, TestPushAsked
from .hours import BETWEEN_BUNDLES, next_digest, opening
from .queries import UNSUBSCRIBING, DueMail
from .telling import devices_of, habits_of, lock_mails
from .ways import DIGESTS, KINDS, MAILS, Ways, usual_ways

KEPT_FOR = timedelta(days=90)
TIDIED_AT_ONCE = 5_000
MOST_DEVICES = 10
# Letters and pushed-to people a minute: 3,000 are served in half an hour, and a sign-in letter never waits long.
PEOPLE_A_MINUTE = 100
# What gathered in quiet hours rings this often at most in the morning; the list has the rest.
PUSHES_AT_ONCE = 3


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def see_notices(viewer: Viewer, *, newest: PublicId) -> None:
    """Move the viewer's bookmark up to the newest notice they were shown; never back. A strange id moves nothing."""
    notice_id = session.scalar(
        select(Notice.id).where(Notice.public_id == newest, Notice.member_id == viewer.id)
    )
    if notice_id is not None:
        session.execute(
            update(Member)
            .where(Member.id == viewer.id, Member.notice_bookmark_id < notice_id)
            .values(notice_bookmark_id=notice_id)
        )


@operation
def tidy_notices() -> None:
    """Delete notices older than 90 days, and schedules in which nothing waits any more."""
    oldest = select(Notice.id).order_by(Notice.id).limit(TIDIED_AT_ONCE)
    session.execute(
        delete(Notice)
        .where(Notice.id.in_(oldest), Notice.made_at < now() - KEPT_FOR)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(NoticeMail).where(
            NoticeMail.due_at.is_(None),
            NoticeMail.digest_at.is_(None),
            NoticeMail.push_at.is_(None),
            NoticeMail.is_going.is_(False),
            or_(NoticeMail.not_before.is_(None), NoticeMail.not_before < now()),
        )
    )


# ── how they reach a member ──────────────────────────────────────────────────────────────────────────────────


@operation
def choose_ways(viewer: Viewer, *, kinds: Mapping[str, Ways], digest: str) -> None:
    """Keep how each kind reaches the viewer, and how often they want the digest.

    What equals the usual ways is not kept, so that turning on pushes later still takes the place of mail.
    """
    member_id = _own(viewer)
    if digest not in DIGESTS or any(
        kind not in KINDS or ways.mail not in MAILS for kind, ways in kinds.items()
    ):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    habits = habits_of([member_id], devices_of([member_id]))[member_id]
    session.execute(delete(NoticeChoice).where(NoticeChoice.member_id == member_id))
    session.add_all(
        NoticeChoice(member_id=member_id, kind=kind, by_mail=ways.mail, by_push=ways.is_pushed)
        for kind, ways in kinds.items()
        if ways != usual_ways(kind, habits)
    )
    _settings(member_id).digest = digest
    schedule = lock_mails([member_id]).get(member_id)
    if not digest:
        _drop_waiting(member_id, Notice.mail == "digest")
    elif schedule is not None and schedule.digest_at is not None:
        schedule.digest_at = next_digest(digest)


@operation
def pause_notices(viewer: Viewer) -> None:
    """Send nothing but procedures until the viewer says otherwise; what waits is not sent either."""
    member_id = _own(viewer)
    _settings(member_id).is_paused = True
    _drop_waiting(member_id)


@operation
def resume_notices(viewer: Viewer) -> None:
    """Send again what comes from now on."""
    _settings(_own(viewer)).is_paused = False


@operation
def stop_mail(secret: str) -> None:
    """Send no more mail about notices to whoever got the letter with this link; procedures still arrive.

    Doing it twice is harmless. Raises NotFound for a link that was never sent.
    """
    member_id = session.scalar(
        select(NoticeSettings.member_id).where(NoticeSettings.secret_hash == hashed(secret))
    )
    if member_id is None:
        raise NotFound()
    habits = habits_of([member_id], devices_of([member_id]))[member_id]
    kept = {row.kind: row for row in session.scalars(_choices(member_id))}
    for kind in KINDS:
        if kind in kept:
            kept[kind].by_mail = ""
        else:
            pushed = usual_ways(kind, habits).is_pushed
            session.add(NoticeChoice(member_id=member_id, kind=kind, by_mail="", by_push=pushed))
    _drop_waiting(member_id, keeps_pushes=True)


def _own(viewer: Viewer) -> int:
    if viewer.id is None or not viewer.is_active:
        raise NotFound()
    return viewer.id


def _choices(member_id: int) -> Select[tuple[NoticeChoice]]:
    return select(NoticeChoice).where(NoticeChoice.member_id == member_id)


def _settings(member_id: int) -> NoticeSettings:
    """The member's settings, made when first needed, with the secret of their link."""
    found = session.get(NoticeSettings, member_id)
    if found is None:
        nonce = new_nonce()
        found = NoticeSettings(
            member_id=member_id, nonce=nonce, secret_hash=hashed(secret_of(UNSUBSCRIBING, nonce))
        )
        session.add(found)
        session.flush()
    return found


def _drop_waiting(member_id: int, *which: ColumnElement[bool], keeps_pushes: bool = False) -> None:
    """Take out of the queue what waits to be sent to a member, but procedures."""
    procedures = select(Announcement.id).where(Announcement.is_procedure)
    changed = {"mail": ""} if keeps_pushes or which else {"mail": "", "waits_for_push": False}
    session.execute(
        update(Notice)
        .where(
            Notice.member_id == member_id,
            or_(Notice.announcement_id.is_(None), Notice.announcement_id.not_in(procedures)),
            or_(Notice.mail != "", Notice.waits_for_push),
            *which,
        )
        .values(**changed)
        .execution_options(synchronize_session=False)
    )


# ── devices ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def add_device(
    viewer: Viewer, *, endpoint: str, p256dh: str, auth: str, device: str, replaces: str = ""
) -> None:
    """Push to this device from now on; one that somebody else used before is the viewer's now.

    `replaces` is the address the browser had until now, where its vendor changed it. Raises Invalid for an address
    that is no push service's, for keys no browser makes, and beyond MOST_DEVICES.
    """
    member_id = _own(viewer)
    if not is_sound_subscription(endpoint, p256dh, auth):
        raise Invalid(_("この端末のブラウザからは、プッシュ通知を受け取れません。メールでは届きます。"))
    old = {endpoint, replaces} - {""}
    session.execute(
        delete(PushSubscription).where(
            PushSubscription.endpoint.in_(old),
            or_(PushSubscription.endpoint == endpoint, PushSubscription.member_id == member_id),
        )
    )
    if len(devices_of([member_id]).get(member_id, ())) >= MOST_DEVICES:
        raise Invalid(
            _(
                "プッシュ通知を受け取れる端末は、%(most)s台までです。使っていない端末を外してください。",
                most=MOST_DEVICES,
            )
        )
    session.add(
        PushSubscription(member_id=member_id, endpoint=endpoint, p256dh=p256dh, auth=auth, device=device[:40])
    )


@operation
def forget_endpoint(viewer: Viewer, *, endpoint: str) -> None:
    """Push no more to this device of the viewer's; an address that is not theirs changes nothing."""
    session.execute(
        delete(PushSubscription).where(
            PushSubscription.endpoint == endpoint, PushSubscription.member_id == _own(viewer)
        )
    )


@operation
def remove_device(viewer: Viewer, device_id: PublicId) -> None:
    """Push no more to one of the viewer's devices. Raises NotFound for anybody else's."""
    session.delete(policy.claim(viewer, PushSubscription, device_id, "remove"))


@operation
def test_pushes(viewer: Viewer) -> int:
    """Send a push to each device of the viewer's, whatever the hour; how many there are."""
    member_id = _own(viewer)
    devices = devices_of([member_id]).get(member_id, [])
    for subscription_id in devices:
        announce(TestPushAsked(subscription_id=subscription_id))
    return len(devices)


@operation
def forget_device(subscription_id: int, notice_id: int | None = None) -> None:
    """Delete a device its push service no longer knows.

    Whoever has none left is told of the notice by mail, as if there had never been one.
    """
    member_id = session.scalar(
        select(PushSubscription.member_id).where(PushSubscription.id == subscription_id)
    )
    session.execute(delete(PushSubscription).where(PushSubscription.id == subscription_id))
    if member_id is None or notice_id is None or devices_of([member_id]):
        return
    notice = session.get(Notice, notice_id)
    has_chosen = notice is not None and session.get(NoticeChoice, (member_id, notice.kind)) is not None
    if notice is None or notice.mail or has_chosen:
        return
    notice.mail = "bundle"
    schedule = _schedule_of(member_id)
    schedule.due_at = schedule.due_at or opening(schedule.not_before)


@operation
def forget_devices_signed_out(member_id: int) -> None:
    """Whoever is signed in nowhere any more gets no pushes."""
    session.execute(
        delete(PushSubscription).where(
            PushSubscription.member_id == member_id,
            ~exists(select(MemberSession.id).where(MemberSession.member_id == member_id)),
        )
    )


@operation
def forget_member(member_id: int) -> None:
    """Delete everything about the notices of somebody who left."""
    for kind in (Notice, NoticeChoice, NoticeMail, NoticeSettings, PushSubscription):
        session.execute(delete(kind).where(kind.member_id == member_id))


# ── what leaves when ─────────────────────────────────────────────────────────────────────────────────────────


@operation
def announce_due_mail(*, most: int = PEOPLE_A_MINUTE) -> int:
    """Have the letters written whose time has come, at most one per person; how many people."""
    moment = now()
    rows = session.scalars(
        select(NoticeMail)
        .where(
            NoticeMail.is_going.is_(False),
            or_(NoticeMail.due_at <= moment, NoticeMail.digest_at <= moment),
        )
        .order_by(func.coalesce(NoticeMail.due_at, NoticeMail.digest_at), NoticeMail.member_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    _make_links([row.member_id for row in rows])
    for row in rows:
        row.is_going = True
        announce(BundleDue(member_id=row.member_id))
    return len(rows)


def _make_links(member_ids: Collection[int]) -> None:
    """See to it that each of these members has a link to end the mail with."""
    there = set(
        session.scalars(select(NoticeSettings.member_id).where(NoticeSettings.member_id.in_(member_ids)))
    )
    nonces = {member_id: new_nonce() for member_id in member_ids if member_id not in there}
    if nonces:
        session.execute(
            insert(NoticeSettings),
            [
                {
                    "member_id": member_id,
                    "nonce": nonce,
                    "secret_hash": hashed(secret_of(UNSUBSCRIBING, nonce)),
                }
                for member_id, nonce in nonces.items()
            ],
        )


@operation
def settle_mail(member_id: int, due: DueMail, *, was_sent: bool) -> None:
    """Note that a letter left, or that nothing was to be said; what came meanwhile waits for the next one."""
    schedule = _schedule_of(member_id)
    if due.notice_ids:
        session.execute(
            update(Notice)
            .where(Notice.id.in_(due.notice_ids))
            .values(mail="")
            .execution_options(synchronize_session=False)
        )
    waiting = set(
        session.scalars(
            select(Notice.mail).where(Notice.member_id == member_id, Notice.mail != "").distinct()
        )
    )
    if was_sent:
        schedule.not_before = now() + BETWEEN_BUNDLES
    earliest = max(now(), schedule.not_before or now())
    schedule.is_going = False
    schedule.due_at = opening(earliest) if "bundle" in waiting else None
    if "digest" not in waiting:
        schedule.digest_at = None
    elif schedule.digest_at is None or schedule.digest_at <= now():
        schedule.digest_at = next_digest(_settings(member_id).digest or "daily")


def _schedule_of(member_id: int) -> NoticeMail:
    """The member's schedule, kept from others until the operation ends."""
    found = lock_mails([member_id]).get(member_id)
    if found is None:
        found = NoticeMail(member_id=member_id, is_going=False)
        session.add(found)
        session.flush()
    return found


@operation
def announce_due_pushes(*, most: int = PEOPLE_A_MINUTE) -> int:
    """Have those pushes sent that waited for the end of the quiet hours or for their turn; to how many people."""
    schedules = session.scalars(
        select(NoticeMail)
        .where(NoticeMail.push_at <= now())
        .order_by(NoticeMail.push_at, NoticeMail.member_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    member_ids = [each.member_id for each in schedules]
    if not member_ids:
        return 0
    waiting = _waiting_pushes(member_ids)
    devices = devices_of(member_ids)
    session.execute(
        update(Notice)
        .where(Notice.member_id.in_(member_ids), Notice.waits_for_push)
        .values(waits_for_push=False)
        .execution_options(synchronize_session=False)
    )
    for schedule in schedules:
        schedule.push_at = None
        for notice_id in waiting.get(schedule.member_id, [])[:PUSHES_AT_ONCE]:
            for subscription_id in devices.get(schedule.member_id, ()):
                announce(PushDue(notice_id=notice_id, subscription_id=subscription_id))
    return len(member_ids)


def _waiting_pushes(member_ids: Collection[int]) -> dict[int, list[int]]:
    """Member → notices that wait to be pushed, newest first."""
    found: dict[int, list[int]] = {}
    for member_id, notice_id in session.execute(
        select(Notice.member_id, Notice.id)
        .where(Notice.member_id.in_(member_ids), Notice.waits_for_push)
        .order_by(Notice.id.desc())
    ):
        found.setdefault(member_id, []).append(notice_id)
    return found


@operation
def postpone_push(notice_id: int) -> None:
    """Let a push wait for the end of the quiet hours that began before it could leave."""
    member_id = session.scalar(select(Notice.member_id).where(Notice.id == notice_id))
    if member_id is None:
        return
    _schedule_of(member_id).push_at = opening()
    session.execute(update(Notice).where(Notice.id == notice_id).values(waits_for_push=True))


@operation
def forget_waiting() -> None:
    """Send nothing of what waits: what a demo was told in its past does not leave when its doors open."""
    session.execute(update(Notice).where(Notice.mail != "").values(mail=""))
    session.execute(update(Notice).where(Notice.waits_for_push).values(waits_for_push=False))
    session.execute(delete(NoticeMail))


# What the clock starts, once a minute.
EVERY_MINUTE = (announce_due_mail, announce_due_pushes)
