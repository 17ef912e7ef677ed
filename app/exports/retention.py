"""How long what is kept: one table, shown to everybody, whose figures are those the house really tidies up by.

A test holds it against the periodic acts of the installation: none may delete something of which nothing is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.accounts.operations import NEW_MAIL_LIFE, SESSION_DAYS
from app.chat.rooms.frames import SEAT_LASTS
from app.chat.seats.clearing import A_DAY as SEAT_READ_FOR
from app.core.errors import Sentence
from app.core.i18n import _, tn
from app.files.operations import KEPT_FOR as LOOSE_FILES_KEPT_FOR
from app.files.operations import WITHDRAWN_KEPT_FOR
from app.notifications.operations import KEPT_FOR as NOTICES_KEPT_FOR
from app.office.bulk.operations import UNDO_FOR
from app.writing.operations import KEPT_FOR as DRAFTS_KEPT_FOR

from .operations import KEPT_FOR as EXPORTS_KEPT_FOR

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """One class of data. `lasts` counts from `since`; None: until what `since` says. `acts` are the periodic acts that delete it."""

    key: str
    what: Sentence
    since: Sentence
    lasts: timedelta | None = None
    acts: tuple[str, ...] = ()

    @property
    def how_long(self) -> str:
        """「14日」, 「24時間」; empty where no time is set."""
        if self.lasts is None:
            return ""
        if self.lasts <= ONE_DAY:
            return tn("%(count)s時間", "%(count)s時間", int(self.lasts / timedelta(hours=1)))
        return tn("%(count)s日", "%(count)s日", self.lasts.days)


RETENTION = (
    Kept("drafts", _("下書き"), _("最後に保存した日から"), DRAFTS_KEPT_FOR, ("tidy_drafts",)),
    Kept(
        "withdrawn",
        _("取り消した投稿の本文と、添えた写真・ファイル"),
        _("取り消したときから（画面からはすぐに消えます）"),
        WITHDRAWN_KEPT_FOR,
        ("forget_withdrawn", "forget_loose_files", "collect_orphans"),
    ),
    Kept(
        "loose_files",
        _("選んだまま、送らなかった写真・ファイル"),
        _("選んだときから"),
        LOOSE_FILES_KEPT_FOR,
        ("forget_loose_files", "collect_orphans"),
    ),
    Kept("notices", _("通知"), _("届いたときから"), NOTICES_KEPT_FOR, ("tidy_notices",)),
    Kept("exports", _("書き出したデータ"), _("用意できたときから"), EXPORTS_KEPT_FOR, ("tidy_exports",)),
    Kept(
        "seats",
        _("となりの席のトーク"),
        _("はじまった月曜日から"),
        SEAT_LASTS + SEAT_READ_FOR,
        ("tidy_seats",),
    ),
    Kept(
        "sessions",
        _("サインインしている端末"),
        _("サインインした日から"),
        timedelta(days=SESSION_DAYS),
        ("tidy_doors",),
    ),
    Kept(
        "links",
        _("サインインや確認のためのリンク"),
        _("送ったときから（長いもので）"),
        NEW_MAIL_LIFE,
        ("tidy_doors",),
    ),
    Kept(
        "bulk_acts",
        _("人事のまとめ操作を元に戻すための記録"),
        _("操作のときから"),
        UNDO_FOR,
        ("forget_old_acts",),
    ),
    Kept("profile", _("氏名、メールアドレス、プロフィール、班"), _("退会まで")),
    Kept("receipts", _("届いたお知らせと「確認しました」の記録"), _("退会まで")),
    Kept("entries", _("閲覧履歴"), _("退会まで。そのあとは、どなたの記録かが分からない件数だけが残ります")),
    Kept(
        "written",
        _("投稿、メッセージと、添えた写真・ファイル"),
        _(
            "取り消すまで。退会のあとは「退会した方」（またはお名前）の書いたものとして、会社がこのコミュニティを閉じるまで"
        ),
    ),
)
