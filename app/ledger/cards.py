"""What is shown of the ledger as a whole: the hash at the end of a day, and whether the chain holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DailyHead:
    """The newest link at the end of `day`, hex; zeros while nothing was ever entered. It tells of no person."""

    day: date
    link: str


@dataclass(frozen=True)
class Proof:
    """What walking the chain found. `broken_at` is the number of the first entry that does not hold, from 1;
    `reason` is empty, "words", "link", "missing", "added" or "erased".
    """

    entries: int
    erased: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """Every entry holds, and none is missing."""
        return self.broken_at is None
