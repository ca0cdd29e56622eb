"""API keys: what they look like, what is signed with them, from where they may be used.

The string that is signed is ours: timestamp, method, target and the body's digest, one a line.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress

from msgspec import Struct

from hydradesk.accounts.contracts.keys import ApiKey
from hydradesk.accounts.domain.sealing import decode, encode
from hydradesk.kernel.errors import Forbidden, Invalid, Unauthenticated
from hydradesk.kernel.time import MILLISECOND, SECOND, TimeNs

PREFIX = "hd_"
NAME_HEX = 16
NAME_LENGTH = len(PREFIX) + NAME_HEX
KEY_PLACE, VENUE_PLACE = "api_key:", "venue_key:"
MAX_NETWORKS = 20
SMALL_ORDER = frozenset(
    {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    }
)
"""Points for which anybody can make signatures. Source: libsodium's list of small-order points."""
_SPKI = bytes.fromhex("302a300506032b6570032100")
"""How an Ed25519 SubjectPublicKeyInfo begins (RFC 8410)."""


class KeyRefused(Unauthenticated):
    """An API key that is unknown, deleted, expired or not fit for this use."""

    code = "api_key_invalid"


class IpNotAllowed(Forbidden):
    """The key may not be used from this address."""

    code = "ip_not_allowed"


class SignatureRefused(Unauthenticated):
    """The signature is not the key's own over this request."""

    code = "signature_invalid"


class TimestampRefused(Unauthenticated):
    """The request was signed at another time than now: a clock is wrong, or it is a replay."""

    code = "timestamp_invalid"


class Replayed(Unauthenticated):
    """This very request came before."""

    code = "request_replayed"


class Signed(Struct, frozen=True, kw_only=True):
    """What came with a signed request."""

    key: str
    timestamp: str
    signature: str
    method: str
    target: bytes
    """Path and query, as sent."""
    body: bytes
    ip: str

    def message(self) -> bytes:
        """Return the bytes that were signed."""
        digest = hashlib.sha256(self.body).hexdigest()
        head = f"{self.timestamp}\n{self.method}\n".encode()
        return head + self.target + b"\n" + digest.encode()


def key_place(key: str) -> str:
    """Return where the secret of an API key lives, for the vault."""
    return f"{KEY_PLACE}{key}"


def venue_place(key: str) -> str:
    """Return where a venue key lives, for the vault."""
    return f"{VENUE_PLACE}{key}"


def split(text: str) -> tuple[str, str]:
    """Take a bearer key apart into name and secret; raises KeyRefused."""
    name, rest = text[:NAME_LENGTH], text[NAME_LENGTH:]
    if not is_name(name) or len(rest) != 44 or rest[0] != "_":
        raise KeyRefused("this is no API key of ours", fix="copy it whole, or make another")
    return name, rest[1:]


def is_name(name: str) -> bool:
    """Whether it could be the name of a key."""
    digits = name.removeprefix(PREFIX)
    known = len(name) == NAME_LENGTH and name.startswith(PREFIX)
    return known and all(one in "0123456789abcdef" for one in digits)


def same_secret(secret: str, digest: str | None) -> bool:
    """Whether the secret part of a bearer key is the one that was given out."""
    made = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    return digest is not None and hmac.compare_digest(made, digest)


def require_usable(key: ApiKey, now: TimeNs, ip: str) -> None:
    """Refuse a key that has expired, or is used from elsewhere."""
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyRefused("the API key has expired", fix="make another")
    if key.ips and not is_within(ip, key.ips):
        raise IpNotAllowed(f"this key may not be used from {ip or 'an unknown address'}")


def require_timely(timestamp: str, now: TimeNs, window_ns: int) -> None:
    """Refuse a request that was not signed now; raises TimestampRefused."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        raise TimestampRefused(
            "X-HD-Timestamp is not a time", fix="send milliseconds since 1970, e.g. 1750723200000"
        )
    off = int(timestamp) * MILLISECOND - now
    if abs(off) > window_ns:
        raise TimestampRefused(
            f"the request was signed {abs(off) // SECOND} s {'ahead' if off > 0 else 'ago'}",
            fix=f"set the clock: at most {window_ns // SECOND} s are tolerated",
        )


def signature_of(text: str, length: int) -> bytes:
    """Read a signature in lower-case hex; raises SignatureRefused."""
    if len(text) != 2 * length or any(one not in "0123456789abcdef" for one in text):
        raise SignatureRefused(f"a signature has {2 * length} hexadecimal digits, in lower case")
    return bytes.fromhex(text)


def networks(given: list[str]) -> tuple[str, ...]:
    """Read an allow-list of addresses and networks; raises Invalid."""
    if len(given) > MAX_NETWORKS:
        raise Invalid(f"at most {MAX_NETWORKS} networks", field="ips", fix="use wider ones")
    try:
        return tuple(str(ipaddress.ip_network(one)) for one in given)
    except ValueError as error:
        raise Invalid(
            f"not an address or network: {error}", field="ips", fix="send e.g. 203.0.113.0/24"
        ) from error


def is_within(ip: str, allowed: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks; IPv4 in IPv6's clothes counts as IPv4."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(one) for one in allowed)


def public_key_of(text: str) -> str:
    """Read an Ed25519 public key, PEM or base64, into base64url; raises Invalid."""
    fix = "send 32 bytes in base64, or the PEM of `openssl pkey -pubout`"
    body = text.strip()
    if body.startswith("-----BEGIN PUBLIC KEY-----"):
        body = body.removeprefix("-----BEGIN PUBLIC KEY-----").removesuffix(
            "-----END PUBLIC KEY-----"
        )
    body = "".join(body.split()).replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("the public key is not base64", field="public_key", fix=fix) from error
    if len(key) == len(_SPKI) + 32 and key.startswith(_SPKI):
        key = key[len(_SPKI) :]
    if len(key) != 32:
        raise Invalid("this is not an Ed25519 public key", field="public_key", fix=fix)
    bare = key[:31] + bytes([key[31] & 0x7F])
    if bare.hex() in SMALL_ORDER:
        raise Invalid("anybody could sign for this key", field="public_key", fix="make a real one")
    return encode(key)


def public_bytes(text: str) -> bytes:
    """Return the bytes of a stored public key."""
    return decode(text)
