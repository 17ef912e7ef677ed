"""Commands for whoever runs the installation; each calls an operation or a mechanism."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.core.db import session
from app.core.events import drain, waiting
from app.core.i18n import compile_catalogues, missing_translations, update_catalogue
from app.core.jobs import run_consumer
from app.core.migrations import install_migrations
from app.models import Member
from app.prepare import prepare_or_exit


def install_commands(app: Flask) -> None:
    """Give the app its commands, and its migrations, which are commands too."""
    install_migrations(app)
    for command in (prepare, worker):
        app.cli.add_command(command)
    for group in (translations, outbox, demo, second_factor, posts, search, ledger):
        app.cli.add_command(group)


# ── start ────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@with_appcontext
def prepare() -> None:
    """Make everything ready to serve: translations, migrations, the demo; then say who can sign in."""
    prepare_or_exit(current_app._get_current_object())  # type: ignore[attr-defined]


class _Stop(click.ClickException):
    """One sentence and a non-zero exit, without a traceback."""

    def show(self, file: object = None) -> None:
        """Print the sentence alone."""
        print(self.message, file=sys.stderr)


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
    click.echo(
        "解除しました。次のサインインで設定し直していただきます / Cleared; to be set up at the next sign-in."
    )


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


search = AppGroup("search", help="The index in which messages are found again.")


@search.command("rebuild")
def search_rebuild() -> None:
    """Enter every message again; may run while people talk."""
    from app.chat.index import clear_index, enter_again

    clear_index()
    reached: int | None = 0
    while reached is not None:
        reached = enter_again(reached)
        click.echo(f"… {reached or ''}".rstrip())


ledger = AppGroup("ledger", help="Who in the office looked at whose data.")

_FAULTS = {
    "words": "内容が書き換えられています / its words were changed",
    "link": "前後の記録とつながりません / it does not follow the entry before it",
    "missing": "ここから先の記録がないか、先頭の値が違います / entries are missing, or the head was changed",
    "added": "手続きを通らない記録が足されています / an entry was added past the ledger",
    "erased": "退会の手続きによらず、内容が消されています / words were erased without anybody leaving",
}


@ledger.command("verify")
def ledger_verify() -> None:
    """Check the hash chain; exit status 1 and the number of the first broken entry where it does not hold."""
    from app.ledger.queries import verify

    proof = verify()
    if proof.broken_at is not None:
        fault = _FAULTS[proof.reason]
        raise _Stop(f"閲覧履歴の{proof.broken_at}件目：{fault} (entry {proof.broken_at})")
    click.echo(
        f"閲覧履歴{proof.entries}件はつながっています（退会により内容を消したもの{proof.erased}件） / "
        f"The ledger is whole: {proof.entries} entries, {proof.erased} of them erased."
    )


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
