"""The page before an act on many people, and the list of what was done in the last day."""

from __future__ import annotations

from sqlalchemy import select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.models import BulkAct
from app.policy import Viewer

from ..gate import community_for
from ..people.listing import letters_waiting, person_row
from .cards import ACTS, ActRow, ActsPage, LeftOut, ReviewPage, Selection
from .operations import UNDO_FOR
from .plans import plan, targets_of


def review_page(viewer: Viewer, selection: Selection, *, act: str, target: str, shown: int) -> ReviewPage:
    """What the act would do as of now; nothing is stored. Raises NotFound for whoever does not organise."""
    community = community_for(viewer, "organise")
    if act not in ACTS:
        raise NotFound()
    targets = targets_of(viewer, act)
    goal = next((one for one in targets if one.id == target), None)
    if target and goal is None:
        raise NotFound()
    found = plan(viewer, community, selection, act, goal)
    return ReviewPage(
        act=act,
        targets=tuple((one.id, one.label) for one in targets),
        target=target,
        target_label=goal.label if goal else "",
        is_ready=goal is not None or act == "invite",
        meant=tuple(person_row(row) for row in found.meant),
        left_out=tuple(LeftOut(person_row(row), reason) for row, reason in found.left_out),
        gone=found.gone,
        shown=shown,
        seal=found.seal,
    )


def acts_page(viewer: Viewer) -> ActsPage:
    """One's own acts that can still be undone, newest first. Raises NotFound for whoever does not organise."""
    community_for(viewer, "organise")
    rows = session.scalars(
        select(BulkAct)
        .where(policy.allowed(viewer, "view", BulkAct), BulkAct.done_at > now() - UNDO_FOR)
        .order_by(BulkAct.id.desc())
    )
    return ActsPage(
        rows=tuple(ActRow(row.public_id, row.kind, len(row.before), row.kind != "invite") for row in rows),
        letters_waiting=letters_waiting(),
    )
