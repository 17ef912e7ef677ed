"""What the office sees of a candidate, asked of the rules themselves: the page cannot say anything else than they do.

Each statement puts a made-up row before the rule in `policy/rules.py` and takes the verdict; with it comes one of two
sentences. Where no rule lets anybody else near a table, there is none to ask, and that is the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from app.core.db import Base
from app.core.i18n import _, t
from app.models import (
    Announcement,
    Block,
    Draft,
    Group,
    Member,
    MemberSession,
    Message,
    MessageReport,
    Notice,
    NoticeSettings,
    Post,
    ProfileValue,
    Reaction,
    Relation,
    Role,
    SavedPost,
    TalkRequest,
    TopicReader,
)
from app.policy import Viewer, can, eyes_of, registered
from app.policy.fields import FIELDS, default_of, effective

from ..words import field_labels
from .cards import SightRow, SightSection

_WITH_OFFICE, _WITHOUT_OFFICE = (
    1,
    2,
)  # made-up places: one somebody from the office takes part in, one without


def office_of(owner: Viewer) -> Viewer:
    """Somebody from HR with every power they may hold beside it, who takes part in one board and one room."""
    return replace(
        eyes_of(Relation.HR, owner),
        roles=Role.HR | Role.LEAD | Role.MODERATOR,
        board_ids=frozenset({_WITH_OFFICE}),
        joined=frozenset({(_WITH_OFFICE, 0)}),
    )


# ── made-up rows ─────────────────────────────────────────────────────────────────────────────────────────────


def _owner_row(owner: Viewer) -> Any:
    return SimpleNamespace(
        id=owner.id, cohort_id=owner.cohort_id, roles=owner.roles, ended_at=None, suspended_at=None
    )


def _post(owner: Viewer, board_id: int) -> Any:
    written = {"author_id": owner.id, "author_cohort_id": owner.cohort_id, "hidden_at": None}
    return SimpleNamespace(**written, topic=SimpleNamespace(**written, board_id=board_id))


def _message(owner: Viewer, kind: str, room_id: int) -> Any:
    room = SimpleNamespace(id=room_id, kind=kind, low=None, high=None)
    return SimpleNamespace(
        room_id=room_id, room=room, seq=1, author_id=owner.id, author_cohort_id=owner.cohort_id
    )


def _own(owner: Viewer, **more: Any) -> Any:
    return SimpleNamespace(member_id=owner.id, member_cohort_id=owner.cohort_id, **more)


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Statement:
    """One kind of content: `asked` puts the question to the rules, for somebody from HR and for the owner."""

    key: str
    what: str
    asked: Callable[[Viewer, Viewer], bool]
    seen: str
    unseen: str


def has_no_rule(kind: type[Base]) -> bool:
    """No rule says that anybody may see such a row, so only the page of its owner reads it."""
    return all(ruled is not kind for _action, ruled in registered())


def _unruled(kind: type[Base]) -> Callable[[Viewer, Viewer], bool]:
    return lambda _office, _owner: not has_no_rule(kind)


_ONLY_YOU = _("あなただけに表示されます")
_CHANGED = _("人事にも表示されます")

WRITTEN = (
    Statement(
        "board with",
        _("人事がいるひろばの投稿"),
        lambda office, owner: can(office, "view", _post(owner, _WITH_OFFICE), kind=Post),
        _("人事も読みます。誰が読めるかは、書く画面に表示されます"),
        _("人事は読めません"),
    ),
    Statement(
        "board without",
        _("人事がいないひろばの投稿"),
        lambda office, owner: can(office, "view", _post(owner, _WITHOUT_OFFICE), kind=Post),
        _CHANGED,
        _("人事は読めません。誰が読めるかは、書く画面に表示されます"),
    ),
    Statement(
        "reactions",
        _("投稿に付けたリアクション"),
        lambda office, owner: can(office, "view", _own(owner), kind=Reaction),
        _("投稿を読める人には、人事も含めて数が表示されます。人数の少ないひろばでは、呼び名も表示されます"),
        _("人事には表示されません"),
    ),
    Statement(
        "room with",
        _("人事がいるルームの会話"),
        lambda office, owner: can(office, "view", _message(owner, "place", _WITH_OFFICE), kind=Message),
        _("参加した人事も読みます。参加している人は、ルームの画面で確かめられます"),
        _("人事は読めません"),
    ),
    Statement(
        "room without",
        _("人事がいないルームや班の会話"),
        lambda office, owner: any(
            can(office, "view", _message(owner, kind, _WITHOUT_OFFICE), kind=Message)
            for kind in ("place", "group", "small", "seat")
        ),
        _CHANGED,
        _("人事は読めません。人事が作ったルームでも同じです"),
    ),
    Statement(
        "direct",
        _("2人のトーク"),
        lambda office, owner: can(office, "view", _message(owner, "direct", _WITHOUT_OFFICE), kind=Message),
        _CHANGED,
        _("読めるのはお二人だけです"),
    ),
    Statement(
        "reported",
        _("ひろば運営に知らせたメッセージ"),
        lambda office, owner: can(office, "view", SimpleNamespace(reporter_id=owner.id), kind=MessageReport),
        _("知らせた部分だけを、ひろば運営が確認します。人事がひろば運営を兼ねていることがあります"),
        _("人事は読めません"),
    ),
    Statement(
        "office",
        _("「人事への連絡」に書いたこと"),
        lambda office, owner: can(office, "view", _message(owner, "office", _WITHOUT_OFFICE), kind=Message),
        _("採用チームが読みます。ほかの内定者や社員には表示されません"),
        _("人事は読めません"),
    ),
    Statement(
        "wish for office",
        _("「話したい」で人事を選んだこと"),
        lambda office, owner: can(office, "view", _own(owner, wish="office"), kind=TalkRequest),
        _("採用チームに届きます"),
        _("人事には表示されません"),
    ),
    Statement(
        "wish for mentor",
        _("「話したい」でメンターを選んだこと"),
        lambda office, owner: can(office, "view", _own(owner, wish="mentor"), kind=TalkRequest),
        _CHANGED,
        _("人事には表示されません"),
    ),
)

KEPT = (
    Statement(
        "acknowledgement",
        _("お知らせの「確認しました」"),
        lambda office, _owner: can(
            office, "view", SimpleNamespace(id=1, sent_at=1, cancelled_at=None), kind=Announcement
        ),
        _(
            "翌朝に集計した人数が表示されます。まだの方のお名前は、お知らせに書かれた名簿表示日から表示されます。"
            "開いたかどうかは記録していません"
        ),
        _("人事には表示されません"),
    ),
    Statement(
        "notices",
        _("届いた通知"),
        lambda office, owner: can(
            office,
            "view",
            _own(owner, **dict.fromkeys(("post", "announcement", "message", "talk_request", "report"))),
            kind=Notice,
        ),
        _CHANGED,
        _ONLY_YOU,
    ),
    Statement(
        "notice settings",
        _("通知の設定・しばらく休む"),
        _unruled(NoticeSettings),
        _CHANGED,
        _ONLY_YOU,
    ),
    Statement(
        "devices",
        _("サインインしている端末"),
        lambda office, owner: can(office, "view", _own(owner), kind=MemberSession),
        _CHANGED,
        _("あなただけに表示されます。サインインした時刻は記録していません"),
    ),
    Statement("blocks", _("ブロックした人"), _unruled(Block), _CHANGED, _ONLY_YOU),
    Statement("saved", _("保存した投稿とメッセージ"), _unruled(SavedPost), _CHANGED, _ONLY_YOU),
    Statement("bookmarks", _("しおり（どこまで読んだか）"), _unruled(TopicReader), _CHANGED, _ONLY_YOU),
    Statement("drafts", _("書きかけの下書き"), _unruled(Draft), _CHANGED, _ONLY_YOU),
)

GIVEN = (
    Statement(
        "member",
        _("呼び名・つぼみ"),
        lambda office, owner: can(office, "view", _owner_row(owner), kind=Member),
        _("人事にも、同じ場所を使う人にも表示されます"),
        _("人事には表示されません"),
    ),
    Statement(
        "group",
        _("入社の時期・班"),
        lambda office, _owner: can(office, "view", SimpleNamespace(id=1), kind=Group),
        _("人事とシステム管理者の名簿に、氏名とあわせて表示されます"),
        _("人事には表示されません"),
    ),
    Statement(
        "mail",
        _("メールアドレス・手続きの状況"),
        lambda office, owner: can(office, "administer", _owner_row(owner), kind=Member),
        _("人事とシステム管理者だけに表示されます"),
        _("人事には表示されません"),
    ),
)


# ── fields ───────────────────────────────────────────────────────────────────────────────────────────────────


def field_is_seen(owner: Viewer, key: str, bits: int) -> bool:
    """Whether HR sees this field of the owner with this effective audience, as the rule says."""
    value = _own(owner, field=key, effective=bits, member=_owner_row(owner))
    return can(eyes_of(Relation.HR, owner), "view", value, kind=ProfileValue)


def _field_row(owner: Viewer, key: str, label: str, chosen: Mapping[str, int]) -> SightRow:
    field = FIELDS[key]
    if field_is_seen(owner, key, effective(field, Relation.SELF, cap=0)):
        return SightRow(key, label, t("いつも表示されます"), is_seen=True)
    if Role.CANDIDATE not in owner.roles:
        return SightRow(key, label, t("内定者が自分で選びます。はじめは表示されません"), is_seen=False)
    if field_is_seen(owner, key, chosen.get(key, default_of(field, field.widest))):
        return SightRow(key, label, t("表示する設定です"), is_seen=True)
    return SightRow(key, label, t("表示しない設定です"), is_seen=False)


def sections_for(owner: Viewer, chosen: Mapping[str, int]) -> tuple[SightSection, ...]:
    """Everything the office does and does not see of the owner. `chosen`: field → effective audience, where one is stored."""
    office = office_of(owner)
    fields = tuple(_field_row(owner, key, label, chosen) for key, label in field_labels().items())
    return (
        SightSection(t("プロフィール"), (*_rows(GIVEN, office, owner), *fields)),
        SightSection(t("書いたこと・話したこと"), _rows(WRITTEN, office, owner)),
        SightSection(t("そのほかに保存しているもの"), _rows(KEPT, office, owner)),
    )


def _rows(statements: tuple[Statement, ...], office: Viewer, owner: Viewer) -> tuple[SightRow, ...]:
    return tuple(_row(each, is_seen=each.asked(office, owner)) for each in statements)


def _row(statement: Statement, *, is_seen: bool) -> SightRow:
    sentence = statement.seen if is_seen else statement.unseen
    return SightRow(statement.key, str(statement.what), str(sentence), is_seen)
