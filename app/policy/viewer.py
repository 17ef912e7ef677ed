"""Viewer: a frozen snapshot of who is looking; everything below a door gets one first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Boolean, Integer, Row, and_, bindparam, or_, select
from sqlalchemy.types import TypeEngine

from app.core.db import session
from app.core.reading import IdSet
from app.models import (
    STAFF,
    UNBLOCKABLE,
    AnnouncementRecipient,
    Block,
    Board,
    BoardAudience,
    Community,
    GroupMember,
    Member,
    Role,
    Wall,
)

T = TypeVar("T")

MOST_KEPT = 10_000  # viewers in memory, about 1 KB each


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: relations as sets of internal ids. Built only by `viewer_of` (or NOBODY)."""

    id: int | None = None
    public_id: str = ""
    roles: Role = Role(0)
    is_active: bool = False
    cohort_id: int | None = None
    group_ids: frozenset[int] = frozenset()
    board_ids: frozenset[int] = frozenset()
    writable_board_ids: frozenset[int] = frozenset()
    blocked_ids: frozenset[int] = frozenset()
    walled_cohort_ids: frozenset[int] = frozenset()
    announcement_ids: frozenset[int] = frozenset()
    # What was worked out from this snapshot already (`keep`).
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def is_candidate(self) -> bool:
        """Holds a job offer."""
        return self.is_active and bool(self.roles & Role.CANDIDATE)

    @property
    def is_staff(self) -> bool:
        """Works at the company in any role."""
        return self.is_active and bool(self.roles & STAFF)

    @property
    def is_hr(self) -> bool:
        """Has HR's powers, as HR or as their lead."""
        return self.is_active and bool(self.roles & (Role.HR | Role.LEAD))

    @property
    def is_lead(self) -> bool:
        """Leads HR."""
        return self.is_active and bool(self.roles & Role.LEAD)

    @property
    def is_moderator(self) -> bool:
        """Keeps boards in order."""
        return self.is_active and bool(self.roles & Role.MODERATOR)

    @property
    def is_administrator(self) -> bool:
        """Runs the installation."""
        return self.is_active and bool(self.roles & Role.ADMINISTRATOR)

    @property
    def is_official(self) -> bool:
        """Speaks officially, and therefore neither blocks nor can be blocked."""
        return self.is_active and bool(self.roles & UNBLOCKABLE)

    @property
    def binds(self) -> dict[str, object]:
        """The values of a standing statement (`policy.standing`) for this viewer; a fresh mapping each time."""
        return self.keep("binds", self._make_binds).copy()

    def _make_binds(self) -> dict[str, object]:
        return {f"viewer_{name}": getattr(self, name) for name in _BINDS}

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for as long as this snapshot is kept.

        For what follows from the snapshot and from rows whose every change raises `Community.version` or this
        member's version, because a new version makes a new snapshot: the words about a board, for example.
        """
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept


# What a rule may ask of a viewer, as parameters of a statement that is built once.
_BINDS: dict[str, TypeEngine[Any]] = {
    "id": Integer(),
    **dict.fromkeys(
        (
            "group_ids",
            "board_ids",
            "writable_board_ids",
            "blocked_ids",
            "walled_cohort_ids",
            "announcement_ids",
        ),
        IdSet(),
    ),
    **dict.fromkeys(
        (
            "is_active",
            "is_candidate",
            "is_staff",
            "is_hr",
            "is_lead",
            "is_moderator",
            "is_administrator",
            "is_official",
        ),
        Boolean(),
    ),
}


class StandingViewer:
    """A viewer whose every answer is a parameter: a rule read with it gives a clause that fits all viewers."""

    def __getattr__(self, name: str) -> BindParameter[Any]:
        return bindparam(f"viewer_{name}", type_=_BINDS[name])


NOBODY = Viewer()

_kept: OrderedDict[int, tuple[int, int, Viewer]] = OrderedDict()
_lock = Lock()


def forget_viewers() -> None:
    """Drop every kept snapshot (tests that start another world in the same process)."""
    with _lock:
        _kept.clear()


def viewer_of(member_id: int, *, version: int | None = None, community_version: int | None = None) -> Viewer:
    """The snapshot of one member as of now; NOBODY for one who does not exist, INACTIVE members see nothing.

    With both versions (read with the session row) a kept snapshot of the same versions is given back without
    a query; without them they are read first.
    """
    if version is None or community_version is None:
        found = session.execute(
            select(Member.version, Community.version)
            .join(Community, Community.id == 1)
            .where(Member.id == member_id)
        ).first()
        if found is None:
            return NOBODY
        version, community_version = found
    with _lock:
        kept = _kept.get(member_id)
        if kept is not None and kept[:2] == (version, community_version):
            _kept.move_to_end(member_id)
            return kept[2]
    viewer = viewers_of([member_id]).get(member_id, NOBODY)
    with _lock:
        _kept[member_id] = (version, community_version, viewer)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return viewer


def viewers_of(member_ids: Collection[int]) -> dict[int, Viewer]:
    """Fresh snapshots of many members in six queries, whatever their number."""
    if not member_ids:
        return {}
    members = session.execute(
        select(
            Member.id,
            Member.public_id,
            Member.roles,
            Member.cohort_id,
            (Member.suspended_at.is_(None) & Member.ended_at.is_(None)).label("is_active"),
        ).where(Member.id.in_(member_ids))
    ).all()
    groups = _pairs(
        session.execute(
            select(GroupMember.member_id, GroupMember.group_id).where(GroupMember.member_id.in_(member_ids))
        )
    )
    blocks = _blocks(member_ids)
    walls = [(wall.low_cohort_id, wall.high_cohort_id) for wall in session.scalars(select(Wall))]
    audiences = session.execute(
        select(
            BoardAudience.board_id,
            BoardAudience.role,
            BoardAudience.cohort_id,
            BoardAudience.group_id,
            # Nobody writes on a board that was put away.
            and_(BoardAudience.is_writer, Board.archived_at.is_(None)).label("is_writer"),
        ).join(Board, Board.id == BoardAudience.board_id)
    ).all()
    announcements = _pairs(
        session.execute(
            select(AnnouncementRecipient.member_id, AnnouncementRecipient.announcement_id).where(
                AnnouncementRecipient.member_id.in_(member_ids)
            )
        )
    )
    return {
        member.id: _snapshot(
            member,
            groups.get(member.id, set()),
            blocks.get(member.id, set()),
            walls,
            audiences,
            announcements.get(member.id, set()),
        )
        for member in members
    }


def _snapshot(
    member: Row[tuple[int, str, int, int | None, bool]],
    group_ids: set[int],
    blocked_ids: set[int],
    walls: list[tuple[int, int]],
    audiences: Iterable[Row[tuple[int, int | None, int | None, int | None, bool]]],
    announcement_ids: set[int],
) -> Viewer:
    roles = Role(member.roles)
    reads: set[int] = set()
    writes: set[int] = set()
    for board_id, role, cohort_id, group_id, is_writer in audiences:
        if (
            (role is not None and roles & role)
            or (cohort_id is not None and cohort_id == member.cohort_id)
            or (group_id is not None and group_id in group_ids)
        ):
            reads.add(board_id)
            if is_writer:
                writes.add(board_id)
    return Viewer(
        id=member.id,
        public_id=member.public_id,
        roles=roles,
        is_active=bool(member.is_active),
        cohort_id=member.cohort_id,
        group_ids=frozenset(group_ids),
        board_ids=frozenset(reads),
        writable_board_ids=frozenset(writes),
        blocked_ids=frozenset() if roles & UNBLOCKABLE else frozenset(blocked_ids),
        walled_cohort_ids=frozenset(_other_sides(member.cohort_id, walls)),
        announcement_ids=frozenset(announcement_ids),
    )


def _other_sides(cohort_id: int | None, walls: list[tuple[int, int]]) -> set[int]:
    return {high if low == cohort_id else low for low, high in walls if cohort_id in (low, high)}


def _pairs(rows: Iterable[Row[Any]]) -> dict[int, set[int]]:
    pairs: dict[int, set[int]] = {}
    for key, value in rows:
        pairs.setdefault(key, set()).add(value)
    return pairs


def _blocks(member_ids: Collection[int]) -> dict[int, set[int]]:
    """Blocks in both directions, without those who cannot be blocked (in either role of the pair)."""
    pairs: dict[int, set[int]] = {}
    rows = session.execute(
        select(Block.blocker_id, Block.blocked_id).where(
            or_(Block.blocker_id.in_(member_ids), Block.blocked_id.in_(member_ids)),
        )
    ).all()
    others = {one for row in rows for one in row}
    official = set(
        session.scalars(
            select(Member.id).where(Member.id.in_(others), Member.roles.bitwise_and(int(UNBLOCKABLE)) != 0)
        )
    )
    for blocker, blocked in rows:
        if blocker not in official and blocked not in official:
            pairs.setdefault(blocker, set()).add(blocked)
            pairs.setdefault(blocked, set()).add(blocker)
    return pairs
