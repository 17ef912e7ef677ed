"""Doors to notices: the list, how they arrive, devices that take pushes, and the link that ends mail."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.sessions import device_name
from app.core.forms import blank, parse, parse_payload, redisplay
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.limits import Budget, spend
from app.core.web import cursor_asked, page, public, wants_json

from . import operations, queries
from .forms import DeviceForm, EndpointForm, NoForm, SeenForm, WaysForm
from .ways import Ways, kinds_for

bp = Blueprint("notifications", __name__)

TESTING = Budget("test pushes", "10/hour", _("テストの通知は、少し時間をおいてからお試しください。"))


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/notices")
def notices() -> str:
    """What I was told, and why."""
    return page("notifications/notices.html", page=queries.notices_page(g.viewer, cursor_asked()))


@bp.get("/notices/<id:notice_id>")
def notice(notice_id: PublicId) -> Response:
    """A notice leads to what it is about."""
    return redirect(queries.place_of(g.viewer, notice_id), 303)


@bp.post("/notices/seen")
def see() -> Response:
    """Move my bookmark up to the newest notice I was shown."""
    operations.see_notices(g.viewer, newest=parse(SeenForm)["newest"] or "")
    return jsonify(ok=True) if wants_json() else redirect(url_for(".notices"), 303)


# ── how they arrive ──────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/me/notices")
def settings() -> str:
    """How my notices arrive."""
    found = queries.settings_page(g.viewer)
    ways: dict[str, Any] = {}
    for each in found.kinds:
        ways[f"{each.kind}_mail"], ways[f"{each.kind}_push"] = each.mail, each.is_pushed
    return page("notifications/settings.html", page=found, form=blank(WaysForm, digest=found.digest, **ways))


@bp.post("/me/notices")
@redisplay(settings)
def choose() -> Response:
    """Keep how they arrive."""
    typed = parse(WaysForm)
    kinds = {kind: Ways(typed[f"{kind}_mail"], bool(typed[f"{kind}_push"])) for kind in kinds_for(g.viewer)}
    operations.choose_ways(g.viewer, kinds=kinds, digest=typed["digest"])
    flash(t("通知の設定を保存しました"))
    return redirect(url_for(".settings"), 303)


@bp.post("/me/notices/pause")
def pause() -> Response:
    """Rest for a while."""
    parse(NoForm)
    operations.pause_notices(g.viewer)
    flash(t("通知を休みます。手続きのお知らせだけが届きます"))
    return redirect(url_for(".settings"), 303)


@bp.post("/me/notices/resume")
def resume() -> Response:
    """Be told again."""
    parse(NoForm)
    operations.resume_notices(g.viewer)
    flash(t("通知を再開しました"))
    return redirect(url_for(".settings"), 303)


# ── devices ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.post("/me/notices/devices/<id:device_id>/remove")
def remove_device(device_id: PublicId) -> Response:
    """Push no more to one of my devices."""
    parse(NoForm)
    operations.remove_device(g.viewer, device_id)
    flash(t("この端末へのプッシュ通知を止めました"))
    return redirect(url_for(".settings"), 303)


@bp.post("/me/notices/test")
def test_pushes() -> Response:
    """Send a push to my devices, to see that it arrives."""
    parse(NoForm)
    spend(TESTING, g.viewer.public_id)
    count = operations.test_pushes(g.viewer)
    flash(t("テストの通知を送りました") if count else t("プッシュ通知を受け取る端末は、まだありません"))
    return redirect(url_for(".settings"), 303)


@bp.post("/api/push/subscribe")
def subscribe() -> Response:
    """Push to this browser from now on."""
    typed = parse_payload(DeviceForm, _payload())
    device = device_name(request.user_agent.string)
    operations.add_device(g.viewer, device=device, **{**typed, "replaces": typed["replaces"] or ""})
    return jsonify(ok=True)


@bp.post("/api/push/unsubscribe")
def unsubscribe_device() -> Response:
    """Push no more to this browser."""
    operations.forget_endpoint(g.viewer, **parse_payload(EndpointForm, _payload()))
    return jsonify(ok=True)


def _payload() -> Any:
    return request.get_json(silent=True)


# ── the link in letters ──────────────────────────────────────────────────────────────────────────────────────


@bp.get("/unsubscribe/<string(length=26):secret>")
@public
def unsubscribing(secret: str) -> str:
    """End the mail about notices? Opening the link changes nothing: mail programs open links by themselves."""
    queries.check_unsubscribing(secret)
    return page("notifications/unsubscribe.html", secret=secret, is_done=False)


@bp.post("/unsubscribe/<string(length=26):secret>")
@public
def unsubscribe(secret: str) -> str:
    """End the mail about notices; also pressed by mail programs, which know no cookie and no token (RFC 8058)."""
    operations.stop_mail(secret)
    return page("notifications/unsubscribe.html", secret=secret, is_done=True)


unsubscribe.is_exempt = True  # type: ignore[attr-defined]
