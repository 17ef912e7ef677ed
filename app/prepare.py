"""Everything between an installed program and an open door: translations, migrations, the demo, who can sign in."""

from __future__ import annotations

import sys
from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.chat.rooms.operations import give_rooms_to_groups
from app.core.config import LOOPBACK_HOSTS, Settings
from app.core.db import session
from app.core.i18n import compile_catalogues
from app.core.migrations import migrate_database, migration_state
from app.core.web import settings_now
from app.models import Community, Member


class CannotStart(Exception):
    """Why the door stays shut, in one sentence for whoever starts it."""


def prepare(app: Flask, say: Callable[[str], None] = print) -> None:
    """Make everything ready to serve, then say who can sign in. Raises CannotStart. Quick when nothing is to do."""
    compile_catalogues()
    with app.app_context():
        try:
            _migrate(say)
            _fill(say)
            give_rooms_to_groups()  # groups that are older than トーク
        except OperationalError as error:
            raise CannotStart(
                f"データベースを開けませんでした（空き容量と権限をご確認ください）: {error.orig} / "
                "The database could not be opened: check free space and permissions."
            ) from error


def prepare_or_exit(app: Flask, *, code: int = 1) -> None:
    """The same for a process: a sentence instead of a traceback, and this exit code."""
    try:
        prepare(app)
    except CannotStart as reason:
        print(reason, file=sys.stderr, flush=True)
        sys.exit(code)
    sys.stdout.flush()


def _migrate(say: Callable[[str], None]) -> None:
    state = migration_state()
    if state == "gone":
        raise CannotStart(
            "データベースにつながりません。TSUBOMI_DATABASE_URL をご確認ください / "
            "The database does not answer: check TSUBOMI_DATABASE_URL."
        )
    if state == "ahead":
        raise CannotStart(
            "データベースは、より新しいつぼみで更新されています。プログラムを新しい版に戻してください / "
            "The database was migrated by a newer Tsubomi: use that version again."
        )
    if state in {"empty", "behind"}:
        say("データベースを準備しています… / Preparing the database…")
        migrate_database(current_app._get_current_object())  # type: ignore[attr-defined]


def _fill(say: Callable[[str], None]) -> None:
    settings = settings_now()
    is_empty = session.scalar(select(Member.id).limit(1)) is None
    if is_empty and settings.demo:
        from app.seeds.demo import plant_demo

        say("デモの内定者コミュニティをつくっています（初回のみ、30秒ほど）… / Planting the demo community…")
        plant_demo()
        is_empty = False
    is_demo = bool(session.scalar(select(Community.is_demo).where(Community.id == 1)))
    if is_demo:
        _refuse_public_demo(settings)
        _say_who_can_sign_in(settings, say)
    elif is_empty:
        _say_first_link(settings, say)


def _refuse_public_demo(settings: Settings) -> None:
    if settings.demo_public:
        return
    if not settings.is_loopback or settings.host not in LOOPBACK_HOSTS:
        raise CannotStart(
            "デモデータは、このサーバーの外に公開できません。HOST と TSUBOMI_BASE_URL を 127.0.0.1 にするか、"
            "承知のうえで TSUBOMI_DEMO_PUBLIC=1 を指定してください / "
            "Demo data is not served beyond this machine: use 127.0.0.1, or set TSUBOMI_DEMO_PUBLIC=1."
        )


def _say_who_can_sign_in(settings: Settings, say: Callable[[str], None]) -> None:
    say(
        f"""
  つぼみのデモを開けます / The Tsubomi demo is ready
    {settings.base_url}/demo   ワンクリックでサインイン / one click signs you in

    haruka@example.jp   内定者 / candidate        takumi@example.jp   社員 / employee
    jinji@example.jp    人事 / HR                 mod@example.jp      ひろば運営 / moderator
    admin@example.jp    管理者 / administrator    パスワード / password: tsubomi-demo
"""
    )


def _say_first_link(settings: Settings, say: Callable[[str], None]) -> None:
    from app.office.operations import make_first_administrator_link

    path = make_first_administrator_link()
    say(
        f"""
  最初の管理者になるためのリンクです（1回だけ使えます。7日間有効）
  This one-time link makes the first administrator (valid for seven days):
    {settings.base_url}{path}
"""
    )
