"""Is it alive, is it ready, how is it doing: for load balancers and monitors, without a word about people."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .db import db, session
from .errors import NotFound
from .metrics import render_metrics
from .web import is_token, public, settings_now

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(ok=True)


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """The database answers, its migrations are this program's, and jobs can be queued."""
    checks = {"database": _has_database(), "migrations": migration_state() == "same", "queue": _has_queue()}
    is_ready = all(checks.values())
    return jsonify(ok=is_ready, checks=checks), 200 if is_ready else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus' text format, for the bearer of TSUBOMI_METRICS_TOKEN only; anyone else finds nothing here."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not is_token(settings_now().metrics_token, given):
        raise NotFound()
    return Response(render_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


def migration_state() -> str:
    """How the database stands to this program: `same`, `empty`, `behind`, `ahead` (a newer program's) or `gone`."""
    try:
        with db.engine.connect() as connection:
            present = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return "gone"
    scripts = ScriptDirectory.from_config(_alembic())
    if present is None:
        return "empty"
    if present == scripts.get_current_head():
        return "same"
    return "behind" if present in {each.revision for each in scripts.walk_revisions()} else "ahead"


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _has_database() -> bool:
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        session.rollback()
        return False
    return True


def _has_queue() -> bool:
    try:
        current_app.extensions["tsubomi.huey"].pending_count()
    except Exception:
        return False
    return True
