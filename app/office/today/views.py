"""The door to HR's desk."""

from __future__ import annotations

from flask import g

from app.core.web import page

from ..door import bp
from . import queries


@bp.get("/hr")
def desk() -> str:
    """今日やること, and the ways from here."""
    return page("office/desk.html", page=queries.desk_page(g.viewer))
