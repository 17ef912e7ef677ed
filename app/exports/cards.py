"""What a member is shown of their own export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId


@dataclass(frozen=True)
class ExportCard:
    """How far the export is: `state` is `waiting`, `ready` (until `ready_until`) or `failed`."""

    id: PublicId
    state: str
    ready_until: datetime | None
