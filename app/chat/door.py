"""The one blueprint of chat; what belongs to HR and to moderators does not exist for anybody else."""

from __future__ import annotations

from flask import Blueprint, g, request

from app.core.errors import NotFound

bp = Blueprint("chat", __name__)


@bp.before_request
def only_for_those_in_charge() -> None:
    """Before anything they sent is read: a refusal of a form would tell that there is one."""
    if request.path.startswith("/hr/") and not g.viewer.is_hr:
        raise NotFound()
    if request.path.startswith("/moderation") and not g.viewer.is_moderator:
        raise NotFound()
