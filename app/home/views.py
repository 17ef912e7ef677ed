"""Doors of home: the first page, language, theme, the demo's entrance, and the styleguide in development."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from app.accounts.sessions import device_name
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import LANGUAGES, _
from app.core.limits import Budget, limiter
from app.core.web import (
    begin_browser_session,
    keep_in_browser,
    kept_in_browser,
    page,
    public,
    safe_next,
)

from . import operations, queries

bp = Blueprint("home", __name__)
workshop = Blueprint("workshop", __name__)

THEMES = ("auto", "light", "dark")
DEMO_DOORS = Budget("demo doors", "60/minute", _("少し時間をおいてから、もう一度お試しください。"))


@bp.get("/")
def home() -> str:
    """What is new for me, in few words, and an end."""
    return page(
        "home/home.html",
        page=queries.home_page(
            g.viewer, name=g.visitor.me.name, first_steps=bool(kept_in_browser("welcome"))
        ),
    )


@bp.get("/shortcuts")
def shortcuts() -> str:
    """Keys for people at a desk; every page shows the same sheet on `?`."""
    return page("home/shortcuts.html")


@bp.post("/language")
@public
def language() -> Response:
    """Remember the language: with the member, or signed out on this device."""
    chosen = request.form.get("lang", "")
    if chosen not in LANGUAGES:
        raise NotFound()
    keep_in_browser("language", chosen)
    if g.visitor is not None:
        operations.choose_language(g.viewer, chosen)
    return redirect(_where_they_were())


@bp.post("/theme")
@public
def theme() -> Response:
    """Remember light, dark or the device's own choice, on this device."""
    chosen = request.form.get("theme", "")
    if chosen not in THEMES:
        raise NotFound()
    keep_in_browser("theme", chosen)
    return redirect(_where_they_were())


@bp.get("/demo")
@public
def demo() -> str:
    """The demo's entrance: who one may be for a minute, and what to look at. Exists with demo data only."""
    return page("home/demo.html", doors=queries.demo_doors())


@bp.post("/demo/<key>")
@public
def demo_sign_in(key: str) -> Response:
    """Become one of the demo's people. In a community with real data this address does not exist."""
    limiter().spend(DEMO_DOORS, request.remote_addr or "")
    visitor = operations.open_demo_session(key, device=device_name(request.user_agent.string))
    begin_browser_session(visitor, is_kept=True)
    return redirect("/")


def _where_they_were() -> str:
    """The page the switch was pressed on, if it was one of ours; the browser says so, no page has to."""
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    if referrer.netloc != request.host:
        return "/"
    return safe_next(referrer.path + (f"?{referrer.query}" if referrer.query else ""))


@workshop.get("/styleguide")
@public
def styleguide() -> str:
    """Every component in every state; in development only."""
    return page("styleguide.html", sample_at=now())
