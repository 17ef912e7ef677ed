"""Doors to reports: making one, and the moderators' plain list."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import NotFound
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.web import page

from ..door import bp
from . import operations, queries
from .forms import ReportForm

REPORTING = Budget(
    "reporting",
    "10/hour;30/day",
    _("続けてたくさん送られました。少し時間をおいてから、もう一度お試しください。"),
)


@bp.get("/reports/new")
def new_report() -> str:
    """Which messages, and what is the matter."""
    message_id = _message_asked()
    form = blank(ReportForm, messages=[message_id])
    return page(
        "chat/report.html",
        page=queries.report_page(g.viewer, message_id, form.messages.data or []),
        form=form,
    )


@bp.post("/reports/new")
@redisplay(new_report)
def send_report() -> Response:
    """Hand them to the moderators."""
    shown = queries.report_page(g.viewer, _message_asked())
    typed = parse(ReportForm)
    spend(REPORTING, g.viewer.public_id)
    readers = operations.report_messages(
        g.viewer, shown.room.id, typed["messages"], reason=typed["reason"], note=typed["note"] or ""
    )
    if readers.has_hr:
        flash(t("ご連絡ありがとうございます。ひろば運営（人事を含みます）が確認します（目安：2営業日）"))
    else:
        flash(t("ご連絡ありがとうございます。ひろば運営が確認します（目安：2営業日）"))
    return redirect(url_for("chat.room", room_id=shown.room.id), 303)


def _message_asked() -> PublicId:
    """The message of the address. Raises NotFound where there is none."""
    message_id = request.args.get("message", "")
    if not is_public_id(message_id):
        raise NotFound()
    return message_id


@bp.get("/moderation")
def moderation() -> str:
    """What was reported."""
    return page("chat/moderation.html", page=queries.moderation_page(g.viewer))


@bp.post("/moderation/reports/<id:report_id>/close")
def close_report(report_id: PublicId) -> Response:
    """I looked at this."""
    parse(PressForm)
    operations.close_report(g.viewer, report_id)
    flash(t("確認済みにしました"))
    return redirect(url_for(".moderation"), 303)
