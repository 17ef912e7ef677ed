"""Is it alive, is it ready, how is it doing: for load balancers and monitors, without a word about people."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .db import session
from .errors import NotFound
from .metrics import render_metrics
from .web import is_token, public, settings_now

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
    from .migrations import migration_state  # Alembic costs a start a tenth of its time

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
