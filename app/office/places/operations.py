"""Everything that changes cohorts, groups and walls, and who belongs where."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, exists, select

from app import policy
from app.chat.rooms.operations import release_group
from app.core.db import session
from app.core.errors import Conflict, NotFound
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.names import check_person_name, fold
from app.core.operation import announce, operation
from app.models import (
    AnnouncementAudience,
    BoardAudience,
    Cohort,
    Group,
    GroupMember,
    Invitation,
    Wall,
)
from app.people.events import WallsDrawn
from app.people.places import put_members, refused_places
from app.policy import Viewer

from ..checks import named, tell_everybody, wrong
from ..gate import administered_members, claimed_community
from .moving import move_members

MOST_GROUPS_AT_ONCE = 50


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_cohort(
    viewer: Viewer, *, name: str, starts_on: date, office_note: str = "", is_minor_profile: bool = False
) -> PublicId:
    """Make a cohort; `office_note` tells two of one name apart in HR's lists only. Raises NotFound, Invalid."""
    claimed_community(viewer, "organise")
    cohort = Cohort(
        name=named("name", check_person_name, name),
        office_note=" ".join(office_note.split()),
        starts_on=starts_on,
        is_minor_profile=is_minor_profile,
    )
    _refuse_second_cohort(cohort)
    session.add(cohort)
    tell_everybody()
    return cohort.public_id


@operation
def change_cohort(
    viewer: Viewer,
    cohort_id: PublicId,
    *,
    name: str,
    starts_on: date,
    office_note: str,
    is_minor_profile: bool,
) -> None:
    """Correct a cohort. Raises NotFound, Invalid."""
    cohort = cohort_of(viewer, cohort_id)
    with session.no_autoflush:
        cohort.name = named("name", check_person_name, name)
        cohort.office_note = " ".join(office_note.split())
        cohort.starts_on = starts_on
        cohort.is_minor_profile = is_minor_profile
        _refuse_second_cohort(cohort)
    tell_everybody()


def cohort_of(viewer: Viewer, cohort_id: PublicId) -> Cohort:
    """A cohort whose people are to be changed; whoever else arranges places waits. Raises NotFound."""
    claimed_community(viewer, "organise")
    return policy.claim(viewer, Cohort, cohort_id, "view")


def _refuse_second_cohort(cohort: Cohort) -> None:
    twins = session.execute(select(Cohort.id, Cohort.name).where(Cohort.office_note == cohort.office_note))
    if any(row.id != cohort.id and fold(row.name) == fold(cohort.name) for row in twins):
        raise wrong("name", _("同じ名前の入社時期があります。人事用のメモで区別してください"))


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_group(viewer: Viewer, cohort_id: PublicId, *, name: str) -> PublicId:
    """Make a 班 in a cohort. Raises NotFound, Invalid."""
    cohort = cohort_of(viewer, cohort_id)
    group = Group(name=_group_name(name, cohort.id), cohort_id=cohort.id)
    session.add(group)
    tell_everybody()
    return group.public_id


@operation
def open_groups(viewer: Viewer, cohort_id: PublicId, *, names: str) -> int:
    """Make several 班, one for each line; all or none. Returns how many. Raises NotFound, Invalid."""
    cohort = cohort_of(viewer, cohort_id)
    lines = [line for line in (line.strip() for line in names.splitlines()) if line]
    if not lines or len(lines) > MOST_GROUPS_AT_ONCE:
        raise wrong("names", _("班の名前を、1行に1つずつ入力してください（50まで）"))
    for line in lines:
        session.add(Group(name=_group_name(line, cohort.id, field="names"), cohort_id=cohort.id))
        session.flush()
    tell_everybody()
    return len(lines)


@operation
def rename_group(viewer: Viewer, group_id: PublicId, *, name: str) -> None:
    """Give a 班 another name. Raises NotFound, Invalid."""
    group = _group(viewer, group_id)
    group.name = _group_name(name, group.cohort_id, besides=group.id)
    tell_everybody()


@operation
def close_group(viewer: Viewer, group_id: PublicId) -> None:
    """Do away with a 班 nobody is in. Raises NotFound, or Conflict while something depends on it."""
    group = _group(viewer, group_id)
    if not session.scalar(select(is_unused(group.id))):
        raise Conflict(
            _(
                "メンバーや招待中の方がいるか、ひろばやお知らせの対象になっているため、この班は削除できません。"
            )
        )
    release_group(group.id)
    session.delete(group)
    tell_everybody()


def is_unused(group_key: int) -> ColumnElement[bool]:
    """Nobody is in this 班 or invited to it, and nothing is addressed to it."""
    return ~(
        exists().where(GroupMember.group_id == group_key)
        | exists().where(Invitation.group_id == group_key)
        | exists().where(BoardAudience.group_id == group_key)
        | exists().where(AnnouncementAudience.group_id == group_key)
    )


def _group(viewer: Viewer, group_id: PublicId) -> Group:
    claimed_community(viewer, "organise")
    group = session.scalar(select(Group).where(Group.public_id == group_id).with_for_update())
    if group is None:
        raise NotFound()
    return group


def _group_name(typed: str, cohort_id: int, *, besides: int | None = None, field: str = "name") -> str:
    name = named(field, check_person_name, typed)
    if len(name) > 60:  # the column's width
        raise wrong(field, _("重ねた記号や絵文字が多すぎます。少し減らしてください"))
    taken = session.execute(select(Group.id, Group.name).where(Group.cohort_id == cohort_id))
    if any(row.id != besides and fold(row.name) == fold(name) for row in taken):
        raise wrong(field, _("同じ名前の班があります"))
    return name


# ── who belongs where ────────────────────────────────────────────────────────────────────────────────────────


@operation
def put_into_group(viewer: Viewer, member_ids: Collection[PublicId], group_id: PublicId | None) -> int:
    """Put candidates into a 班 of their cohort, out of any other; None takes them out. Returns how many.

    Raises NotFound for somebody who is no candidate in the viewer's care, Invalid where a wish of somebody
    stands against it: a blocked pair is never put into one 班 (privacy.md, I4), and HR does not learn of it.
    """
    claimed_community(viewer, "organise")
    group = _group(viewer, group_id) if group_id else None
    members = administered_members(viewer, member_ids)
    if any(member.cohort_id is None or (group and member.cohort_id != group.cohort_id) for member in members):
        raise NotFound()
    keys = [member.id for member in members]
    if group is not None and refused_places(group.id, keys):
        raise wrong("group", _("この班には入れられません。別の班を選んでください"))
    put_members(keys, group.id if group else None)
    return len(members)


@operation
def place_in_cohort(
    viewer: Viewer, cohort_id: PublicId, member_ids: Collection[PublicId], group_id: PublicId | None
) -> int:
    """The same for people of one cohort's page. Raises NotFound also where somebody belongs to another one."""
    cohort = cohort_of(viewer, cohort_id)
    if any(member.cohort_id != cohort.id for member in administered_members(viewer, member_ids)):
        raise NotFound()
    return put_into_group(viewer, member_ids, group_id)


@operation
def move_to_cohort(viewer: Viewer, member_id: PublicId, cohort_id: PublicId) -> None:
    """Move a candidate to another cohort, out of the 班 of the old one; what they wrote moves with them.

    Everything in one transaction, so that no wall has a gap. Raises NotFound.
    """
    cohort = cohort_of(viewer, cohort_id)
    member = administered_members(viewer, [member_id])[0]
    if member.cohort_id is None:
        raise NotFound()
    if member.cohort_id != cohort.id:
        move_members([member.id], cohort.id)


# ── walls ────────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def draw_walls(viewer: Viewer, pairs: Collection[tuple[PublicId, PublicId]]) -> None:
    """Let walls stand between exactly these pairs of cohorts. Raises NotFound for a cohort there is not."""
    claimed_community(viewer, "organise")
    ids = {row.public_id: row.id for row in session.execute(select(Cohort.public_id, Cohort.id))}
    if any(one not in ids or other not in ids or one == other for one, other in pairs):
        raise NotFound()
    wanted = {(min(ids[one], ids[other]), max(ids[one], ids[other])) for one, other in pairs}
    standing = {(wall.low_cohort_id, wall.high_cohort_id): wall for wall in session.scalars(select(Wall))}
    for key in standing.keys() - wanted:
        session.delete(standing[key])
    session.add_all(Wall(low_cohort_id=low, high_cohort_id=high) for low, high in wanted - standing.keys())
    announce(WallsDrawn())
    tell_everybody()
