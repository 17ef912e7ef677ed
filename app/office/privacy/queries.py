"""What the pages of limits show: caps and counts in steps, never what one person chose."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from app import policy
from app.core.db import session
from app.models import CANDIDATES, Cohort, Member, ProfileValue, Relation, Wall
from app.people.caps import narrowed_caps
from app.people.profile.words import TO_CANDIDATES
from app.people.words import field_labels
from app.policy import Viewer
from app.policy.fields import FIELDS, TOWARDS_CANDIDATES, Field, cap_of

from ..approvals.operations import other_approvers
from ..approvals.queries import asked_now, waiting_approvals
from ..gate import community_for
from .caps import cap_now, choices_of, field_asked, field_named, word_of
from .cards import CapPage, FieldRow, PrivacyPage


def privacy_page(viewer: Viewer) -> PrivacyPage:
    """Every field with its cap. Raises NotFound for whoever does not govern."""
    community = community_for(viewer, "govern")
    narrowed, asked = narrowed_caps(), _asked_fields(viewer)
    counts = session.execute(
        select(
            select(func.count()).select_from(Wall).scalar_subquery().label("walls"),
            select(func.count())
            .select_from(Cohort)
            .where(Cohort.is_minor_profile)
            .scalar_subquery()
            .label("minors"),
        )
    ).one()
    return PrivacyPage(
        fields=tuple(_row(field, cap_of(field, narrowed), asked) for field in FIELDS.values()),
        direct_label=str(TO_CANDIDATES[community.direct_cap]) if community.direct_cap != "nobody" else "",
        walls=counts.walls,
        minor_cohorts=counts.minors,
        waiting=waiting_approvals(viewer),
    )


def cap_page(viewer: Viewer, field_key: str, chosen: str) -> CapPage:
    """One field, and what a cap would change; a word that cannot be chosen is not. Raises NotFound."""
    community = community_for(viewer, "govern")
    field = field_named(field_key)
    cap = cap_now(field)
    row = _row(field, cap, _asked_fields(viewer))
    choices = choices_of(field)
    chosen = chosen if chosen in choices and chosen != row.cap else ""
    bits = TOWARDS_CANDIDATES[chosen] if chosen else cap
    is_wider = bool(bits & ~cap)
    return CapPage(
        row=row,
        choices=tuple((word, str(TO_CANDIDATES[word])) for word in choices),
        chosen=chosen,
        chosen_label=str(TO_CANDIDATES[chosen]) if chosen else "",
        is_wider=is_wider,
        affected=_affected(field, bits) if chosen and not is_wider else 0,
        needs_person=is_wider and not other_approvers(viewer),
        can_appoint=policy.can(viewer, "appoint", community),
    )


def _asked_fields(viewer: Viewer) -> set[str]:
    return {field_asked(asked) for asked in asked_now(viewer, "raise_cap")}


def _row(field: Field, cap: Relation, asked: Collection[str]) -> FieldRow:
    word = word_of(cap)
    return FieldRow(
        key=field.key,
        label=field_labels()[field.key],
        cap=word,
        cap_label=str(TO_CANDIDATES[word]),
        widest_label=str(TO_CANDIDATES[word_of(field.widest)]),
        is_narrowed=cap != field.widest,
        is_reciprocal=field.is_reciprocal,
        has_floor=bool(field.floor),
        is_asked=field.key in asked,
    )


def _affected(field: Field, cap: Relation) -> int:
    """How many show something to more candidates than this cap would let them; told in steps only."""
    found = session.scalar(
        select(func.count())
        .select_from(ProfileValue)
        .join(Member, Member.id == ProfileValue.member_id)
        .where(
            ProfileValue.field == field.key,
            ProfileValue.value != "",
            ProfileValue.audience.bitwise_and(int(CANDIDATES) & ~int(cap)) != 0,
            Member.ended_at.is_(None),
        )
    )
    return found or 0
