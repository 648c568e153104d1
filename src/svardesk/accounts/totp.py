"""The second factor: time-based codes (RFC 6238, 30 s, six digits), and recovery codes for a lost phone."""

import base64
import hashlib
import secrets
from datetime import datetime
from io import BytesIO
from typing import Final
from uuid import UUID

import segno
from pyotp import random_base32
from pyotp.totp import TOTP

from svardesk.accounts.secrets import same

STEP_SECONDS: Final = 30
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_WINDOW: Final = (0, -1, 1)
_RECOVERY_BYTES: Final = 10


def new_secret() -> str:
    """Return a new secret: 160 random bits in base32."""
    return random_base32()


def uri(secret: str, *, email: str, organisation: str) -> str:
    """Return the ``otpauth://`` address that an authenticator app reads from the QR code."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=f"Svardesk {organisation}")


def qr_svg(address: str) -> str:
    """Return the QR code of an address as a standalone SVG (black on white, also in a dark app: scanners need it)."""
    out = BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False)
    return out.getvalue().decode()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that ``code`` belongs to (this one, the one before or the next), or None.

    All three are always compared, each in constant time.
    """
    digits = "".join(one for one in code if one.isdigit())
    totp = TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    found: int | None = None
    for offset in _WINDOW:
        step = present + offset
        if same(totp.generate_otp(step), digits):
            found = step
    return found


def looks_like_totp(code: str) -> bool:
    """Tell whether ``code`` is six digits (spaces apart) rather than a recovery code."""
    plain = code.replace(" ", "")
    return len(plain) == DIGITS and plain.isascii() and plain.isdigit()


def new_recovery_codes() -> list[str]:
    """Return ten codes of 80 random bits, written in four groups of four: ``abcd-efgh-ijkl-mnop``."""
    return [
        _grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(agent_id: UUID, code: str) -> bytes:
    """Return what is stored of a recovery code. Dashes, spaces and case do not matter; 80 random bits need no slow hash."""
    plain = "".join(one for one in code.lower() if one.isalnum())[:64]
    return hashlib.sha256(agent_id.bytes + plain.encode("utf-8", "surrogatepass")).digest()


def _grouped(text: str) -> str:
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
