"""Doors to acts on many people: preview, act, undo."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.forms import PressForm, parse, redisplay
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.limits import spend
from app.core.web import page
from app.invitations.budgets import INVITING

from ..door import bp, organising
from ..forms import offer
from ..people.views import chosen_people, people
from . import operations, queries
from .cards import Selection, Undone
from .forms import BulkForm


def _selection(typed: dict[str, Any]) -> Selection:
    return Selection(chosen_people(), None if typed["whole"] else tuple(typed["people"]))


@bp.post("/hr/people/review")
@organising
@redisplay(people)
def review() -> str:
    """Who is meant, who is left out and why; nothing happens yet."""
    typed = parse(BulkForm)
    return _review_page(typed)


def _review_page(typed: dict[str, Any]) -> str:
    found = queries.review_page(
        g.viewer,
        _selection(typed),
        act=typed["act"],
        target=typed["target"] or "",
        shown=(typed["shown"] or 0) if typed["whole"] else 0,
    )
    offer(g.form.target, [("", t("選んでください")), *found.targets])
    return page("office/review.html", page=found, form=g.form, query=chosen_people().address)


def _review_again() -> str:
    """The page an act was refused on, as things stand now."""
    return _review_page(g.form.data)


@bp.post("/hr/people/act")
@organising
@redisplay(_review_again)
def act() -> AnyResponse:
    """Do what the preview showed."""
    typed = parse(BulkForm)
    if typed["act"] == "invite":
        spend(INVITING, g.viewer.public_id)
    operations.act_on_people(
        g.viewer,
        _selection(typed),
        act=typed["act"],
        target=typed["target"] or "",
        seal=typed["seal"] or "",
    )
    flash(_said(typed["act"]))
    return redirect(f"{url_for('.acts')}?{chosen_people().address}", 303)


def _said(act_name: str) -> str:
    if act_name == "invite":
        return t("招待メールを送信しています。この画面を閉じても、送信は続きます")
    return t("変更しました。1日のあいだ、ここから元に戻せます")


@bp.get("/hr/acts")
def acts() -> str:
    """What one did in the last day, to be undone."""
    return page("office/acts.html", page=queries.acts_page(g.viewer), query=chosen_people().address)


@bp.post("/hr/acts/<id:act_id>/undo")
@organising
def undo(act_id: PublicId) -> AnyResponse:
    """Put people back."""
    parse(PressForm)
    flash(_undone(operations.undo_act(g.viewer, act_id)))
    return redirect(url_for(".acts"), 303)


def _undone(undone: Undone) -> str:
    if not undone.kept:
        return t("%(count)s名を元に戻しました", count=f"{undone.count:,}")
    return t(
        "%(count)s名を元に戻しました。そのあとに変更があった%(kept)s名は、いまのままです",
        count=f"{undone.count:,}",
        kept=f"{undone.kept:,}",
    )
