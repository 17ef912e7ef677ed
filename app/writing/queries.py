"""What somebody began and has not said: for them alone."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from app.core.db import session
from app.models import Draft
from app.policy import Viewer

from .cards import DraftCard
from .composers import checked_composer

_DRAFT = select(Draft.texts, Draft.revision).where(
    Draft.member_id == bindparam("member_id"), Draft.composer == bindparam("composer")
)


def draft_card(viewer: Viewer, composer: str) -> DraftCard:
    """What the viewer began in this composer. Raises NotFound for a name no composer has."""
    checked_composer(composer)
    row = session.execute(_DRAFT, {"member_id": viewer.id, "composer": composer}).first()
    return DraftCard({}, 0) if row is None else DraftCard(row.texts, row.revision)
