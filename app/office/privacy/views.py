"""Doors to the limits of profile fields. Changing one asks who it is first, at most five minutes ago."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.freshness import fresh
from app.core.forms import blank, parse, redisplay
from app.core.i18n import t
from app.core.web import page

from ..door import bp, governing
from ..forms import offer
from . import operations, queries
from .forms import CapForm


@bp.get("/hr/privacy")
def privacy() -> str:
    """How far each field may reach, and what HR can never do."""
    return page("office/privacy.html", page=queries.privacy_page(g.viewer))


@bp.get("/hr/privacy/<field>")
@governing
@fresh
def cap(field: str) -> str:
    """One field: choose a cap, and see what it would change."""
    found = queries.cap_page(g.viewer, field, request.args.get("cap", ""))
    form = blank(CapForm, cap=found.chosen or found.row.cap, seen=found.row.cap)
    offer(form.cap, found.choices)
    return page("office/cap.html", page=found, form=form)


@bp.post("/hr/privacy/<field>")
@governing
@fresh
@redisplay(cap)
def change_cap(field: str) -> AnyResponse:
    """Narrow it at once, or ask for a wider one."""
    if operations.change_cap(g.viewer, field, **parse(CapForm)) is None:
        flash(t("上限を狭めました。すでに選ばれていた範囲にも反映しています"))
        return redirect(url_for(".privacy"), 303)
    flash(t("承認を依頼しました。ほかの人事の担当者が承認するまで、何も変わりません"))
    return redirect(url_for(".approvals"), 303)
