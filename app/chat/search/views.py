"""The door to finding a message again."""

from __future__ import annotations

from flask import g, request

from app.core.i18n import _
from app.core.ids import PublicId
from app.core.limits import Budget, spend
from app.core.web import cursor_asked, page

from ..door import bp
from . import queries

SEARCHING = Budget(
    "searching rooms", "30/minute;600/hour", _("少し時間をおいてから、もう一度検索してください。")
)


@bp.get("/rooms/<id:room_id>/search")
def search_room(room_id: PublicId) -> str:
    """What was said here about something."""
    query = request.args.get("q", "")
    if query.strip():
        spend(SEARCHING, g.viewer.public_id)
    found = queries.search_page(g.viewer, room_id, query, before=cursor_asked().before)
    return page("chat/search.html", page=found)
