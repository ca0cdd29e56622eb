"""What sealed text looks like: `v1.<data key>.<nonce>.<ciphertext and tag>`, base64url."""

import base64
import binascii
from collections import Counter

from msgspec import Struct

from hydradesk.kernel.errors import Invalid

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
VERSION = "v1"
WEAK = frozenset(
    {
        "",
        "secret",
        "changeme",
        "change-me",
        "password",
        "default",
        "hydradesk",
        "test",
        "example",
        "none",
        "null",
    }
)
LEAST_VARIETY = 12
"""Different bytes in 32 random ones: fewer happen once in 10^19 tries (about 30 are usual)."""


class Sealed(Struct, frozen=True):
    """Sealed text, taken apart."""

    key: str
    nonce: bytes
    ciphertext: bytes


class BadSeal(Invalid):
    """A sealed text was changed, or belongs elsewhere (HTTP 422)."""

    code = "seal_broken"


def encode(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Read canonical base64url without padding; ValueError for anything else."""
    if not text.isascii() or "=" in text:
        raise ValueError("not base64url")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:  # unused bits of the last character
        raise ValueError("not canonical base64url")
    return data


def write(sealed: Sealed) -> str:
    """Put sealed text together."""
    return f"{VERSION}.{sealed.key}.{encode(sealed.nonce)}.{encode(sealed.ciphertext)}"


def read(text: str) -> Sealed:
    """Take sealed text apart; raises BadSeal."""
    parts = text.split(".")
    if len(parts) != 4 or parts[0] != VERSION:
        raise BadSeal("this is not sealed text of ours")
    try:
        nonce, ciphertext = decode(parts[2]), decode(parts[3])
    except ValueError as error:
        raise BadSeal("this is not sealed text of ours") from error
    if len(nonce) != NONCE_BYTES or len(ciphertext) < TAG_BYTES:
        raise BadSeal("this is not sealed text of ours")
    return Sealed(parts[1], nonce, ciphertext)


def bound(place: str, key: str) -> bytes:
    """Return what is authenticated with a field: where it lives and under which key."""
    return f"hydradesk:{VERSION}:{key}:{place}".encode()


def require_strong(secret: str, name: str, least: int = 16) -> None:
    """Refuse a secret that somebody could guess; raises Invalid that names it, never shows it."""
    text = secret.strip()
    repeated = len(text) > 0 and max(Counter(text).values()) > len(text) // 2
    if text.casefold() in WEAK or len(text) < least or repeated:
        raise Invalid(
            f"{name} is empty, too short or easy to guess",
            field=name,
            fix=f"use at least {least} random characters, e.g. of `openssl rand -base64 32`",
        )


def key_of(text: str, name: str) -> bytes:
    """Read a 256-bit key in base64; raises Invalid for any that is weak or another length."""
    fix = "use the 32 random bytes that `openssl rand -base64 32` prints"
    standard = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        key = decode(standard)
    except ValueError as error:
        raise Invalid(f"{name} is not base64", field=name, fix=fix) from error
    if len(key) != KEY_BYTES or len(set(key)) < LEAST_VARIETY:
        raise Invalid(f"{name} is not 32 random bytes", field=name, fix=fix)
    return key
