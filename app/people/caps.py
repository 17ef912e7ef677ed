"""Caps: how far a profile field may reach among candidates at most, where HR has narrowed it.

Whoever stores a member's choice reads `held_caps` inside the same operation and keeps the choice `within` it: then a cap
that is lowered at the same moment waits, and cuts that choice, too.
"""

from __future__ import annotations

from sqlalchemy import select, update

from app.core.db import session
from app.models import CANDIDATES, COLLEAGUES, Community, FieldCap, ProfileValue, Relation


def narrowed_caps() -> dict[str, int]:
    """Field → bits, for every field HR has narrowed; `policy.fields.cap_of` says what holds for the others."""
    return dict(session.execute(select(FieldCap.field, FieldCap.bits)).tuples().all())


def held_caps() -> dict[str, int]:
    """The same inside an operation: no cap changes until it ends."""
    session.execute(select(Community.id).where(Community.id == 1).with_for_update(read=True)).all()
    return narrowed_caps()


def apply_cap(field: str, bits: int) -> None:
    """Cut every stored choice of this field to these bits of CANDIDATES, at once and for good (privacy.md, I2).

    Called by the operation that lowers the cap, which holds the community's row and raises its version. One statement,
    however many people there are; colleagues and the floor, which never holds a candidate, stay as they are.
    """
    kept = int(COLLEAGUES | Relation.SELF | Relation(bits))
    session.execute(
        update(ProfileValue)
        .where(
            ProfileValue.field == field,
            ProfileValue.audience.bitwise_or(ProfileValue.effective).bitwise_and(int(CANDIDATES) & ~kept)
            != 0,
        )
        .values(
            audience=ProfileValue.audience.bitwise_and(kept),
            effective=ProfileValue.effective.bitwise_and(kept),
        )
        .execution_options(synchronize_session=False)
    )
