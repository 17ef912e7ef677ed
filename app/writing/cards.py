"""What a viewer is shown of what they began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DraftCard:
    """One draft of the viewer's own: field name → text; revision 0 and no texts where nothing was begun."""

    texts: Mapping[str, str]
    revision: int
