"""What pages about notices show, what waits, and what a letter or a push says: already for one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, func, literal, not_, select
from sqlalchemy.orm import aliased

from app.announcements.merging import FIELDS
from app.announcements.reading import values_of_member
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import speaking, t
from app.core.ids import PublicId
from app.core.paging import Cursor, Keyset
from app.core.push import public_key
from app.core.reading import Reading
from app.core.text import filled_text
from app.core.tokens import hashed, secret_of
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Community,
    Level,
    Member,
    Notice,
    NoticeChoice,
    NoticeMail,
    NoticeSettings,
    Post,
    PushSubscription,
    Topic,
    TopicReader,
)
from app.people.cards import Pager
from app.people.queries import person_card, person_columns
from app.people.quiet import quiet_hours
from app.policy import Viewer, standing, viewer_of

from .cards import (
    Bundle,
    BundleItem,
    DeviceCard,
    KindChoice,
    NoticeCard,
    NoticeSettingsPage,
    NoticesPage,
    Push,
)
from .hours import is_quiet
from .telling import devices_of, habits_of
from .ways import KINDS, Ways, usual_ways
from .words import ICONS, LABELS, PUSHED, REASONS

NOTICES_A_PAGE = 20
MOST_COUNTED = 100  # the badge says 99+ from here on
LINES_A_LETTER = 20
UNSUBSCRIBING = "unsubscribe"  # the purpose of the secret in a letter

_VIEWER_ID = bindparam("viewer_id", type_=Integer())


# ── statements, built once ───────────────────────────────────────────────────────────────────────────────────


def _is_wanted() -> Any:
    """What its person may see now, and is not of a topic they muted since."""
    post, reader = aliased(Post), aliased(TopicReader)
    muted = (
        select(literal(1))
        .select_from(reader)
        .join(post, post.topic_id == reader.topic_id)
        .where(
            post.id == Notice.post_id,
            reader.member_id == Notice.member_id,
            reader.level == int(Level.MUTED),
        )
        .correlate(Notice)
        .exists()
    )
    # The plain comparison is for the index; the rule asks in a way that no index serves.
    return and_(Notice.member_id == _VIEWER_ID, standing("view", Notice), not_(muted))


def _is_still_asked() -> Any:
    """No reminder of what its person has acknowledged meanwhile: that letter would say it was not noted."""
    done = (
        select(literal(1))
        .where(
            AnnouncementRecipient.announcement_id == Notice.announcement_id,
            AnnouncementRecipient.member_id == Notice.member_id,
            AnnouncementRecipient.is_acknowledged,
        )
        .correlate(Notice)
        .exists()
    )
    return not_(and_(Notice.kind == "reminder", done))


_IS_WANTED = _is_wanted()
_IS_STILL_ASKED = _is_still_asked()
_BOOKMARK = select(Member.notice_bookmark_id).where(Member.id == _VIEWER_ID).scalar_subquery()
_WAITING = Reading(
    select(func.count().label("notices")).select_from(
        select(literal(1).label("one"))
        .where(_IS_WANTED, Notice.id > _BOOKMARK)
        .limit(MOST_COUNTED)
        .subquery()
    )
)
_TITLES = (
    Notice.id,
    Notice.public_id,
    Notice.kind,
    Notice.made_at,
    Notice.mail,
    Topic.title.label("topic_title"),
    Topic.withdrawn_at.label("topic_withdrawn_at"),
    Post.excerpt,
    Announcement.title.label("announcement_title"),
    Announcement.emergency_reason,
)
_LIST = (
    select(*_TITLES, (Notice.id > _BOOKMARK).label("is_new"), *person_columns())
    .select_from(Notice)
    .outerjoin(Post, Post.id == Notice.post_id)
    .outerjoin(Topic, Topic.id == Post.topic_id)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .outerjoin(Member, Member.id == Post.author_id)
)
_NOTICES = Keyset(
    _LIST,
    key=Notice.id,
    public_id=Notice.public_id,
    visible=_IS_WANTED,
    size=NOTICES_A_PAGE,
    is_newest_first=True,
)
_PLACE = (
    select(
        Post.public_id.label("post_id"),
        Announcement.public_id.label("announcement_id"),
    )
    .select_from(Notice)
    .outerjoin(Post, Post.id == Notice.post_id)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .where(Notice.public_id == bindparam("public_id"), standing("view", Notice))
)
_MAILED = (
    select(*_TITLES)
    .select_from(Notice)
    .outerjoin(Post, Post.id == Notice.post_id)
    .outerjoin(Topic, Topic.id == Post.topic_id)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .where(_IS_WANTED, _IS_STILL_ASKED, Notice.mail != "")
    .order_by(Notice.id)
)
_PUSHED = (
    select(Notice.public_id, Notice.kind, Announcement.emergency_reason)
    .select_from(Notice)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .where(_IS_WANTED, _IS_STILL_ASKED, Notice.id == bindparam("notice_id"))
)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


def waiting_count(viewer: Viewer) -> int:
    """How many notices the viewer may see are newer than their bookmark; counts to 100, in one statement."""
    row = _WAITING.first(viewer.binds)
    return row.notices if row is not None else 0


def notices_page(viewer: Viewer, cursor: Cursor | None = None) -> NoticesPage:
    """The viewer's notices, newest first, each with the reason it was made."""
    cursor = cursor or Cursor()
    found = _NOTICES.read(cursor, viewer.binds)
    if not found.rows and (cursor.after or cursor.before):
        found = _NOTICES.read(Cursor(), viewer.binds)
    titles = _titles(viewer, found.rows)
    cards = tuple(_card(viewer, row, titles[row.id]) for row in found.rows)
    is_at_the_top = found.previous is None
    return NoticesPage(
        notices=cards,
        newest=cards[0].id if cards and cards[0].is_new and is_at_the_top else None,
        pager=Pager(
            newer=f"/notices?before={found.previous}" if found.previous else None,
            older=f"/notices?after={found.next}" if found.next else None,
        ),
    )


def _card(viewer: Viewer, row: Row[Any], title: str) -> NoticeCard:
    return NoticeCard(
        id=row.public_id,
        kind=row.kind,
        icon=ICONS[row.kind],
        reason=str(REASONS[row.kind]),
        title=title,
        excerpt=row.excerpt or "",
        author=person_card(viewer, row) if row.announcement_title is None else None,
        made_at=row.made_at,
        is_new=bool(row.is_new),
    )


def _titles(viewer: Viewer, rows: Iterable[Row[Any]]) -> dict[int, str]:
    """Notice → the title of what it leads to, merge fields filled in for this reader."""
    rows = list(rows)
    has_fields = any("{" in (row.announcement_title or "") for row in rows)
    values = values_of_member(viewer.id) if has_fields else dict.fromkeys(FIELDS, "")
    titles = {}
    for row in rows:
        if row.announcement_title is not None:
            titles[row.id] = filled_text(row.announcement_title, values)
        else:
            titles[row.id] = t("取り消されたトピック") if row.topic_withdrawn_at else row.topic_title
    return titles


def place_of(viewer: Viewer, notice_id: PublicId) -> str:
    """The address a notice leads to. Raises NotFound where the viewer may not see it, or what it leads to."""
    row = session.execute(_PLACE, {**viewer.binds, "public_id": notice_id}).first()
    if row is None:
        raise NotFound()
    return f"/posts/{row.post_id}" if row.post_id else f"/announcements/{row.announcement_id}"


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────


def settings_page(viewer: Viewer) -> NoticeSettingsPage:
    """How the viewer's notices reach them now."""
    assert viewer.id is not None
    ways = ways_now(viewer.id)
    settings = session.execute(
        select(NoticeSettings.digest, NoticeSettings.is_paused, Member.mail.is_not(None).label("has_mail"))
        .select_from(Member)
        .outerjoin(NoticeSettings, NoticeSettings.member_id == Member.id)
        .where(Member.id == viewer.id)
    ).one()
    quiet = quiet_hours().hours
    return NoticeSettingsPage(
        kinds=tuple(
            KindChoice(kind, str(LABELS[kind][0]), str(LABELS[kind][1]), each.mail, each.is_pushed)
            for kind, each in ways.items()
        ),
        digest="daily" if settings.digest is None else settings.digest,
        is_paused=bool(settings.is_paused),
        has_mail=settings.has_mail,
        quiet_from=_clock(quiet.start),
        quiet_until=_clock(quiet.end),
        devices=_devices(viewer),
        push_key=public_key(),
    )


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02d}"


def ways_now(member_id: int) -> dict[str, Ways]:
    """Kind → what was chosen, or what holds without a choice."""
    habits = habits_of([member_id], devices_of([member_id]))[member_id]
    chosen = {
        row.kind: Ways(row.by_mail, row.by_push)
        for row in session.scalars(select(NoticeChoice).where(NoticeChoice.member_id == member_id))
    }
    return {kind: chosen.get(kind) or usual_ways(kind, habits) for kind in KINDS}


def _devices(viewer: Viewer) -> tuple[DeviceCard, ...]:
    rows = session.execute(
        select(PushSubscription.public_id, PushSubscription.device)
        .where(standing("view", PushSubscription))
        .order_by(PushSubscription.id),
        viewer.binds,
    )
    return tuple(DeviceCard(row.public_id, row.device or t("名前の分からない端末")) for row in rows)


def check_unsubscribing(secret: str) -> None:
    """Raises NotFound unless the link of a letter is good; whose it is stays unsaid."""
    owner = select(NoticeSettings.member_id).where(NoticeSettings.secret_hash == hashed(secret))
    if session.scalar(owner) is None:
        raise NotFound()


# ── letters and pushes ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DueMail:
    """What is to leave for a member in one letter now: notices by id, and whether it is the digest."""

    notice_ids: frozenset[int]
    is_digest: bool


def due_mail(member_id: int) -> DueMail:
    """The notices whose time has come, whatever their person may see; in quiet hours emergencies only."""
    digest_at = session.scalar(select(NoticeMail.digest_at).where(NoticeMail.member_id == member_id))
    is_digest = digest_at is not None and digest_at <= now()
    is_late = is_quiet()
    rows = session.execute(
        select(Notice.id, Notice.mail, Notice.kind, Announcement.emergency_reason)
        .select_from(Notice)
        .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
        .where(Notice.member_id == member_id, Notice.mail != "")
    )
    leaving = (row.id for row in rows if (_is_urgent(row) if is_late else row.mail == "bundle" or is_digest))
    return DueMail(frozenset(leaving), is_digest and not is_late)


def _is_urgent(row: Any) -> bool:
    """Whether it passes quiet hours: an emergency does, a reminder of one does not."""
    return bool(row.emergency_reason) and row.kind == "announcement"


def bundle_of(member_id: int, due: DueMail) -> Bundle | None:
    """The letter about what is due, permission asked again; None where nothing is left to say, or nobody to say it to."""
    row = session.execute(
        select(
            Member.mail,
            Member.display_name,
            Member.language,
            NoticeSettings.nonce,
            Community.name.label("community"),
        )
        .select_from(Member)
        .join(Community, Community.id == 1)
        .join(NoticeSettings, NoticeSettings.member_id == Member.id)
        .where(Member.id == member_id, Member.mail.is_not(None))
    ).first()
    viewer = viewer_of(member_id)
    if row is None or not viewer.is_active:
        return None
    shown = [each for each in session.execute(_MAILED, viewer.binds) if each.id in due.notice_ids]
    if not shown:
        return None
    with speaking(row.language):
        titles = _titles(viewer, shown)
        items = tuple(BundleItem(str(REASONS[each.kind]), titles[each.id]) for each in shown[:LINES_A_LETTER])
    return Bundle(
        to_address=row.mail,
        to_name=row.display_name,
        language=row.language,
        community=row.community,
        items=items,
        total=len(shown),
        is_digest=due.is_digest,
        unsubscribe_path=f"/unsubscribe/{secret_of(UNSUBSCRIBING, row.nonce)}",
    )


def push_of(notice_id: int, subscription_id: int) -> Push | None:
    """What one device is told of a notice, permission asked again; None where it is to be told nothing."""
    device = _device(subscription_id)
    if device is None:
        return None
    viewer = viewer_of(device.member_id)
    row = session.execute(_PUSHED, {**viewer.binds, "notice_id": notice_id}).first()
    if not viewer.is_active or row is None:
        return None
    with speaking(device.language):
        words = {"title": t("つぼみ"), "body": str(PUSHED[row.kind])}
    return Push(
        endpoint=device.endpoint,
        p256dh=device.p256dh,
        auth=device.auth,
        payload={**words, "url": f"/notices/{row.public_id}", "tag": row.kind},
        is_emergency=_is_urgent(row),
    )


def test_push_of(subscription_id: int) -> Push | None:
    """The words of a push its owner asked for; None if the device was taken away meanwhile."""
    device = _device(subscription_id)
    if device is None or not viewer_of(device.member_id).is_active:
        return None
    with speaking(device.language):
        words = {"title": t("つぼみ"), "body": t("テストの通知です。この端末に届くことを確認できました")}
    payload = {**words, "url": "/me/notices", "tag": "test"}
    return Push(device.endpoint, device.p256dh, device.auth, payload, is_emergency=True)


def _device(subscription_id: int) -> Row[Any] | None:
    return session.execute(
        select(
            PushSubscription.member_id,
            PushSubscription.endpoint,
            PushSubscription.p256dh,
            PushSubscription.auth,
            Member.language,
        )
        .join(Member, Member.id == PushSubscription.member_id)
        .where(PushSubscription.id == subscription_id)
    ).first()
