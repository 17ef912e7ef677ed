"""A real PostgreSQL for the tests: one server per test run, an empty database for each worker.

The server runs in a folder of its own and listens on a Unix socket only; as root it runs as an account of
its own, because PostgreSQL refuses to be root. The workers share it through a counter in a locked file, and
the last one out stops it.
"""

import fcntl
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

ACCOUNT = "tsubomi-tests"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL; `create` makes a database in it."""

    folder: str
    owner: str
    programs: str

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server."""
        return f"postgresql+psycopg://{self.owner}@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database as a copy of `template` (nobody may be connected to that); its URL."""
        with psycopg.connect(host=self.folder, user=self.owner, dbname="postgres", autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """The server of this test run; skips where PostgreSQL is not installed."""
    programs = programs_folder()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: initdb is missing")
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "postgres.json"
    with locked(shared) as state:
        if not state.get("workers"):
            state.update(cluster=asdict(start(programs)), workers=0)
        state["workers"] += 1
        cluster = Cluster(**state["cluster"])
    yield cluster
    with locked(shared) as state:
        state["workers"] -= 1
        if state["workers"] == 0:
            stop(cluster)


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: Cluster, worker_id: str) -> str:
    """The URL of an empty database that belongs to this worker."""
    return postgres_cluster.create(f"tests_{worker_id}")


@pytest.fixture(scope="session")
def new_postgres_url(postgres_cluster: Cluster, worker_id: str) -> Callable[[], str]:
    """Makes one more empty database for this worker at each call; gives its URL."""
    numbers = count(1)
    return lambda: postgres_cluster.create(f"tests_{worker_id}_{next(numbers)}")


def programs_folder() -> str | None:
    """Where initdb and pg_ctl are, the newest version first; None where there is no PostgreSQL."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    found = str(packaged[0]) if packaged else shutil.which("initdb")
    return os.path.dirname(os.path.realpath(found)) if found else None


def start(programs: str) -> Cluster:
    """Make a cluster and start it, without waiting for the disk: it lives for minutes."""
    folder = tempfile.mkdtemp(prefix="tsubomi-pg-")
    account = an_account() if os.geteuid() == 0 else None
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    cluster = Cluster(folder, account.pw_name if account else pwd.getpwuid(os.geteuid()).pw_name, programs)
    as_owner(cluster, "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C")
    fast = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} {fast}"
    as_owner(cluster, "pg_ctl", "start", "--wait", "--silent", f"--log={folder}/log", "-o", options)
    return cluster


def stop(cluster: Cluster) -> None:
    """Stop the server this run started (pg_ctl knows its id from its own data folder) and remove it."""
    as_owner(cluster, "pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")
    shutil.rmtree(cluster.folder)


def an_account() -> pwd.struct_passwd:
    """The OS account PostgreSQL runs as when the tests run as root; made when it is missing."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", ACCOUNT], check=True
        )
        return pwd.getpwnam(ACCOUNT)


def as_owner(cluster: Cluster, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the cluster as the account that owns it."""
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(cluster.owner)
        owner = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    command = [
        f"{cluster.programs}/{program}",
        *arguments[:1],
        "-D",
        f"{cluster.folder}/data",
        *arguments[1:],
    ]
    with open(f"{cluster.folder}/setup.log", "a+b") as log:
        done = subprocess.run(command, cwd=cluster.folder, stdout=log, stderr=log, check=False, **owner)
    if done.returncode != 0:
        raise RuntimeError(Path(cluster.folder, "setup.log").read_text())


@contextmanager
def locked(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON object in a file, held by one process at a time and written back at the end."""
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state = json.loads(file.read() or "{}")
        yield state
        file.seek(0)
        file.truncate()
        json.dump(state, file)
