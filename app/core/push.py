"""Web push: a few encrypted words to one browser, through the push service of whoever made that browser.

The service sees when something is sent to which browser, and nothing of it (RFC 8291). It is told who we are by a key
of this installation (VAPID, RFC 8292). Called from `@delivers` listeners.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import ipaddress
import json
import os
import secrets
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from flask import current_app

from .clock import now
from .config import LOOPBACK_HOSTS, Settings
from .operation import end_reading

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# The push services of Chrome and its relatives, Firefox, Safari, and Edge.
KNOWN_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
TIMEOUT_SECONDS = 10  # as core/postal.py: well under the lease of a delivery
KEPT_FOR_SECONDS = 24 * 60 * 60  # for a browser that is not running; what is older is on the page anyway
PROMISED_FOR = timedelta(hours=12)  # RFC 8292: a signature is good for a day at most
MOST_BYTES = 3_000  # of the payload; every service takes 4,096 encrypted (RFC 8030, 7.2)
LONGEST_ENDPOINT = 1_000
LONGEST_WAIT_SECONDS = 24 * 60 * 60


class PushFailed(Exception):
    """A push did not arrive. The text holds a status at most: the endpoint itself is a secret of its browser."""


class PushGone(PushFailed):
    """This subscription is no more: forget it."""


class PushRefused(PushFailed):
    """This push will not be taken, however often it is tried."""


class PushTemporarilyFailed(PushFailed):
    """Worth another try, after `retry_after` seconds if the service named a time."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def send_push(endpoint: str, p256dh: str, auth: str, payload: Mapping[str, str], *, key: str) -> None:
    """Send a few words to one browser. Raises PushGone, PushRefused or PushTemporarilyFailed.

    `p256dh` and `auth` are the browser's keys in base64url. `key` is the delivery's: a repeat after a kill replaces
    what the service still holds of the first try. Refused inside an operation.
    """
    settings = _settings()
    if not is_allowed_endpoint(endpoint):
        raise PushRefused("a push service that is not on the list")
    body = _encrypted(endpoint, p256dh, auth, payload)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(KEPT_FOR_SECONDS),
        "Urgency": "normal",
        "Topic": _base64url(sha256(key.encode()).digest())[:32],
        "Authorization": _promise(endpoint, settings),
    }
    end_reading()  # a slow push service must not keep a transaction open
    _judge(*_post(urlsplit(endpoint), body, headers, settings))


def is_allowed_endpoint(url: str) -> bool:
    """Whether a browser's endpoint belongs to a known push service, or to one that the installation named."""
    if len(url) > LONGEST_ENDPOINT or not url.isascii() or any(ord(letter) < 33 for letter in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.password is not None or "\\" in url:
        return False
    if _is_named(host, _settings()):
        return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    return parts.scheme == "https" and port in {None, 443} and _is_on(KNOWN_HOSTS, host)


def is_sound_subscription(endpoint: str, p256dh: str, auth: str) -> bool:
    """Whether what a browser sent can be written to: an allowed endpoint, a point and a secret of the right length."""
    point, secret = _from_base64url(p256dh), _from_base64url(auth)
    return is_allowed_endpoint(endpoint) and len(point) == 65 and point[0] == 4 and len(secret) == 16


# ── our key ──────────────────────────────────────────────────────────────────────────────────────────────────


def public_key() -> str:
    """The key a browser subscribes with, in base64url; our private one is made the first time it is needed.

    Losing `<data>/vapid.pem` ends all subscriptions: it belongs into the backup.
    """
    return _public_key_of(key_file(_settings()))


def key_file(settings: Settings) -> Path:
    """Where the private key of this installation lies."""
    return settings.data / "vapid.pem"


def make_key(path: Path) -> None:
    """Make the private key, for its owner's eyes only; of several processes that try at once, one succeeds."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = generate_private_key(SECP256R1())
    written = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)  # unlike a rename it never replaces a key that somebody subscribed with
    finally:
        beside.unlink(missing_ok=True)


@lru_cache(maxsize=8)
def _private_key(path: Path) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.exists():
        make_key(path)
    private = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(private, EllipticCurvePrivateKey)
    return private


@lru_cache(maxsize=8)
def _public_key_of(path: Path) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = _private_key(path).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _base64url(point)


def _promise(endpoint: str, settings: Settings) -> str:
    """The header that says who sends, to this service only (RFC 8292)."""
    from py_vapid import Vapid02

    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now() + PROMISED_FOR).timestamp()),
        "sub": _contact(settings),
    }
    return str(Vapid02(_private_key(key_file(settings))).sign(claims)["Authorization"])


def _contact(settings: Settings) -> str:
    """Whom the service may ask when something is wrong; Apple refuses addresses at localhost."""
    host = urlsplit(settings.base_url).hostname or ""
    return f"https://{host}" if settings.is_https and "." in host else f"mailto:{settings.mail_from}"


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────


def _encrypted(endpoint: str, p256dh: str, auth: str, payload: Mapping[str, str]) -> bytes:
    text = json.dumps(dict(payload), ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > MOST_BYTES:
        raise ValueError(f"a push of {len(text)} bytes: say less, the page says the rest")
    if not is_sound_subscription(endpoint, p256dh, auth):
        raise PushGone("keys that no browser made")
    from pywebpush import WebPusher  # 40 MB that a start does not need

    browser = {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}
    try:
        return bytes(WebPusher(browser).encode(text, "aes128gcm")["body"])
    except ValueError:  # a point that is not on the curve
        raise PushGone("keys that no browser made") from None


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    try:
        return base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        return b""


# ── where it is sent ─────────────────────────────────────────────────────────────────────────────────────────


def _is_on(names: tuple[str, ...], host: str) -> bool:
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in names)


def _is_named(host: str, settings: Settings) -> bool:
    names = (name.strip().lower() for name in settings.push_hosts.split(","))
    return _is_on(tuple(name for name in names if name), host)


def _post(
    url: SplitResult, body: bytes, headers: dict[str, str], settings: Settings
) -> tuple[int, str | None]:
    """Status and Retry-After of one POST to an address that was looked at; redirects are answers like others."""
    host = url.hostname or ""
    connection = _connection_to(host, url.port, is_https=url.scheme == "https")
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    try:
        connection.sock = _socket_to(host, connection, is_private_allowed=_is_named(host, settings))
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Retry-After")
    except UnicodeError:  # a label that is empty or too long; it would fail for ever
        raise PushGone("a host that is no name") from None
    except (OSError, http.client.HTTPException) as error:
        raise PushTemporarilyFailed(type(error).__name__) from None
    finally:
        connection.close()


def _connection_to(host: str, port: int | None, *, is_https: bool) -> http.client.HTTPConnection:
    if is_https:
        return http.client.HTTPSConnection(host, port or 443, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPConnection(host, port or 80, timeout=TIMEOUT_SECONDS)


def _socket_to(host: str, connection: http.client.HTTPConnection, *, is_private_allowed: bool) -> Any:
    """A socket to the very address that was looked at: a name that answers otherwise a moment later gains nothing."""
    found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not is_private_allowed and not all(_is_public(address) for address in addresses):
        raise PushRefused("a push service at a private address")
    plain = _first_that_answers(addresses, connection.port)
    if not isinstance(connection, http.client.HTTPSConnection):
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _first_that_answers(addresses: list[str], port: int) -> socket.socket:
    """Try at most two: one IPv6 and one IPv4 address, as names have both where only one way is open."""
    last: OSError = OSError("a name without an address")
    for address in dict.fromkeys([addresses[0], addresses[-1]] if addresses else []):
        try:
            return socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
        except OSError as error:
            last = error
    raise last


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return bool(inner.is_global and not inner.is_multicast and not inner.is_reserved)


# ── what came back ───────────────────────────────────────────────────────────────────────────────────────────


def _judge(status: int, retry_after: str | None) -> None:
    if 200 <= status < 300:
        return
    if status in {404, 410}:  # RFC 8030, 7.3
        raise PushGone(f"HTTP {status}")
    if status in {408, 425, 429} or status >= 500:
        raise PushTemporarilyFailed(f"HTTP {status}", _seconds(retry_after))
    raise PushRefused(f"HTTP {status}")


def _seconds(retry_after: str | None) -> int | None:
    """The wait a service asks for, in whole seconds and at most a day; None where it says nothing sensible."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, round((aware - now()).total_seconds())), LONGEST_WAIT_SECONDS)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["tsubomi.settings"]
    return settings
