"""Doors to requests that need two people. Deciding asks who it is first, at most five minutes ago."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.freshness import fresh
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.web import page

from ..door import bp, governing
from . import operations, queries
from .forms import AnswerForm


@bp.get("/hr/approvals")
def approvals() -> str:
    """What waits for a second person, and what was decided lately."""
    return page("office/approvals.html", page=queries.approvals_page(g.viewer))


@bp.get("/hr/approvals/<id:approval_id>")
@governing
@fresh
def approval(approval_id: PublicId) -> str:
    """One request: what exactly changes, and the answer."""
    card = queries.approval_card(g.viewer, approval_id)
    return page("office/approval.html", card=card, form=blank(AnswerForm))


@bp.post("/hr/approvals/<id:approval_id>")
@governing
@fresh
@redisplay(approval)
def answer_approval(approval_id: PublicId) -> AnyResponse:
    """Approve it, which does it at once, or decline it."""
    typed = parse(AnswerForm)
    if typed["answer"] == "approve":
        operations.approve(g.viewer, approval_id, seal=typed["seal"])
        flash(t("承認しました。変更はすでに有効です"))
    else:
        operations.decline(g.viewer, approval_id)
        flash(t("見送りました。何も変わっていません"))
    return redirect(url_for(".approvals"), 303)


@bp.post("/hr/approvals/<id:approval_id>/withdraw")
@governing
def withdraw_approval(approval_id: PublicId) -> AnyResponse:
    """Take one's own request back."""
    parse(PressForm)
    operations.withdraw(g.viewer, approval_id)
    flash(t("依頼を取り下げました"))
    return redirect(url_for(".approvals"), 303)
