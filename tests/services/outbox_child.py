"""Processes for the tests that kill one: each step runs in a process of its own and dies where it is told to.

    python -m tests.services.outbox_child <database url> <folder> <step>…

Prints one line of JSON for each step: its exit status and what is left. The steps:

announce-and-die   commit an operation with its fact, then kill -9 before anything is delivered
die-uncommitted    kill -9 inside the operation, before its commit
deliver            deliver what is due, three minutes from now (leases of the dead have run out)
die-delivering     deliver; kill -9 inside the delivery, after it acted and before its row is deleted
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from app.core import clock
from app.core.config import read_settings
from app.core.db import Base, db, session
from app.core.events import Delivery, Fact, delivers, drain, listens
from app.core.operation import announce, unit_of_work
from app.models import Cohort

URL, FOLDER, STEPS = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
START = clock.now().date()
WHAT = [""]  # the step of this process


@dataclass(frozen=True)
class BudOpened(Fact):
    """A fact of these tests."""

    cohort_id: int


def die() -> None:
    """What a power cut does: no cleaning up."""
    os.kill(os.getpid(), signal.SIGKILL)


@delivers(BudOpened)
def write_letter(fact: BudOpened, delivery: Delivery) -> None:
    """Act outside the database: one line in a file for each letter."""
    with (FOLDER / "letters").open("a") as letters:
        letters.write(f"{fact.cohort_id} {delivery.key}\n")
        letters.flush()
        os.fsync(letters.fileno())
    if WHAT[0] == "die-delivering":
        die()


@listens(BudOpened)
def note(fact: BudOpened, delivery: Delivery) -> None:
    """Act inside the database."""
    session.add(Cohort(name=f"続き{fact.cohort_id}", starts_on=START))


def act() -> None:
    """The operation, killed at its end or right after its commit."""
    with unit_of_work():
        cohort = Cohort(name="もと", starts_on=START)
        session.add(cohort)
        session.flush()
        announce(BudOpened(cohort.id))
        if WHAT[0] == "die-uncommitted":
            session.flush()
            die()
    die()


def step(app: Flask) -> None:
    """Do what was asked, in this process."""
    with app.app_context():
        if WHAT[0] in {"announce-and-die", "die-uncommitted"}:
            act()
        later = timedelta(minutes=0 if WHAT[0] == "die-delivering" else 3)
        with clock.hold(clock.now() + later):
            drain()


def in_a_process_of_its_own(app: Flask, what: str) -> int:
    """Run one step; its exit status (negative: the signal that ended it)."""
    child = os.fork()
    if child == 0:
        WHAT[0] = what
        try:
            step(app)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def what_is_left() -> dict[str, object]:
    """The letters written, and how many rows there are."""
    letters = FOLDER / "letters"
    engine = create_engine(URL)
    with engine.connect() as connection:
        counts = {
            name: connection.scalar(text(statement))
            for name, statement in {
                "announced": "SELECT count(*) FROM cohort WHERE name = 'もと'",
                "followed": "SELECT count(*) FROM cohort WHERE name LIKE '続き%'",
                "waiting": "SELECT count(*) FROM outbox",
            }.items()
        }
    engine.dispose()
    return {**counts, "letters": letters.read_text().splitlines() if letters.exists() else []}


def main() -> None:
    """Make the tables, then take one step after the other."""
    app = create_app(
        read_settings(
            {
                "TSUBOMI_DATA": str(FOLDER),
                "TSUBOMI_DATABASE_URL": URL,
                "TSUBOMI_SECRET_KEY": "tests only, nothing is signed with it elsewhere",
                "TSUBOMI_LOG_LEVEL": "CRITICAL",
            }
        )
    )
    app.testing = True  # nothing wakes a queue here
    with app.app_context():
        Base.metadata.create_all(db.engine)
        db.engine.dispose()
    for what in STEPS:
        print(json.dumps({"status": in_a_process_of_its_own(app, what), **what_is_left()}), flush=True)


if __name__ == "__main__":
    main()
