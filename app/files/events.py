"""Facts about files; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class PictureArrived(Fact):
    """A picture was uploaded and waits to be rebuilt from its pixels."""

    upload_id: int
