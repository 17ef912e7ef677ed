"""班を自動で作る: how people without a 班 are divided, and what the new groups are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.names import fold
from app.models import Cohort, Community, Group
from app.people.places import blocks_among
from app.policy import Viewer

from ..people.cards import INVITED, NONE, PeopleFilter
from ..people.listing import people_of
from .cards import LARGEST

# Names nobody can take for a ranking; HR may give others at any time.
NAMES = _(
    "若葉 青葉 双葉 花水木 山吹 菜の花 すみれ つゆくさ なずな れんげ すずらん 桔梗 撫子 藤 楓 欅 柊 椿 柚子 杏"
)


@dataclass(frozen=True)
class Proposal:
    """Groups of rows by the name each would get, and the rows no 作り方 fits."""

    groups: tuple[tuple[str, tuple[Any, ...]], ...]
    left_out: tuple[Any, ...]

    @property
    def seal(self) -> str:
        """The same for the same people in the same groups, and for nothing else."""
        parts = [f"{name}:{','.join(row.public_id for row in rows)}" for name, rows in self.groups]
        parts.append(",".join(row.public_id for row in self.left_out))
        return sha256("|".join(parts).encode()).hexdigest()[:20]


def proposal(viewer: Viewer, community: Community, cohort: Cohort, *, size: int, seed: str) -> Proposal:
    """Divide everybody of a cohort who is in no 班, those invited among them, into groups of about `size`.

    Which groups come out depends on `seed` alone. A blocked pair is never put together (privacy.md, I4); whoever fits
    nowhere is left out without a reason. 参加のペース plays no part: HR would read it off the names that stay behind.
    """
    chosen = PeopleFilter(cohort=cohort.public_id, group=NONE)
    rows = people_of(viewer, community, chosen, None)
    members = [row.key for row in rows if row.state not in INVITED]
    shuffled = sorted(rows, key=lambda row: sha256(f"{seed}{row.public_id}".encode()).digest())
    divided = _divided(shuffled, blocks_among(members), size)
    names = _names(cohort, len(divided))
    placed = {row.public_id for group in divided for row in group}
    in_order = {row.public_id: place for place, row in enumerate(rows)}
    return Proposal(
        groups=tuple(
            (name, tuple(sorted(group, key=lambda row: in_order[row.public_id])))
            for name, group in zip(names, divided, strict=True)
        ),
        left_out=tuple(row for row in rows if row.public_id not in placed),
    )


def _divided(people: Sequence[Any], apart: Mapping[int, Collection[int]], size: int) -> list[list[Any]]:
    """Groups whose sizes differ as little as may be; for some there may be no room."""
    number = max(1, round(len(people) / size), -(-len(people) // LARGEST)) if people else 0
    groups: list[list[Any]] = [[] for _group in range(number)]
    for row in people:
        foes = apart.get(row.key, ()) if row.state not in INVITED else ()
        fitting = [
            group
            for group in groups
            if len(group) < LARGEST and not any(one.key in foes for one in group if one.state not in INVITED)
        ]
        if fitting:
            min(fitting, key=len).append(row)
    return [group for group in groups if group]


def _names(cohort: Cohort, number: int) -> list[str]:
    taken = {fold(name) for name in session.scalars(select(Group.name).where(Group.cohort_id == cohort.id))}
    free = [name for name in str(NAMES).split() if fold(name) not in taken]
    count = len(taken)
    while len(free) < number:
        count += 1
        name = t("%(count)s班", count=count)
        if fold(name) not in taken:
            free.append(name)
    return free[:number]


def cohort_row(cohort_id: PublicId) -> Cohort | None:
    """The cohort with this id; whoever asks has been let into the office."""
    return session.scalar(select(Cohort).where(Cohort.public_id == cohort_id))
