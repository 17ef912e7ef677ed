"""The second factor: time-based codes (RFC 6238) and recovery codes.

The database keeps a nonce; the secret inside an authenticator is HMAC(key of the installation, nonce), so a
copy of the database alone signs nobody in.
"""

from __future__ import annotations

import io
import re
import secrets
import unicodedata
from base64 import b32encode

import pyotp
import segno

from app.core.clock import now
from app.core.tokens import hashed, new_nonce, same_secret, secret_of

STEP_SECONDS = 30
# One step either way for clocks that are a little off (RFC 6238, 5.2).
DRIFT_STEPS = 1
RECOVERY_CODES = 10

start_second_factor = new_nonce


def key_of(nonce: str) -> str:
    """The secret for an authenticator app: 26 base32 characters, 128 bits."""
    return secret_of("second factor", nonce).upper()


def address_of(nonce: str, *, mail: str, community: str) -> str:
    """The otpauth:// address a QR code carries."""
    return pyotp.TOTP(key_of(nonce)).provisioning_uri(name=mail, issuer_name=community or "Tsubomi")


def qr_of(address: str) -> bytes:
    """The address as an SVG picture without any style attribute."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out,
        kind="svg",
        scale=6,
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    return out.getvalue()


def matching_step(nonce: str, typed: str) -> int | None:
    """The time step this code belongs to, now or one step beside it; None where it fits none."""
    code = digits_of(typed)
    if len(code) != 6:
        return None
    current = int(now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(key_of(nonce))
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if same_secret(totp.generate_otp(step), code):
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes to print, 80 random bits each: 「abcd-efgh-ijkl-mnop」."""
    return tuple(_new_recovery_code() for _each in range(RECOVERY_CODES))


def recovery_hash(member_id: int, typed: str) -> str:
    """What is stored of a recovery code, bound to its owner; spaces, dashes and capitals do not matter."""
    code = re.sub(r"[^a-z2-7]", "", unicodedata.normalize("NFKC", typed[:200]).lower())
    return hashed(f"recovery\0{member_id}\0{code}")


def _new_recovery_code() -> str:
    letters = b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def digits_of(typed: str) -> str:
    """Full-width digits and spaces are what people type."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed[:40]))
