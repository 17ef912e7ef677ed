"""Assigning a mentor to known people; HR's pages do it as an act on many (office/bulk), which can be undone."""

from __future__ import annotations

from collections.abc import Collection

from app.core.errors import NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import operation
from app.models import Role
from app.policy import Viewer

from ..checks import wrong
from ..gate import administered_members, claimed_community
from .pairs import put_mentors, refused_pairs


@operation
def assign_mentor(viewer: Viewer, candidate_ids: Collection[PublicId], employee_id: PublicId) -> None:
    """Let this employee stand beside these candidates, in the place of whoever did.

    Raises NotFound for people who are no such thing, Invalid where the two would never meet.
    """
    claimed_community(viewer, "organise")
    employee = administered_members(viewer, [employee_id])[0]
    candidates = administered_members(viewer, candidate_ids)
    is_odd = any(not one.roles & Role.CANDIDATE for one in candidates)
    if is_odd or not employee.roles & Role.EMPLOYEE:
        raise NotFound()
    keys = [one.id for one in candidates]
    if refused_pairs(employee.id, keys):
        raise wrong("target", _("この組み合わせにはできません。別の方を選んでください"))
    put_mentors(keys, [employee.id])
