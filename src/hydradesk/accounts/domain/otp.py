"""One-time codes of authenticator apps (RFC 6238) and recovery codes."""

import hashlib
import hmac
import re
from base64 import b32encode

import pyotp

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import SECOND, TimeNs

STEP_S = 30
WINDOW = 1
"""Steps of clock drift borne either way."""
SEED_BYTES = 20
NAME_LONGEST = 32
"""Of person and host in an app's list: they must fit a QR code."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_SECRET = re.compile(r"[A-Z2-7]{23,128}")
"""112 bits at least (NIST SP 800-63B)."""
_RECOVERY = re.compile(r"[A-Z2-7]{16}")


def step_at(now: TimeNs) -> int:
    """Return the number of the time step."""
    return now // SECOND // STEP_S


def code_at(secret: str, step: int) -> str:
    """Return the six digits of a step (HMAC-SHA-1, as every app has it)."""
    return pyotp.HOTP(secret).at(step)


def matching_step(secret: str, code: str, now: TimeNs, after: int) -> int | None:
    """Return the step whose code this is, if it is later than `after`; else None.

    Every candidate is compared, in constant time.
    """
    if _CODE.fullmatch(code) is None:
        return None
    present, found = step_at(now), None
    for step in range(present - WINDOW, present + WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > after:
            found = step
    return found


def normalised_secret(text: str) -> str:
    """Return a base32 secret as apps want it: capitals, no spaces or dashes; Invalid for none."""
    secret = re.sub(r"[\s-]", "", text).upper().rstrip("=")
    if _SECRET.fullmatch(secret) is None:
        raise Invalid("this is not a base32 secret", field="secret", fix="letters and 2 to 7")
    return secret


def uri(secret: str, name: str, host: str) -> str:
    """Return what an app reads from the QR code."""
    short = name.encode("ascii", "replace").decode()[:NAME_LONGEST]
    issuer = f"Hydradesk {host[:NAME_LONGEST]}"
    return pyotp.TOTP(secret).provisioning_uri(name=short, issuer_name=issuer)


def recovery_code(noise: bytes) -> str:
    """Return one recovery code: 80 bits in four groups of four."""
    text = b32encode(noise[:RECOVERY_BYTES]).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def recovery_digest(person: str, code: str) -> str | None:
    """Return what is kept of a recovery code, however it is spelled; None for none."""
    plain = re.sub(r"[\s-]", "", code).upper()
    if _RECOVERY.fullmatch(plain) is None:
        return None
    return hashlib.sha256(f"recovery:{person}:{plain}".encode()).hexdigest()
