"""What every test stands on: a community in a real database, people signed in through the door, guards.

The world is built once per database kind and copied for each test. `app` runs each test on SQLite and on
PostgreSQL; `sqlite_app` is for what does not touch the database's own ways.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - with redis: later apps use what the first one leaves out (core/lean.py)
import pytest
import redis  # noqa: F401
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from app import create_app
from app.accounts.operations import open_session
from app.core import clock
from app.core.config import Settings, read_settings
from app.core.db import Base, db, session
from app.core.events import drain
from app.core.i18n import compile_catalogues
from app.core.limits import install_limits
from app.core.migrations import MIGRATIONS, install_migrations
from app.core.names import fold
from app.core.operation import unit_of_work
from app.core.postal import ShelvedMail, shelf
from app.core.sockets import forget_sockets
from app.core.text import RENDERER_VERSION, render_markdown
from app.home.queries import forget_facts
from app.models import (
    Block,
    Board,
    BoardAudience,
    Cohort,
    Community,
    Group,
    GroupMember,
    Member,
    Post,
    Role,
    Topic,
    Wall,
)
from app.policy import Viewer, viewer_of
from app.policy.viewer import forget_viewers

pytest_plugins = ["tests.services.postgres", "tests.services.redis"]

NO_SUCH_ID = "aaaaaaaaaaaaa"
PASSWORD = "hana-no-niwa-2027"  # every person of the test world whose test needs one
NOON = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)  # a Monday noon in Tokyo


@dataclass(frozen=True)
class Person:
    """Somebody of the test world."""

    key: str
    id: int
    public_id: str
    mail: str
    name: str


# ── the app and its database ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class House:
    """One app over one database kind, with a template that holds the world."""

    app: Flask
    kind: str
    restore: Callable[[], None]


def _settings(folder: Path, database_url: str) -> Settings:
    return read_settings(
        {
            "TSUBOMI_DATA": str(folder),
            "TSUBOMI_DATABASE_URL": database_url,
            "TSUBOMI_SECRET_KEY": "tests only, nothing is signed with it elsewhere",
            "TSUBOMI_BASE_URL": "http://localhost",
            "TSUBOMI_LOG_LEVEL": "CRITICAL",
            "TSUBOMI_DEVELOPMENT": "1",
        }
    )


def make_app(settings: Settings) -> Flask:
    """An app for tests: mistakes are raised instead of shown."""
    compile_catalogues()
    app = create_app(settings)
    install_migrations(app)
    app.testing = True
    return app


@pytest.fixture(scope="session")
def _sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("sqlite")
    path, template = folder / "tsubomi.db", folder / "template.db"
    app = make_app(_settings(folder, f"sqlite:///{path}"))
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
        plant_world()
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    shutil.copyfile(path, template)

    def restore() -> None:
        with app.app_context():
            db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(template, path)

    return House(app, "sqlite", restore)


@pytest.fixture(scope="session")
def _postgres_house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> House:
    cluster = request.getfixturevalue("postgres_cluster")
    url = cluster.create(f"house_{worker_id}")
    app = make_app(_settings(tmp_path_factory.mktemp("postgresql"), url))
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
        plant_world()
        db.session.remove()
        script = _keep_copy()
        db.engine.dispose()

    def restore() -> None:
        with app.app_context():
            db.session.remove()
            with db.engine.begin() as connection:
                connection.exec_driver_sql(script)
            db.engine.dispose()

    return House(app, "postgresql", restore)


def _keep_copy() -> str:
    """Copy every table into a schema of its own; the script that brings the copy back in one round trip.

    Ten times faster than a new database for each test.
    """
    with db.engine.begin() as connection:
        tables = [
            name
            for (name,) in connection.exec_driver_sql(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        ]
        sequences = list(
            connection.exec_driver_sql(
                "SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
            )
        )
        connection.exec_driver_sql("CREATE SCHEMA kept")
        for name in tables:
            connection.exec_driver_sql(f'CREATE TABLE kept."{name}" AS TABLE public."{name}"')
    steps = ["SET LOCAL session_replication_role = replica"]  # no foreign keys while everything is replaced
    steps += [f'DELETE FROM public."{name}"' for name in tables]
    steps += [f'INSERT INTO public."{name}" SELECT * FROM kept."{name}"' for name in tables]
    steps += [f"SELECT setval('{name}', {value}, {called})" for name, value, called in sequences]
    return "; ".join(steps)


def _open(house: House) -> Iterator[Flask]:
    house.restore()
    forget_viewers()
    forget_facts()
    forget_sockets()
    install_limits(house.app)
    shutil.rmtree(house.app.extensions["tsubomi.settings"].mail_folder, ignore_errors=True)
    yield house.app
    assert not has_app_context(), "a test left an app context open: every client would be the first person"
    with house.app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The app over a fresh copy of the world, once on each database."""
    yield from _open(request.getfixturevalue(f"_{request.param}_house"))


@pytest.fixture
def sqlite_app(_sqlite_house: House) -> Iterator[Flask]:
    """The app over a fresh copy of the world on SQLite only."""
    yield from _open(_sqlite_house)


# ── the world ────────────────────────────────────────────────────────────────────────────────────────────────


def _member(key: str, roles: Role, cohort_id: int | None = None, **more: Any) -> Member:
    name = {"haruka": "はるか", "sora": "そら", "ren": "れん", "yui": "ゆい", "takumi": "たくみ"}.get(
        key, key
    )
    return Member(
        mail=f"{key}@example.jp",
        roles=int(roles),
        cohort_id=cohort_id,
        legal_name=f"{name} 氏名",
        kana="テスト",
        display_name=name,
        display_fold=fold(name),
        bud=len(key),
        rules_version=1,
        is_demo=True,  # no second factor; nothing else hangs on it while the community is not a demo
        **more,
    )


def plant_world() -> None:
    """A small community: two cohorts with a wall, a block, staff of every role, boards, a topic."""
    with clock.hold(NOON), unit_of_work():
        session.add(
            Community(
                id=1, name="花丘商事", expected_candidates=40, set_up_at=clock.now(), second_hr_at=clock.now()
            )
        )
        april = Cohort(name="2027年4月入社", starts_on=date(2027, 4, 1))
        october = Cohort(name="2027年10月入社", starts_on=date(2027, 10, 1))
        session.add_all([april, october])
        session.flush()
        session.add(Wall(low_cohort_id=april.id, high_cohort_id=october.id))
        wakaba = Group(name="若葉", cohort_id=april.id)
        session.add(wakaba)
        people = _plant_people(april.id, october.id)
        session.add_all(people.values())
        session.flush()
        session.add_all(
            [GroupMember(group_id=wakaba.id, member_id=people[key].id) for key in ("haruka", "sora")]
        )
        session.add(Block(blocker_id=people["haruka"].id, blocked_id=people["ren"].id))
        _plant_boards(people, april.id, wakaba.id)


def _plant_people(april: int, october: int) -> dict[str, Member]:
    candidates = {key: _member(key, Role.CANDIDATE, april) for key in ("haruka", "sora", "ren")}
    staff = {
        "takumi": Role.EMPLOYEE,
        "naomi": Role.EMPLOYEE,
        "jinji": Role.HR,
        "lead": Role.HR | Role.LEAD,
        "mod": Role.MODERATOR,
        "desk": Role.DESK,
        "audit": Role.AUDITOR,
        "admin": Role.ADMINISTRATOR,
    }
    return {
        **candidates,
        "yui": _member("yui", Role.CANDIDATE, october),
        **{key: _member(key, roles) for key, roles in staff.items()},
    }


def _plant_boards(people: dict[str, Member], april: int, wakaba: int) -> None:
    square = Board(slug="square", name="みんなのひろば", description="なんでもどうぞ", position=1)
    april_only = Board(slug="april", name="同期だけのひろば", description="4月入社の内定者だけ", position=2)
    news = Board(slug="news", name="お知らせ", description="人事からのお知らせ", position=3)
    group = Board(slug="wakaba", name="若葉のひろば", position=4)
    session.add_all([square, april_only, news, group])
    session.flush()
    everyone = Role.CANDIDATE | Role.EMPLOYEE | Role.HR | Role.LEAD | Role.MODERATOR
    for role in everyone:
        session.add(BoardAudience(board_id=square.id, role=int(role), is_writer=True))
        session.add(BoardAudience(board_id=news.id, role=int(role), is_writer=role in (Role.HR, Role.LEAD)))
    session.add(BoardAudience(board_id=april_only.id, cohort_id=april, is_writer=True))
    session.add(BoardAudience(board_id=group.id, group_id=wakaba, is_writer=True))
    sora = people["sora"]
    topic = Topic(
        board_id=square.id,
        author_id=sora.id,
        author_cohort_id=april,
        title="はじめまして",
        started_at=clock.now(),
    )
    session.add(topic)
    session.flush()
    post = Post(
        topic_id=topic.id,
        author_id=sora.id,
        author_cohort_id=april,
        is_first=True,
        body="そらです。よろしくお願いします",
        body_html=render_markdown("そらです。よろしくお願いします"),
        renderer_version=RENDERER_VERSION,
        written_at=clock.now(),
    )
    session.add(post)
    session.flush()
    topic.newest_id = post.id


class World:
    """The people of the world by name, and the ids tests need."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            rows = session.execute(
                select(Member.id, Member.public_id, Member.mail, Member.display_name)
            ).all()
            self.people = {
                row.mail.partition("@")[0]: Person(
                    row.mail.partition("@")[0], row.id, row.public_id, row.mail, row.display_name
                )
                for row in rows
            }
            self.topic_id = session.scalars(select(Topic.public_id)).one()
            self.first_post_id = session.scalars(select(Post.public_id)).one()
            cohorts = {
                row.name: row for row in session.execute(select(Cohort.name, Cohort.id, Cohort.public_id))
            }
            self.april, self.october = cohorts["2027年4月入社"], cohorts["2027年10月入社"]
            self.group_id = session.scalars(select(Group.public_id)).one()

    def __getattr__(self, key: str) -> Person:
        try:
            return self.people[key]
        except KeyError:
            raise AttributeError(key) from None


@pytest.fixture
def world(app: Flask) -> World:
    """The people and ids of this test's copy of the world."""
    return World(app)


# ── doors ────────────────────────────────────────────────────────────────────────────────────────────────────


class Client:
    """A browser of one person: keeps cookies, sends the CSRF value and our own Origin with every post."""

    def __init__(self, app: Flask, http: FlaskClient) -> None:
        self.app = app
        self.http = http

    def get(self, path: str, **more: Any) -> TestResponse:
        """The answer to a GET, redirects not followed."""
        return self.http.get(path, **more)

    def page(self, path: str) -> str:
        """The text of a page that is there."""
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        return answer.text

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """The answer to a form sent from our own page."""
        headers = {"Origin": "http://localhost", **more.pop("headers", {})}
        return self.http.post(path, data={"csrf_token": self.csrf(), **(data or {})}, headers=headers, **more)

    def csrf(self) -> str:
        """This browser's CSRF value, as a page would carry it."""
        from flask import session as cookie
        from flask_wtf.csrf import generate_csrf

        with self.http.session_transaction() as stored:
            kept = dict(stored)
        with self.app.test_request_context():
            cookie.update(kept)
            token = generate_csrf()
            fresh = dict(cookie)
        with self.http.session_transaction() as stored:
            stored.update(fresh)
        return str(token)


@pytest.fixture
def anyone(app: Flask) -> Callable[[], Client]:
    """Makes a browser of somebody who is not signed in."""

    def make() -> Client:
        assert not has_app_context(), "an app context is open: every client would be the same person"
        return Client(app, app.test_client())

    return make


@pytest.fixture
def as_(app: Flask, anyone: Callable[[], Client]) -> Callable[[Person], Client]:
    """Makes a browser in which this person is signed in."""

    def sign_in(person: Person) -> Client:
        client = anyone()
        with app.app_context():
            token = open_session(person.id, device="テスト")
        with client.http.session_transaction() as stored:
            stored["_user_id"] = token
            stored["_fresh"] = True
            stored["proved"] = int(clock.now().timestamp())
            stored.permanent = True
        return client

    return sign_in


def opened(client: Client, person: Person, purpose: str = "grouping") -> str:
    """The office's page of somebody after one tap on a purpose."""
    path = f"/hr/people/{person.public_id}"
    answer = client.post(f"{path}/open", {"purpose": purpose})
    assert answer.status_code == 303, answer.text
    return client.page(path)


@pytest.fixture
def acting(app: Flask) -> Callable[..., Any]:
    """Calls an operation or a query as this person: acting(person, verb, …)."""

    def act(person: Person, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        assert not has_app_context()
        with app.app_context():
            return verb(viewer_of(person.id), *args, **kwargs)

    return act


@pytest.fixture
def viewer(app: Flask) -> Callable[[Person], Viewer]:
    """The snapshot of a person as of now."""

    def make(person: Person) -> Viewer:
        with app.app_context():
            return viewer_of(person.id)

    return make


@pytest.fixture
def deliver(app: Flask) -> Callable[[], int]:
    """Delivers what waits in the outbox."""

    def run() -> int:
        with app.app_context():
            return drain()

    return run


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[ShelvedMail]]:
    """The letters in the mail folder, newest first."""
    return lambda: shelf(app.extensions["tsubomi.settings"].mail_folder)


@pytest.fixture
def rows(app: Flask) -> Callable[..., list[Any]]:
    """Reads rows for a check: rows(select(…)) gives scalars, detached."""

    def read(statement: Any) -> list[Any]:
        with app.app_context():
            found = list(session.scalars(statement))
            session.expunge_all()
            return found

    return read


@pytest.fixture
def write(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """Runs a function that writes rows directly, for a state no door can make."""

    def run(change: Callable[[], Any]) -> Any:
        with app.app_context(), unit_of_work():
            return change()

    return run


# ── measures ─────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """The SQL statements executed inside, in order."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def queries() -> Callable[[], Any]:
    """with queries() as seen: … – len(seen) is the number of statements."""
    return counted_queries


@pytest.fixture
def held_clock() -> Callable[[datetime], Any]:
    """with held_clock(moment): … – the clock stands still inside."""
    return clock.hold


def settings_with(app: Flask, **changes: Any) -> Settings:
    """The app's settings with some changed, installed for the rest of the test (use `changed_settings`)."""
    settings = replace(app.extensions["tsubomi.settings"], **changes)
    app.extensions["tsubomi.settings"] = settings
    return settings


@pytest.fixture
def changed_settings(app: Flask) -> Iterator[Callable[..., Settings]]:
    """Changes settings for one test: changed_settings(mail_url='smtp://…')."""
    before = app.extensions["tsubomi.settings"]
    yield lambda **changes: settings_with(app, **changes)
    app.extensions["tsubomi.settings"] = before


__all__ = ["NOON", "NO_SUCH_ID", "PASSWORD", "Base", "Client", "Person", "World"]
