"""One-time secrets: 128 bits, never stored; what is stored is a nonce and the secret's hash.

The secret is HMAC(key of the installation, purpose, nonce), so a letter can be written again at send time
while neither the database nor the outbox ever holds a working link.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode

_key = b""


def install_tokens(secret_key: str) -> None:
    """Set the installation's key; called once at start."""
    global _key
    _key = hashlib.sha256(b"tsubomi tokens\0" + secret_key.encode()).digest()


def new_nonce() -> str:
    """128 random bits as hex, to be stored with the row the secret opens."""
    return secrets.token_hex(16)


def secret_of(purpose: str, nonce: str) -> str:
    """The secret of a row: 26 lower-case base32 characters (128 bits), the same each time it is asked for."""
    digest = hmac.new(_key, f"{purpose}\0{nonce}".encode(), hashlib.sha256).digest()
    return b32encode(digest[:16]).decode().rstrip("=").lower()


def code_of(purpose: str, nonce: str) -> str:
    """A 6-digit code bound to the same row, for typing into the browser that asked."""
    digest = hmac.new(_key, f"code\0{purpose}\0{nonce}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def hashed(secret: str) -> str:
    """What the database keeps of a secret, and what a look-up compares: SHA-256 as hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(one: str, other: str) -> bool:
    """Compare without telling by time how much is right."""
    return hmac.compare_digest(one.encode(), other.encode())
