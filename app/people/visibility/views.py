"""Doors to 見え方と閲覧履歴; all of them only show."""

from __future__ import annotations

from flask import g, request

from app.core.web import cursor_asked, page

from ..door import bp
from . import queries


@bp.get("/me/visibility")
def visibility() -> str:
    """One's own page through the eyes of others."""
    found = queries.eyes_page(g.viewer, request.args.get("eyes", ""))
    return page("people/visibility.html", page=found)


@bp.get("/me/visibility/office")
def visibility_to_office() -> str:
    """人事に見えるもの・見えないもの."""
    return page("people/visibility_office.html", page=queries.sight_page(g.viewer))


@bp.get("/me/visibility/entries")
def access_entries() -> str:
    """閲覧履歴: who from the office looked at one's data."""
    return page("people/visibility_entries.html", page=queries.entries_page(g.viewer, cursor_asked()))
