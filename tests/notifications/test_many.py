"""What is said to everybody of a large company is in every list within seconds, and letters leave in turns."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from sqlalchemy import func, insert, select

from app.chat.messages.operations import LYING
from app.core.db import session
from app.core.names import fold
from app.models import Member, Notice, NoticeMail, Role, RoomMember
from app.notifications.operations import announce_due_mail
from tests.chat.conftest import say
from tests.notifications.conftest import MONDAY_NOON

MANY = 3_000


@dataclass(frozen=True)
class Somebody:
    """A member of whom a test knows the key only."""

    id: int


@pytest.fixture
def everybody(world, write, rows):
    """Three thousand candidates more."""

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
    return everybody


def test_three_thousand_are_told_within_ten_seconds(app, at, everybody, announced, rows, queries):
    """In few statements, whatever their number; a hundred letters leave each minute."""
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


def test_a_message_in_a_room_of_three_thousand_tells_them_as_fast(
    world, at, as_, write, deliver, everybody, plant_room, rows, queries
):
    """The first one after the quiet tells everybody; the next one, of somebody else, asks and tells nobody."""
    room = plant_room("place", world.jinji, world.takumi, name="全員のルーム")
    write(
        lambda: session.execute(
            insert(RoomMember), [{"room_id": room.id, "member_id": one.id} for one in everybody]
        )
    )
    with at(MONDAY_NOON):
        say(as_(world.jinji), room, "ようこそ")
    with at(MONDAY_NOON + LYING), queries() as seen:
        begun = time.perf_counter()
        deliver()
        seconds = time.perf_counter() - begun
        say(as_(world.takumi), room, "よろしくお願いします")
    assert rows(select(func.count()).select_from(Notice).where(Notice.kind == "room")) == [MANY + 1]
    assert seconds < 10
    assert len(seen) < 150, "a few statements for five hundred people"
    with at(MONDAY_NOON + 2 * LYING), queries() as seen:
        deliver()
    assert len(seen) < 40
    assert rows(select(func.count()).select_from(Notice)) == [MANY + 1]
