"""Settings: one frozen dataclass, read once from TSUBOMI_* variables; a bad one is named in a sentence."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingRefused(Exception):
    """A setting cannot be used; the sentence names the variable and what would be right."""


def _text(value: str) -> str:
    return value


def _truth(value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("1 か 0 を指定してください (use 1 or 0)")


def _setting(default: Any, says: str, read: Callable[[str], Any] = _text, *, is_shown: bool = True) -> Any:
    """A field of Settings; what may hold a password is not part of its repr."""
    return field(default=default, repr=is_shown, metadata={"says": says, "read": read})


@dataclass(frozen=True)
class Settings:
    """Everything an installation may choose. Defaults serve one small company from one folder."""

    data: Path = _setting(Path("var"), "Folder for the database, mails and secrets.", Path)
    database_url: str = _setting(
        "",
        "Database address; empty means SQLite at `<data>/tsubomi.db`. PostgreSQL: "
        "`postgresql+psycopg://name:password@host/database`.",
        is_shown=False,
    )
    redis_url: str = _setting(
        "",
        "Redis address for limits, socket queue and jobs; needed with more than one process.",
        is_shown=False,
    )
    secret_key: str = _setting(
        "",
        "Signs cookies and links. Empty: made once and kept in `<data>/secret.key` (readable by its owner only).",
        is_shown=False,
    )
    base_url: str = _setting(
        "http://127.0.0.1:8000", "The address people open; https unless it is this machine's own."
    )
    mail_url: str = _setting(
        "",
        "`smtp://`, `smtp+starttls://` or `smtps://` with name and password. Empty: letters are kept in "
        "`<data>/mail/`, and signing in by mail link is off.",
        is_shown=False,
    )
    mail_from: str = _setting("tsubomi@localhost", "Sender address of letters.")
    timezone: str = _setting("Asia/Tokyo", "Time zone of the company.")
    async_mode: str = _setting(
        "threading", "`threading` (SQLite or PostgreSQL) or `gevent` (PostgreSQL only)."
    )
    threads: int = _setting(600, "Threads of the one web process in threading mode (sockets + 50).", int)
    trusted_proxies: int = _setting(0, "How many reverse proxies stand in front; their headers count.", int)
    metrics_token: str = _setting("", "Bearer token of `/metrics`; empty closes it.", is_shown=False)
    log_json: bool = _setting(False, "Logs as JSON lines.", _truth)
    log_level: str = _setting("INFO", "Lowest level that is logged.")
    demo: bool = _setting(True, "Fill an empty database with the demo community at the first start.", _truth)
    demo_public: bool = _setting(False, "Allow a demo community to be served beyond this machine.", _truth)
    host: str = _setting("127.0.0.1", "Address the server listens on.")
    port: int = _setting(8000, "Port the server listens on.", int)
    push_hosts: str = _setting(
        "",
        "Push services beyond those of the known browsers, separated by commas: a host, or `*.` and a domain. What is "
        "named here may be a private address, and this machine itself without https.",
    )
    development: bool = _setting(False, "Shows `/styleguide`; never on a real installation.", _truth)

    @property
    def is_sqlite(self) -> bool:
        """Whether the main database is SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        """Whether people reach the community over TLS."""
        return self.base_url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the community's address is this machine itself."""
        return (urlsplit(self.base_url).hostname or "") in LOOPBACK_HOSTS

    @property
    def sends_mail(self) -> bool:
        """Whether letters leave this machine through SMTP."""
        return bool(self.mail_url)

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def mail_folder(self) -> Path:
        """Where letters are kept while no SMTP server is named."""
        return self.data / "mail"

    @property
    def files_folder(self) -> Path:
        """Where uploaded files and what is made from them are kept."""
        return self.data / "files"

    @property
    def exports_folder(self) -> Path:
        """Where members' own exports lie for a day."""
        return self.data / "exports"

    @property
    def uploads_folder(self) -> Path:
        """Where an upload grows until it is whole; its files have no names and vanish with their request."""
        return self.data / "uploads"


def variable_of(setting: Field[Any]) -> str:
    """The environment variable of one field of Settings."""
    return f"TSUBOMI_{setting.name.upper()}"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default os.environ), checked. Raises SettingRefused naming the variable."""
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    for setting in fields(Settings):
        raw = environ.get(variable_of(setting))
        if raw is None:
            continue
        try:
            given[setting.name] = setting.metadata["read"](raw.strip())
        except ValueError as error:
            raise SettingRefused(f"{variable_of(setting)}={raw!r}: {error}") from error
    return check_settings(_completed(given))


def _completed(given: dict[str, Any]) -> Settings:
    data = Path(given.get("data", Path("var"))).absolute()
    given["data"] = data
    if not given.get("database_url"):
        given["database_url"] = f"sqlite:///{data / 'tsubomi.db'}"
    if "base_url" not in given and "port" in given:
        given["base_url"] = f"http://127.0.0.1:{given['port']}"
    if not given.get("secret_key"):
        given["secret_key"] = _kept_secret(data)
    return Settings(**given)


def check_settings(settings: Settings) -> Settings:
    """The same settings, or SettingRefused for a pair that cannot be served soundly."""
    _check_database(settings)
    _check_address(settings)
    if len(settings.secret_key) < 32:
        raise SettingRefused("TSUBOMI_SECRET_KEY: 32文字以上にしてください (32 characters or more)")
    try:
        settings.zone  # noqa: B018 - reading it is the check
    except Exception as error:
        raise SettingRefused(
            f"TSUBOMI_TIMEZONE={settings.timezone!r}: 例 Asia/Tokyo (an IANA name)"
        ) from error
    return settings


def _check_database(settings: Settings) -> None:
    if settings.async_mode not in {"threading", "gevent"}:
        raise SettingRefused(
            "TSUBOMI_ASYNC_MODE: threading か gevent を指定してください (threading or gevent)"
        )
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingRefused(
            "TSUBOMI_DATABASE_URL: sqlite:///… か postgresql+psycopg://… を指定してください "
            "(use sqlite:///… or postgresql+psycopg://…)"
        )
    if settings.is_sqlite and settings.async_mode == "gevent":
        raise SettingRefused(
            "TSUBOMI_ASYNC_MODE=gevent は SQLite と一緒に使えません。書き込みの途中で全体が止まるためです。"
            "threading にするか、PostgreSQL を使ってください "
            "(gevent with SQLite freezes inside a write: use threading, or PostgreSQL)"
        )


def _check_address(settings: Settings) -> None:
    address = urlsplit(settings.base_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise SettingRefused("TSUBOMI_BASE_URL: 例 https://tsubomi.example.jp (an http(s) address)")
    if not settings.is_https and not settings.is_loopback:
        raise SettingRefused(
            f"TSUBOMI_BASE_URL={settings.base_url}: このサーバーの外に公開するには https が必要です "
            "(an address beyond this machine must be https)"
        )


def _kept_secret(data: Path) -> str:
    """The installation's own secret, made at the first start and readable by its owner only."""
    path = data / "secret.key"
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise SettingRefused(
            f"TSUBOMI_DATA={data}: このフォルダーに書き込めません (this folder cannot be written): {error.strerror}"
        ) from error
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
    return path.read_text().strip()
