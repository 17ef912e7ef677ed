"""What home shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HomePage:
    """Home for one member; it ends, there is no endless feed. `must_set_up`: this administrator has begun set-up."""

    greeting: str
    help_line: str
    is_candidate: bool
    has_first_steps: bool
    must_set_up: bool
    topics: tuple[Any, ...]
    boards: tuple[Any, ...]


@dataclass(frozen=True)
class DemoDoor:
    """One of the demo's people to be for a minute."""

    key: str
    name: str
    role: str
    bud: int
    sentence: str
