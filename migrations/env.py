"""Alembic's environment: one history for SQLite and PostgreSQL, in batch mode."""

from __future__ import annotations

from alembic import context
from flask import current_app

import app.core.events
import app.models  # noqa: F401 - the tables
from app.core.db import Base, UtcDateTime, db
from app.core.migrations import is_ours


def plain_type(kind: str, item: object, _context: object) -> str | bool:
    """Write our own types into a revision as what the database stores, so that history needs no code of today."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate() -> None:
    """Bring the database to the newest revision, in one transaction where the database can."""
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # A table is changed by a copy that takes its place (sqlite.org/lang_altertable.html, 7); while the keys
            # are watched, dropping the old one would count as deleting all its rows.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
            include_object=is_ours,
            render_item=plain_type,
            transaction_per_migration=True,
            **{
                key: value
                for key, value in current_app.extensions["migrate"].configure_args.items()
                if key not in {"render_as_batch", "compare_type"}
            },
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


migrate()
