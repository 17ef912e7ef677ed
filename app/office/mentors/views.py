"""The door to HR's list of mentors; assigning one is an act on people (office/bulk)."""

from __future__ import annotations

from flask import g

from app.core.web import page

from ..door import bp
from . import queries


@bp.get("/hr/mentors")
def mentors() -> str:
    """Who stands beside whom."""
    return page("office/mentors.html", page=queries.mentors_page(g.viewer))
