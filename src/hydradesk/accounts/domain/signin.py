"""What EIP-4361 and Sign-In With Solana share: the fields, and when a message is good."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct

from hydradesk.accounts.contracts.refusals import (
    ChainMismatch,
    DomainMismatch,
    MessageExpired,
    MessageMalformed,
)
from hydradesk.kernel.time import MICROSECOND, MINUTE, TimeNs

MAX_BYTES = 4096
SKEW_NS = 5 * MINUTE
"""How far the clock of whoever wrote the message may be from ours."""
FIX = "sign the message as GET …/nonce offers it, unchanged"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNRESERVED, _SUB = r"A-Za-z0-9\-._~", r"!$&'()*+,;="
_PERCENT = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB}:@]|{_PERCENT})"
_HOST = (
    rf"(?:\[(?:[0-9A-Fa-f:.]{{2,45}}|v[0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+)\]"
    rf"|(?:[{_UNRESERVED}{_SUB}]|{_PERCENT})+)"
)
_AUTHORITY = rf"(?:(?:[{_UNRESERVED}{_SUB}:]|{_PERCENT})*@)?{_HOST}(?::[0-9]{{0,5}})?"
_SCHEME = r"[A-Za-z][A-Za-z0-9+\-.]*"
_TAIL = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_URI = rf"{_SCHEME}:(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/?(?:{_PCHAR}+(?:/{_PCHAR}*)*)?){_TAIL}"
AUTHORITY = re.compile(_AUTHORITY)
SCHEME = re.compile(_SCHEME)
URI = re.compile(_URI)
NONCE = re.compile(r"[A-Za-z0-9]{8,128}")
REQUEST_ID = re.compile(rf"{_PCHAR}*")
RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
"""RFC 3986 and RFC 3339, in ASCII: a domain in another script is not one."""


class SignInMessage(Struct, frozen=True, kw_only=True):
    """One message, every field as it stands in the text; None where it is left out."""

    domain: str
    address: str
    scheme: str | None = None
    statement: str | None = None
    uri: str | None = None
    version: str | None = None
    chain_id: str | None = None
    nonce: str | None = None
    issued_at: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None


class Expected(Struct, frozen=True, kw_only=True):
    """What a message must say to be meant for us."""

    origin: str
    """scheme://host[:port] at which people reach this desk."""
    chains: frozenset[str]
    now: TimeNs


def malformed(what: str) -> MessageMalformed:
    """Say what is wrong with the text."""
    return MessageMalformed(what, field="message", fix=FIX)


def lines_of(text: str) -> list[str]:
    """Split a text into its lines; raises MessageMalformed for one no wallet would have shown."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise malformed("the message is not Unicode text") from error
    if not size or size > MAX_BYTES:
        raise malformed(f"a message has 1 to {MAX_BYTES} bytes, this one {size}")
    if any((ord(one) < 0x20 and one != "\n") or 0x7F <= ord(one) < 0xA0 for one in text):
        raise malformed("the message has control characters; lines end with a line feed alone")
    return text.split("\n")


def instant(text: str, field: str) -> TimeNs:
    """Read an RFC 3339 date-time; raises MessageMalformed."""
    found = RFC3339.fullmatch(text)
    if found is None:
        raise malformed(f"{field} is not an RFC 3339 time")
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
        since = moment - _EPOCH
    except (ValueError, OverflowError) as error:
        raise malformed(f"{field} is not a time that exists") from error
    rest = int((fraction or ".0")[1:].ljust(9, "0"))
    return TimeNs(since // timedelta(microseconds=1) * MICROSECOND + rest)


def check(message: SignInMessage, expected: Expected) -> None:
    """Refuse a message that is not for this desk, this network or this moment.

    Raises:
        DomainMismatch: domain, scheme or URI name another site, or a user at this one.
        ChainMismatch: it is for a network that this desk does not take.
        MessageExpired: its times, or its writer's clock, say it is not valid now.
    """
    scheme, _, authority = expected.origin.partition("://")
    fix = f"sign in at {expected.origin}"
    if message.domain != authority or message.scheme not in (None, scheme):
        raise DomainMismatch(f"the message is for {message.domain}, not {authority}", fix=fix)
    if _origin(message.uri or "") != expected.origin:
        raise DomainMismatch("the URI of the message is another site's", fix=fix)
    if message.chain_id not in expected.chains:
        offered = ", ".join(sorted(expected.chains))
        raise ChainMismatch(f"the message is for chain {message.chain_id}", fix=f"use {offered}")
    _check_times(message, expected.now)


def _origin(uri: str) -> str:
    """Return a URI's scheme and authority, or nothing for one without."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # an IPv6 address that is none
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _check_times(message: SignInMessage, now: TimeNs) -> None:
    fix = "ask for a new nonce; check this device's clock"
    issued = instant(message.issued_at or "", "Issued At")
    if abs(now - issued) > SKEW_NS:
        raise MessageExpired("the message was not issued within the last five minutes", fix=fix)
    ends, begins = message.expiration_time, message.not_before
    if ends is not None and instant(ends, "Expiration Time") <= now:
        raise MessageExpired("the message has expired", fix=fix)
    if begins is not None and instant(begins, "Not Before") > now:
        raise MessageExpired("the message is not valid yet", fix=fix)
