"""The page of one room for one viewer, and whom they may speak to in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, and_, bindparam, case, select

from app.core.db import session
from app.core.i18n import company_zone, t
from app.core.ids import PublicId
from app.core.names import fold
from app.core.text import stored_html
from app.models import Member, Message, Room, RoomMember
from app.people.cards import NO_BUD, PersonCard
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from ..cards import STAMP_WORDS, EventCard, MessageCard, moment_json
from ..log import room_key
from ..messages.cards import LogItem, LogPage
from ..messages.forms import LONGEST_BODY
from ..messages.operations import EDITABLE_FOR
from ..messages.queries import log_page, message_acts
from ..rooms.cards import RoomFrame
from ..rooms.queries import room_frame
from .cards import ActsPage, DayLine, Line, NoteLine, RoomPage, Said, UnreadLine
from .samples import PLACE

# As long as somebody goes on, their name is said once. The same number stands in static/js/chat/view.js.
MOST_BETWEEN = timedelta(minutes=10)
MOST_CANDIDATES = 8  # what a phone shows above its keyboard
LONGEST_TEXT = 40  # more than the longest 呼び名
SHOWN_AFTER = 20  # messages below one that was looked for, so that it is read with what was answered
# Where there is somebody else to speak to by name than the one who reads anyway.
_WITH_NAMES = ("group", "place", "small", "seat")


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────


def room_page(
    viewer: Viewer, room_id: PublicId, *, before: PublicId | None = None, around: PublicId | None = None
) -> RoomPage:
    """One room with the latest page of its log, the page before a message, or the one `around` a message.

    Raises NotFound; a message that is not there for the viewer leaves the latest page.
    """
    frame = room_frame(viewer, room_id)
    if around is not None:
        before = _page_after(viewer, room_id, around)
    log = log_page(viewer, room_id, before=before)
    return RoomPage(
        frame=frame,
        lines=tuple(_lines(log)),
        pinned=log.pinned,
        older=log.older,
        head=log.head,
        epoch=log.epoch,
        bookmark=log.bookmark,
        is_latest=before is None,
        sought=around,
        people_href=f"/api/rooms/{room_id}/people?q=" if frame.kind in _WITH_NAMES else "",
        place=_place(frame),
        words=_words(),
        stamps=tuple((name, str(words)) for name, words in STAMP_WORDS.items()),
    )


_IN_ROOM = and_(Room.public_id == bindparam("room_id", type_=String), standing("view", Room))
_PLACE = (
    select(Message.seq)
    .join(Room, Room.id == Message.room_id)
    .where(
        _IN_ROOM, Message.public_id == bindparam("message_id", type_=String), standing("view", Message, Room)
    )
)
_AFTER = (
    select(Message.public_id)
    .join(Room, Room.id == Message.room_id)
    .where(_IN_ROOM, Message.seq > bindparam("seq", type_=BigInteger), standing("view", Message, Room))
    .order_by(Message.seq)
    .offset(SHOWN_AFTER)
    .limit(1)
)


def _page_after(viewer: Viewer, room_id: PublicId, message_id: PublicId) -> PublicId | None:
    """The message before which a page with that message ends; None where the latest page holds it, or it is not there."""
    values = {**viewer.binds, "room_id": room_id}
    seq = session.scalar(_PLACE, {**values, "message_id": message_id})
    return None if seq is None else session.scalar(_AFTER, {**values, "seq": seq})


def _lines(log: LogPage) -> Iterator[Line]:
    """The entries with what stands between them: days, and the line where reading goes on."""
    before: LogItem | None = None
    is_above = log.bookmark > 0  # a room that was never read begins at its beginning
    for item in log.items:
        if before is None or _day(before.at) != _day(item.at):
            yield DayLine(item.at, _day(item.at))
        if is_above and _is_news(item, log.bookmark):
            is_above = False
            yield UnreadLine()
        line = said(item, before) if item.message else _note(item.note)
        if line is not None:
            yield line
            before = item


def _is_news(item: LogItem, bookmark: int) -> bool:
    return item.message is not None and not item.message.is_mine and item.message.seq > bookmark


def _day(at: datetime) -> str:
    return at.astimezone(company_zone()).date().isoformat()


def said(item: LogItem, before: LogItem | None = None) -> Said:
    """One message as it is drawn, below the one before it. Only for an item that is a message."""
    assert item.message is not None
    card = item.message
    goes_on = (
        before is not None
        and before.message is not None
        and _who(before.message) == _who(card)
        and _day(before.at) == _day(card.sent_at)
        and card.sent_at - before.at < MOST_BETWEEN
    )
    return Said(
        card=card,
        html=stored_html(card.html),
        at=moment_json(card.sent_at),
        is_first=not goes_on,
        stamp_words=str(STAMP_WORDS[card.stamp]) if card.stamp else "",
        is_saved=item.is_saved,
    )


def _who(card: MessageCard) -> str:
    return card.author.id or card.author.name


def _note(event: EventCard | None) -> NoteLine | None:
    words = "" if event is None else _note_words(event)
    return NoteLine(words, event.seq, moment_json(event.at)) if event is not None and words else None


def _note_words(event: EventCard) -> str:
    more = event.more
    if event.kind == "system":
        return _system_words().get(more["text"], "")
    person, sentence = more["person"], _comings_and_goings()[more["act"]]
    # As PersonCard.called: さん is not said twice, nor to 「退会した方」. view.js fills the same sentences.
    is_called = person["bud"] == NO_BUD or person["name"].endswith("さん")
    place = t("%(who)sさん", who="{name}") if is_called else "{name}"
    return sentence.replace(place, person["name"])


def _comings_and_goings() -> dict[str, str]:
    return {
        "joined": t("%(name)sさんが参加しました", name="{name}"),
        "left": t("%(name)sさんが退出しました", name="{name}"),
    }


def _system_words() -> dict[str, str]:
    """What happened to a room, by the key in its log; one that is not here is not shown."""
    return {
        "talk_request": t("「話したい」が送られました"),
        "talk_withdrawn": t("「話したい」は取り下げられました"),
        "prompt": t("お題のカードが変わりました"),
        "slowed": t("参加する人が増えたため、1人につき1分に1回の書き込みになりました"),
        "seat_opened": t("となりの席が開きました。2週間で閉じて、会話も消えます"),
        "seat_closed": t("となりの席が閉じました。会話は、あと1日で消えます"),
    }


# ── one message ──────────────────────────────────────────────────────────────────────────────────────────────


def acts_page(viewer: Viewer, message_id: PublicId) -> ActsPage:
    """One message with what may be done with it. Raises NotFound."""
    found = message_acts(viewer, message_id)
    frame = room_frame(viewer, found.room)
    return ActsPage(found.room, frame.name, said(LogItem(found.message, None, found.is_saved)))


# ── for its scripts ──────────────────────────────────────────────────────────────────────────────────────────


def _place(frame: RoomFrame) -> dict[str, Any]:
    """What may be done in the room, as its script asks it. The operations decide in the end."""
    return {
        "canWrite": frame.can_send,
        "canReact": not frame.is_closed,
        "canPin": frame.can_pin,
        "editSeconds": int(EDITABLE_FOR.total_seconds()),
        "longest": LONGEST_BODY,
        "save": f"/api/rooms/{frame.id}/messages/{PLACE}/saved",
        "report": f"/reports/new?message={PLACE}",
    }


def _words() -> dict[str, Any]:
    """The sentences a script fills in, in the language of the page; `{name}` and `{n}` are its places."""
    return {
        "me": t("自分"),
        **_comings_and_goings(),
        "system": _system_words(),
        "quoteGone": t("送信が取り消されたメッセージ"),
        "files": t("写真・ファイル"),
        "sending": t("送信中"),
        "waiting": t("送信待ち"),
        "again": t("再送できます"),
        "refused": t("送れませんでした"),
        "newOnes": t("新しいメッセージ %(count)s件", count="{n}"),
        "copied": t("コピーしました"),
        "saved": t("保存しました"),
        "unsaved": t("保存をやめました"),
        "unreached": t("通信がうまくいきませんでした。もう一度お試しください"),
        "tooLong": t(
            "%(most)s文字以内にしてください（いま%(now)s文字です）", most=f"{LONGEST_BODY:,}", now="{n}"
        ),
        "notKept": t("この画面を閉じると、送信中のメッセージは残りません"),
        "states": {
            "offline": t("いま通信できません。書いたメッセージは、つながると送られます"),
            "gone": t("このルームは、いまは表示できません"),
            "ended": t("サインアウトしました。もう一度サインインしてください"),
        },
    }


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────

_CANDIDATES = (
    select(*person_columns())
    .join(RoomMember, RoomMember.member_id == Member.id)
    .where(
        RoomMember.room_id == bindparam("room_id"),
        standing("view", RoomMember, Room),
        Member.display_fold.like(bindparam("within"), escape="/"),
        Member.id != bindparam("oneself"),
        standing("view", Member),
    )
    .order_by(
        case((Member.display_fold.like(bindparam("beginning"), escape="/"), 0), else_=1),
        Member.display_fold,
        Member.id,
    )
    .limit(MOST_CANDIDATES)
)


def people_called(viewer: Viewer, room_id: PublicId, text: str) -> tuple[PersonCard, ...]:
    """Up to MOST_CANDIDATES members of the room the viewer sees, called like `text`; never oneself. Raises NotFound."""
    key = room_key(viewer, room_id)
    letters = fold(text.strip())
    if not letters or len(text) > LONGEST_TEXT:
        return ()
    for sign in "/%_":  # a percent sign is a percent sign
        letters = letters.replace(sign, f"/{sign}")
    values = {"room_id": key, "oneself": viewer.id, "within": f"%{letters}%", "beginning": f"{letters}%"}
    return tuple(person_card(viewer, row) for row in session.execute(_CANDIDATES, {**viewer.binds, **values}))
