"""What the tests of notices share: the clock at noon, writing that tells people, the minute's work, a push service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.announcements.operations import EVERY_MINUTE as ANNOUNCING
from app.boards.operations import reply_to_topic
from app.core.db import session
from app.core.events import drain
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION
from app.models import Announcement, AnnouncementRecipient, Community, Level, Notice, Topic, TopicReader
from app.notifications.operations import EVERY_MINUTE
from tests.chat.conftest import (  # noqa: F401 - its rooms are fixtures of these tests too
    direct_room,
    group_room,
    office_room,
    plant_room,
    square_room,
)

MONDAY_NOON = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)  # in Tokyo
MONDAY_NIGHT = datetime(2026, 10, 5, 13, 0, tzinfo=UTC)  # ten o'clock in the evening there
TUESDAY_EIGHT = datetime(2026, 10, 5, 23, 0, tzinfo=UTC)


@pytest.fixture
def at(held_clock: Any) -> Callable[[datetime], Any]:
    """with at(moment): the clock stands there."""
    return held_clock


@pytest.fixture
def at_noon(held_clock: Any) -> Iterator[datetime]:
    """The clock stands at noon of a Monday in Tokyo."""
    with held_clock(MONDAY_NOON):
        yield MONDAY_NOON


@pytest.fixture
def minute(app: Any) -> Callable[[], None]:
    """What happens every minute: the outbox, what the clock starts, and the outbox again."""

    def run() -> None:
        with app.app_context():
            drain()
        for act in (*ANNOUNCING, *EVERY_MINUTE):
            with app.app_context():
                act()
        with app.app_context():
            drain()

    return run


@pytest.fixture
def says(world: Any, acting: Any, deliver: Any) -> Callable[..., str]:
    """Replies to the topic of the world, and lets the notices be made; the post's id."""

    def say(person: Any, body: str = "こんにちは", **more: Any) -> str:
        post_id = acting(person, reply_to_topic, world.topic_id, body=body, **more)
        deliver()
        return str(post_id)

    return say


@pytest.fixture
def hears(write: Any, world: Any) -> Callable[..., None]:
    """Sets how much somebody wishes to hear of the topic of the world."""

    def choose(person: Any, level: Level) -> None:
        def change() -> None:
            topic_id = session.scalars(select(Topic.id).where(Topic.public_id == world.topic_id)).one()
            session.merge(
                TopicReader(member_id=person.id, topic_id=topic_id, bookmark_id=0, level=int(level))
            )

        write(change)

    return choose


@pytest.fixture
def told(rows: Any) -> Callable[[Any], list[str]]:
    """The kinds of the notices made for somebody, oldest first."""
    return lambda person: rows(select(Notice.kind).where(Notice.member_id == person.id).order_by(Notice.id))


@pytest.fixture
def announced(app: Any, world: Any) -> Callable[..., int]:
    """Stores a sent announcement for these people and lets the notices be made; its key."""
    from app.announcements.events import AnnouncementSent
    from app.core import clock
    from app.core.operation import announce

    def send(people: list[Any], *, title: str = "入社手続きのご案内", reach: str = "now", **more: Any) -> int:
        with app.app_context():
            with unit_of_work():
                row = Announcement(
                    author_id=world.jinji.id,
                    state="sent",
                    title=title,
                    renderer_version=RENDERER_VERSION,
                    sent_at=clock.now(),
                    **more,
                )
                session.add(row)
                session.flush()
                session.execute(
                    insert(AnnouncementRecipient),
                    [
                        {
                            "announcement_id": row.id,
                            "public_id": row.public_id,
                            "member_id": person.id,
                            "reach": reach,
                        }
                        for person in people
                    ],
                )
                key = row.id
                session.get_one(Community, 1).version += 1
                announce(AnnouncementSent(announcement_id=key))
            drain()
        return key

    return send


@pytest.fixture
def counted(as_: Any) -> Callable[[Any], int]:
    """The number on somebody's bell, as the page says it."""
    import re

    def read(person: Any) -> int:
        page = as_(person).page("/me")
        found = re.search(r'class="badge"><span aria-hidden="true">(\d+)', page)
        return int(found[1]) if found else 0

    return read


# ── a push service ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class PushService:
    """A push service on this machine: what it took, and what it answers with."""

    port: int = 0
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def endpoint(self, name: str) -> str:
        """The address of one browser."""
        return f"http://127.0.0.1:{self.port}/push/{name}"


@dataclass
class Browser:
    """A browser that takes pushes: its keys, and what it can read."""

    endpoint: str
    private: Any
    secret: bytes

    @property
    def keys(self) -> dict[str, str]:
        """What it hands out."""
        from base64 import urlsafe_b64encode

        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "p256dh": urlsafe_b64encode(point).rstrip(b"=").decode(),
            "auth": urlsafe_b64encode(self.secret).rstrip(b"=").decode(),
        }

    def read(self, body: bytes) -> dict[str, str]:
        """Decrypt what arrived."""
        import http_ece

        text = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        return dict(json.loads(text))


@pytest.fixture
def push_service(changed_settings: Any) -> Iterator[PushService]:
    """A push service the installation knows."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = service.answers.pop(0) if service.answers else 201
            if status < 300:
                service.taken.append((self.path, dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    changed_settings(push_hosts="127.0.0.1")
    yield service
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def browser(push_service: PushService) -> Callable[[str], Browser]:
    """Makes a browser that can take pushes."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    return lambda name="one": Browser(
        push_service.endpoint(name), generate_private_key(SECP256R1()), b"s" * 16
    )


@pytest.fixture
def takes_pushes(as_: Any, browser: Any) -> Callable[..., Browser]:
    """Lets a browser of somebody take pushes, through its door."""

    def subscribe(person: Any, name: str = "one") -> Browser:
        client, made = as_(person), browser(name)
        answer = client.http.post(
            "/api/push/subscribe",
            json={"endpoint": made.endpoint, **made.keys},
            headers={
                "Origin": "http://localhost",
                "X-CSRF-Token": client.csrf(),
                "User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1",
            },
        )
        assert answer.status_code == 200, answer.text
        return made

    return subscribe
