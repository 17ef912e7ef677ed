"""What pages about notices show, what waits, and what a letter or a push says: already for one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from app.announcements.merging import FIELDS
from app.announcements.reading import values_of_member
from app.boards.unread import POINTER, with_bookmarks
from app.chat.entries import LONGEST_EXCERPT, excerpt_of
from app.chat.rooms.cards import RoomFace
from app.chat.rooms.frames import faces
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
    Message,
    Notice,
    NoticeChoice,
    NoticeMail,
    NoticeSettings,
    Post,
    PushSubscription,
    Room,
    RoomReader,
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
from .ways import DUTIES, KINDS, Ways, kinds_for, usual_ways
from .words import ICONS, LABELS, PUSHED, PUSHED_OF_MESSAGES, REASONS, TITLES

NOTICES_A_PAGE = 20
MOST_COUNTED = 100  # the badge says 99+ from here on
MOST_LOOKED_AT = 200  # notices the badge counts lines among: it stands on every page
LINES_A_LETTER = 20
UNSUBSCRIBING = "unsubscribe"  # the purpose of the secret in a letter

FAR_OFF = datetime(9999, 1, 1, tzinfo=UTC)

_VIEWER_ID = bindparam("viewer_id", type_=Integer())


# ── statements, built once ───────────────────────────────────────────────────────────────────────────────────


def _is_wanted() -> Any:
    """What its person may see now, and is not of a topic or a room they muted since."""
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
    calm = _own_reader(
        lambda message, reader: or_(
            reader.is_paused,
            # A muted room still says one's name.
            and_(Notice.kind != "mention", reader.is_muted),
        )
    )
    # The plain comparison is for the index; the rule asks in a way that no index serves.
    return and_(Notice.member_id == _VIEWER_ID, standing("view", Notice), not_(muted), not_(calm))


def _own_reader(says: Callable[[Any, Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether what its person keeps about the room of the message, if there is one, says this."""
    message, reader = aliased(Message), aliased(RoomReader)
    return (
        select(literal(1))
        .select_from(reader)
        .join(message, message.room_id == reader.room_id)
        .where(message.id == Notice.message_id, reader.member_id == Notice.member_id, says(message, reader))
        .correlate(Notice)
        .exists()
    )


def _is_still_asked() -> Any:
    """No reminder of what its person has acknowledged meanwhile: that letter would say it was not noted.

    No message either that they have read in its room.
    """
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
    read = _own_reader(
        lambda message, reader: and_(reader.bookmark_seq >= message.seq, not_(_is_named_since(message)))
    )
    return not_(or_(and_(Notice.kind == "reminder", done), read))


def _is_named_since(text: Any) -> ColumnElement[bool]:
    """Whether an edit of a post or a message named its person in what they may have read before."""
    return and_(Notice.kind == "mention", Notice.made_at >= func.coalesce(text.edited_at, FAR_OFF))


_IS_WANTED = _is_wanted()
_IS_STILL_ASKED = _is_still_asked()
_BOOKMARK = select(Member.notice_bookmark_id).where(Member.id == _VIEWER_ID).scalar_subquery()
# Whoever has read a topic or a room up to there knows what was said, but for what was edited since.
_IS_UNREAD = or_(
    and_(Notice.post_id.is_(None), Notice.message_id.is_(None)),
    Message.seq > func.coalesce(RoomReader.bookmark_seq, 0),
    Post.id > POINTER,
    _is_named_since(Post),
    _is_named_since(Message),
)
_IS_NEW = and_(Notice.id > _BOOKMARK, _IS_UNREAD)
# Comments in one topic, messages in one room are one line for each reason; so is what waits for one's office, however
# much. Everything else is a line of its own.
_LINE = case(
    (Notice.kind.in_(("answer", "reply")), Post.topic_id),
    (Notice.kind.in_(("message", "room")), Message.room_id),
    (Notice.kind.in_(sorted(DUTIES)), 0),
    else_=-Notice.id,
)


def _beside_subject(query: Select[Any]) -> Select[Any]:
    """The query over Notice with what it leads to: the post and its topic, the message, or the announcement."""
    return (
        query.select_from(Notice)
        .outerjoin(Post, Post.id == Notice.post_id)
        .outerjoin(Topic, Topic.id == Post.topic_id)
        .outerjoin(Message, Message.id == Notice.message_id)
        .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    )


def _beside_reading(query: Select[Any]) -> Select[Any]:
    """The query over Notice with the post, its topic, the message, and how far the viewer has read there."""
    return with_bookmarks(
        query.select_from(Notice)
        .outerjoin(Post, Post.id == Notice.post_id)
        .outerjoin(Topic, Topic.id == Post.topic_id)
        .outerjoin(Message, Message.id == Notice.message_id)
        .outerjoin(
            RoomReader, and_(RoomReader.room_id == Message.room_id, RoomReader.member_id == _VIEWER_ID)
        )
    )


_lately = (
    _beside_reading(select(Notice.kind, _LINE.label("line"), _IS_NEW.label("is_new")))
    .where(_IS_WANTED, Notice.id > _BOOKMARK)
    .order_by(Notice.id.desc())
    .limit(MOST_LOOKED_AT)
    .subquery()
)
_WAITING = Reading(
    select(func.count().label("lines")).select_from(
        select(_lately.c.kind, _lately.c.line)
        .where(_lately.c.is_new)
        .distinct()
        .limit(MOST_COUNTED)
        .subquery()
    )
)
_together: dict[str, Any] = {"partition_by": (Notice.kind, _LINE)}
_lines = (
    _beside_reading(
        select(
            Notice.id.label("notice_id"),
            func.row_number().over(**_together, order_by=Notice.id.desc()).label("place"),
            func.sum(case((_IS_NEW, 1), else_=0)).over(**_together).label("news"),
            # Where to begin: the oldest of what is new.
            func.first_value(Notice.public_id)
            .over(**_together, order_by=(case((_IS_NEW, 0), else_=1), Notice.id))
            .label("first_id"),
        )
    )
    .where(_IS_WANTED)
    .subquery()
)
_TITLES = (
    Notice.id,
    Notice.public_id,
    Notice.kind,
    Notice.made_at,
    Notice.mail,
    Topic.title.label("topic_title"),
    Topic.withdrawn_at.label("topic_withdrawn_at"),
    Message.room_id.label("room_key"),
    Announcement.title.label("announcement_title"),
    Announcement.emergency_reason,
)
_LIST = _beside_subject(
    select(
        *_TITLES,
        Post.excerpt,
        func.substr(Message.body, 1, 4 * LONGEST_EXCERPT).label("message_body"),
        Message.stamp,
        _lines.c.news,
        _lines.c.first_id,
        (Notice.id > _BOOKMARK).label("is_unseen"),
        *person_columns(),
    )
).outerjoin(Member, Member.id == func.coalesce(Post.author_id, Message.author_id))
_NOTICES = Keyset(
    _LIST,
    key=Notice.id,
    public_id=Notice.public_id,
    visible=and_(Notice.member_id == _VIEWER_ID, _lines.c.notice_id == Notice.id, _lines.c.place == 1),
    size=NOTICES_A_PAGE,
    is_newest_first=True,
)
_PLACE = (
    select(
        Notice.kind,
        Post.public_id.label("post_id"),
        Announcement.public_id.label("announcement_id"),
        Room.public_id.label("room_id"),
        Message.public_id.label("message_id"),
    )
    .select_from(Notice)
    .outerjoin(Post, Post.id == Notice.post_id)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .outerjoin(Message, Message.id == Notice.message_id)
    .outerjoin(Room, Room.id == Message.room_id)
    .where(Notice.public_id == bindparam("public_id"), standing("view", Notice))
)
_MAILED = (
    _beside_subject(select(*_TITLES, _LINE.label("line")))
    .where(_IS_WANTED, _IS_STILL_ASKED, Notice.mail != "")
    .order_by(Notice.id)
)
_PUSHED = (
    select(Notice.public_id, Notice.kind, Notice.message_id, Announcement.emergency_reason)
    .select_from(Notice)
    .outerjoin(Announcement, Announcement.id == Notice.announcement_id)
    .where(_IS_WANTED, _IS_STILL_ASKED, Notice.id == bindparam("notice_id"))
)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


def waiting_count(viewer: Viewer) -> int:
    """How many lines of notices are new to the viewer: not seen in the list, nor read in their topics and rooms.

    One statement; it looks at the newest MOST_LOOKED_AT the viewer may see and has not seen, and counts to 100.
    """
    row = _WAITING.first(viewer.binds)
    return row.lines if row is not None else 0


def notices_page(viewer: Viewer, cursor: Cursor | None = None) -> NoticesPage:
    """The viewer's notices, newest first, those of one topic or room together, each with the reason it was made."""
    cursor = cursor or Cursor()
    found = _NOTICES.read(cursor, viewer.binds)
    if not found.rows and (cursor.after or cursor.before):
        found = _NOTICES.read(Cursor(), viewer.binds)
    titles = _titles(viewer, found.rows, called=lambda face: face.name)
    cards = tuple(_card(viewer, row, titles[row.id]) for row in found.rows)
    has_news = any(card.is_new for card in cards) or found.next is not None
    is_to_be_seen = found.previous is None and bool(found.rows) and found.rows[0].is_unseen and has_news
    return NoticesPage(
        notices=cards,
        newest=found.rows[0].public_id if is_to_be_seen else None,
        pager=Pager(
            newer=f"/notices?before={found.previous}" if found.previous else None,
            older=f"/notices?after={found.next}" if found.next else None,
        ),
    )


def _card(viewer: Viewer, row: Row[Any], title: str) -> NoticeCard:
    return NoticeCard(
        id=row.first_id if row.news else row.public_id,
        kind=row.kind,
        icon=ICONS[row.kind],
        reason=str(REASONS[row.kind]),
        title=title,
        excerpt=_excerpt(row),
        author=person_card(viewer, row) if _has_author(row) else None,
        made_at=row.made_at,
        is_new=bool(row.news),
        others=max(row.news - 1, 0),
        is_message=row.room_key is not None,
    )


def _has_author(row: Row[Any]) -> bool:
    return row.topic_title is not None or row.room_key is not None


def _excerpt(row: Row[Any]) -> str:
    """The first words of a post or a message as it reads now."""
    return row.excerpt or "" if row.room_key is None else excerpt_of(row.message_body, row.stamp)


def _titles(viewer: Viewer, rows: Iterable[Row[Any]], *, called: Callable[[RoomFace], str]) -> dict[int, str]:
    """Notice → the title of what it leads to, merge fields filled in for this reader, rooms as they are `called`."""
    rows = list(rows)
    has_fields = any("{" in (row.announcement_title or "") for row in rows)
    values = values_of_member(viewer.id) if has_fields else dict.fromkeys(FIELDS, "")
    room_keys = {row.room_key for row in rows if row.room_key is not None}
    rooms = faces(viewer, room_keys) if room_keys else {}
    titles = {}
    for row in rows:
        if row.kind in TITLES:
            titles[row.id] = str(TITLES[row.kind])
        elif row.announcement_title is not None:
            titles[row.id] = filled_text(row.announcement_title, values)
        elif row.room_key is not None:
            titles[row.id] = called(rooms[row.room_key]) if row.room_key in rooms else t("トーク")
        else:
            titles[row.id] = t("取り消されたトピック") if row.topic_withdrawn_at else row.topic_title
    return titles


def _called_outside(face: RoomFace) -> str:
    """What a letter calls a room: whom one talks with, it does not say."""
    if face.kind == "office":
        return t("人事への連絡")
    return t("2人のトーク") if face.kind == "direct" else face.name


# Where what waits for an office is seen to.
_DESKS = {"talk": "/hr/talks", "report": "/moderation"}


def place_of(viewer: Viewer, notice_id: PublicId) -> str:
    """The address a notice leads to. Raises NotFound where the viewer may not see it, or what it leads to."""
    row = session.execute(_PLACE, {**viewer.binds, "public_id": notice_id}).first()
    if row is None:
        raise NotFound()
    if row.kind in _DESKS:
        return _DESKS[row.kind]
    if row.message_id is not None:
        return f"/rooms/{row.room_id}?at={row.message_id}"
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
            if kind in kinds_for(viewer)
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
        titles = _titles(viewer, shown, called=_called_outside)
        lines = Counter((each.kind, each.line, titles[each.id]) for each in shown)
        items = tuple(
            BundleItem(str(REASONS[kind]), title, count) for (kind, _line, title), count in lines.items()
        )
    return Bundle(
        to_address=row.mail,
        to_name=row.display_name,
        language=row.language,
        community=row.community,
        items=items[:LINES_A_LETTER],
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
        said = PUSHED if row.message_id is None else PUSHED_OF_MESSAGES
        words = {"title": t("つぼみ"), "body": str(said[row.kind])}
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
