"""Re-authentication: a view marked `@fresh` opens only within five minutes of a proof (privacy.md, Roles)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from app.core.web import has_confirmed_identity

from .sessions import SECOND_FACTOR_PATH

P = ParamSpec("P")


def fresh(view: Callable[P, Any]) -> Callable[P, Any]:
    """Ask who it is first, then come back; stands under the route decorator."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        if has_confirmed_identity():
            return view(*args, **kwargs)
        return redirect(url_for(_confirm_endpoint(), next=_back()))

    return door


def _confirm_endpoint() -> str:
    """Whoever is kept on the page of the second factor until it is set up is asked under that address."""
    inside = request.path.startswith(SECOND_FACTOR_PATH)
    return "accounts.confirm_for_factor" if inside else "accounts.confirm"


def _back() -> str:
    """The page to return to: this one, or for an act the page it stands on."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    try:
        has_page = adapter is not None and adapter.match(request.path, method="GET") is not None
    except HTTPException:
        has_page = False
    return request.path if has_page else url_for("accounts.security")
