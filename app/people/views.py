"""Doors to people: the directory, profiles, one's own page, blocks."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.forms import parse
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.limits import Budget, spend
from app.core.web import cursor_asked, page

from . import operations, queries
from .door import bp
from .forms import NoForm
from .profile import views as _profile
from .visibility import views as _visibility

__all__ = ["_profile", "_visibility", "bp"]

_SLOWER = _("変更が続いたため、いったん止めています。時間をおいてもう一度お試しください。")
BLOCKS = Budget("blocks", "60/hour", _SLOWER)


@bp.get("/people")
def people() -> str:
    """Who is here, as far as the viewer may know."""
    found = queries.directory_page(
        g.viewer, tab=request.args.get("tab", ""), query=request.args.get("q", ""), cursor=cursor_asked()
    )
    return page("people/people.html", page=found)


@bp.get("/people/<id:person_id>")
def person(person_id: PublicId) -> str:
    """One profile."""
    return page("people/person.html", page=queries.visited_page(g.viewer, person_id))


@bp.post("/people/<id:person_id>/block")
def block(person_id: PublicId) -> Response:
    """Do not meet this person any more."""
    parse(NoForm)
    spend(BLOCKS, g.viewer.public_id)
    operations.block_person(g.viewer, person_id)
    flash(t("ブロックしました。相手には知らされません。ここからいつでも解除できます。"))
    return redirect(url_for(".blocks"), 303)


@bp.post("/people/<id:person_id>/unblock")
def unblock(person_id: PublicId) -> Response:
    """Meet this person again."""
    parse(NoForm)
    spend(BLOCKS, g.viewer.public_id)
    operations.unblock_person(g.viewer, person_id)
    flash(t("ブロックを解除しました。相手には知らされません。"))
    return redirect(url_for(".blocks"), 303)


@bp.get("/me")
def me() -> str:
    """My page: the way to everything that is mine."""
    return page("people/me.html", page=queries.my_page(g.viewer))


@bp.get("/me/blocks")
def blocks() -> str:
    """Those I have blocked."""
    return page("people/blocks.html", blocked=queries.my_blocks(g.viewer))
