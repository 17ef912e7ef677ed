"""Doors to the page of one room."""

from __future__ import annotations

from flask import g, jsonify, request
from werkzeug.wrappers import Response

from app.core.forms import untouched
from app.core.i18n import _, company_zone
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.web import page

from ..door import bp
from ..messages.forms import PlainSendForm
from ..rooms.queries import rooms_beside
from ..seats.queries import prompt_card
from . import queries
from .samples import samples

# The list asks when somebody pauses; whoever wants every name of a room has the page about it.
COMPLETING = Budget(
    "completing names in rooms",
    "60/minute;600/hour",
    _("短い時間にたくさん検索されました。少し時間をおいてから、もう一度お試しください。"),
)


@bp.get("/rooms/<id:room_id>")
def room(room_id: PublicId) -> str:
    """One room; `?at=` a message, and without a script older pages are pages of their own."""
    found = queries.room_page(g.viewer, room_id, before=_asked("before"), around=_asked("at"))
    return page(
        "chat/room.html",
        page=found,
        beside=rooms_beside(g.viewer, found.frame),
        samples=samples(),
        zone=str(company_zone()),
        prompt=prompt_card(found),
        form=untouched(PlainSendForm),
    )


def _asked(name: str) -> PublicId | None:
    found = request.args.get(name, "")
    return found if is_public_id(found) else None


@bp.get("/messages/<id:message_id>/acts")
def message_acts(message_id: PublicId) -> str:
    """One message and what I may do with it: the menu of the room's page, for whoever uses no script."""
    return page("chat/message_acts.html", page=queries.acts_page(g.viewer, message_id))


@bp.get("/api/rooms/<id:room_id>/people")
def people_in_room(room_id: PublicId) -> Response:
    """Whom I may speak to in this room, called like what I have typed after the @."""
    spend(COMPLETING, g.viewer.public_id)
    found = queries.people_called(g.viewer, room_id, request.args.get("q", ""))
    people = [{"id": one.id, "name": one.name, "bud": one.bud, "mark": one.role_mark} for one in found]
    return jsonify(ok=True, people=people)
