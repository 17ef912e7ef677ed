"""Who may see and do what. Read `rules.py` to audit the product."""

from __future__ import annotations

from . import rules
from .engine import allowed, can, claim, fetch, registered, standing, standing_part, why_not
from .viewer import NOBODY, Viewer, eyes_apart_from, eyes_of, viewer_of, viewers_now, viewers_of

__all__ = [
    "NOBODY",
    "Viewer",
    "allowed",
    "can",
    "claim",
    "eyes_apart_from",
    "eyes_of",
    "fetch",
    "registered",
    "rules",
    "standing",
    "standing_part",
    "viewer_of",
    "viewers_now",
    "viewers_of",
    "why_not",
]
