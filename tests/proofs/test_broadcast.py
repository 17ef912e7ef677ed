"""A broadcast by mail that is interrupted: nobody is missed, and nobody is written to twice.

In an emergency, which passes quiet hours: the proof means the same at any hour.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from app.core.clock import now
from app.core.db import session
from app.core.events import waiting
from app.core.operation import unit_of_work
from app.models import Announcement, AnnouncementRecipient, Member, Notice, NoticeMail
from tests.chat.live_houses import more_candidates
from tests.proofs.test_chat import Running, redis_server
from tests.services.houses import Served, environment, planted
from tests.services.redis import free_port

READERS = 60
INTERRUPTED_AT = (10, 25, 40)


class Office:
    """A real SMTP server that remembers to whom each letter went, and under which key."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a letter slowly, as over a line."""
        content = bytes(envelope.content or b"").decode()
        key = next(line for line in content.splitlines() if line.lower().startswith("message-id:"))
        self.taken.append((envelope.rcpt_tos[0], key))
        return "250 OK"


@contextmanager
def post_office() -> Iterator[tuple[Office, int]]:
    """The office and its port."""
    office, port = Office(), free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office, port
    finally:
        controller.stop()


def announce_to(served: Served, keys: list[str]) -> None:
    """What an emergency announcement leaves behind once it is sent: a notice and a letter due for each."""
    with served.app.app_context(), unit_of_work():
        announcement = Announcement(
            state="sent",
            title="本日の集まりを中止します",
            renderer_version=1,
            sent_at=now(),
            emergency_reason="台風",
        )
        session.add(announcement)
        session.flush()
        for key in keys:
            member_id = served.world.people[key].id
            session.add_all(
                (
                    AnnouncementRecipient(
                        announcement_id=announcement.id,
                        public_id=announcement.public_id,
                        member_id=member_id,
                    ),
                    Notice(
                        member_id=member_id,
                        kind="announcement",
                        announcement_id=announcement.id,
                        made_at=now(),
                        mail="bundle",
                    ),
                    NoticeMail(member_id=member_id, due_at=now()),
                )
            )
            session.get_one(Member, member_id).version += 1


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["restarted in order", "killed"])
def test_a_broadcast_that_is_interrupted_misses_nobody(tmp_path: Path, new_postgres_url, how: str) -> None:
    """In order: each letter once. Killed: at most the letters under way a second time, under the same key."""
    with ExitStack() as stack:
        office, port = stack.enter_context(post_office())
        _redis, redis_url = stack.enter_context(redis_server(tmp_path))
        environ = environment(
            tmp_path, new_postgres_url(), free_port(), TSUBOMI_ASYNC_MODE="gevent", TSUBOMI_REDIS_URL=redis_url,
            TSUBOMI_MAIL_URL=f"smtp://127.0.0.1:{port}", TSUBOMI_MAIL_FROM="tsubomi@example.jp",
        )  # fmt: skip
        app, world = stack.enter_context(planted(environ))
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        worker = Running(command, environ, tmp_path / "worker.log")
        stack.callback(worker.stop)
        served = Served(int(environ["TSUBOMI_PORT"]), tmp_path, app, world, worker.process, environ)
        keys = more_candidates(served, READERS)
        announce_to(served, keys)
        for letters in INTERRUPTED_AT:
            _wait_for(office, letters)
            if how == "killed":
                worker.kill()
            else:
                worker.process.send_signal(signal.SIGTERM)
                worker.process.wait(30)
            worker.start()
        _wait_for(office, READERS)
        _wait_until_nothing_waits(served)
    letters = Counter(person for person, _key in office.taken)
    assert len(letters) == READERS, f"{READERS - len(letters)} were missed"
    again = [person for person, count in letters.items() if count > 1]
    if how == "killed":
        assert len(again) <= len(INTERRUPTED_AT) * 4
        assert len(set(office.taken)) == READERS, "a repeated letter carries the same key"
    else:
        assert not again
    print(f"{how}: {len(office.taken)} letters for {READERS} readers")


def _wait_for(office: Office, people: int) -> None:
    deadline = time.monotonic() + 400
    while len({person for person, _key in office.taken}) < people:
        assert time.monotonic() < deadline, f"{len(office.taken)} letters"
        time.sleep(0.01)


def _wait_until_nothing_waits(served: Served) -> None:
    """Every letter that was due is sent, and noted as sent."""
    deadline = time.monotonic() + 400
    with served.app.app_context():
        while waiting() or session.scalar(select(func.count()).where(NoticeMail.due_at.is_not(None))):
            session.rollback()
            assert time.monotonic() < deadline, f"{waiting()} wait"
            time.sleep(0.5)
