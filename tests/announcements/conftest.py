"""What the tests of announcements share: writing one through HR's form, sending it, and the minute's work."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.announcements.operations import EVERY_MINUTE
from app.core.db import session
from app.core.names import fold
from app.models import Announcement, AnnouncementRecipient, Invitation, Member, Role

MONDAY_NOON = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
FORM = {
    "title": "健康診断のご案内",
    "body": "{呼び名}さん、日程をお知らせします。",
    "kind": "news",
    "audience": ["candidates"],
}


def without_token(answer: Any) -> str:
    """The page without its CSRF value, which changes with every second."""
    return re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", answer.text)


@pytest.fixture
def at_noon(held_clock: Any) -> Any:
    """The clock stands at noon of a Monday in Tokyo."""
    with held_clock(MONDAY_NOON):
        yield MONDAY_NOON


@pytest.fixture
def written(world: Any, as_: Any) -> Callable[..., str]:
    """Writes a draft through the form, as HR; its id."""

    def write(**fields: Any) -> str:
        client = as_(world.jinji)
        answer = client.post("/hr/announcements/new", {**FORM, **fields})
        assert answer.status_code == 303, answer.text
        return str(re.search(r"/hr/announcements/([a-z2-7]{13})", answer.location)[1])  # type: ignore[index]

    return write


@pytest.fixture
def revision_of(rows: Any) -> Callable[[str], int]:
    """The revision HR's check page carries."""
    return lambda key: rows(select(Announcement.revision).where(Announcement.public_id == key))[0]


@pytest.fixture
def sent(world: Any, as_: Any, written: Any, revision_of: Any) -> Callable[..., str]:
    """Writes an announcement and sends it; its id."""

    def send(**fields: Any) -> str:
        key = written(**fields)
        answer = as_(world.jinji).post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
        assert answer.status_code == 303, answer.text
        return str(key)

    return send


@pytest.fixture
def asking() -> dict[str, str]:
    """Fields of an announcement that asks to be acknowledged, with the names from the twelfth on."""
    return {"asks_acknowledgement": "y", "names_from": "2026-10-12"}


@pytest.fixture
def minute(app: Any) -> Callable[[], None]:
    """What the job does every minute."""

    def run() -> None:
        for act in EVERY_MINUTE:
            with app.app_context():
                act()

    return run


@pytest.fixture
def many(write: Any, world: Any) -> Callable[[int], list[int]]:
    """Adds candidates to the cohort; their keys."""

    def add(count: int) -> list[int]:
        def plant() -> list[int]:
            members = [
                Member(
                    mail=f"more{number}@example.jp",
                    roles=int(Role.CANDIDATE),
                    cohort_id=world.april.id,
                    legal_name=f"追加 {number}",
                    display_name=f"つい{number}",
                    display_fold=fold(f"つい{number}"),
                    bud=1,
                    rules_version=1,
                )
                for number in range(count)
            ]
            session.add_all(members)
            session.flush()
            return [member.id for member in members]

        return list(write(plant))

    return add


@pytest.fixture
def invited(write: Any, world: Any) -> Callable[..., int]:
    """Adds somebody whose invitation left and who has not joined; the invitation's key."""

    def add(mail: str = "aoi@univ.example.jp", **more: Any) -> int:
        def plant() -> int:
            invitation = Invitation(
                mail=mail,
                legal_name="髙橋 葵",
                roles=int(Role.CANDIDATE),
                cohort_id=world.april.id,
                secret_hash=mail,
                sent_at=MONDAY_NOON - timedelta(days=3),
                expires_at=MONDAY_NOON + timedelta(days=4),
                **more,
            )
            session.add(invitation)
            session.flush()
            return invitation.id

        return int(write(plant))

    return add


@pytest.fixture
def set_acknowledged(write: Any) -> Callable[..., None]:
    """Lets these members have acknowledged everything they received."""

    def change(member_ids: list[int]) -> None:
        write(
            lambda: session.execute(
                update(AnnouncementRecipient)
                .where(AnnouncementRecipient.member_id.in_(member_ids))
                .values(is_acknowledged=True)
            )
        )

    return change
