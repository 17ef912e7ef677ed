"""The chain of the access ledger: what breaks it is found, erasure and two people at once do not break it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, insert, select, update
from sqlalchemy.engine import Engine

from app.accounts.operations import end_membership
from app.cli import ledger
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.operation import unit_of_work
from app.ledger.operations import record
from app.ledger.queries import verify
from app.models import AccessEntry, LedgerHead
from app.office.people.operations import open_profile
from app.policy import viewer_of
from tests.conftest import NOON, World


@pytest.fixture
def entered(app: Flask, world: World, acting: Any) -> World:
    """Six entries over two days."""
    for day in range(2):
        with clock.hold(NOON + timedelta(days=day)):
            for person in (world.haruka, world.sora, world.ren):
                acting(world.jinji, open_profile, person.public_id, purpose="grouping")
    return world


def checked(app: Flask) -> Any:
    """What the command answers."""
    return app.test_cli_runner().invoke(ledger, ["verify"])


def test_a_whole_chain_is_told_in_a_sentence(app: Flask, entered: World) -> None:
    answer = checked(app)
    assert answer.exit_code == 0, answer.output
    assert "閲覧履歴6件はつながっています" in answer.output


def test_an_empty_ledger_is_whole(app: Flask) -> None:
    assert checked(app).exit_code == 0


def _nth(number: int) -> Any:
    return select(AccessEntry.id).order_by(AccessEntry.id).offset(number - 1).limit(1).scalar_subquery()


def _change(number: int, **values: Any) -> None:
    key = session.scalar(select(_nth(number)))
    session.execute(update(AccessEntry).where(AccessEntry.id == key).values(**values))


def _drop(number: int) -> None:
    session.execute(delete(AccessEntry).where(AccessEntry.id == session.scalar(select(_nth(number)))))


def _swap() -> None:
    """The second and the third change places, each whole in itself."""
    [first, second] = session.scalars(select(AccessEntry).order_by(AccessEntry.id).offset(1).limit(2)).all()
    names = ("subject_id", "salt", "content", "link")
    one, other = ({name: getattr(row, name) for name in names} for row in (first, second))
    keys = first.id, second.id
    session.expunge_all()
    for key, values in zip(keys, (None, one), strict=True):
        session.execute(
            update(AccessEntry)
            .where(AccessEntry.id == key)
            .values(**(values or {**other, "subject_id": None}))
        )
    session.execute(update(AccessEntry).where(AccessEntry.id == keys[0]).values(**other))


def _put_in() -> None:
    """A copy of the last entry about somebody else, behind it."""
    row = session.execute(select(AccessEntry).order_by(AccessEntry.id.desc()).limit(1)).scalar_one()
    names = ("viewer_id", "viewer_name", "viewer_role", "action", "salt", "content", "link", "day")
    values = {name: getattr(row, name) for name in names}
    session.execute(insert(AccessEntry).values(**values, subject_id=row.subject_id, purpose="other"))


def _head(**values: Any) -> None:
    session.execute(update(LedgerHead).values(**values))


_WORDLESS = dict.fromkeys(("viewer_name", "viewer_role", "action", "purpose", "approver_name", "salt"), "")
TAMPERINGS = {
    "the purpose": (lambda: _change(2, purpose="other"), 2),
    "the name": (lambda: _change(3, viewer_name="だれか"), 3),
    "the day": (lambda: _change(1, day=NOON.date() - timedelta(days=9)), 1),
    "the person": (lambda: _change(4, viewer_id=None), 4),
    "the seal": (lambda: _change(5, content="0" * 64), 5),
    "the salt": (lambda: _change(5, salt="0" * 32), 5),
    "the first dropped": (lambda: _drop(1), 1),
    "one dropped": (lambda: _drop(3), 3),
    "the last dropped": (lambda: _drop(6), 6),
    "two exchanged": (_swap, 2),
    "one put in": (_put_in, 7),
    "the head": (lambda: _head(link="0" * 64), 7),
    "the head with the last dropped": (lambda: (_drop(6), _head(entries=5)), 6),
    "the number": (lambda: _head(entries=7), 7),
    "no head": (lambda: session.execute(delete(LedgerHead)), 1),
    "words taken out by other hands": (
        lambda: _change(2, **_WORDLESS, subject_id=None, viewer_id=None),
        2,
    ),
    "some words taken out": (lambda: _change(2, salt=""), 2),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found_with_the_number_of_the_first_entry_that_does_not_hold(
    app: Flask, entered: World, write: Any, name: str
) -> None:
    tamper, number = TAMPERINGS[name]
    write(tamper)
    answer = checked(app)
    assert answer.exit_code == 1
    assert f"(entry {number})" in answer.stderr


def test_erasure_takes_the_words_and_leaves_the_chain_whole(
    app: Flask, entered: World, as_: Any, rows: Any
) -> None:
    answer = as_(entered.jinji).post(f"/hr/people/{entered.sora.public_id}/end", {"reason": "辞退のため"})
    assert answer.status_code == 303
    assert rows(select(AccessEntry.id).where(AccessEntry.subject_id == entered.sora.id)) == []
    gone = rows(select(AccessEntry).where(AccessEntry.salt == ""))
    assert len(gone) == 2
    for entry in gone:
        assert (entry.viewer_id, entry.viewer_name, entry.viewer_role) == (None, "", "")
        assert (entry.action, entry.purpose, entry.approver_name) == ("", "", "")
    answer = checked(app)
    assert answer.exit_code == 0, answer.stderr
    assert "消したもの2件" in answer.output


def test_whoever_looked_stays_named_as_on_that_day_after_they_left(
    app: Flask, entered: World, as_: Any, rows: Any
) -> None:
    name = rows(select(AccessEntry.viewer_name).distinct())
    admin = as_(entered.admin)
    assert admin.post(f"/hr/people/{entered.jinji.public_id}/end", {"reason": "異動"}).status_code == 303
    assert rows(select(AccessEntry.viewer_name).distinct()) == name == ["jinji"]
    assert checked(app).exit_code == 0


def test_somebody_nobody_looked_at_leaves_without_a_trace_in_the_ledger(
    app: Flask, entered: World, as_: Any, rows: Any
) -> None:
    as_(entered.jinji).post(f"/hr/people/{entered.yui.public_id}/end", {"reason": "辞退のため"})
    assert rows(select(func.count()).select_from(AccessEntry)) == [6]


def test_two_of_the_office_at_once_keep_one_chain(app: Flask, world: World) -> None:
    people = [world.haruka, world.sora, world.ren, world.yui, world.takumi]
    together = Barrier(2)

    def open_all(viewer_id: int) -> None:
        with app.app_context():
            viewer = viewer_of(viewer_id)
            together.wait(20)
            for person in people:
                open_profile(viewer, person.public_id, purpose="contact")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(open_all, (world.jinji.id, world.lead.id)))
    with app.app_context():
        proof = verify()
    assert proof.is_whole
    assert proof.entries == 10


def test_who_leaves_while_somebody_opens_them_leaves_no_entry_behind(
    app: Flask, world: World, rows: Any
) -> None:
    def open_them() -> None:
        with app.app_context(), suppress(NotFound):
            open_profile(viewer_of(world.jinji.id), world.sora.public_id, purpose="contact")

    opening = Thread(target=open_them)
    with app.app_context(), unit_of_work():
        end_membership(viewer_of(world.sora.id), keeps_name=False)
        opening.start()
        opening.join(1)  # it found them, and waits for the ledger
    opening.join(20)
    assert rows(select(AccessEntry.id)) == []


def test_an_erasure_while_the_chain_is_walked_is_no_tampering(app: Flask, entered: World) -> None:
    def leave() -> None:
        with app.app_context():
            end_membership(viewer_of(entered.sora.id), keeps_name=False)

    leaving = Thread(target=leave)

    def behind_the_head(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM access_entry" in statement and leaving.ident is None:
            leaving.start()
            leaving.join(20)

    event.listen(Engine, "before_cursor_execute", behind_the_head)
    try:
        with app.app_context():
            proof = verify()
    finally:
        event.remove(Engine, "before_cursor_execute", behind_the_head)
        leaving.join(20)
    assert proof.is_whole, proof
    with app.app_context():
        assert verify().erased == 2


def test_many_at_once_are_one_entry_each(app: Flask, world: World, write: Any) -> None:
    ids = [world.haruka.id, world.sora.id, world.jinji.id]

    def look() -> None:
        viewer = viewer_of(world.jinji.id)
        record(viewer, ids, "columns", "contact")
        record(viewer, ids, "columns", "contact")
        record(viewer, ids, "export", "contact", approver_name="lead")

    write(look)
    with app.app_context():
        found = session.execute(
            select(AccessEntry.subject_id, AccessEntry.action, AccessEntry.approver_name).order_by(
                AccessEntry.id
            )
        ).all()
        assert verify().is_whole
    assert [tuple(row) for row in found] == [
        (world.haruka.id, "columns", ""),
        (world.sora.id, "columns", ""),
        (world.haruka.id, "export", "lead"),
        (world.sora.id, "export", "lead"),
    ]
    with pytest.raises(ValueError, match="office"):
        write(lambda: record(viewer_of(world.takumi.id), ids, "columns", "contact"))


def test_the_daily_head_is_the_link_at_the_end_of_yesterday(
    app: Flask, world: World, entered: World, as_: Any, rows: Any
) -> None:
    links = rows(select(AccessEntry.link).order_by(AccessEntry.id))
    sora = as_(world.sora)
    for day, link in ((0, "0" * 64), (1, links[2]), (2, links[5]), (3, links[5])):
        with clock.hold(NOON + timedelta(days=day)):
            text = sora.page("/ledger/head")
        assert link in text
        assert sum(one in text for one in links) <= 1


def test_the_daily_head_is_there_for_members_only(app: Flask, anyone: Any) -> None:
    assert anyone().get("/ledger/head").headers["Location"].startswith("/sign-in")
