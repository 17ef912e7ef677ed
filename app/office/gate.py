"""Who may enter the office: for everybody else every address in it is a page that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.models import Community, Member
from app.policy import Viewer


def check_entrance(viewer: Viewer) -> None:
    """Raise NotFound for whoever has no business in the office at all, before anything they sent is read."""
    if not (viewer.is_hr or viewer.is_administrator):
        raise NotFound()


def community_for(viewer: Viewer, action: str) -> Community:
    """The one row of the community, for whoever may do this to it. Raises NotFound for everybody else."""
    community = session.get(Community, 1)
    if community is None or not policy.can(viewer, action, community):
        raise NotFound()
    return community


def claimed_community(viewer: Viewer, action: str) -> Community:
    """The same row for a change: whoever else changes the community waits until the operation ends."""
    session.get(Community, 1, with_for_update=True, populate_existing=True)
    return community_for(viewer, action)


def administered(viewer: Viewer) -> ColumnElement[bool]:
    """Members in the viewer's care; suspended ones belong to it, though no page shows them."""
    return policy.allowed(viewer, "administer", Member)


def administered_members(viewer: Viewer, member_ids: Collection[PublicId]) -> Sequence[Member]:
    """These people, to be changed. Raises NotFound unless every one is in the viewer's care."""
    wanted = set(member_ids)
    found = session.scalars(
        select(Member)
        .where(Member.public_id.in_(wanted), administered(viewer))
        .order_by(Member.id)
        .with_for_update()
    ).all()
    if len(found) != len(wanted) or not wanted:
        raise NotFound()
    return found


def community_of_the_office(viewer: Viewer) -> Community:
    """The same row for whoever may enter the office at all. Raises NotFound for everybody else."""
    check_entrance(viewer)
    community = session.get(Community, 1)
    if community is None:
        raise NotFound()
    return community
