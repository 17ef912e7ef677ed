"""The door to the daily head of the ledger."""

from __future__ import annotations

from flask import Blueprint, g

from app.core.web import page

from . import queries

bp = Blueprint("ledger", __name__)


@bp.get("/ledger/head")
def head() -> str:
    """The hash at the end of yesterday, to be noted and compared by anybody inside."""
    return page("ledger/head.html", page=queries.daily_head(g.viewer))
