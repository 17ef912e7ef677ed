"""Web push: only a browser can read it, only known services get it, and what they answer is understood."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from py_vapid import Vapid02

from app.core import push
from app.core.clock import now
from app.core.operation import WriteOutsideOperation, unit_of_work
from app.core.push import (
    PushFailed,
    PushGone,
    PushRefused,
    PushTemporarilyFailed,
    is_allowed_endpoint,
    is_sound_subscription,
    key_file,
    make_key,
    public_key,
    send_push,
)

WORDS = {"kind": "reply", "url": "/topics/aaaaaaaaaaaaa"}
KEY = "0123456789abcdef0123456789abcdef"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Browser:
    """Somebody's browser: keys that it made, of which the private one never leaves it."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = bytes(range(16))

    @property
    def p256dh(self) -> str:
        """Its public key, as it gives it away."""
        return _base64url(
            self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )

    @property
    def auth(self) -> str:
        """Its secret, as it gives it to us."""
        return _base64url(self.secret)

    def read(self, body: bytes) -> Any:
        """What a service worker would be handed."""
        return json.loads(
            http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        )


@dataclass
class Service:
    """A push service on this machine that keeps what it got and answers as told."""

    port: int = 0
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """Where one browser of this service is reached."""
        return f"http://127.0.0.1:{self.port}/push/a-secret-address"


@contextmanager
def _serving(tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    service = Service()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.taken.append(
                (self.path, {name.lower(): text for name, text in self.headers.items()}, body)
            )
            self.send_response(service.status)
            for name, text in service.headers.items():
                self.send_header(name, text)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: Any) -> None:
            """A client that does not trust us hangs up; that is the test."""

    server = Server(("127.0.0.1", 0), Door)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def settings(sqlite_app: Flask, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Changes settings for one test; the data folder is a new one."""
    before = sqlite_app.extensions["tsubomi.settings"]

    def change(**changes: Any) -> None:
        now_set = sqlite_app.extensions["tsubomi.settings"]
        sqlite_app.extensions["tsubomi.settings"] = replace(now_set, **changes)

    change(data=tmp_path, push_hosts="127.0.0.1")
    yield change
    sqlite_app.extensions["tsubomi.settings"] = before


@pytest.fixture
def service() -> Iterator[Service]:
    """A push service that listens."""
    with _serving() as open_service:
        yield open_service


@pytest.fixture
def sent(sqlite_app: Flask, settings: Any, service: Service) -> Callable[..., None]:
    """Sends the words to a browser of the service."""

    def send(browser: Browser | None = None, **changes: Any) -> None:
        browser = browser or Browser()
        given = {
            "endpoint": service.endpoint,
            "p256dh": browser.p256dh,
            "auth": browser.auth,
            "payload": WORDS,
        }
        with sqlite_app.app_context():
            send_push(**{**given, **changes}, key=KEY)

    return send


def test_the_browser_reads_exactly_what_was_said_and_nobody_on_the_way_does(
    sent: Callable[..., None], service: Service
) -> None:
    browser = Browser()
    sent(browser, payload={"kind": "reply", "title": "新しいコメント"})
    [(path, headers, body)] = service.taken
    assert browser.read(body) == {"kind": "reply", "title": "新しいコメント"}
    assert path == "/push/a-secret-address"
    assert b"reply" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert int(headers["ttl"]) > 0
    assert not {"cookie", "user-agent", "referer"} & set(headers)
    with pytest.raises(http_ece.ECEException):
        Browser().read(body)


def test_the_service_is_told_who_sends_by_our_key_and_only_for_itself(
    sqlite_app: Flask, sent: Callable[..., None], service: Service, settings: Callable[..., None]
) -> None:
    settings(base_url="https://tsubomi.example.jp")
    sent()
    authorization = service.taken[0][1]["authorization"]
    assert Vapid02.verify(authorization)
    parts = dict(part.split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
    with sqlite_app.app_context():
        assert parts["k"].rstrip("=") == public_key()
    claims = parts["t"].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert said["aud"] == f"http://127.0.0.1:{service.port}"
    assert said["sub"] == "https://tsubomi.example.jp"
    assert timedelta(0) < timedelta(seconds=said["exp"] - now().timestamp()) < timedelta(days=1)


def test_a_repeat_of_a_delivery_replaces_the_first_try(sent: Callable[..., None], service: Service) -> None:
    sent()
    sent()
    one, other = (headers["topic"] for _path, headers, _body in service.taken)
    assert one == other
    assert len(one) <= 32
    assert KEY not in one


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (404, PushGone),
        (410, PushGone),
        (429, PushTemporarilyFailed),
        (408, PushTemporarilyFailed),
        (500, PushTemporarilyFailed),
        (503, PushTemporarilyFailed),
        (400, PushRefused),
        (401, PushRefused),
        (403, PushRefused),
        (413, PushRefused),
        (301, PushRefused),
        (307, PushRefused),
    ],
)
def test_answers_are_told_apart(
    sent: Callable[..., None], service: Service, status: int, failure: type[PushFailed]
) -> None:
    service.status = status
    service.headers = {"Location": f"http://127.0.0.1:{service.port}/elsewhere"}
    with pytest.raises(failure) as failed:
        sent()
    assert type(failed.value) is failure
    assert "secret" not in str(failed.value)
    assert len(service.taken) == 1, "redirects are not followed"


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_push_that_was_taken_is_taken(sent: Callable[..., None], service: Service, status: int) -> None:
    service.status = status
    sent()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("in five minutes", 300),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("99999999999999999999", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
    ids=["seconds", "a date", "a date gone by", "too long", "a word", "negative", "empty", "nothing"],
)
def test_a_busy_service_may_name_a_time(
    sent: Callable[..., None], service: Service, said: str | None, seconds: int | None
) -> None:
    service.status = 429
    if said == "in five minutes":
        said = format_datetime(now().astimezone(UTC) + timedelta(minutes=5), usegmt=True)
    service.headers = {"Retry-After": said} if said is not None else {}
    with pytest.raises(PushTemporarilyFailed) as failed:
        sent()
    if seconds == 300:
        assert failed.value.retry_after is not None
        assert abs(failed.value.retry_after - 300) < 120
    else:
        assert failed.value.retry_after == seconds


def test_a_service_that_is_down_silent_or_mute_is_worth_another_try(
    sent: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "TIMEOUT_SECONDS", 0.3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}/push"
        with pytest.raises(PushTemporarilyFailed, match="Refused"):
            sent(endpoint=endpoint)
        listener.listen()
        with pytest.raises(PushTemporarilyFailed, match=r"(?i)timeout"):
            sent(endpoint=endpoint)


def test_a_name_that_does_not_resolve_is_worth_another_try(
    sent: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: Any, **_kwargs: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(PushTemporarilyFailed):
        sent(endpoint="https://fcm.googleapis.com/fcm/send/x")


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::",
        "ff02::1",
    ],
)  # fmt: skip
def test_a_known_name_at_a_private_address_is_never_connected_to(
    sent: Callable[..., None], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    def resolved(_host: str, port: int, *_args: Any, **_kwargs: Any) -> Any:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("142.250.0.1", port))
        return [public, (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connected(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(PushRefused, match="private"):
        sent(endpoint="https://fcm.googleapis.com/fcm/send/x")


def _certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    private = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    path, key = folder / "service.pem", folder / "service.key"
    path.write_bytes(built.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return path, context


def test_a_service_has_to_prove_its_name(
    sent: Callable[..., None], settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, tls = _certificate(tmp_path, "push.example.jp")
    settings(push_hosts="*.example.jp")
    asked: list[str] = []

    def resolved(host: str, port: int, *_args: Any, **_kwargs: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with _serving(tls) as service:
        connect = socket.create_connection
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        monkeypatch.setattr(
            socket, "create_connection", lambda address, **more: connect((address[0], service.port), **more)
        )
        endpoint = "https://push.example.jp/a"
        with pytest.raises(PushTemporarilyFailed, match="CertVerification"):
            sent(endpoint=endpoint)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with pytest.raises(PushTemporarilyFailed, match="CertVerification"):
            sent(endpoint="https://other.example.jp/a")
        assert service.taken == []
        sent(endpoint=endpoint)
        assert service.taken[0][1]["host"] == "push.example.jp"
    assert set(asked) <= {"push.example.jp", "other.example.jp", "127.0.0.1"}


# ── which services ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("https://db5p.notify.windows.com/w/?token=abc", True),
        ("https://fcm.googleapis.com:443/fcm/send/abc", True),
        ("https://FCM.googleapis.com/fcm/send/abc", True),
        ("http://127.0.0.1:8080/push", True),  # named by the installation of these tests
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://fcm.googleapis.com@evil.example/", False),
        ("https://name:word" + "@fcm.googleapis.com/", False),
        ("https://evil.example\\@fcm.googleapis.com/", False),
        ("https://push.apple.com/abc", False),
        ("https://evilpush.apple.com/abc", False),
        ("https://web.push.apple.com.evil.example/", False),
        ("https://127.0.0.2/", False),
        ("http://localhost/", False),
        ("https://[::1]/", False),
        ("https://169.254.169.254/latest/meta-data/", False),
        ("https://fcm.googleapis.com\r\nX: y", False),
        ("https://fcm.googleapis.com/\nx", False),
        ("https://fcm.googleapis.com/あ", False),
        ("https://ｆcm.googleapis.com/", False),
        ("https://fcm.googleapis.com:abc/", False),
        ("https://[fcm/", False),
        ("ftp://fcm.googleapis.com/", False),
        ("javascript:alert(1)", False),
        ("//fcm.googleapis.com/", False),
        ("https:///abc", False),
        ("", False),
        ("https://fcm.googleapis.com/" + "a" * 2_000, False),
    ],
)
def test_only_known_services_are_written_to(
    sqlite_app: Flask, settings: Callable[..., None], url: str, is_allowed: bool
) -> None:
    with sqlite_app.app_context():
        assert is_allowed_endpoint(url) is is_allowed


def test_what_is_not_on_the_list_is_refused_before_anything_is_sent(
    sent: Callable[..., None], settings: Callable[..., None], service: Service
) -> None:
    settings(push_hosts="")
    with pytest.raises(PushRefused, match="list"):
        sent()
    assert service.taken == []


def test_a_named_service_beyond_this_machine_needs_https(
    sqlite_app: Flask, settings: Callable[..., None]
) -> None:
    settings(push_hosts="push.example.jp, *.push.example.com")
    with sqlite_app.app_context():
        assert is_allowed_endpoint("https://push.example.jp:8443/a")
        assert is_allowed_endpoint("https://a.push.example.com/a")
        assert not is_allowed_endpoint("http://push.example.jp/a")
        assert not is_allowed_endpoint("https://other.example.jp/a")


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        (Browser().p256dh, "AAAA"),
        ("AAAA", Browser().auth),
        (Browser().p256dh, "!" * 22),
        (_base64url(b"\x03" + bytes(64)), Browser().auth),
    ],
    ids=["none", "a short secret", "a short key", "no base64", "no point of the curve"],
)
def test_keys_that_no_browser_made_are_found_out_at_the_door_and_forgotten_later(
    sqlite_app: Flask, sent: Callable[..., None], service: Service, p256dh: str, auth: str
) -> None:
    with sqlite_app.app_context():
        assert is_sound_subscription(service.endpoint, Browser().p256dh, Browser().auth)
        assert not is_sound_subscription(service.endpoint, p256dh, auth)
        assert not is_sound_subscription("https://evil.example/", Browser().p256dh, Browser().auth)
    with pytest.raises(PushGone):
        sent(p256dh=p256dh, auth=auth)
    assert service.taken == []


def test_a_point_beside_the_curve_is_forgotten(sent: Callable[..., None]) -> None:
    with pytest.raises(PushGone):
        sent(p256dh=_base64url(b"\x04" + b"\x01" * 64))


def test_a_push_is_a_few_words(sent: Callable[..., None], service: Service) -> None:
    with pytest.raises(ValueError, match="say less"):
        sent(payload={"body": "あ" * 2_000})
    assert service.taken == []


def test_a_push_inside_an_operation_is_refused(
    sqlite_app: Flask, sent: Callable[..., None], service: Service
) -> None:
    browser = Browser()
    with sqlite_app.app_context(), pytest.raises(WriteOutsideOperation), unit_of_work():
        send_push(service.endpoint, browser.p256dh, browser.auth, WORDS, key=KEY)
    assert service.taken == []


# ── our key ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_our_key_is_made_once_for_its_owner_only(
    sqlite_app: Flask, settings: Callable[..., None], tmp_path: Path
) -> None:
    assert not (tmp_path / "vapid.pem").exists()
    with sqlite_app.app_context():
        first = public_key()
        assert public_key() == first
    raw = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
    assert len(raw) == 65
    assert raw[0] == 4
    assert (tmp_path / "vapid.pem").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "vapid" in path.name] == ["vapid.pem"]
    push._private_key.cache_clear()
    push._public_key_of.cache_clear()
    with sqlite_app.app_context():
        assert public_key() == first, "a new process reads the same key"
        assert key_file(sqlite_app.extensions["tsubomi.settings"]) == tmp_path / "vapid.pem"


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"
    threads = [threading.Thread(target=make_key, args=(path,)) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = path.read_bytes()
    make_key(path)
    assert path.read_bytes() == kept
    assert list(tmp_path.iterdir()) == [path]
