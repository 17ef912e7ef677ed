"""What happened to exports; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class ExportAsked(Fact):
    """A member asked for their export; `export_id` is the public id of this one, as asking again makes another."""

    member_id: int
    export_id: str
