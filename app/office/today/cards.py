"""What waits for HR; every number is one of procedure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One line of 今日やること: what waits, what it means, and the page where it is done in a minute."""

    label: str
    note: str
    href: str
    icon: str


@dataclass(frozen=True)
class DeskPage:
    """What HR can do today, and the ways from here."""

    tasks: tuple[Task, ...]
    awaited: int
    members: int
    mentors: int
    is_set_up: bool
    can_set_up: bool
