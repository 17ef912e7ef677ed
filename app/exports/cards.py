"""What a member is shown of their own export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.core.ids import PublicId


@dataclass(frozen=True)
class ExportCard:
    """How far the export is: `state` is `waiting`, `ready` (until `ready_until`) or `failed`."""

    id: PublicId
    state: str
    ready_until: datetime | None


@dataclass(frozen=True)
class KeptCard:
    """One class of data: `how_long` from `since` on, or, where it is empty, until what `since` says. `ends_on`: one's own next."""

    what: str
    since: str
    how_long: str
    ends_on: date | None
