"""An announcement to everybody of a large company is in every list within seconds, and letters leave in turns."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from app.core.db import session
from app.core.names import fold
from app.models import Member, Notice, NoticeMail, Role
from app.notifications.operations import announce_due_mail
from tests.notifications.conftest import MONDAY_NOON

MANY = 3_000


@dataclass(frozen=True)
class Somebody:
    """A member of whom a test knows the key only."""

    id: int


def test_three_thousand_are_told_within_ten_seconds(world, app, at, write, announced, rows, queries):
    """In few statements, whatever their number; a hundred letters leave each minute."""

    def plant():
        session.execute(
            insert(Member),
            [
                {
                    "mail": f"m{number}@example.jp",
                    "roles": int(Role.CANDIDATE),
                    "cohort_id": world.april.id,
                    "display_name": f"ひと{number}",
                    "display_fold": fold(f"ひと{number}"),
                    "bud": 1,
                    "rules_version": 1,
                }
                for number in range(MANY)
            ],
        )

    write(plant)
    everybody = [Somebody(key) for key in rows(select(Member.id).where(Member.mail.like("m%@example.jp")))]
    everybody = [one for one in everybody if one.id not in {person.id for person in world.people.values()}]
    assert len(everybody) == MANY
    with at(MONDAY_NOON), queries() as seen:
        begun = time.perf_counter()
        announced(everybody)
        seconds = time.perf_counter() - begun
    assert rows(select(func.count()).select_from(Notice).where(Notice.mail == "bundle")) == [MANY]
    assert rows(select(func.count()).select_from(NoticeMail)) == [MANY]
    assert seconds < 10
    assert len(seen) < 100, "a few statements for five hundred people"
    with at(MONDAY_NOON), app.app_context():
        assert announce_due_mail() == 100
