"""Ids that leave the server: random, so that nobody counts people or posts by them."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode

_SHAPE = re.compile(r"[a-z2-7]{13}")

PublicId = str


def new_public_id() -> PublicId:
    """64 random bits as 13 lower-case base32 characters."""
    return b32encode(secrets.token_bytes(8)).decode().rstrip("=").lower()


def is_public_id(text: str) -> bool:
    """Whether `text` has the shape of a public id; says nothing about existence."""
    return _SHAPE.fullmatch(text) is not None
