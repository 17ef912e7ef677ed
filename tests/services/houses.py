"""Real servers for the tests: gunicorn as an installation runs it, over a world planted beforehand."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from flask import Flask
from flask_migrate import upgrade

from app.accounts.operations import open_session
from app.core import clock
from app.core.config import read_settings
from app.core.db import db
from app.core.i18n import compile_catalogues
from app.core.migrations import MIGRATIONS
from tests.conftest import World, make_app, plant_world
from tests.guards.sources import ROOT
from tests.services.redis import free_port

SECRET_KEY = "tests only, nothing is signed with it elsewhere"
START_SECONDS = 60


@dataclass
class Served:
    """A running server, and what a test needs to come in."""

    port: int
    folder: Path
    app: Flask  # over the same database, for looking and for making sessions
    world: World
    process: subprocess.Popen[bytes] = field(repr=False)
    environ: dict[str, str] = field(repr=False)

    @property
    def mode(self) -> str:
        """threading or gevent."""
        return self.environ.get("TSUBOMI_ASYNC_MODE", "threading")

    @property
    def address(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server said."""
        return (self.folder / "server.log").read_text()

    def cookie(self, key: str) -> tuple[str, str]:
        """A signed session cookie of this person, and the CSRF value that belongs to it."""
        return browser_of(self.app, self.world, key)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer to a GET, its body read into `text`."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, cookie: str, data: dict[str, str]) -> http.client.HTTPResponse:
        """The answer to a form from one of our own pages, its body read into `text`."""
        headers = {
            "Cookie": f"tsubomi={cookie}",
            "Origin": self.address,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._ask("POST", path, urlencode(data), headers)

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.text = answer.read().decode()  # type: ignore[attr-defined]
            return answer
        finally:
            connection.close()


def browser_of(app: Flask, world: World, key: str) -> tuple[str, str]:
    """The cookie of a browser in which this person has just signed in, and its CSRF value."""
    from flask import session as cookie
    from flask_wtf.csrf import generate_csrf

    with app.app_context():
        token = open_session(world.people[key].id, device="テスト")
    with app.test_request_context():
        csrf = generate_csrf()
        kept = {
            **cookie,
            "_user_id": token,
            "_fresh": True,
            "_permanent": True,
            "proved": int(clock.now().timestamp()),
        }
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return serializer.dumps(kept), str(csrf)


def environment(folder: Path, url: str, port: int, **more: str) -> dict[str, str]:
    """The settings of a served installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
    return {
        **kept,
        "TSUBOMI_DATA": str(folder),
        "TSUBOMI_DATABASE_URL": url,
        "TSUBOMI_SECRET_KEY": SECRET_KEY,
        "TSUBOMI_PORT": str(port),
        "TSUBOMI_BASE_URL": f"http://127.0.0.1:{port}",
        "TSUBOMI_THREADS": "30",
        "TSUBOMI_DEMO": "0",
        **more,
    }


@contextmanager
def planted(environ: dict[str, str]) -> Iterator[tuple[Flask, World]]:
    """An app over the migrated database with the test world in it; its connections are closed with the block."""
    compile_catalogues()
    # Without the queue: the socket server of this process is one for all apps, and this Redis will be gone.
    app = make_app(
        read_settings(
            {
                **environ,
                "TSUBOMI_ASYNC_MODE": "threading",
                "TSUBOMI_LOG_LEVEL": "CRITICAL",
                "TSUBOMI_REDIS_URL": "",
            }
        )
    )
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
        plant_world()
        db.session.remove()
    try:
        yield app, World(app)
    finally:
        with app.app_context():
            db.engine.dispose()


@contextmanager
def serving(folder: Path, url: str, **more: str) -> Iterator[Served]:
    """Plant the world, start gunicorn over it, and stop it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environ = environment(folder, url, port, **more)
    with ExitStack() as stack:
        app, world = stack.enter_context(planted(environ))
        log = stack.enter_context((folder / "server.log").open("ab"))
        process = stack.enter_context(started(environ, log))
        served = Served(port, folder, app, world, process, environ)
        wait_until_alive(served)
        yield served


@contextmanager
def another(served: Served) -> Iterator[int]:
    """A second process of the same installation; gives its port."""
    port = free_port()
    environ = {**served.environ, "TSUBOMI_PORT": str(port)}
    with (served.folder / "second.log").open("ab") as log, started(environ, log) as process:
        second = Served(port, served.folder, served.app, served.world, process, environ)
        wait_until_alive(second)
        yield port


@contextmanager
def started(environ: dict[str, str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """gunicorn with our own configuration, ended with the block."""
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_alive(served: Served) -> None:
    """Return when /healthz answers; an error with the server's words when it ended or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        try:
            if served.get("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {served.log}")


def until(true: object, seconds: float = 15) -> bool:
    """Ask again and again whether something has become true."""
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
