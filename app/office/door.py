"""The one blueprint of the office: whoever has no business here meets nothing but missing pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, current_app, g, request

from . import gate

bp = Blueprint("office", __name__)
P = ParamSpec("P")


@bp.before_request
def only_for_the_office() -> None:
    """For everybody else no address here exists, whatever they send to it."""
    if not getattr(current_app.view_functions[request.endpoint or ""], "is_public", False):
        gate.check_entrance(g.viewer)


def organising(view: Callable[P, Any]) -> Callable[P, Any]:
    """Ask whether the viewer organises before anything they sent is read; stands under the route decorator."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        _kept = gate.community_for(g.viewer, "organise")  # held, so that the view finds it without a query
        return view(*args, **kwargs)

    return door


def governing(view: Callable[P, Any]) -> Callable[P, Any]:
    """Ask whether the viewer governs before they are asked who they are; stands under the route decorator."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        _kept = gate.community_for(g.viewer, "govern")  # held, so that the view finds it without a query
        return view(*args, **kwargs)

    return door
