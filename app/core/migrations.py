"""How the database stands to this program. Alembic is loaded only where something has to be done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from .db import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_REVISION = re.compile(r'^(down_revision|revision) = "([^"]+)"', re.MULTILINE)


def migration_state() -> str:
    """How the database stands to this program: `same`, `empty`, `behind`, `ahead` (a newer program's) or `gone`."""
    try:
        with db.engine.connect() as connection:
            present = _revision(connection)
    except SQLAlchemyError:
        return "gone"
    if present is None:
        return "empty"
    known, head = _revisions()
    if present == head:
        return "same"
    return "behind" if present in known else "ahead"


def _revision(connection: Connection) -> str | None:
    """The revision the database says it has; None where nothing was ever migrated."""
    try:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "") or None
    except (OperationalError, ProgrammingError):
        connection.rollback()
        connection.execute(text("SELECT 1"))  # it answers, so it is only the table that is missing
        return None


def _revisions() -> tuple[set[str], str]:
    """All revisions of this program and the newest, read from their files: loading Alembic for it costs a start dear."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        for kind, name in _REVISION.findall(path.read_text("utf-8")):
            found[kind].add(name)
    (head,) = found["revision"] - found["down_revision"]
    return found["revision"], head


# Kept by SQLite's full-text search, not by us; and the indexes themselves, written by hand for each kind of database.
_APART = ("_data", "_idx", "_content", "_docsize", "_config", "_index")


def is_ours(item: Any, name: str | None, kind: str, _reflected: bool, _compare: object) -> bool:
    """Whether Alembic compares this table, or index, with the models (its `include_object`)."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
    return not (table or "").endswith(_APART)


def migrate_database(app: Flask) -> None:
    """Bring the database to the newest revision."""
    from flask_migrate import upgrade

    install_migrations(app)
    upgrade(directory=str(MIGRATIONS))


def install_migrations(app: Flask) -> None:
    """Let Flask-Migrate's commands and `upgrade` work on this app."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)
