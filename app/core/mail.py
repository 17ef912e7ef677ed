"""Letters: composed when they are sent, never stored with their secrets; called from `@delivers` listeners."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import current_app
from jinja2 import Environment

from .config import Settings
from .i18n import speaking
from .operation import end_reading
from .postal import Letter, MailRefused, build_message, transport_for

log = structlog.get_logger(__name__)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["tsubomi.settings"]
    return settings


def send_letter(
    *,
    to_address: str,
    to_name: str | None,
    subject: str,
    text: str,
    language: str,
    key: str,
    unsubscribe: str = "",
) -> None:
    """Send one letter to one person; raises MailTemporarilyFailed so that the outbox tries again.

    A letter that is refused for good is let go with a line in the log. `key` is the delivery's: the Message-ID is
    made from it, so a repeat after a kill carries the same one. `unsubscribe` is the address that ends letters of this
    kind. Demo letters never leave the machine.
    """
    settings = _settings()
    domain = settings.mail_from.rpartition("@")[2] or "localhost"
    letter = Letter(
        to_address=to_address,
        to_name=to_name,
        subject=subject,
        text=text,
        language=language,
        message_id=f"<{key}@{domain}>",
        unsubscribe=unsubscribe,
    )
    with speaking(language):
        sender = current_app.extensions["tsubomi.sender_name"]()
    is_demo = current_app.extensions["tsubomi.is_demo"]()
    end_reading()  # a slow mail server must not keep a transaction open
    transport = transport_for(None if is_demo else settings.mail_url or None, settings.mail_folder)
    try:
        transport.send(build_message(letter, sender_address=settings.mail_from, sender_name=sender))
    except MailRefused as refusal:
        log.warning("a letter was refused for good", reason=str(refusal))


def letter_text(template: str, language: str, **context: Any) -> str:
    """The text of a letter from templates/emails/, in the recipient's language."""
    environment: Environment = current_app.jinja_env.overlay(autoescape=False)  # plain text, no HTML
    with speaking(language):
        return environment.get_template(f"emails/{template}").render(context).strip() + "\n"


def link_to(path: str) -> str:
    """The absolute address of a path, for a letter."""
    base = _settings().base_url.rstrip("/")
    return f"{base}{path}"


def shown_host() -> str:
    """The host people see in a letter's links."""
    return urlsplit(_settings().base_url).hostname or ""
