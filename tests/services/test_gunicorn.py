"""Both serving modes as an installation runs them: pages, sockets, jobs, and who may not come in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket

from app.core.db import session
from app.core.operation import unit_of_work
from app.core.postal import shelf
from app.models import Member, MemberSession
from tests.guards.sources import ROOT
from tests.services.houses import Served, serving, until

SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module", params=["threading", "gevent"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server: threads over SQLite, and gevent over PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "threading":
        with serving(folder, f"sqlite:///{folder / 'tsubomi.db'}") as server:
            yield server
        return
    new_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    redis = request.getfixturevalue("redis_url")
    with serving(folder, new_url(), TSUBOMI_ASYNC_MODE="gevent", TSUBOMI_REDIS_URL=redis) as server:
        yield server


def test_it_is_alive_and_ready_and_does_not_say_what_serves_it(served: Served) -> None:
    assert json.loads(served.get("/healthz").text) == {"ok": True}  # type: ignore[attr-defined]
    ready = served.get("/readyz")
    assert ready.status == 200, ready.text  # type: ignore[attr-defined]
    assert ready.getheader("Server") is None


def test_the_sign_in_page_and_a_members_home_are_served(served: Served) -> None:
    page = served.get("/sign-in")
    assert page.status == 200
    assert 'name="password"' in page.text  # type: ignore[attr-defined]
    cookie, _csrf = served.cookie("haruka")
    home = served.get("/", Cookie=f"tsubomi={cookie}")
    assert home.status == 200
    assert "はるか" in home.text  # type: ignore[attr-defined]
    assert served.get("/").status in (302, 303)


def connect(served: Served, cookie: str | None, csrf: Any, origin: str | None) -> str:
    """What the server answers to a Socket.IO connect: '40…' welcome, '44…' refused, or the HTTP status."""
    try:
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{served.port}{SOCKET}",
            timeout=10,
            origin=origin,
            suppress_origin=origin is None,
            cookie=f"tsubomi={cookie}" if cookie else None,
        )
    except websocket.WebSocketBadStatusException as refusal:
        return f"refused with {refusal.status_code}"
    try:
        assert str(socket.recv()).startswith("0{")
        socket.send("40" if csrf is None else f"40{json.dumps({'csrf': csrf})}")
        return str(socket.recv())
    finally:
        socket.close()


def test_a_member_from_our_own_pages_may_open_a_socket(served: Served) -> None:
    cookie, csrf = served.cookie("haruka")
    assert connect(served, cookie, csrf, served.address).startswith('40{"sid":')


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1.evil.example"],
)
def test_a_socket_from_elsewhere_is_refused(served: Served, origin: str | None) -> None:
    cookie, csrf = served.cookie("haruka")
    assert connect(served, cookie, csrf, origin) == "refused with 403"


def test_a_socket_without_proof_of_the_page_is_refused(served: Served) -> None:
    cookie, csrf = served.cookie("haruka")
    _other_cookie, other_csrf = served.cookie("takumi")
    for wrong in (None, "", "x", other_csrf, {"csrf": csrf}, 1):
        assert connect(served, cookie, wrong, served.address).startswith("44"), wrong


def test_a_socket_of_nobody_is_refused(served: Served) -> None:
    _cookie, csrf = served.cookie("haruka")
    assert connect(served, None, csrf, served.address) == "refused with 403"
    assert connect(served, "x.y.z", csrf, served.address) == "refused with 403"


def test_a_socket_of_a_session_that_ended_is_refused(served: Served) -> None:
    cookie, csrf = served.cookie("ren")
    with served.app.app_context(), unit_of_work():
        from sqlalchemy import delete

        session.execute(delete(MemberSession).where(MemberSession.member_id == served.world.ren.id))
    assert connect(served, cookie, csrf, served.address) == "refused with 403"


def test_a_socket_of_a_suspended_member_is_refused(served: Served) -> None:
    cookie, csrf = served.cookie("yui")
    with served.app.app_context(), unit_of_work():
        member = session.get_one(Member, served.world.yui.id)
        member.suspended_at, member.version = member.suspended_at or _now(), member.version + 1
    assert connect(served, cookie, csrf, served.address) == "refused with 403"


def _now() -> Any:
    from app.core.clock import now

    return now()


def test_polling_is_no_way_in(served: Served) -> None:
    cookie, _csrf = served.cookie("haruka")
    answer = served.get(
        "/socket.io/?EIO=4&transport=polling", Cookie=f"tsubomi={cookie}", Origin=served.address
    )
    assert answer.status == 400


def test_no_browser_is_offered_deflate(served: Served) -> None:
    cookie, _csrf = served.cookie("haruka")
    socket = websocket.create_connection(
        f"ws://127.0.0.1:{served.port}{SOCKET}",
        timeout=10,
        origin=served.address,
        cookie=f"tsubomi={cookie}",
        header=["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
    )
    try:
        assert "sec-websocket-extensions" not in {name.lower() for name in socket.headers}
    finally:
        socket.close()


@contextmanager
def worker_of(served: Served) -> Iterator[None]:
    """The worker process of the scaled mode; the default mode has its jobs inside."""
    if served.mode == "threading":
        yield
        return
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with (
        (served.folder / "worker.log").open("ab") as log,
        subprocess.Popen(command, cwd=ROOT, env=served.environ, stdout=log, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def test_a_letter_asked_for_on_a_page_is_delivered_by_the_jobs(served: Served) -> None:
    cookie, csrf = served.cookie("admin")
    with worker_of(served):
        answer = served.post("/setup/mail/test", cookie, {"csrf_token": csrf})
        assert answer.status in (302, 303), answer.text  # type: ignore[attr-defined]
        assert until(lambda: len(shelf(served.folder / "mail")) == 1, 40), served.log
    assert "admin@example.jp" in shelf(served.folder / "mail")[0].to


def test_the_log_names_nobody(served: Served) -> None:
    cookie, _csrf = served.cookie("haruka")
    served.get(f"/people/{served.world.sora.public_id}?q=canary", Cookie=f"tsubomi={cookie}")
    assert until(lambda: "/people/<id:person_id>" in served.log)
    for private in ("canary", served.world.sora.public_id, "haruka", "127.0.0.1 - -", cookie):
        assert private not in served.log, private
