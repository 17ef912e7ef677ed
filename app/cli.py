"""Commands for whoever runs the installation; each calls an operation or a mechanism."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.core.config import LOOPBACK_HOSTS, Settings
from app.core.db import session
from app.core.events import drain, waiting
from app.core.health import MIGRATIONS, migration_state
from app.core.i18n import compile_catalogues, missing_translations, update_catalogue
from app.core.jobs import run_consumer
from app.core.web import settings_now
from app.models import Community, Member


def install_commands(app: Flask) -> None:
    """Give the app its commands."""
    for command in (prepare, worker):
        app.cli.add_command(command)
    for group in (translations, outbox, demo, second_factor, posts):
        app.cli.add_command(group)


# ── start ────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@with_appcontext
def prepare() -> None:
    """Make everything ready to serve: translations, migrations, the demo; then say who can sign in."""
    compile_catalogues()
    try:
        _migrate()
        _fill()
    except OperationalError as error:
        raise _Stop(
            f"データベースを開けませんでした（空き容量と権限をご確認ください）: {error.orig} / "
            "The database could not be opened: check free space and permissions."
        ) from error


class _Stop(click.ClickException):
    """One sentence and a non-zero exit, without a traceback."""

    def show(self, file: object = None) -> None:
        """Print the sentence alone."""
        print(self.message, file=sys.stderr)


def _migrate() -> None:
    state = migration_state()
    if state == "gone":
        raise _Stop(
            "データベースにつながりません。TSUBOMI_DATABASE_URL をご確認ください / "
            "The database does not answer: check TSUBOMI_DATABASE_URL."
        )
    if state == "ahead":
        raise _Stop(
            "データベースは、より新しいつぼみで更新されています。プログラムを新しい版に戻してください / "
            "The database was migrated by a newer Tsubomi: use that version again."
        )
    if state in {"empty", "behind"}:
        click.echo("データベースを準備しています… / Preparing the database…")
        upgrade(directory=str(MIGRATIONS))


def _fill() -> None:
    settings = settings_now()
    is_empty = session.scalar(select(Member.id).limit(1)) is None
    if is_empty and settings.demo:
        from app.seeds.demo import plant_demo

        click.echo("デモの内定者コミュニティをつくっています（初回のみ、30秒ほど）… / Planting the demo community…")
        plant_demo()
        is_empty = False
    is_demo = bool(session.scalar(select(Community.is_demo).where(Community.id == 1)))
    if is_demo:
        _refuse_public_demo(settings)
        _say_who_can_sign_in(settings)
    elif is_empty:
        _say_first_link(settings)


def _refuse_public_demo(settings: Settings) -> None:
    if settings.demo_public:
        return
    if not settings.is_loopback or settings.host not in LOOPBACK_HOSTS:
        raise _Stop(
            "デモデータは、このサーバーの外に公開できません。HOST と TSUBOMI_BASE_URL を 127.0.0.1 にするか、"
            "承知のうえで TSUBOMI_DEMO_PUBLIC=1 を指定してください / "
            "Demo data is not served beyond this machine: use 127.0.0.1, or set TSUBOMI_DEMO_PUBLIC=1."
        )


def _say_who_can_sign_in(settings: Settings) -> None:
    click.echo(
        f"""
  つぼみのデモを開けます / The Tsubomi demo is ready
    {settings.base_url}/demo   ワンクリックでサインイン / one click signs you in

    haruka@example.jp   内定者 / candidate        takumi@example.jp   社員 / employee
    jinji@example.jp    人事 / HR                 mod@example.jp      ひろば運営 / moderator
    admin@example.jp    管理者 / administrator    パスワード / password: tsubomi-demo
"""
    )


def _say_first_link(settings: Settings) -> None:
    from app.office.operations import make_first_administrator_link

    path = make_first_administrator_link()
    click.echo(
        f"""
  最初の管理者になるためのリンクです（1回だけ使えます。7日間有効）
  This one-time link makes the first administrator (valid for seven days):
    {settings.base_url}{path}
"""
    )


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@with_appcontext
def worker() -> None:
    """Be the worker process of the scaled set-up: delivers the outbox and tidies up."""
    run_consumer(current_app._get_current_object())  # type: ignore[attr-defined]


outbox = AppGroup("outbox", help="Deliveries that wait.")


@outbox.command("drain")
def outbox_drain() -> None:
    """Deliver what waits and is due; print how many."""
    click.echo(f"delivered {drain(100_000)}, waiting {waiting()}")


demo = AppGroup("demo", help="The demo community.")


@demo.command("plant")
def demo_plant() -> None:
    """Fill an empty database with the demo community."""
    from app.seeds.demo import plant_demo

    if session.scalar(select(Member.id).limit(1)) is not None:
        raise _Stop("このデータベースには、すでに人がいます / There are already people in this database.")
    plant_demo()


second_factor = AppGroup("second-factor", help="Second factors of members.")


@second_factor.command("clear")
@click.argument("mail")
def second_factor_clear(mail: str) -> None:
    """Take away the second factor of the member at MAIL, who lost it; they set up a new one at the next sign-in."""
    from app.accounts.operations import clear_second_factor

    if not clear_second_factor(mail):
        raise _Stop("この方の2段階認証は見つかりませんでした / There is no second factor of this member.")
    click.echo("解除しました。次のサインインで設定し直していただきます / Cleared; to be set up at the next sign-in.")


posts = AppGroup("posts", help="What is written on boards.")


@posts.command("render")
def posts_render() -> None:
    """Render again, in batches, what an older renderer stored."""
    from app.boards.operations import rerender_posts

    total = 0
    while count := rerender_posts():
        total += count
        click.echo(f"{total} …")
    click.echo(f"rendered {total}")


# ── translations ─────────────────────────────────────────────────────────────────────────────────────────────

translations = AppGroup("translations", help="Japanese in the code, English in the catalogue.")


@translations.command("check")
def translations_check() -> None:
    """Fail while a string lacks its English; list them."""
    missing = missing_translations()
    for message in missing:
        click.echo(message)
    if missing:
        raise _Stop(f"{len(missing)} strings lack their English: run `make translations` and translate them.")


@translations.command("compile")
def translations_compile() -> None:
    """Compile the catalogues whose source is newer."""
    for path in compile_catalogues():
        click.echo(Path(path).name)


@translations.command("update")
def translations_update() -> None:
    """Collect new strings into the catalogue."""
    click.echo(f"{update_catalogue()} strings without English")
