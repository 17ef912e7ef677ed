"""Mail, through a real SMTP server on loopback and read back by a real parser."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core import postal
from app.core.postal import Letter, MailRefused, MailTemporarilyFailed

INVITATION = "内定者コミュニティへのご招待"
BODY = (
    "髙橋 はるか さん\n\n①下のリンクから参加できます。\n"
    "https://tsubomi.example.jp/invitations/abcdefghijklmnopqrstuvwxyz\n\n" + "つぼみ" * 500 + "\n.\n終わり\n"
)


class Mailbox:
    """What a real server took, and the answers it was told to give."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.answer_to_sender = "250 OK"
        self.answer_to_recipient = "250 OK"
        self.answer_to_data = "250 OK"
        self.greeting = ""

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, answers: list[str]
    ) -> Any:
        session.host_name = self.greeting = hostname
        return answers

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        return self.answer_to_sender

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer_to_data.startswith("250"):
            self.arrived.append(message_from_bytes(envelope.content, policy=policy.default))
            self.envelopes.append(envelope)
        return self.answer_to_data


Serve = Callable[..., tuple[Mailbox, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start mail servers on loopback: `mailbox, port = serve(**aiosmtpd options)`."""
    running: list[Controller] = []

    def start(**options: Any) -> tuple[Mailbox, int]:
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=_free_port(), **options)
        controller.start()
        running.append(controller)
        return mailbox, controller.port

    yield start
    for controller in running:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "to_address": "haruka@example.jp",
        "to_name": "髙橋 はるか",
        "subject": INVITATION,
        "text": BODY,
        "language": "ja",
        "message_id": postal.new_message_id("tsubomi.example.jp"),
    }
    return Letter(**{**values, **changes})


def message(**changes: Any) -> EmailMessage:
    return postal.build_message(
        letter(**changes), sender_address="tsubomi@example.jp", sender_name="株式会社つぼみ（採用）"
    )


def send(port: int, **changes: Any) -> EmailMessage:
    sent = message(**changes)
    postal.transport_for(f"smtp://127.0.0.1:{port}", Path("unused")).send(sent)
    return sent


def test_a_japanese_letter_arrives_as_it_was_written(serve: Serve) -> None:
    mailbox, port = serve()
    sent = send(port)
    (mail,) = mailbox.arrived
    assert mail["Subject"] == INVITATION
    assert mail["To"].addresses[0].display_name == "髙橋 はるか"
    assert mail["To"].addresses[0].addr_spec == "haruka@example.jp"
    assert mail["From"].addresses[0].display_name == "株式会社つぼみ（採用）"
    assert mail.get_content().replace("\r\n", "\n") == BODY
    assert mail["Message-ID"] == sent["Message-ID"]
    assert mailbox.envelopes[0].rcpt_tos == ["haruka@example.jp"]


def test_a_letter_says_that_a_machine_wrote_it_and_tracks_nobody(serve: Serve) -> None:
    mailbox, port = serve()
    send(port)
    (mail,) = mailbox.arrived
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail.get_content_type() == "text/plain"
    assert "flowed" not in mail["Content-Type"]
    assert set(mail.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("Content-Language", "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "X-Peer"),
        *("X-MailFrom", "X-RcptTo"),
    }


def test_the_machines_own_name_stays_at_home(serve: Serve) -> None:
    mailbox, port = serve()
    send(port)
    assert mailbox.greeting == "example.jp"
    assert socket.gethostname() not in str(mailbox.arrived[0])


@pytest.mark.parametrize(
    "subject",
    [
        "説明会のお知らせ" * 12,
        "Re: 【重要】" + "𠮷野家の髙﨑さん " * 10,
        "a" * 180,
        "Q&A, 「質問」; <b>",
        "🌱" * 40,
    ],
)
def test_long_and_strange_subjects_survive(serve: Serve, subject: str) -> None:
    mailbox, port = serve()
    sent = send(port, subject=subject)
    assert mailbox.arrived[0]["Subject"] == subject.strip()
    assert all(len(line) <= 998 and line.isascii() for line in sent.as_bytes().split(b"\r\n"))


@pytest.mark.parametrize(
    "name",
    [
        "佐藤, 花子",
        '"; Bcc: all@example.jp',
        "高橋 <evil@example.net>",
        "田中 (人事)",
        "Ken O'Hara, Jr.",
        "é" * 90,
        "Ken <x@example.net>, " * 6,
    ],
)
def test_a_name_never_becomes_a_second_recipient(serve: Serve, name: str) -> None:
    mailbox, port = serve()
    send(port, to_name=name)
    (mail,) = mailbox.arrived
    assert [address.addr_spec for address in mail["To"].addresses] == ["haruka@example.jp"]
    assert mailbox.envelopes[0].rcpt_tos == ["haruka@example.jp"]


def test_a_line_break_in_a_name_or_subject_adds_no_header(serve: Serve) -> None:
    mailbox, port = serve()
    send(port, to_name="はるか\r\nBcc: all@example.jp", subject="件名\nX-Evil: 1\r\n\r\n本文\u2028\x85\udc80")
    (mail,) = mailbox.arrived
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail["Subject"] == "件名 X-Evil: 1 本文"
    assert mail.get_content().startswith("髙橋 はるか さん")


@pytest.mark.parametrize(
    "address",
    ["", "haruka", "a@b@", "x\r\nRCPT TO:<y@example.jp>@example.jp", "a,b@example.jp", "はるか@example.jp"],
)
def test_an_address_mail_cannot_carry_is_refused_before_sending(address: str) -> None:
    with pytest.raises(MailRefused):
        message(to_address=address)


def test_addresses_phones_really_have_are_written(serve: Serve) -> None:
    mailbox, port = serve()
    for address in ("ha..ruka.@docomo.example.jp", "haruka@日本語.jp", "haruka+naitei@example.jp"):
        send(port, to_address=address)
    arrived = [envelope.rcpt_tos[0] for envelope in mailbox.envelopes]
    assert arrived == ["ha..ruka.@docomo.example.jp", "haruka@xn--wgv71a119e.jp", "haruka+naitei@example.jp"]


def test_an_address_the_server_refuses_is_final_and_not_repeated_in_the_error(serve: Serve) -> None:
    mailbox, port = serve()
    mailbox.answer_to_recipient = "550 no such mailbox haruka@example.jp"
    with pytest.raises(MailRefused) as refused:
        send(port)
    assert str(refused.value) == "SMTP 550"
    mailbox.answer_to_recipient, mailbox.answer_to_data = "250 OK", "554 looks like spam"
    with pytest.raises(MailRefused, match="554"):
        send(port)


def test_a_sender_the_server_refuses_is_our_fault_and_temporary(serve: Serve) -> None:
    mailbox, port = serve()
    mailbox.answer_to_sender = "550 relaying denied"
    with pytest.raises(MailTemporarilyFailed, match="550"):
        send(port)


@pytest.mark.parametrize("step", ["answer_to_recipient", "answer_to_data"])
def test_a_server_that_asks_for_patience_is_tried_again(serve: Serve, step: str) -> None:
    mailbox, port = serve()
    setattr(mailbox, step, "451 try later")
    with pytest.raises(MailTemporarilyFailed, match="451"):
        send(port)


def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(MailTemporarilyFailed):
        send(_free_port())


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postal, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailTemporarilyFailed):
        send(silent.getsockname()[1])


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_our_fault_and_temporary(serve: Serve) -> None:
    def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"p@ss w", handled=False)

    mailbox, port = serve(authenticator=sign_in, auth_required=True, auth_require_tls=False)
    postal.smtp_transport(f"smtp://tsubomi:p%40ss%20w@127.0.0.1:{port}").send(message())
    assert len(mailbox.arrived) == 1
    with pytest.raises(MailTemporarilyFailed, match="535"):
        postal.smtp_transport(f"smtp://tsubomi:wrong@127.0.0.1:{port}").send(message())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of 'localhost' with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_starttls_checks_the_certificate_and_never_falls_back(serve: Serve, certificate: Path) -> None:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    mailbox, port = serve(tls_context=server_side)
    with pytest.raises(MailTemporarilyFailed):
        postal.smtp_transport(f"smtp+starttls://localhost:{port}").send(message())
    with pytest.raises(MailTemporarilyFailed):  # the certificate names localhost, not the number
        postal.smtp_transport(f"smtp+starttls://127.0.0.1:{port}", trusting).send(message())
    _plain_mailbox, plain_port = serve()
    with pytest.raises(MailTemporarilyFailed):
        postal.smtp_transport(f"smtp+starttls://localhost:{plain_port}", trusting).send(message())
    assert mailbox.arrived == []
    postal.smtp_transport(f"smtp+starttls://localhost:{port}", trusting).send(message())
    assert len(mailbox.arrived) == 1


def test_smtps_is_encrypted_from_the_first_byte(serve: Serve, certificate: Path) -> None:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate)
    mailbox, port = serve(ssl_context=server_side)
    with pytest.raises(MailTemporarilyFailed):
        postal.smtp_transport(f"smtps://localhost:{port}").send(message())
    trusting = ssl.create_default_context(cafile=str(certificate))
    postal.smtp_transport(f"smtps://localhost:{port}", trusting).send(message())
    assert (len(mailbox.arrived), mailbox.greeting) == (1, "example.jp")


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.jp",
        "smtp://",
        "smtp://x:y",
        "smtps://u:%E3%81%A4@mail.example.jp",
        "smtp://u:pw@mail.example.jp",
    ],
)
def test_a_mail_address_of_the_server_that_cannot_work_is_named(url: str) -> None:
    with pytest.raises(postal.BadMailUrl, match="TSUBOMI_MAIL_URL") as refused:
        postal.transport_for(url, Path("unused"))
    assert "pw" not in str(refused.value).split()


def test_ports_follow_the_scheme() -> None:
    ports = {scheme: postal.smtp_transport(f"{scheme}://mail.example.jp").port for scheme in postal._PORTS}
    assert ports == {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def test_without_smtp_letters_lie_on_a_shelf_newest_first(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    out = postal.transport_for(None, folder)
    for subject in ("一通目", INVITATION):
        out.send(message(subject=subject))
        time.sleep(0.02)
    newest, oldest = postal.shelf(folder)
    assert (newest.subject, oldest.subject) == (INVITATION, "一通目")
    assert newest.to == "髙橋 はるか <haruka@example.jp>"
    assert newest.text == BODY
    assert newest.message_id.endswith("@tsubomi.example.jp>")
    assert newest.at is not None
    assert postal.shelved(folder, newest.id) == newest
    assert postal.shelf(folder, limit=1) == [newest]


def test_the_shelf_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    postal.FolderTransport(tmp_path / "mail").send(message())
    (kept,) = (tmp_path / "mail").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700


def test_a_delivery_repeated_after_a_crash_lies_on_the_shelf_once(tmp_path: Path) -> None:
    sent = message()
    for _attempt in range(2):
        postal.FolderTransport(tmp_path).send(sent)
    assert len(postal.shelf(tmp_path)) == 1


def test_a_shelf_that_cannot_be_written_is_temporary_and_an_absent_one_is_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MailTemporarilyFailed):
        postal.FolderTransport(tmp_path / "file").send(message())
    assert postal.shelf(tmp_path / "nowhere") == []
    assert postal.shelved(tmp_path, "../file") is None


def test_one_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    postal.FolderTransport(tmp_path).send(message())
    (tmp_path / "0.eml").write_bytes(b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe")
    assert INVITATION in [mail.subject for mail in postal.shelf(tmp_path)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://t.jp/invitations/abcdefghijklmnopqrstuvwxyz", "https://t.jp/invitations/（省略）"),
        ("こちら→https://t.jp/sign-in/a2c.です", "こちら→https://t.jp/sign-in/（省略）"),
        ("http://127.0.0.1:8000/x?a=1&token=s3cr3t&b=2", "http://127.0.0.1:8000/x?a=1&token=（省略）&b=2"),
        ("https://t.jp/new-door/abcdefghijklmnopqrstuvwxyz.", "https://t.jp/new-door/（省略）."),
        ("https://t.jp/x?k=abcdefghijklmnopqrstuvwxyz", "https://t.jp/x?k=（省略）"),
        ("コード\n\n  123456\n\n10分", "コード\n\n  （省略）\n\n10分"),
        ("123 456\r\n", "（省略）\n"),
        ("１２３４５６", "（省略）"),
    ],
)
def test_link_secrets_and_codes_are_left_out(text: str, shown: str) -> None:
    assert postal.redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://tsubomi-community-of-us.example.jp/topics/abcdefghijklm",
        "参加者は 123456 人",
        "2026/10/01 18:30",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert postal.redacted(text) == text
