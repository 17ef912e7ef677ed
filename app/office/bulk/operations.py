"""One act on many people, and taking it back for a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import operation
from app.invitations.operations import send_invitations
from app.models import BulkAct, Group, Member
from app.people.places import put_members
from app.policy import Viewer

from ..checks import tell_everybody, wrong
from ..gate import claimed_community
from ..mentors.pairs import mentors_of, put_mentors
from ..people.cards import INVITED
from ..places import grouping
from ..places.moving import move_invited, move_members, put_invited
from ..places.operations import cohort_of
from .cards import ACTS, Selection, Undone
from .plans import Plan, Target, plan, target_of
from .undoing import put_back

UNDO_FOR = timedelta(days=1)


# ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def act_on_people(viewer: Viewer, selection: Selection, *, act: str, target: str, seal: str) -> PublicId:
    """Do what the page with this `seal` showed; gives the id under which it can be undone for a day.

    Raises NotFound for whoever does not organise, Invalid where people or places changed since the page was
    shown, or where nobody is left to act on.
    """
    community = claimed_community(viewer, "organise")
    if act not in ACTS:
        raise NotFound()
    goal = target_of(viewer, act, target)
    if goal is None and act != "invite":
        raise wrong("target", _("変更先を選んでください"))
    found = plan(viewer, community, selection, act, goal)
    _check_unchanged(found, seal)
    return _remembered(viewer, act, _DOING[act](viewer, found))


def _check_unchanged(found: Plan, seal: str) -> None:
    if not found.meant:
        raise Invalid(_("この操作の対象になる方がいません。一覧で選び直してください。"))
    if found.seal != seal:
        raise Invalid(
            _(
                "確認している間に、対象が変わりました（いま%(count)s名）。内容をもう一度ご確認ください。",
                count=f"{len(found.meant):,}",
            )
        )


def _remembered(viewer: Viewer, kind: str, before: dict[str, Any]) -> PublicId:
    row = BulkAct(actor_id=viewer.id or 0, kind=kind, before=before, done_at=now())
    session.add(row)
    session.flush()
    return row.public_id


def _invite(viewer: Viewer, found: Plan) -> dict[str, Any]:
    ids = [row.public_id for row in found.meant]
    send_invitations(viewer, ids)
    return {one: {} for one in ids}


def _group(_viewer: Viewer, found: Plan) -> dict[str, Any]:
    goal = _goal(found)
    put_members(found.members, goal.key)
    put_invited(found.invited, goal.key)
    now_in = goal.id if goal.key else None
    return {row.public_id: {"group": [row.group_id, now_in]} for row in found.meant}


def _cohort(_viewer: Viewer, found: Plan) -> dict[str, Any]:
    goal = _goal(found)
    if goal.key is not None:
        move_members(found.members, goal.key)
        move_invited(found.invited, goal.key)
    return {
        row.public_id: {"cohort": [row.cohort_id, goal.id], "group": [row.group_id, None]}
        for row in found.meant
    }


def _mentor(_viewer: Viewer, found: Plan) -> dict[str, Any]:
    goal = _goal(found)
    earlier = mentors_of(found.members)
    names = public_ids({one for each in earlier.values() for one in each})
    put_mentors(found.members, [goal.key] if goal.key else [])
    now_by = [goal.id] if goal.key else []
    return {
        row.public_id: {"mentor": [sorted(names[one] for one in earlier.get(row.key, ())), now_by]}
        for row in found.meant
    }


def _goal(found: Plan) -> Target:
    assert found.target is not None
    return found.target


def public_ids(member_keys: Iterable[int]) -> dict[int, PublicId]:
    """Key → public id of members."""
    rows = session.execute(select(Member.id, Member.public_id).where(Member.id.in_(list(member_keys))))
    return {row.id: row.public_id for row in rows}


_DOING: dict[str, Callable[[Viewer, Plan], dict[str, Any]]] = {
    "invite": _invite,
    "group": _group,
    "cohort": _cohort,
    "mentor": _mentor,
}


@operation
def make_groups(viewer: Viewer, cohort_id: PublicId, *, size: int, seed: str, seal: str) -> int:
    """Make the groups of the proposal with this `seal` and put people into them. Returns how many groups.

    Raises NotFound, or Invalid where the proposal is another one by now.
    """
    community = claimed_community(viewer, "organise")
    cohort = cohort_of(viewer, cohort_id)
    found = grouping.proposal(viewer, community, cohort, size=size, seed=seed)
    if not found.groups:
        raise Invalid(_("班が決まっていない方はいません。"))
    if found.seal != seal:
        raise Invalid(_("確認している間に、対象の方が変わりました。新しい組み合わせをご確認ください。"))
    before: dict[str, Any] = {}
    for name, rows in found.groups:
        group = Group(name=name, cohort_id=cohort.id)
        session.add(group)
        session.flush()
        _fill(group.id, rows)
        before |= {row.public_id: {"group": [None, group.public_id]} for row in rows}
    tell_everybody()
    _remembered(viewer, "groups", before)
    return len(found.groups)


def _fill(group_key: int, rows: Sequence[Any]) -> None:
    put_members([row.key for row in rows if row.state not in INVITED], group_key)
    put_invited([row.key for row in rows if row.state in INVITED], group_key)


# ── undoing ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def undo_act(viewer: Viewer, act_id: PublicId) -> Undone:
    """Put back whoever still stands as the act left them; whoever was changed since stays as they are.

    Raises NotFound for an act of somebody else or one older than a day, Conflict for letters.
    """
    community = claimed_community(viewer, "organise")
    act = policy.claim(viewer, BulkAct, act_id, "view")
    if act.done_at <= now() - UNDO_FOR:
        raise NotFound()
    if act.kind == "invite":
        raise Conflict(_("送ったメールは取り消せません。招待そのものは、招待の一覧から取り消せます。"))
    count = put_back(viewer, community, act.kind, act.before)
    kept = len(act.before) - count
    session.delete(act)
    return Undone(count, kept)


@operation
def forget_old_acts() -> None:
    """Delete what can no longer be undone."""
    session.execute(delete(BulkAct).where(BulkAct.done_at <= now() - UNDO_FOR))
