"""「お変わりありませんか」on its way: a few people at a time, each batch in a transaction of its own.

Whatever stops the server, the next batch begins where the last one ended, and nobody gets the words twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from sqlalchemy import select

from app.core.clock import now
from app.core.db import session
from app.core.operation import announce
from app.models import CheckIn, Member, Role
from app.people.quiet import quiet_hours
from app.policy import Viewer, viewers_of

from ..events import CheckInDue
from ..messages.operations import put_message, words
from .operations import office_room
from .threads import CHECK_IN_KEY

BATCH = 20  # about 0.2 s in which nobody else writes on SQLite


def send_batch(check_in_id: int) -> None:
    """Give the next few candidates the words, and announce CheckInDue again where there are more.

    It waits where quiet hours have begun, and ends where its author is no longer of HR.
    """
    row = session.scalar(
        select(CheckIn).where(CheckIn.id == check_in_id, CheckIn.finished_at.is_(None)).with_for_update()
    )
    if row is None:
        return
    at = now()
    opens_at = quiet_hours().next_open(at)
    if opens_at > at:
        announce(CheckInDue(check_in_id=row.id), after=opens_at - at)
        return
    author = _author(row)
    people = [] if author is None else _next_people(row)
    if author is not None:
        said = words(row.body)
        for member in people:
            put_message(author, office_room(member), key_for(row, member), said)
            row.reached_id = member.id
    row.recipients += len(people)
    if len(people) < BATCH:
        row.finished_at = now()
    else:
        announce(CheckInDue(check_in_id=row.id))


def _author(row: CheckIn) -> Viewer | None:
    """Who sends it, as long as they belong to the HR team."""
    author = None if row.author_id is None else viewers_of([row.author_id]).get(row.author_id)
    return author if author is not None and author.is_hr else None


def _next_people(row: CheckIn) -> Sequence[Member]:
    return session.scalars(
        select(Member)
        .where(
            Member.id > row.reached_id,
            Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
            Member.ended_at.is_(None),
            Member.suspended_at.is_(None),
        )
        .order_by(Member.id)
        .limit(BATCH)
        .with_for_update()
    ).all()


def key_for(row: CheckIn, member: Member) -> str:
    """The client key of this round's message to this candidate: always the same, so it is stored once."""
    digest = blake2b(f"{row.public_id} {member.public_id}".encode(), digest_size=8).hexdigest()
    return f"{CHECK_IN_KEY}{digest}"
