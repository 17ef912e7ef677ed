"""Letters as mail: built so that any mail program reads the Japanese; sent by SMTP or laid on a shelf."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from .clock import now

# Well under the lease of a delivery (core/events.py): a silent server must not look like a dead process.
TIMEOUT_SECONDS = 10
SUBJECT_CHARACTERS = 200


class MailFailed(Exception):
    """A letter did not leave. The text holds a reply code at most: servers repeat addresses in theirs."""


class MailTemporarilyFailed(MailFailed):
    """Worth another try: nobody listening, time-out, 4xx, or a fault of our own set-up."""


class MailRefused(MailFailed):
    """This address or this letter will not be taken, however often it is tried."""


class BadMailUrl(ValueError):
    """TSUBOMI_MAIL_URL cannot be used; the sentence says why and never repeats the password."""


@dataclass(frozen=True)
class Letter:
    """One letter to one person. `language` is 'ja' or 'en'; `message_id` stays the same over retries.

    `unsubscribe` is the address that ends letters of this kind, empty for those nobody can do without.
    """

    to_address: str
    to_name: str | None
    subject: str
    text: str
    language: str
    message_id: str
    unsubscribe: str = ""


@dataclass(frozen=True)
class ShelvedMail:
    """A letter kept in the mail folder; `id` names it in a link and tells nothing."""

    id: str
    to: str
    subject: str
    text: str
    message_id: str
    at: datetime | None = None


class Transport(Protocol):
    """A way out. Raises MailTemporarilyFailed or MailRefused."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over; returning means it was accepted."""


# ---------------------------------------------------------------- building


def new_message_id(domain: str) -> str:
    """Return a random Message-ID; the usual kind tells the time, the machine and the process."""
    return f"<{secrets.token_hex(16)}@{_address(f'x@{domain}').domain}>"


def build_message(letter: Letter, *, sender_address: str, sender_name: str) -> EmailMessage:
    """Return the letter as a plain text message. Raises MailRefused if the address cannot be written.

    Nothing in it counts or tracks: no picture, no HTML, no link but those in the text. Names and subjects
    become one line each, so that nobody's name can add a header.
    """
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _address(sender_address, sender_name)
    message["To"] = _address(letter.to_address, letter.to_name)
    message["Subject"] = _one_line(letter.subject)[:SUBJECT_CHARACTERS]
    message["Date"] = format_datetime(now())
    message["Message-ID"] = _one_line(letter.message_id)
    message["Content-Language"] = _one_line(letter.language)
    # RFC 3834, and what Exchange listens to: no absence notes to a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe:
        # RFC 8058: mail programs show a button of their own, which posts to the address.
        message["List-Unsubscribe"] = f"<{_one_line(letter.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Base64, because Japanese paragraphs are longer than the 998 bytes a line of mail may have (RFC 5322).
    message.set_content(_encodable(letter.text), charset="utf-8", cte="base64")
    return message


# Control characters end a header; bidi controls turn an address around; lone surrogates cannot be encoded.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
# The standard library drops the quotes of a long ASCII name when it folds the header (Python 3.11 to 3.13),
# and a comma would then begin a second recipient. Full width reads the same and separates nothing.
_WIDE = str.maketrans('"(),:;<>@[\\]', "＂（），：；＜＞＠［＼］")


def _one_line(text: str) -> str:
    return " ".join(_UNWRITABLE.sub(" ", text).split())


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _display_name(name: str | None) -> str:
    return _one_line(name or "").translate(_WIDE)


def _address(address: str, name: str | None = None) -> Address:
    local, at, domain = address.strip().rpartition("@")
    try:
        # Domains may be Japanese; local parts may not, because not every server on the way could carry them.
        ascii_domain = domain.encode("idna").decode("ascii")
        local.encode("ascii")
    except UnicodeError:
        raise MailRefused("an address that mail cannot carry") from None
    if not (local and at and ascii_domain) or re.search(
        r'[\x00-\x20\x7f"(),:;<>@\[\\\]]', local + ascii_domain
    ):
        raise MailRefused("an address that mail cannot carry")
    return Address(_display_name(name), local, ascii_domain)


# ---------------------------------------------------------------- sending


def transport_for(mail_url: str | None, folder: Path) -> Transport:
    """Return the way out: SMTP if a URL is given, else the folder. Raises BadMailUrl.

    `smtp://`, `smtp+starttls://` and `smtps://`, with `name:password@` (percent-encoded) where needed.
    """
    return smtp_transport(mail_url) if mail_url else FolderTransport(folder)


@dataclass(frozen=True)
class SmtpTransport:
    """One connection for each letter: letters are few, and a connection kept open goes stale."""

    host: str
    port: int
    scheme: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def send(self, message: EmailMessage) -> None:
        """Hand the message to the server."""
        sender, recipient = _only_address(message, "From"), _only_address(message, "To")
        try:
            server = self._connect(sender.rpartition("@")[2])
        except (OSError, smtplib.SMTPException) as error:
            # Wrong name, wrong password, no TLS: set-up faults. The letter is sound and is kept.
            raise MailTemporarilyFailed(_reply_code(error)) from None
        try:
            server.send_message(message, from_addr=sender, to_addrs=[recipient])
        except (OSError, smtplib.SMTPException) as error:
            raise _failure(error) from None
        finally:
            # The letter was taken or not before this: a server that hangs up rudely changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _connect(self, greeting: str) -> smtplib.SMTP:
        """Connect, greeting with our mail domain: the default would tell this machine's name."""
        tls = self.tls or ssl.create_default_context()
        if self.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, greeting, timeout=TIMEOUT_SECONDS, context=tls
            )
        else:
            server = smtplib.SMTP(self.host, self.port, greeting, timeout=TIMEOUT_SECONDS)
        try:
            if self.scheme == "smtp+starttls":
                server.starttls(context=tls)
            if self.username:
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        return server


_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def smtp_transport(mail_url: str, tls: ssl.SSLContext | None = None) -> SmtpTransport:
    """Read an SMTP address; `tls` replaces the system's trust, for a company's own certificate authority."""
    try:
        url = urlsplit(mail_url)
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        raise BadMailUrl(
            "TSUBOMI_MAIL_URL: ポート番号を確認してください (the port is not a number)"
        ) from None
    _check_mail_url(url)
    return SmtpTransport(
        host=url.hostname or "",
        port=port,
        scheme=url.scheme,
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        tls=tls,
    )


def _check_mail_url(url: SplitResult) -> None:
    if url.scheme not in _PORTS or not url.hostname:
        raise BadMailUrl(
            "TSUBOMI_MAIL_URL: smtp+starttls://名前:パスワード@ホスト の形にしてください "
            "(use smtp://, smtp+starttls:// or smtps:// and a host)"
        )
    if not unquote((url.username or "") + (url.password or "")).isascii():
        raise BadMailUrl(
            "TSUBOMI_MAIL_URL: 名前とパスワードには半角英数字と記号だけが使えます "
            "(name and password must be ASCII)"
        )
    if url.scheme == "smtp" and url.password and url.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise BadMailUrl(
            "TSUBOMI_MAIL_URL: パスワードが暗号化されずに送られます。"
            "smtp+starttls:// か smtps:// にしてください "
            "(smtp:// would send the password in the clear: use smtp+starttls:// or smtps://)"
        )


def _only_address(message: EmailMessage, header: str) -> str:
    return str(message[header].addresses[0].addr_spec)


def _failure(error: Exception) -> MailFailed:
    """Decide by the reply code: 5xx about the recipient or the letter is final, everything else is not."""
    code = _code(error)
    about_the_letter = isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
    if about_the_letter and code is not None and 500 <= code < 600:
        return MailRefused(_reply_code(error))
    return MailTemporarilyFailed(_reply_code(error))


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _text in error.recipients.values()), None)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _reply_code(error: Exception) -> str:
    code = _code(error)
    return f"SMTP {code}" if code else type(error).__name__


# ---------------------------------------------------------------- the shelf


@dataclass(frozen=True)
class FolderTransport:
    """Letters as files: what an installation without SMTP has instead of mail."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """Write the message whole or not at all, readable by the owner only.

        The name comes from the random Message-ID: a delivery repeated after a crash replaces its own file.
        """
        name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:32]
        beside = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_durably(beside, message.as_bytes())
            beside.replace(self.folder / f"{name}.eml")
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise MailTemporarilyFailed(f"the mail folder: {error.strerror}") from None


def shelf(folder: Path, *, limit: int = 200) -> list[ShelvedMail]:
    """Return the letters in the folder, newest first, at most `limit`."""
    return [mail for path in _newest_first(folder)[:limit] if (mail := _read(path)) is not None]


def shelved(folder: Path, mail_id: str) -> ShelvedMail | None:
    """Return one letter by its id, or None."""
    if not re.fullmatch(r"[0-9a-f]{32}", mail_id):
        return None
    return _read(folder / f"{mail_id}.eml")


def _write_durably(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _newest_first(folder: Path) -> list[Path]:
    aged: list[tuple[int, str, Path]] = []
    for path in folder.glob("*.eml"):
        with suppress(FileNotFoundError):
            aged.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _age, _name, path in sorted(aged, reverse=True)]


def _read(path: Path) -> ShelvedMail | None:
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = message.get_body(("plain",))
        return ShelvedMail(
            id=path.stem,
            to=str(message["To"]),
            subject=str(message["Subject"]),
            text=body.get_content().replace("\r\n", "\n") if body is not None else "",
            message_id=str(message["Message-ID"]),
            at=getattr(message["Date"], "datetime", None),
        )
    except (OSError, LookupError, UnicodeError):
        return None


# ---------------------------------------------------------------- what the administrator may not read

_LEFT_OUT = "（省略）"
# Every place a one-time secret can stand. Public ids have 13 characters, secrets 26 (core/tokens.py): a
# part of an address with 16 or more is taken for a secret, so that a new kind of link is covered before
# anybody thinks of this list.
_SECRETS = re.compile(
    r"""(?P<before>
          /(?:invitations|sign-in|reset|confirm|approvals|set-up)/   # the doors with a token in the path
        | [?&;](?:token|code|secret|key)=                             # or in the query
    )[^\s/?&#<>「」（）、。]+
    | (?P<path>(?<![:/])/|=)[A-Za-z0-9_-]{16,}                    # not the host behind //
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A code to type: six digits (full width too, or in two groups) alone on their line.
_CODE_LINE = re.compile(r"^([^\S\n]*)\d{3}[^\S\n]?\d{3}(?=[^\S\n]*$)", re.MULTILINE)


def redacted(text: str) -> str:
    """Return the text with every one-time link secret and 6-digit code replaced by 「（省略）」.

    The administrator who reads the shelf must not be able to sign in as someone else.
    """
    without_links = _SECRETS.sub(lambda match: (match["before"] or match["path"]) + _LEFT_OUT, text)
    return _CODE_LINE.sub(lambda match: match[1] + _LEFT_OUT, without_links.replace("\r\n", "\n"))
