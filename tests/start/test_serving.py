"""The whole start in a clone of its own: an empty community comes up, and comes up again without work.

How long a start takes is measured by `make bench`, not decided here.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tests.services.redis import free_port
from tests.start.test_bootstrap import ROOT, load_bootstrap

FIRST_START_SECONDS = 60


@pytest.fixture(scope="module")
def installed_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose environment is the one these tests run in, marked as installed."""
    clone = tmp_path_factory.mktemp("clone")
    for name in (
        "app",
        "deploy",
        "migrations",
        "requirements.txt",
        "static",
        "templates",
        "tools",
        "wsgi.py",
    ):
        (clone / name).symlink_to(ROOT / name)
    environment = clone / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    bootstrap: ModuleType = load_bootstrap()
    marks = [bootstrap.python_mark(), bootstrap.digest_of(bootstrap.RUNTIME)]
    (environment / "tsubomi-installed").write_text("\n".join(marks))
    return clone


@contextmanager
def serving(clone: Path) -> Iterator[int]:
    """`make run` with DEMO=0 there: the port, once it answers."""
    port, started = free_port(), time.monotonic()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
    environment |= {"PORT": str(port), "DEMO": "0"}
    command = [sys._base_executable, "tools/bootstrap.py", "run"]
    with (
        (clone / "out.txt").open("ab") as out,
        subprocess.Popen(command, cwd=clone, env=environment, stdout=out, stderr=out) as server,
    ):
        try:
            while not answers(port):
                assert server.poll() is None, (clone / "out.txt").read_text()
                assert time.monotonic() - started < FIRST_START_SECONDS, (clone / "out.txt").read_text()
                time.sleep(0.02)
            yield port
        finally:
            server.terminate()


def answers(port: int) -> bool:
    """Whether the server on this port says that it is alive."""
    try:
        return ask(port).status == 200
    except OSError:
        return False


def ask(port: int) -> http.client.HTTPResponse:
    """The answer to GET /healthz."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def test_an_empty_community_comes_up_and_the_second_start_does_nothing_twice(installed_clone: Path) -> None:
    out = installed_clone / "out.txt"
    with serving(installed_clone) as port:
        assert ask(port).getheader("Server") is None
    assert "Preparing the database" in out.read_text()
    assert (installed_clone / "var" / "tsubomi.db").exists()
    assert (installed_clone / "var").stat().st_mode & 0o077 == 0, "what candidates write is for one account"
    migrated_at = (installed_clone / "var" / "tsubomi.db").stat().st_ino
    out.unlink()
    with serving(installed_clone):
        said = out.read_text()
    assert "Preparing the database" not in said
    assert "/setup/" in said, "whoever starts an empty community again still needs the link"
    assert (installed_clone / "var" / "tsubomi.db").stat().st_ino == migrated_at


@pytest.mark.parametrize(
    ("mode", "sentence"), [("gevent", "gevent needs PostgreSQL"), ("asyncio", "must be threading or gevent")]
)
def test_a_pair_that_cannot_be_served_soundly_is_refused(mode: str, sentence: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"],
        cwd=ROOT,
        env={**environment, "TSUBOMI_ASYNC_MODE": mode, "TSUBOMI_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
