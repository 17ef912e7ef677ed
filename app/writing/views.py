"""Doors of the composer: how a text will look, and the drafts of whoever writes."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import Conflict
from app.core.forms import parse_payload
from app.core.i18n import _
from app.core.limits import Budget, spend
from app.core.text import render_markdown

from . import operations, queries
from .composers import checked_composer
from .forms import PreviewForm, parse_draft

bp = Blueprint("writing", __name__)

# A draft is saved two seconds after the last key, so nobody who types reaches these.
DRAFTS = Budget(
    "drafts",
    "60/minute;1200/hour",
    _("短い時間に何度も保存されたため、下書きの保存を少し休んでいます。文章はこの画面に残っています。"),
)
PREVIEWS = Budget(
    "previews",
    "60/minute;600/hour",
    _("短い時間に何度もプレビューが開かれました。少し時間をおいてください。文章はそのまま残っています。"),
)


@bp.post("/api/preview")
def preview() -> Response:
    """A text as its readers will see it."""
    typed = parse_payload(PreviewForm, request.get_json(silent=True) or {})
    spend(PREVIEWS, g.viewer.public_id)
    return jsonify(ok=True, html=render_markdown(typed["body"] or ""))


@bp.get("/api/drafts/<composer>")
def draft(composer: str) -> Response:
    """What I began in this composer."""
    found = queries.draft_card(g.viewer, composer)
    return jsonify(ok=True, texts=found.texts, revision=found.revision)


@bp.post("/api/drafts/<composer>")
def save_draft(composer: str) -> Response:
    """Keep what I typed so far; where another device was quicker, its texts come back instead."""
    checked_composer(composer)
    typed = parse_draft(request.get_json(silent=True))
    spend(DRAFTS, g.viewer.public_id)
    try:
        revision = operations.save_draft(g.viewer, composer, **typed)
    except Conflict as refusal:
        newer = queries.draft_card(g.viewer, composer)
        answer = jsonify(
            ok=False,
            code=refusal.code,
            message=str(refusal),
            texts=newer.texts,
            revision=newer.revision,
        )
        answer.status_code = refusal.status
        return answer
    return jsonify(ok=True, revision=revision)


@bp.post("/api/drafts/<composer>/delete")
def forget_draft(composer: str) -> Response:
    """Forget what I began."""
    spend(DRAFTS, g.viewer.public_id)
    operations.forget_draft(g.viewer, composer)
    return jsonify(ok=True)
