"""Uploads: only doors that take files take much, on the disk, and what breaks off leaves nothing behind."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.core.uploads import sent_files
from app.core.web import MOST_BYTES, public, takes_files
from tests.conftest import Client, Person, World

MEGABYTE = 1024 * 1024
DOOR = "/csp-report"  # an address that everybody may post to; these tests put a door of their own there


def _open_files(folder: Path) -> list[str]:
    """What this process holds open below the folder, deleted or not."""
    held = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith(str(folder)):
            held.append(target)
    return held


@pytest.fixture
def folder(sqlite_app: Flask) -> Path:
    path: Path = sqlite_app.extensions["tsubomi.settings"].uploads_folder
    return path


@pytest.fixture
def seen(sqlite_app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Puts a door for files of 10 MB at DOOR; what it saw of each request."""
    noted: list[Any] = []

    @takes_files(10 * MEGABYTE)
    def take() -> str:
        files = [(each.name, each.size_bytes, each.content.read(5)) for each in sent_files("files")]
        noted.append((files, _open_files(folder), sorted(folder.rglob("*"))))
        return "taken"

    monkeypatch.setitem(sqlite_app.view_functions, "doors.csp_report", take)
    return noted


@pytest.fixture
def client(sqlite_app: Flask) -> Callable[[Person], Client]:
    """Somebody signed in, on SQLite only."""
    from app.accounts.operations import open_session
    from app.core import clock

    def sign_in(person: Person) -> Client:
        one = Client(sqlite_app, sqlite_app.test_client())
        with sqlite_app.app_context():
            token = open_session(person.id, device="テスト")
        with one.http.session_transaction() as stored:
            stored.update(_user_id=token, _fresh=True, proved=int(clock.now().timestamp()))
        return one

    return sign_in


def _send(client: Client, path: str, *files: tuple[str, str, int], **headers: str) -> Any:
    """Post a form with files of these (field, name, size), as a browser writes it."""
    parts = [f'name="csrf_token"\r\n\r\n{client.csrf()}\r\n'.encode()]
    parts += [
        f'name="{field}"; filename="{name}"\r\n\r\n'.encode() + b"a" * size + b"\r\n"
        for field, name, size in files
    ]
    body = b"".join(b"--x\r\nContent-Disposition: form-data; " + part for part in parts) + b"--x--\r\n"
    return client.http.post(
        path,
        data=body,
        content_type="multipart/form-data; boundary=x",
        headers={"Origin": "http://localhost", **headers},
    )


def test_a_door_for_files_takes_them_whole_and_on_the_disk(
    sqlite_app: Flask, client: Callable[[Person], Client], seen: list[Any], folder: Path
) -> None:
    one = client(World(sqlite_app).haruka)
    assert (
        _send(one, DOOR, ("files", "写真0.jpg", 9 * MEGABYTE), ("files", "写真1.jpg", 100)).status_code == 200
    )
    [(files, held, named)] = seen
    assert files == [("写真0.jpg", 9 * MEGABYTE, b"aaaaa"), ("写真1.jpg", 100, b"aaaaa")]
    if Path("/proc/self/fd").exists():
        assert len(held) == 1, "the long one lies in the data folder"
    assert named == [], "and has no name there"
    assert _open_files(folder) == []


def test_an_empty_field_brings_no_file(
    sqlite_app: Flask, client: Callable[[Person], Client], seen: list[Any]
) -> None:
    one = client(World(sqlite_app).haruka)
    _send(one, DOOR, ("files", "", 0))
    _send(one, DOOR, ("other", "x.jpg", 1))
    assert [files for files, _held, _named in seen] == [[], []]


def test_each_door_names_its_own_limit(
    sqlite_app: Flask, client: Callable[[Person], Client], seen: list[Any]
) -> None:
    one = client(World(sqlite_app).haruka)
    refused = _send(one, DOOR, ("files", "a.jpg", 11 * MEGABYTE))
    assert refused.status_code == 413
    assert "一度に送れるファイルは、合わせて10 MBまでです" in refused.text
    other = _send(one, "/theme", ("files", "a.jpg", 3 * MEGABYTE))
    assert other.status_code == 413
    assert "2 MBまで" in other.text
    assert seen == []


def test_a_script_is_told_the_limit_too(
    sqlite_app: Flask, client: Callable[[Person], Client], seen: list[Any]
) -> None:
    one = client(World(sqlite_app).haruka)
    refused = _send(one, DOOR, ("files", "a.jpg", 11 * MEGABYTE), Accept="application/json")
    assert refused.status_code == 413
    assert refused.json is not None
    assert "10 MB" in refused.json["message"]


def test_somebody_who_is_not_signed_in_cannot_make_us_read_more(
    sqlite_app: Flask, seen: list[Any], folder: Path
) -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            part = super().read(size)
            Counting.taken += len(part)
            return part

    body = Counting(b"--x\r\n" + b"a" * (9 * MEGABYTE))
    answer = sqlite_app.test_client().post(
        DOOR, input_stream=body, content_type="multipart/form-data; boundary=x", content_length=9 * MEGABYTE
    )
    assert answer.status_code == 401
    assert Counting.taken <= MOST_BYTES
    assert seen == []


def test_a_form_from_another_site_cannot_make_us_read_more(
    sqlite_app: Flask, client: Callable[[Person], Client], seen: list[Any], folder: Path
) -> None:
    one = client(World(sqlite_app).haruka)
    assert (
        _send(one, DOOR, ("files", "a.jpg", 9 * MEGABYTE), Origin="https://evil.example").status_code == 403
    )
    assert seen == []


@pytest.fixture
def port(sqlite_app: Flask, seen: list[Any]) -> Iterator[int]:
    """A real server whose door for files is open to everybody."""
    view: Any = public(sqlite_app.view_functions["doors.csp_report"])
    view.is_exempt = False
    server = make_server("127.0.0.1", 0, sqlite_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_upload_that_stops_at_nine_tenths_leaves_nothing_behind(
    port: int, seen: list[Any], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    size = 9 * MEGABYTE
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(
            b"POST /csp-report HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            + f"Content-Length: {size}\r\n\r\n".encode()
        )
        line.sendall(head + b"a" * (size * 9 // 10))
        assert _wait_until(lambda: bool(_open_files(folder)) or not Path("/proc/self/fd").exists())
        assert list(folder.rglob("*")) == [], "not even while it grows is there a name"
    assert _wait_until(lambda: not _open_files(folder))
    assert list(folder.rglob("*")) == []
    assert seen == []


def _wait_until(is_so: Callable[[], bool]) -> bool:
    for _each in range(200):
        if is_so():
            return True
        time.sleep(0.02)
    return False
