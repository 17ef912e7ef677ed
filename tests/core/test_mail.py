"""Letters: the outbox keeps them until a mail server takes them, and Japanese survives the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from app.core import events
from app.core.db import session
from app.core.events import Delivery, Fact, delivers, waiting
from app.core.i18n import compile_catalogues
from app.core.mail import letter_text, link_to, send_letter
from app.core.operation import WriteOutsideOperation, announce, unit_of_work
from app.core.postal import ShelvedMail
from tests.conftest import NOON, World
from tests.services.redis import free_port


@dataclass(frozen=True)
class GreetingWanted(Fact):
    """A fact of this test."""

    member_id: int


@dataclass
class PostOffice:
    """A real SMTP server that can be closed, opened, and told to refuse."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    controller: Controller | None = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a letter, or answer as the test wishes."""
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def open(self) -> None:
        """Begin to listen."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self) -> None:
        """Stop listening."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@pytest.fixture
def post_office(changed_settings: Callable[..., Any]) -> Iterator[PostOffice]:
    """A post office that is still closed; the app sends its letters there."""
    office = PostOffice(free_port())
    changed_settings(mail_url=f"smtp://127.0.0.1:{office.port}", mail_from="tsubomi@example.jp")
    yield office
    office.close()


@pytest.fixture(autouse=True)
def _greeter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_facts", "_listeners", "_by_fact", "_hints"):
        monkeypatch.setattr(events, name, dict(getattr(events, name)))

    @delivers(GreetingWanted)
    def greet(fact: GreetingWanted, delivery: Delivery) -> None:
        send_letter(
            to_address="haruka@example.jp",
            to_name="水野 遥,（はるか）",
            subject="ようこそ、つぼみへ",
            text="髙﨑さん、ようこそ。\nhttps://example.jp/あ\n",
            language="ja",
            key=delivery.key,
        )


def _ask(app: Flask, member_id: int = 1) -> None:
    with app.app_context(), unit_of_work():
        announce(GreetingWanted(member_id))


def _waiting(app: Flask) -> int:
    with app.app_context():
        return waiting()


def test_a_letter_waits_while_no_mail_server_answers_and_arrives_afterwards(
    app: Flask, post_office: PostOffice, deliver: Callable[[], int], held_clock: Any
) -> None:
    with held_clock(NOON):
        _ask(app)
        assert deliver() == 0
    with held_clock(NOON + timedelta(minutes=5)):
        assert deliver() == 0
    assert _waiting(app) == 1
    post_office.open()
    with held_clock(NOON + timedelta(minutes=5, seconds=5)):
        assert deliver() == 0, "not before its time"
    with held_clock(NOON + timedelta(minutes=6)):
        assert deliver() == 1
    assert _waiting(app) == 0
    [letter] = post_office.taken
    assert letter["Subject"] == "ようこそ、つぼみへ"
    assert [address.addr_spec for address in letter["To"].addresses] == ["haruka@example.jp"]
    assert "水野 遥" in letter["To"].addresses[0].display_name
    assert "花丘商事" in letter["From"].addresses[0].display_name
    body = letter.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "髙﨑さん、ようこそ。\nhttps://example.jp/あ\n"


def test_a_mail_server_that_is_busy_for_a_moment_gets_the_same_letter_again(
    app: Flask, post_office: PostOffice, deliver: Callable[[], int], held_clock: Any
) -> None:
    post_office.open()
    post_office.answers = ["451 4.3.0 later, please"]
    with held_clock(NOON):
        _ask(app)
        assert deliver() == 0
    with held_clock(NOON + timedelta(minutes=1)):
        assert deliver() == 1
    assert len(post_office.taken) == 1


def test_the_message_id_is_the_deliverys_key(
    sqlite_app: Flask, deliver_sqlite: Callable[[], int], rows_of_outbox: Callable[[], list[str]]
) -> None:
    _ask(sqlite_app)
    [key] = rows_of_outbox()
    assert deliver_sqlite() == 1
    from app.core.postal import shelf

    [letter] = shelf(sqlite_app.extensions["tsubomi.settings"].mail_folder)
    assert letter.message_id == f"<{key}@localhost>"


@pytest.fixture
def deliver_sqlite(sqlite_app: Flask) -> Callable[[], int]:
    def run() -> int:
        with sqlite_app.app_context():
            return events.drain()

    return run


@pytest.fixture
def rows_of_outbox(sqlite_app: Flask) -> Callable[[], list[str]]:
    def read() -> list[str]:
        from sqlalchemy import select

        with sqlite_app.app_context():
            return list(session.scalars(select(events.OutboxRow.key)))

    return read


def test_without_a_mail_server_letters_lie_in_the_folder_for_its_owner_only(
    app: Flask, deliver: Callable[[], int], letters: Callable[[], list[ShelvedMail]]
) -> None:
    _ask(app)
    deliver()
    [letter] = letters()
    assert letter.subject == "ようこそ、つぼみへ"
    folder = app.extensions["tsubomi.settings"].mail_folder
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_letters_of_the_demo_never_leave_the_machine(
    app: Flask,
    post_office: PostOffice,
    deliver: Callable[[], int],
    letters: Callable[[], list[ShelvedMail]],
    write: Callable[[Callable[[], Any]], Any],
) -> None:
    from app.models import Community

    def become_a_demo() -> None:
        community = session.get_one(Community, 1)
        community.is_demo, community.version = True, community.version + 1

    post_office.open()
    write(become_a_demo)
    _ask(app)
    assert deliver() == 1
    assert post_office.taken == []
    assert len(letters()) == 1


def test_no_transaction_is_open_while_a_mail_server_is_spoken_to(
    app: Flask, world: World, changed_settings: Callable[..., Any], deliver: Callable[[], int]
) -> None:
    open_during: list[bool] = []

    class Watching(PostOffice):
        async def handle_DATA(self, server: SMTP, a_session: Session, envelope: Envelope) -> str:
            from sqlalchemy import text

            from app.core.db import db

            with app.app_context(), db.engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
                    open_during.append(bool(connection.scalar(text(idle))))
            return "250 OK"

    office = Watching(free_port())
    changed_settings(mail_url=f"smtp://127.0.0.1:{office.port}")
    office.open()
    try:
        _ask(app)
        assert deliver() == 1
    finally:
        office.close()
    assert not any(open_during)


def test_a_letter_inside_an_operation_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(WriteOutsideOperation), unit_of_work():
        send_letter(
            to_address="a@example.jp", to_name=None, subject="題", text="文", language="ja", key="0" * 32
        )


def test_a_letter_is_written_in_the_language_of_its_reader(app: Flask) -> None:
    compile_catalogues()
    with app.app_context():
        texts = {code: letter_text("office/test_letter.txt", code, name="はるか") for code in ("ja", "en")}
    assert "はるか" in texts["ja"]
    assert texts["ja"] != texts["en"]


def test_links_in_letters_are_whole_addresses(app: Flask) -> None:
    with app.app_context():
        assert link_to("/sign-in") == "http://localhost/sign-in"
