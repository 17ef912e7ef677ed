"""What somebody is shown of how others and the office see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.core.ids import PublicId

from ..cards import Pager, PersonPage


@dataclass(frozen=True)
class EyesTab:
    """One pair of eyes one can look through."""

    key: str
    label: str
    href: str
    is_active: bool


@dataclass(frozen=True)
class EyesPage:
    """One's own profile as somebody else sees it; `profile` is None where it does not exist for them, who read `missing`.

    `hidden` names one's own fields that these eyes do not see; `has_fields`: something stands in at least one of them.
    """

    tabs: tuple[EyesTab, ...]
    eyes: str
    who: str
    note: str
    profile: PersonPage | None
    missing: str
    hidden: tuple[str, ...]
    has_fields: bool
    is_staff: bool


@dataclass(frozen=True)
class SightRow:
    """One kind of content, whether the office sees it, and that in a sentence."""

    key: str
    what: str
    sentence: str
    is_seen: bool


@dataclass(frozen=True)
class SightSection:
    """Kinds of content that belong together."""

    title: str
    rows: tuple[SightRow, ...]


@dataclass(frozen=True)
class SightPage:
    """What the office sees of somebody, and what it does not."""

    sections: tuple[SightSection, ...]
    is_staff: bool


@dataclass(frozen=True)
class EntryRow:
    """Somebody looked at one's data on a day."""

    id: PublicId
    sentence: str
    day: date


@dataclass(frozen=True)
class EntriesPage:
    """Who looked, newest first."""

    entries: tuple[EntryRow, ...]
    pager: Pager
