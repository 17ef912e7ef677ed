"""Mail addresses as they are stored and compared."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
LONGEST_TYPED = 1_000  # with spaces and a mailto: around it


def normal_mail(typed: str) -> str:
    """Return the address as it is stored and compared: half-width, trimmed, lower case, no `mailto:`.

    What is too long to be one becomes the empty text.
    """
    if len(typed) > LONGEST_TYPED:
        return ""  # nobody's; bringing a megabyte into one form would hold everybody up
    text = unicodedata.normalize("NFKC", typed).strip()
    text = re.sub(r"^mailto:", "", text, flags=re.IGNORECASE)
    return text.strip(" \u200b\ufeff<>").lower()


def checked_mail(typed: str) -> str | None:
    """Return the stored form of an address that could receive a letter, or None; no network is asked."""
    mail = normal_mail(typed)
    try:
        checked = validate_email(mail, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError):
        return None
    address = checked.ascii_email or mail
    return address if len(address) <= LONGEST else None
