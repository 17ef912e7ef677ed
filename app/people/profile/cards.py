"""What members are shown of their own profile fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """One of the words that can be chosen; closed where the company or the field itself does not let it."""

    value: str
    label: str
    is_open: bool
    is_chosen: bool


@dataclass(frozen=True)
class FieldSetting:
    """One field with who sees it now (`audience`), or would see it with what is being chosen.

    `reasons` say why a choice is closed.
    """

    key: str
    label: str
    sentence: str
    audience: str
    candidates: tuple[Reach, ...]
    colleagues: tuple[Reach, ...]
    reasons: tuple[str, ...]
    is_reciprocal: bool


@dataclass(frozen=True)
class Change:
    """What would change for one field: who sees it now, and who would."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Preset:
    """A set of choices for every field at once."""

    key: str
    label: str
    sentence: str
    is_chosen: bool


@dataclass(frozen=True)
class PrivacyPage:
    """The settings of every field. `changes` is None while nothing is being tried, empty where it changes nothing.

    `audiences` holds the words of every pair of choices, for the page's script.
    """

    fields: tuple[FieldSetting, ...]
    presets: tuple[Preset, ...]
    changes: tuple[Change, ...] | None
    reciprocal: str
    audiences: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OwnField:
    """One field of one's own introduction: what stands in it, and who sees it."""

    key: str
    value: str
    audience: str
