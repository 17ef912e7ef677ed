"""deploy/nginx.conf does in a real nginx what it promises."""

import http.client
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from tests.services.redis import free_port

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
CERTIFICATE = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
TELLING = {
    "Cookie": "session=haruka",
    "Referer": "https://tsubomi.example.jp/people/1",
    "User-Agent": "phone of haruka",
    "X-Forwarded-For": "198.51.100.7",
    "Forwarded": "for=198.51.100.7",
}


class Echo(BaseHTTPRequestHandler):
    """Answers every request with the headers it was asked with."""

    def do_GET(self) -> None:
        body = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The sample in a real nginx on free ports, before a server that echoes what arrives."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    folder, https, http_ = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as upstream:
        Thread(target=upstream.serve_forever, daemon=True).start()
        write_configuration(folder, https, http_, upstream.server_port)
        with subprocess.Popen([program, "-p", str(folder), "-c", "main.conf", "-e", "error.log"]) as server:
            try:
                wait_for(https, server)
                yield SimpleNamespace(port=https, folder=folder)
            finally:
                server.terminate()
                server.wait()
                upstream.shutdown()


def write_configuration(folder: Path, https: int, http_: int, upstream: int) -> None:
    """The sample as it is, with ports and a certificate of this test, inside the smallest main file."""
    subject = ["-subj", "/CN=tsubomi.example.jp", "-keyout", str(folder / "key"), "-out", str(folder / "crt")]
    subprocess.run(["openssl", "req", *CERTIFICATE, *subject], check=True, capture_output=True)
    site = SAMPLE.read_text()
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"),
        ("listen 80", f"listen 127.0.0.1:{http_}"),
        ("127.0.0.1:8000;", f"127.0.0.1:{upstream};"),
        ("/etc/letsencrypt/live/tsubomi.example.jp/fullchain.pem", str(folder / "crt")),
        ("/etc/letsencrypt/live/tsubomi.example.jp/privkey.pem", str(folder / "key")),
    ):
        assert old in site
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    paths = "".join(
        f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "main.conf").write_text(
        ("user root;\n" if os.geteuid() == 0 else "")
        + f"daemon off; pid {folder}/pid; error_log {folder}/error.log warn;\n"
        + "events { worker_connections 64; }\n"
        + f"http {{ access_log {folder}/access.log;\n{paths}include {folder}/site.conf; }}\n"
    )


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when nginx answers; an error when it has ended or stays silent for ten seconds."""
    deadline = time.monotonic() + 10
    while server.poll() is None and time.monotonic() < deadline:
        try:
            ask(port, "/")
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("nginx did not start")


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and text of one request that carries everything that could tell who is asking."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=5)
    try:
        headers = {"Host": "tsubomi.example.jp", **TELLING}
        connection.request("POST" if body else "GET", path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_page_is_told_where_the_request_came_from_and_nothing_forged(proxy: SimpleNamespace) -> None:
    status, seen = ask(proxy.port, "/")
    assert status == 200
    assert "X-Forwarded-For: 127.0.0.1" in seen
    assert "X-Forwarded-Proto: https" in seen
    assert "Cookie: session=haruka" in seen
    assert "198.51.100.7" not in seen


def test_the_opinion_box_is_told_nothing_about_who_is_asking(proxy: SimpleNamespace) -> None:
    status, seen = ask(proxy.port, "/anon/v1/threads", b"x" * 8192)
    assert status == 200
    assert {line.split(":")[0] for line in seen.splitlines()} <= {"Host", "Content-Length", "Content-Type"}


def test_the_opinion_box_leaves_no_line_and_no_file(proxy: SimpleNamespace) -> None:
    before = sorted((path.name, path.stat().st_size) for path in proxy.folder.rglob("*"))
    ask(proxy.port, "/anon/v1/threads", b"x" * 8192)
    assert ask(proxy.port, "/anon/v1/threads", b"x" * 20_000)[0] == 413
    assert sorted((path.name, path.stat().st_size) for path in proxy.folder.rglob("*")) == before


def test_sockets_are_websocket_only(proxy: SimpleNamespace) -> None:
    assert ask(proxy.port, "/socket.io/?EIO=4&transport=polling")[0] == 400


def test_a_body_larger_than_a_picture_is_refused(proxy: SimpleNamespace) -> None:
    assert ask(proxy.port, "/boards", b"x" * (12 * 1024 * 1024 + 1))[0] == 413
