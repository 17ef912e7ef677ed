"""What is one's own, section by section, read in batches so that memory stays small however much somebody wrote.

Everything is asked for one viewer. Words one wrote oneself are theirs for good: they are here also where the place they were
written in is no longer open to them, and then the place has no name. Whatever leads to anything else asks the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, select

from app.accounts.cards import role_names
from app.accounts.sessions import shown_device
from app.announcements.reading import title_of, values_of_member
from app.chat.rooms.frames import faces
from app.core.db import session
from app.core.documents import safe_filename
from app.core.errors import Sentence
from app.core.files import storage
from app.core.i18n import _, join_names, t
from app.core.operation import end_reading
from app.ledger.words import entry_sentence
from app.models import (
    REACTIONS,
    AccessEntry,
    Announcement,
    AnnouncementRecipient,
    Board,
    Cohort,
    Draft,
    Group,
    GroupMember,
    Member,
    MemberSession,
    Message,
    MessageReaction,
    NoticeSettings,
    Post,
    ProfileValue,
    PushSubscription,
    Reaction,
    Role,
    SavedMessage,
    SavedPost,
    TalkRequest,
    Topic,
    Upload,
)
from app.notifications.queries import settings_page
from app.people.profile.queries import audience_words
from app.people.queries import my_blocks
from app.people.words import field_labels
from app.policy import Viewer, standing
from app.policy.fields import words_of

BATCH = 200

Record = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A value that has a code for machines and words for people."""

    code: str | list[str]
    words: Sentence


@dataclass(frozen=True)
class Section:
    """One part of the export. `records` reads it anew each time it is called; `labels` has the words of each key."""

    key: str
    title: Sentence
    labels: Mapping[str, Sentence]
    records: Callable[[Viewer], Iterator[Record]]
    note: Sentence = ""


@dataclass(frozen=True)
class OwnFile:
    """A stored file of one's own, and where it lies in the export."""

    key: str
    path: str


_viewer_id: ColumnElement[Any] = bindparam("viewer_id", type_=Integer)


def _batches(viewer: Viewer, query: Select[Any], key: Any) -> Iterator[list[Row[Any]]]:
    """The rows of a query in the order of `key`, some at a time; no transaction stays open while they are written."""
    last = 0
    while True:
        rows = session.execute(
            query.add_columns(key.label("row_key")).where(key > last).order_by(key).limit(BATCH), viewer.binds
        ).all()
        end_reading()
        if not rows:
            return
        yield list(rows)
        last = rows[-1].row_key


def _rows(viewer: Viewer, query: Select[Any], key: Any) -> Iterator[Row[Any]]:
    for batch in _batches(viewer, query, key):
        yield from batch


# ── oneself ──────────────────────────────────────────────────────────────────────────────────────────────────

_PACES = {"read": _("読むだけ"), "few": _("少人数で"), "various": _("いろいろ")}
_REACHES = {
    "nobody": _("ほかの内定者からは受け取らない"),
    "group": _("同じ班の人から"),
    "cohort": _("同期から"),
}
_DIGESTS = {"daily": _("毎日（営業日の朝8時）"), "weekly": _("毎週（月曜の朝8時）"), "": _("受け取らない")}
_MAILS = {"bundle": _("そのつど（30分に1通まで）"), "digest": _("まとめて通知で"), "": _("受け取らない")}
_ME = (
    select(Member, Cohort.name.label("cohort_name"))
    .outerjoin(Cohort, Cohort.id == Member.cohort_id)
    .where(Member.id == _viewer_id, standing("view", Member))
)
_MY_GROUPS = (
    select(Group.name)
    .join(GroupMember, GroupMember.group_id == Group.id)
    .where(GroupMember.member_id == _viewer_id, standing("view", Group))
    .order_by(Group.name)
)
_MY_FIELDS = select(ProfileValue.field, ProfileValue.value, ProfileValue.effective).where(
    ProfileValue.member_id == _viewer_id, standing("view", ProfileValue)
)


def _profile(viewer: Viewer) -> Iterator[Record]:
    me, cohort = session.execute(_ME, viewer.binds).one()
    yield {
        "id": me.public_id,
        "display_name": me.display_name,
        "legal_name": me.legal_name,
        "kana": me.kana,
        "mail": me.mail or "",
        "roles": Said([str(role.name).lower() for role in Role(me.roles)], join_names(role_names(me.roles))),
        "department": me.department,
        "joined_company_on": me.joined_company_on,
        "cohort": cohort,
        "groups": list(session.scalars(_MY_GROUPS, viewer.binds)),
        "flower": me.bud,
        "language": Said(me.language, {"ja": t("日本語"), "en": "English"}.get(me.language, me.language)),
    }


def _fields(viewer: Viewer) -> Iterator[Record]:
    labels = field_labels()
    found = {row.field: row for row in session.execute(_MY_FIELDS, viewer.binds)}
    for key, label in labels.items():
        if key in found:
            bits = found[key].effective
            yield {
                "field": Said(key, label),
                "value": found[key].value,
                "audience": Said(list(words_of(bits)), audience_words(bits)),
            }


def _choices(viewer: Viewer) -> Iterator[Record]:
    me, _cohort = session.execute(_ME, viewer.binds).one()
    settings = session.get(NoticeSettings, me.id)
    digest = "daily" if settings is None else settings.digest
    yield {
        "pace": Said(me.pace, _PACES.get(me.pace, me.pace)),
        "messages_from": Said(me.messages_from, _REACHES.get(me.messages_from, me.messages_from)),
        "joins_groups": me.joins_groups,
        "joins_seats": me.joins_seats,
        "digest": Said(digest, _DIGESTS.get(digest, digest)),
        "is_paused": settings is not None and settings.is_paused,
    }


def _notices(viewer: Viewer) -> Iterator[Record]:
    for choice in settings_page(viewer).kinds:
        yield {
            "kind": Said(choice.kind, choice.label),
            "mail": Said(choice.mail, _MAILS.get(choice.mail, choice.mail)),
            "push": choice.is_pushed,
        }


def _devices(viewer: Viewer) -> Iterator[Record]:
    signed_in = session.execute(
        select(MemberSession.device, MemberSession.expires_on)
        .where(MemberSession.member_id == _viewer_id, standing("view", MemberSession))
        # By name, not by age: the order must not tell when a device was used.
        .order_by(MemberSession.device, MemberSession.public_id),
        viewer.binds,
    ).all()
    for row in signed_in:
        yield {"use": _USES["session"], "device": shown_device(row.device), "ends_on": row.expires_on}
    pushed = session.execute(
        select(PushSubscription.device)
        .where(PushSubscription.member_id == _viewer_id, standing("view", PushSubscription))
        .order_by(PushSubscription.device, PushSubscription.public_id),
        viewer.binds,
    ).all()
    for one in pushed:
        yield {"use": _USES["push"], "device": shown_device(one.device), "ends_on": None}


_USES = {
    "session": Said("session", _("サインインしている端末")),
    "push": Said("push", _("プッシュ通知")),
}


def _blocks(viewer: Viewer) -> Iterator[Record]:
    """One's own decisions, by name, as on the page of blocks."""
    for blocked in my_blocks(viewer):
        yield {"name": blocked.name}


# ── what one wrote ───────────────────────────────────────────────────────────────────────────────────────────

# Another's title is another's text: it is only told where one began the topic oneself.
_MY_POSTS = (
    select(
        Post.public_id,
        Post.is_first,
        Post.body,
        Post.written_at,
        Post.edited_at,
        Post.withdrawn_at,
        Topic.public_id.label("topic_id"),
        Topic.title,
        Board.name.label("board_name"),
        standing("view", Topic).label("is_open"),
    )
    .select_from(Post)
    .join(Topic, Topic.id == Post.topic_id)
    .join(Board, Board.id == Topic.board_id)
    .where(Post.author_id == _viewer_id)
)
_MY_MESSAGES = select(
    Message.public_id, Message.room_id, Message.body, Message.stamp, Message.sent_at, Message.edited_at
).where(Message.author_id == _viewer_id, Message.unsent_at.is_(None))
_MY_DRAFTS = select(Draft.composer, Draft.texts).where(Draft.member_id == _viewer_id).order_by(Draft.composer)


def _posts(viewer: Viewer) -> Iterator[Record]:
    for row in _rows(viewer, _MY_POSTS, Post.id):
        yield {
            "id": row.public_id,
            "board": row.board_name if row.is_open else None,
            "topic_id": row.topic_id if row.is_open else None,
            "title": row.title if row.is_first else None,
            "text": row.body,
            "written_at": row.written_at,
            "edited_at": row.edited_at,
            "withdrawn_at": row.withdrawn_at,
        }


def _messages(viewer: Viewer) -> Iterator[Record]:
    for batch in _batches(viewer, _MY_MESSAGES, Message.id):
        rooms = faces(viewer, {row.room_id for row in batch})
        end_reading()
        for row in batch:
            face = rooms.get(row.room_id)
            yield {
                "id": row.public_id,
                "room_id": None if face is None else face.id,
                "room": None if face is None else face.name,
                "text": row.body,
                "stamp": row.stamp or None,
                "sent_at": row.sent_at,
                "edited_at": row.edited_at,
            }


def _drafts(viewer: Viewer) -> Iterator[Record]:
    for row in session.execute(_MY_DRAFTS, viewer.binds).all():
        yield {"place": row.composer, "text": "\n\n".join(str(text) for text in row.texts.values() if text)}


_MY_FILES = select(
    Upload.public_id,
    Upload.kind,
    Upload.name,
    Upload.media_type,
    Upload.alt,
    Upload.file_key,
).where(
    Upload.owner_id == _viewer_id,
    standing("change", Upload),
    Upload.state == "ready",
    Upload.file_key.is_not(None),
)


def _path_of(row: Row[Any]) -> str:
    """A picture by its id and kind; a document also by the name its owner gave it."""
    if row.kind == "picture":
        return f"files/{row.public_id}.{row.media_type.rpartition('/')[2]}"
    return f"files/{row.public_id}-{safe_filename(row.name)}"


def own_files(viewer: Viewer) -> Iterator[OwnFile]:
    """The stored files of one's own that are there."""
    for row in _rows(viewer, _MY_FILES, Upload.id):
        if storage().exists(row.file_key):
            yield OwnFile(row.file_key, _path_of(row))


def _files(viewer: Viewer) -> Iterator[Record]:
    for row in _rows(viewer, _MY_FILES, Upload.id):
        is_there = storage().exists(row.file_key)
        yield {
            "id": row.public_id,
            "kind": Said(row.kind, _KINDS_OF_FILES[row.kind]),
            "name": row.name,
            "description": row.alt,
            "path": _path_of(row) if is_there else None,
        }


_KINDS_OF_FILES = {"picture": _("写真"), "document": _("文書")}

# ── signs, kept things, what one received ────────────────────────────────────────────────────────────────────


def _reactions(viewer: Viewer) -> Iterator[Record]:
    """Where they still are, as far as one still sees it; what others wrote there is not told."""
    for name in REACTIONS:  # one name at a time: then a post stands once in the list, and is its key
        on_posts = (
            select(Post.public_id)
            .join(Reaction, Reaction.post_id == Post.id)
            .where(Reaction.member_id == _viewer_id, Reaction.name == name, standing("view", Post))
        )
        for row in _rows(viewer, on_posts, Post.id):
            yield {"name": name, "on": _POST, "id": row.public_id}
        on_messages = (
            select(Message.public_id)
            .join(MessageReaction, MessageReaction.message_id == Message.id)
            .where(
                MessageReaction.member_id == _viewer_id,
                MessageReaction.name == name,
                Message.unsent_at.is_(None),
                standing("view", Message),
            )
        )
        for row in _rows(viewer, on_messages, Message.id):
            yield {"name": name, "on": _MESSAGE, "id": row.public_id}


_POST, _MESSAGE = Said("post", _("投稿")), Said("message", _("メッセージ"))
_KEPT_POSTS = (
    select(Post.public_id)
    .join(SavedPost, SavedPost.post_id == Post.id)
    .where(SavedPost.member_id == _viewer_id, Post.withdrawn_at.is_(None), standing("view", Post))
)
_KEPT_MESSAGES = (
    select(Message.public_id)
    .join(SavedMessage, SavedMessage.message_id == Message.id)
    .where(SavedMessage.member_id == _viewer_id, Message.unsent_at.is_(None), standing("view", Message))
)
_RECEIVED = (
    select(
        AnnouncementRecipient.public_id,
        Announcement.title,
        Announcement.sent_at,
        Announcement.asks_acknowledgement,
        AnnouncementRecipient.is_acknowledged,
    )
    .select_from(AnnouncementRecipient)
    .join(Announcement, Announcement.id == AnnouncementRecipient.announcement_id)
    .where(standing("view", AnnouncementRecipient))
)
_ENTRIES = select(
    AccessEntry.day,
    AccessEntry.viewer_name,
    AccessEntry.viewer_role,
    AccessEntry.action,
    AccessEntry.purpose,
    AccessEntry.approver_name,
).where(AccessEntry.subject_id == _viewer_id, standing("view", AccessEntry))
_WISHES = select(
    TalkRequest.wish, TalkRequest.asked_at, TalkRequest.answered_at, TalkRequest.closed_at
).where(TalkRequest.member_id == _viewer_id, standing("view", TalkRequest))


def _saved(viewer: Viewer) -> Iterator[Record]:
    for row in _rows(viewer, _KEPT_POSTS, SavedPost.id):
        yield {"on": _POST, "id": row.public_id}
    for row in _rows(viewer, _KEPT_MESSAGES, SavedMessage.id):
        yield {"on": _MESSAGE, "id": row.public_id}


def _announcements(viewer: Viewer) -> Iterator[Record]:
    values = values_of_member(viewer.id)
    for row in _rows(viewer, _RECEIVED, AnnouncementRecipient.id):
        yield {
            "id": row.public_id,
            "title": title_of(row, values),
            "sent_at": row.sent_at,
            "asks_acknowledgement": row.asks_acknowledgement,
            "is_acknowledged": row.is_acknowledged,
        }


def _entries(viewer: Viewer) -> Iterator[Record]:
    for row in _rows(viewer, _ENTRIES, AccessEntry.id):
        yield {
            "day": row.day,
            "sentence": _entry(row),
            "action": row.action,
            "purpose": row.purpose,
        }


def _entry(row: Row[Any]) -> str:
    """What the entry says. A word the house does not know was put there by other hands, and is not repeated."""
    try:
        return entry_sentence(
            name=row.viewer_name,
            role=row.viewer_role,
            action=row.action,
            purpose=row.purpose,
            approver=row.approver_name,
        )
    except KeyError:
        return ""


def _wishes(viewer: Viewer) -> Iterator[Record]:
    for row in _rows(viewer, _WISHES, TalkRequest.id):
        yield {
            "to": Said(row.wish, _WISHED[row.wish]),
            "asked_at": row.asked_at,
            "answered_at": row.answered_at,
            "closed_at": row.closed_at,
        }


_WISHED = {"office": _("採用担当と話したい"), "mentor": _("メンターと話したい")}

# ── all of it, in the order of the pages ─────────────────────────────────────────────────────────────────────

_TIMES = {"written_at": _("書いた日時"), "sent_at": _("送った日時"), "edited_at": _("編集した日時")}
_KEY = {"id": _("番号")}

SECTIONS = (
    Section(
        "profile",
        _("プロフィール"),
        _KEY
        | {
            "display_name": _("呼び名"),
            "legal_name": _("氏名"),
            "kana": _("フリガナ"),
            "mail": _("メールアドレス"),
            "roles": _("役割"),
            "department": _("部署"),
            "joined_company_on": _("入社日"),
            "cohort": _("入社時期"),
            "groups": _("班"),
            "flower": _("つぼみの番号"),
            "language": _("表示言語"),
        },
        _profile,
    ),
    Section(
        "profile_fields",
        _("自己紹介と公開範囲"),
        {"field": _("項目"), "value": _("内容"), "audience": _("公開範囲")},
        _fields,
    ),
    Section(
        "choices",
        _("参加のペースと設定"),
        {
            "pace": _("参加のペース"),
            "messages_from": _("最初のメッセージを受け取る相手"),
            "joins_groups": _("班に入る"),
            "joins_seats": _("となりの席に参加する"),
            "digest": _("まとめて通知"),
            "is_paused": _("しばらく休む"),
        },
        _choices,
    ),
    Section(
        "notices",
        _("通知の設定"),
        {"kind": _("項目"), "mail": _("メール"), "push": _("プッシュ通知")},
        _notices,
    ),
    Section(
        "posts",
        _("自分のトピックと投稿"),
        _KEY
        | {
            "board": _("ひろば"),
            "topic_id": _("トピックの番号"),
            "title": _("タイトル"),
            "text": _("内容"),
            "withdrawn_at": _("取り消した日時"),
        }
        | _TIMES,
        _posts,
        _("いまは開けない場所に書いたものには、場所の名前がありません。"),
    ),
    Section(
        "messages",
        _("自分が送ったメッセージ"),
        _KEY
        | {
            "room_id": _("ルームの番号"),
            "room": _("ルーム"),
            "text": _("内容"),
            "stamp": _("スタンプ"),
        }
        | _TIMES,
        _messages,
        _("ほかの人のメッセージは入りません。いまは開けないルームには、名前がありません。"),
    ),
    Section("drafts", _("書きかけの下書き"), {"place": _("書いていた場所"), "text": _("内容")}, _drafts),
    Section(
        "files",
        _("自分が添えたファイル"),
        _KEY
        | {
            "kind": _("種類"),
            "name": _("ファイル名"),
            "description": _("写真の説明"),
            "path": _("ファイル"),
        },
        _files,
    ),
    Section(
        "reactions",
        _("自分が付けたリアクション"),
        _KEY | {"name": _("リアクション"), "on": _("付けたもの")},
        _reactions,
    ),
    Section(
        "saved",
        _("保存したもの"),
        _KEY | {"on": _("種類")},
        _saved,
        _("ほかの人の文章は入りません。番号だけを書き出しています。"),
    ),
    Section(
        "announcements",
        _("届いたお知らせ"),
        _KEY
        | {
            "title": _("タイトル"),
            "sent_at": _("届いた日時"),
            "asks_acknowledgement": _("「確認しました」のお願い"),
            "is_acknowledged": _("「確認しました」と答えた"),
        },
        _announcements,
    ),
    Section(
        "access_entries",
        _("閲覧履歴"),
        {"day": _("日付"), "sentence": _("内容"), "action": _("操作"), "purpose": _("目的")},
        _entries,
    ),
    Section(
        "talk_requests",
        _("話したい"),
        {
            "to": _("内容"),
            "asked_at": _("伝えた日時"),
            "answered_at": _("返事のあった日時"),
            "closed_at": _("終わった日時"),
        },
        _wishes,
    ),
    Section(
        "devices",
        _("使っている端末"),
        {"use": _("種類"), "device": _("端末"), "ends_on": _("サインインの期限")},
        _devices,
        _("使った日時や場所は、記録していません。"),
    ),
    Section("blocks", _("ブロックした人"), {"name": _("呼び名")}, _blocks),
)
