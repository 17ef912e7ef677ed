"""One's own fields with their audiences: on the form of the profile, and on the page of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import session
from app.core.errors import NotFound, Sentence
from app.models import ProfileValue, Relation
from app.policy import Viewer, standing
from app.policy.fields import (
    FIELDS,
    TOWARDS_CANDIDATES,
    TOWARDS_COLLEAGUES,
    Field,
    cap_of,
    default_of,
    effective,
    words_of,
)

from ..caps import narrowed_caps
from ..words import field_labels
from .cards import Change, FieldSetting, OwnField, Preset, PrivacyPage, Reach
from .presets import preset_choice
from .words import (
    AUDIENCES,
    PRESETS,
    RECIPROCAL,
    SENTENCES,
    TO_CANDIDATES,
    TO_COLLEAGUES,
    WHY_FLOOR,
    WHY_NARROWED,
)

Words = tuple[str, str]


@dataclass(frozen=True)
class _Own:
    """One field as it stands: its text, who sees it, and how far the company lets it reach."""

    field: Field
    value: str
    effective: Relation
    cap: Relation

    @property
    def words(self) -> Words:
        return words_of(int(self.effective))


def audience_words(bits: int) -> str:
    """Who sees a field with these bits, in one sentence."""
    return str(AUDIENCES[words_of(bits)])


def my_introduction(viewer: Viewer) -> tuple[OwnField, ...]:
    """The fields one writes oneself; none for staff."""
    if not viewer.is_candidate:
        return ()
    return tuple(
        OwnField(own.field.key, own.value, audience_words(int(own.effective)))
        for own in _own_fields(viewer)
        if not own.field.is_given
    )


def privacy_page(
    viewer: Viewer, *, preset: str = "", tried: Mapping[str, Words] | None = None
) -> PrivacyPage:
    """Who sees which field, and what would change: with a preset, or with choices that were `tried` (field → words).

    Raises NotFound for staff, whose profiles have no such fields.
    """
    if not viewer.is_candidate:
        raise NotFound()
    owned = _own_fields(viewer)
    wanted: Mapping[str, Words] | None = tried
    if preset in PRESETS:
        wanted = {own.field.key: words_of(preset_choice(preset, own.field, own.cap)) for own in owned}
    labels = field_labels()
    chosen = {own.field.key: _possible((wanted or {}).get(own.field.key), own.words) for own in owned}
    return PrivacyPage(
        fields=tuple(_setting(own, labels[own.field.key], chosen[own.field.key]) for own in owned),
        presets=tuple(
            Preset(key, str(label), str(sentence), is_chosen=key == preset)
            for key, (label, sentence) in PRESETS.items()
        ),
        changes=None if wanted is None else _changes(owned, labels, chosen),
        reciprocal=str(RECIPROCAL),
        audiences=tuple((" ".join(pair), str(sentence)) for pair, sentence in AUDIENCES.items()),
    )


def _own_fields(viewer: Viewer) -> tuple[_Own, ...]:
    """Every field in the order of the table; what was never chosen has the default within the cap (I3)."""
    caps = narrowed_caps()
    rows = {
        row.field: row
        for row in session.execute(
            select(ProfileValue.field, ProfileValue.value, ProfileValue.effective).where(
                ProfileValue.member_id == viewer.id, standing("view", ProfileValue)
            ),
            viewer.binds,
        )
    }
    found = []
    for key, field in FIELDS.items():
        cap = cap_of(field, caps)
        bits = rows[key].effective if key in rows else effective(field, default_of(field, int(cap)), int(cap))
        found.append(_Own(field, rows[key].value if key in rows else "", Relation(bits), cap))
    return tuple(found)


def _possible(wanted: Words | None, stored: Words) -> Words:
    """What was tried, as far as there are such words."""
    return wanted if wanted is not None and wanted in AUDIENCES else stored


def _changes(
    owned: tuple[_Own, ...], labels: Mapping[str, str], chosen: Mapping[str, Words]
) -> tuple[Change, ...]:
    return tuple(
        Change(labels[own.field.key], str(AUDIENCES[own.words]), str(AUDIENCES[chosen[own.field.key]]))
        for own in owned
        if own.words != chosen[own.field.key]
    )


def _setting(own: _Own, label: str, chosen: Words) -> FieldSetting:
    field = own.field
    return FieldSetting(
        key=field.key,
        label=label,
        sentence=str(SENTENCES[field.key]),
        audience=str(AUDIENCES[chosen]),
        candidates=tuple(
            Reach(key, str(TO_CANDIDATES[key]), not reach & ~own.cap, key == chosen[0])
            for key, reach in TOWARDS_CANDIDATES.items()
            if not reach & ~field.widest
        ),
        colleagues=tuple(
            Reach(key, str(TO_COLLEAGUES[key]), not field.floor & ~reach, key == chosen[1])
            for key, reach in TOWARDS_COLLEAGUES.items()
        ),
        reasons=tuple(map(str, _reasons(own))),
        is_reciprocal=field.is_reciprocal,
    )


def _reasons(own: _Own) -> list[Sentence]:
    """Why choices of this field are closed."""
    reasons = []
    if own.cap != own.field.widest:
        reasons.append(WHY_NARROWED[words_of(int(own.cap))[0]])
    if own.field.floor:
        reasons.append(WHY_FLOOR)
    return reasons
