"""Doors to the order of boards, and to putting them away."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.forms import PressForm, parse
from app.core.i18n import t

from ..door import bp, organising
from . import operations


def _to_list() -> AnyResponse:
    return redirect(url_for("boards.office_boards"), 303)


@bp.post("/hr/boards/<slug>/up")
@organising
def board_up(slug: str) -> AnyResponse:
    """One place up."""
    parse(PressForm)
    operations.raise_board(g.viewer, slug)
    return _to_list()


@bp.post("/hr/boards/<slug>/down")
@organising
def board_down(slug: str) -> AnyResponse:
    """One place down."""
    parse(PressForm)
    operations.lower_board(g.viewer, slug)
    return _to_list()


@bp.post("/hr/boards/<slug>/archive")
@organising
def archive_board(slug: str) -> AnyResponse:
    """Put it away."""
    parse(PressForm)
    operations.archive_board(g.viewer, slug)
    flash(t("ひろばを閉じました。読むことはできます"))
    return _to_list()


@bp.post("/hr/boards/<slug>/reopen")
@organising
def reopen_board(slug: str) -> AnyResponse:
    """Take it out again."""
    parse(PressForm)
    operations.reopen_board(g.viewer, slug)
    flash(t("ひろばを再開しました"))
    return _to_list()
