"""Viewer: a frozen snapshot of who is looking; everything below a door gets one first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    Boolean,
    ClauseElement,
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.types import TypeEngine

from app.core.db import session
from app.core.reading import IdSet, Reading, is_found_among
from app.models import (
    CANDIDATES,
    RECIPROCAL_FIELDS,
    STAFF,
    UNBLOCKABLE,
    AnnouncementRecipient,
    Block,
    Board,
    BoardAudience,
    Cohort,
    Community,
    GroupMember,
    Member,
    Mentor,
    ProfileValue,
    Relation,
    Role,
    Room,
    RoomAudience,
    RoomMember,
    Wall,
)

T = TypeVar("T")

MOST_KEPT = 10_000  # viewers in memory, about 1 KB each


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: relations as sets of internal ids. Built only by `viewer_of`, and `eyes_of` (or NOBODY)."""

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
    # Candidates of the same 班; the employees assigned to this candidate, or the candidates to this employee.
    mate_ids: frozenset[int] = frozenset()
    mentor_ids: frozenset[int] = frozenset()
    mentee_ids: frozenset[int] = frozenset()
    # Rooms with the seq from which on this viewer follows their log, and rooms of HR that are for them: in an open one, or
    # one they left, they may join by themselves.
    joined: frozenset[tuple[int, int]] = frozenset()
    open_room_ids: frozenset[int] = frozenset()
    # How far this candidate may write to others first: what the community allows, nothing for minors.
    reaches_group: bool = False
    reaches_cohort: bool = False
    may_open_rooms: bool = False
    # How far others' reciprocal fields are out of sight: bits of CANDIDATES as far as this candidate does not share their own.
    unshared_legal_name: int = int(CANDIDATES)
    unshared_university: int = int(CANDIDATES)
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
    def is_employee(self) -> bool:
        """Works in a department and answers candidates."""
        return self.is_active and bool(self.roles & Role.EMPLOYEE)

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
    def is_auditor(self) -> bool:
        """Looks at who looked."""
        return self.is_active and bool(self.roles & Role.AUDITOR)

    @property
    def is_official(self) -> bool:
        """Speaks officially, and therefore neither blocks nor can be blocked."""
        return self.is_active and bool(self.roles & UNBLOCKABLE)

    @property
    def room_ids(self) -> frozenset[int]:
        """The rooms this viewer is in as a member."""
        return self.keep("room_ids", lambda: frozenset(room_id for room_id, _seq in self.joined))

    def follows(self, room_id: Any, seq: Any) -> bool | ColumnElement[bool]:
        """Whether this entry of a room's log came after the viewer joined; a clause where columns are given."""
        if isinstance(room_id, InstrumentedAttribute | ClauseElement):
            return _follows(self.id, room_id, seq)
        since: dict[int, int] = self.keep("since", lambda: dict(self.joined))
        return room_id in since and since[room_id] < seq

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
    "cohort_id": Integer(),
    **dict.fromkeys((f"unshared_{field}" for field in RECIPROCAL_FIELDS), Integer()),
    **dict.fromkeys(
        (
            "group_ids",
            "board_ids",
            "writable_board_ids",
            "blocked_ids",
            "walled_cohort_ids",
            "announcement_ids",
            "mate_ids",
            "mentor_ids",
            "mentee_ids",
            "room_ids",
            "open_room_ids",
        ),
        IdSet(),
    ),
    **dict.fromkeys(
        (
            "is_active",
            "is_candidate",
            "is_staff",
            "is_employee",
            "is_hr",
            "is_lead",
            "is_moderator",
            "is_administrator",
            "is_auditor",
            "is_official",
            "reaches_group",
            "reaches_cohort",
            "may_open_rooms",
        ),
        Boolean(),
    ),
}


class StandingViewer:
    """A viewer whose every answer is a parameter: a rule read with it gives a clause that fits all viewers."""

    def __getattr__(self, name: str) -> BindParameter[Any]:
        return bindparam(f"viewer_{name}", type_=_BINDS[name])

    def follows(self, room_id: Any, seq: Any) -> ColumnElement[bool]:
        """As `Viewer.follows`, about a table."""
        return _follows(self.id, room_id, seq)


def _follows(member_id: Any, room_id: Any, seq: Any) -> ColumnElement[bool]:
    membership = aliased(RoomMember)
    return exists().where(
        membership.room_id == room_id,
        membership.member_id == member_id,
        membership.left_seq.is_(None),
        membership.joined_seq < seq,
    )


NOBODY = Viewer()

_EYES: dict[Relation, Role] = {
    Relation.GROUP: Role.CANDIDATE,
    Relation.COHORT: Role.CANDIDATE,
    Relation.ALLCAND: Role.CANDIDATE,
    Relation.EMPLOYEE: Role.EMPLOYEE,
    Relation.MENTOR: Role.EMPLOYEE,
    Relation.HR: Role.HR,
}


def eyes_of(relation: Relation, owner: Viewer) -> Viewer:
    """Whoever stands to `owner` in this relation and no closer one: to look at one's own page as they do.

    It is nobody: it has no id, so nothing is its own, and no session, form or socket leads to it. It shares everything of
    its own, so what it does not see is hidden by the owner's choice alone, and neither block nor wall stands between.
    Somebody of the 班 is in all of the owner's. Raises KeyError for what is not one relation of somebody else.
    """
    sharing: dict[str, Any] = {f"unshared_{field}": 0 for field in RECIPROCAL_FIELDS}
    return Viewer(
        roles=_EYES[relation],
        is_active=True,
        cohort_id=owner.cohort_id if relation in (Relation.GROUP, Relation.COHORT) else None,
        group_ids=owner.group_ids if relation is Relation.GROUP else frozenset(),
        mate_ids=_just(owner) if relation is Relation.GROUP else frozenset(),
        mentee_ids=_just(owner) if relation is Relation.MENTOR else frozenset(),
        **sharing,
    )


def eyes_apart_from(owner: Viewer) -> Viewer:
    """A candidate for whom `owner` does not exist, and the other way round, as with a block or a wall between them."""
    return Viewer(roles=Role.CANDIDATE, is_active=True, blocked_ids=_just(owner))


def _just(owner: Viewer) -> frozenset[int]:
    return frozenset() if owner.id is None else frozenset({owner.id})


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
    _keep(member_id, version, community_version, viewer)
    return viewer


def _keep(member_id: int, version: int, community_version: int, viewer: Viewer) -> None:
    with _lock:
        _kept[member_id] = (version, community_version, viewer)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


_VERSIONS = Reading(
    select(Member.id, Member.version, Community.version.label("community_version"))
    .join(Community, Community.id == 1)
    .where(is_found_among(Member.id, bindparam("member_ids", type_=IdSet())))
)


def viewers_now(member_ids: Collection[int]) -> dict[int, Viewer]:
    """The snapshots of many members as of now: one statement for their versions, the rest only for whoever changed.

    Whoever does not exist (any more) is not among them.
    """
    versions = {
        row.id: (row.version, row.community_version)
        for row in _VERSIONS.all({"member_ids": frozenset(member_ids)})
    }
    with _lock:
        kept = {
            key: _kept[key][2] for key, both in versions.items() if key in _kept and _kept[key][:2] == both
        }
    fresh = viewers_of([key for key in versions if key not in kept])
    for key, viewer in fresh.items():
        _keep(key, *versions[key], viewer)
    return kept | fresh


def viewers_of(member_ids: Collection[int]) -> dict[int, Viewer]:
    """Fresh snapshots of many members in the same number of queries, however many they are."""
    if not member_ids:
        return {}
    members = session.execute(
        select(
            Member.id,
            Member.public_id,
            Member.roles,
            Member.cohort_id,
            (Member.suspended_at.is_(None) & Member.ended_at.is_(None)).label("is_active"),
            Cohort.is_minor_profile,
            Community.direct_cap,
            Community.lets_open_rooms,
        )
        .select_from(Member)
        .join(Community, Community.id == 1)
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .where(Member.id.in_(member_ids))
    ).all()
    around = _Around.of(member_ids)
    return {member.id: _snapshot(member, around) for member in members}


@dataclass(frozen=True)
class _Around:
    """What stands around many members at once: member → keys; sets of people → what is open to them."""

    groups: dict[int, set[int]]
    mates: dict[int, set[int]]
    mentors: dict[int, set[int]]
    mentees: dict[int, set[int]]
    blocks: dict[int, set[int]]
    walls: list[tuple[int, int]]
    boards: list[Row[Any]]
    rooms: list[Row[Any]]
    joined: dict[int, set[Any]]
    announcements: dict[int, set[int]]
    shared: dict[int, set[Any]]

    @classmethod
    def of(cls, member_ids: Collection[int]) -> _Around:
        """One query a kind."""
        other = aliased(GroupMember)
        return cls(
            groups=_found(
                select(GroupMember.member_id, GroupMember.group_id), GroupMember.member_id, member_ids
            ),
            mates=_found(
                select(GroupMember.member_id, other.member_id)
                .join(other, other.group_id == GroupMember.group_id)
                .where(other.member_id != GroupMember.member_id),
                GroupMember.member_id,
                member_ids,
            ),
            mentors=_found(select(Mentor.candidate_id, Mentor.employee_id), Mentor.candidate_id, member_ids),
            mentees=_found(select(Mentor.employee_id, Mentor.candidate_id), Mentor.employee_id, member_ids),
            blocks=_blocks(member_ids),
            walls=[(wall.low_cohort_id, wall.high_cohort_id) for wall in session.scalars(select(Wall))],
            boards=list(session.execute(_BOARDS)),
            rooms=list(session.execute(_OPEN_ROOMS)),
            joined=_joined(member_ids),
            announcements=_found(
                select(AnnouncementRecipient.member_id, AnnouncementRecipient.announcement_id),
                AnnouncementRecipient.member_id,
                member_ids,
            ),
            shared=_shared(member_ids),
        )


_BOARDS = select(
    BoardAudience.board_id,
    BoardAudience.role,
    BoardAudience.cohort_id,
    BoardAudience.group_id,
    # Nobody writes on a board that was put away.
    and_(BoardAudience.is_writer, Board.archived_at.is_(None)).label("is_writer"),
).join(Board, Board.id == BoardAudience.board_id)
_OPEN_ROOMS = (
    select(RoomAudience.room_id, RoomAudience.role, RoomAudience.cohort_id, RoomAudience.group_id)
    .join(Room, Room.id == RoomAudience.room_id)
    .where(Room.archived_at.is_(None))
)


def _found(pairs: Select[Any], key: Any, member_ids: Collection[int]) -> dict[int, set[int]]:
    return _pairs(session.execute(pairs.where(key.in_(member_ids))))


def _joined(member_ids: Collection[int]) -> dict[int, set[Any]]:
    """Member → (room, the seq after which they follow it)."""
    rows = session.execute(
        select(RoomMember.member_id, RoomMember.room_id, RoomMember.joined_seq).where(
            RoomMember.member_id.in_(member_ids), RoomMember.left_seq.is_(None)
        )
    )
    return _pairs((member_id, (room_id, joined_seq)) for member_id, room_id, joined_seq in rows)


def _shared(member_ids: Collection[int]) -> dict[int, set[Any]]:
    """Member → (reciprocal field, how far it is shared), for fields with something in them."""
    rows = session.execute(
        select(ProfileValue.member_id, ProfileValue.field, ProfileValue.effective).where(
            ProfileValue.member_id.in_(member_ids),
            ProfileValue.field.in_(RECIPROCAL_FIELDS),
            ProfileValue.value != "",
        )
    )
    return _pairs((member_id, (field, effective)) for member_id, field, effective in rows)


def _snapshot(member: Row[Any], around: _Around) -> Viewer:
    roles = Role(member.roles)
    group_ids = around.groups.get(member.id, set())
    reach = "nobody" if member.is_minor_profile else member.direct_cap
    is_candidate = bool(roles & Role.CANDIDATE)
    boards = [each for each in around.boards if _is_in(each, member, group_ids)]
    shared = dict(around.shared.get(member.id, ()))
    return Viewer(
        id=member.id,
        public_id=member.public_id,
        roles=roles,
        is_active=bool(member.is_active),
        cohort_id=member.cohort_id,
        group_ids=frozenset(group_ids),
        board_ids=frozenset(each.board_id for each in boards),
        writable_board_ids=frozenset(each.board_id for each in boards if each.is_writer),
        blocked_ids=frozenset() if roles & UNBLOCKABLE else frozenset(around.blocks.get(member.id, ())),
        walled_cohort_ids=frozenset(_other_sides(member.cohort_id, around.walls)),
        announcement_ids=frozenset(around.announcements.get(member.id, ())),
        mate_ids=frozenset(around.mates.get(member.id, ())),
        mentor_ids=frozenset(around.mentors.get(member.id, ())),
        mentee_ids=frozenset(around.mentees.get(member.id, ())),
        joined=frozenset(around.joined.get(member.id, ())),
        open_room_ids=frozenset(each.room_id for each in around.rooms if _is_in(each, member, group_ids)),
        reaches_group=is_candidate and reach in {"group", "cohort"},
        reaches_cohort=is_candidate and reach == "cohort",
        may_open_rooms=is_candidate and bool(member.lets_open_rooms) and not member.is_minor_profile,
        **{f"unshared_{field}": int(CANDIDATES) & ~shared.get(field, 0) for field in RECIPROCAL_FIELDS},
    )


def _is_in(audience: Row[Any], member: Row[Any], group_ids: Collection[int]) -> bool:
    """Whether this member belongs to one set of people: a role, a cohort or a group."""
    if audience.role is not None:
        return bool(member.roles & audience.role)
    if audience.cohort_id is not None:
        return bool(audience.cohort_id == member.cohort_id)
    return audience.group_id in group_ids


def _other_sides(cohort_id: int | None, walls: list[tuple[int, int]]) -> set[int]:
    return {high if low == cohort_id else low for low, high in walls if cohort_id in (low, high)}


def _pairs(rows: Iterable[Any]) -> dict[int, set[Any]]:
    pairs: dict[int, set[Any]] = {}
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
