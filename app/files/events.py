"""Facts about files; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class PictureArrived(Fact):
    """A picture was uploaded and waits to be rebuilt from its pixels."""

    upload_id: int


@dataclass(frozen=True)
class PictureSettled(Fact):
    """A picture that hung on a message already was rebuilt, or refused: those who read it may be shown it now."""

    upload_id: int
