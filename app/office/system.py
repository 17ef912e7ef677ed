"""What the administrator's pages show: how the installation stands, kept letters, who may do what."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import select

from app.accounts.cards import role_names
from app.core.config import LOOPBACK_HOSTS, Settings
from app.core.db import session
from app.core.errors import NotFound
from app.core.events import waiting
from app.core.i18n import join_names, t
from app.core.ids import PublicId
from app.core.postal import redacted, shelf, shelved, smtp_transport
from app.invitations.scope import names_of
from app.models import STAFF, Member
from app.policy import Viewer

from .cards import Check, LetterPage, RolePage, RolesPage, RolesRow, ShelfPage, ShelfRow, SystemPage
from .gate import community_for

LEAST_FREE_BYTES = 500 * 1024 * 1024  # a year of letters and uploads of a small company


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────


def system_page(viewer: Viewer, settings: Settings) -> SystemPage:
    """What is set and what should be looked at. Raises NotFound for whoever does not configure."""
    community = community_for(viewer, "configure")
    is_set_up = community.set_up_at is not None
    waits = waiting()
    session.rollback()  # the disk is asked outside of any transaction
    return SystemPage(
        checks=(*_software(settings), *_address(settings), *_mail(settings, waits), *_disk(settings.data)),
        is_set_up=is_set_up,
        has_letters=settings.mail_folder.is_dir(),
    )


def _software(settings: Settings) -> Iterator[Check]:
    kind = t("SQLite（ファイル1つ）") if settings.is_sqlite else "PostgreSQL"
    from app.core.migrations import migration_state  # loads Alembic, which a start does without

    is_current = migration_state() == "same"
    yield Check(
        t("データベース"),
        kind,
        is_fine=is_current,
        advice=""
        if is_current
        else t("データベースの版が、このプログラムと合っていません。つぼみを起動し直してください。"),
    )
    modes = {"threading": t("スレッド（約500人の同時接続まで）"), "gevent": t("gevent（複数プロセス）")}
    yield Check(t("動作モード"), modes[settings.async_mode])
    yield Check(t("タイムゾーン"), settings.timezone)


def _address(settings: Settings) -> Iterator[Check]:
    if settings.is_https:
        yield Check(t("公開アドレス"), settings.base_url, is_fine=True)
    else:
        yield Check(
            t("公開アドレス"),
            settings.base_url,
            is_fine=False,
            advice=t(
                "いまは、このサーバーからだけ開けます。ほかの方に使ってもらうには、https のアドレスを "
                "TSUBOMI_BASE_URL に設定してください。スマートフォンの通知や意見箱にも https が必要です。"
            ),
        )
    if settings.is_https and settings.host not in LOOPBACK_HOSTS and not settings.trusted_proxies:
        yield Check(
            t("プロキシ"),
            t("なし"),
            is_fine=False,
            advice=t(
                "https を受けるサーバー（nginx や Caddy）を前に置いているときは、"
                "TSUBOMI_TRUSTED_PROXIES にその台数を設定してください。"
            ),
        )


def _mail(settings: Settings, waits: int) -> Iterator[Check]:
    if settings.mail_url:
        yield Check(t("メール"), mail_server(settings), is_fine=True)
    else:
        yield Check(
            t("メール"),
            t("このサーバーの中に保存しています"),
            is_fine=False,
            advice=t(
                "メールサーバーが設定されていないため、メールは届きません。TSUBOMI_MAIL_URL を設定すると届くようになります。"
                "それまで、メールのリンクによるサインインは使えません。"
            ),
        )
    yield Check(t("送信待ちの処理"), t("%(count)s件", count=f"{waits:,}"))


def mail_server(settings: Settings) -> str:
    """The mail server's name without its password; empty where none is set."""
    if not settings.mail_url:
        return ""
    server = smtp_transport(settings.mail_url)
    return f"{server.host}:{server.port}"


def _disk(folder: Path) -> Iterator[Check]:
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(b"tsubomi")
        free = shutil.disk_usage(folder).free
    except OSError:
        yield Check(
            t("保存先"),
            t("書き込めません"),
            is_fine=False,
            advice=t("データを保存するフォルダー（TSUBOMI_DATA）の権限と空き容量をご確認ください。"),
        )
        return
    is_fine = free >= LEAST_FREE_BYTES
    yield Check(
        t("保存先"),
        t("書き込めます（空き %(size)s GB）", size=f"{free / 1024**3:,.1f}"),
        is_fine=is_fine,
        advice="" if is_fine else t("空き容量が少なくなっています。不要なファイルを整理してください。"),
    )


# ── kept letters ─────────────────────────────────────────────────────────────────────────────────────────────

# Without a mail server an invitation reaches people only through this page, so its link stays readable;
# every other secret is left out (security.md: the administrator is not a master key).
_INVITATION = re.compile(r"(/invitations/[a-z2-7]{26}(?![A-Za-z0-9_-]))")
_MARK = "\ue000"  # for private use (Unicode 23.5): stands for such a link while the rest is left out


def shelf_page(viewer: Viewer, settings: Settings) -> ShelfPage:
    """The letters kept in the mail folder, newest first. Raises NotFound for whoever does not configure."""
    community = community_for(viewer, "configure")
    is_demo = community.is_demo
    session.rollback()
    rows = tuple(ShelfRow(mail.id, mail.to, mail.subject, mail.at) for mail in shelf(settings.mail_folder))
    return ShelfPage(rows=rows, has_mail_server=bool(settings.mail_url), is_whole=is_demo)


def letter_page(viewer: Viewer, settings: Settings, letter_id: str) -> LetterPage:
    """One kept letter; links and codes that sign somebody in are left out, except in a demo. Raises NotFound."""
    community = community_for(viewer, "configure")
    is_demo = community.is_demo
    session.rollback()
    mail = shelved(settings.mail_folder, letter_id)
    if mail is None:
        raise NotFound()
    text = mail.text if is_demo else without_secrets(mail.text)
    return LetterPage(mail.to, mail.subject, mail.at, text, is_whole=is_demo)


def without_secrets(text: str) -> str:
    """The text of a letter without any one-time secret but that of an invitation."""
    plain = text.replace(_MARK, "")
    links = iter(_INVITATION.findall(plain))
    hidden = redacted(_INVITATION.sub(_MARK, plain))
    return re.sub(_MARK, lambda _mark: next(links), hidden)


# ── who may do what ──────────────────────────────────────────────────────────────────────────────────────────


def check_may_appoint(viewer: Viewer) -> None:
    """Raise NotFound for whoever does not appoint."""
    community_for(viewer, "appoint")


def roles_page(viewer: Viewer) -> RolesPage:
    """Everybody on the staff and what they may do. Raises NotFound for whoever does not appoint."""
    community_for(viewer, "appoint")
    return RolesPage(tuple(card for card, _roles in _staff(viewer)))


def role_page(viewer: Viewer, member_id: PublicId) -> RolePage:
    """One member of staff. Raises NotFound."""
    community_for(viewer, "appoint")
    found = next(((card, roles) for card, roles in _staff(viewer) if card.id == member_id), None)
    if found is None:
        raise NotFound()
    return RolePage(row=found[0], roles=names_of(found[1]))


def _staff(viewer: Viewer) -> Iterator[tuple[RolesRow, int]]:
    rows = session.execute(
        select(
            Member.id,
            Member.public_id,
            Member.display_name,
            Member.legal_name,
            Member.department,
            Member.roles,
        )
        .where(
            Member.roles.bitwise_and(int(STAFF)) != 0,
            Member.ended_at.is_(None),
            Member.suspended_at.is_(None),
        )
        .order_by(Member.kana == "", Member.kana, Member.id)
    )
    for row in rows:
        yield (
            RolesRow(
                id=row.public_id,
                display_name=row.display_name,
                legal_name=row.legal_name,
                department=row.department,
                role_label=join_names(role_names(row.roles)),
                is_me=row.id == viewer.id,
            ),
            row.roles,
        )
