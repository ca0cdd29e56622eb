"""Signatures, waiting times, and what an answer means. Pure.

Source: the Standard Webhooks specification, https://www.standardwebhooks.com (v1).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import Struct

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import DAY, HOUR, SECOND, TimeNs

PREFIX = "whsec_"
SECRET_BYTES = 24
GONE = 410
OVERLAP_NS = DAY
"""How long a secret signs beside its successor."""


class Terms(Struct, frozen=True, kw_only=True):
    """How patient the desk is with a target. Durations in nanoseconds."""

    attempts: int = 10
    first_ns: int = 10 * SECOND
    factor: int = 3
    most_ns: int = 12 * HOUR
    jitter: float = 0.2
    """Part of a wait by which it is longer or shorter, so that failures do not come in step."""
    longest_asked_ns: int = DAY
    """The longest Retry-After that is honoured."""
    disable_ns: int = 5 * DAY
    """Failing for so long, without one success, ends a subscription."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What one attempt came to."""

    delivered: bool
    status: int | None = None
    error: str | None = None
    wait_ns: int | None = None
    """Until the next attempt; None: there is none."""
    gone: bool = False
    """The target asked never to be called again."""


def write_secret(random: bytes) -> str:
    """Return the text of a secret, as it is shown once."""
    return PREFIX + base64.b64encode(random).decode()


def read_secret(text: str) -> bytes:
    """Return the key of a secret's text; raises Invalid."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise Invalid("this is not a webhook secret") from error


def sign(keys: Sequence[bytes], message: str, at_s: int, body: bytes) -> str:
    """Return the `webhook-signature` header: one signature for each key, newest first."""
    said = f"{message}.{at_s}.".encode() + body
    each = (hmac.digest(key, said, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in each)


def headers(keys: Sequence[bytes], message: str, at: TimeNs, body: bytes) -> dict[str, str]:
    """Return what a message carries."""
    at_s = at // SECOND
    return {
        "Content-Type": "application/json",
        "User-Agent": "Hydradesk-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": sign(keys, message, at_s, body),
    }


def backoff(attempts: int, chance: float, terms: Terms) -> int | None:
    """Return nanoseconds until the next attempt after `attempts` failed ones; None: give up.

    Args:
        attempts: how many were made, 1 or more.
        chance: a random number in [0, 1).
        terms: see there.
    """
    if attempts >= terms.attempts:
        return None
    plain: int = min(terms.first_ns * terms.factor ** (attempts - 1), terms.most_ns)
    return round(plain * (1 + terms.jitter * (2 * chance - 1)))


def asked_to_wait(header: str | None, now: TimeNs, terms: Terms) -> int:
    """Return the nanoseconds a Retry-After asks for, in either of its two forms; 0 for none."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        wait = int(text[:12]) * SECOND
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return 0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wait = int(moment.timestamp()) * SECOND - now
    return max(0, min(wait, terms.longest_asked_ns))


def judge(status: int, wait: int, attempts: int, chance: float, terms: Terms) -> Outcome:
    """Say what an answer means: 2xx took it, 410 wants no more, all else is tried again.

    Args:
        status: of the answer.
        wait: nanoseconds it asked for.
        attempts: made so far, with this one.
        chance: a random number in [0, 1).
        terms: see there.
    """
    if 200 <= status < 300:
        return Outcome(delivered=True, status=status)
    said = f"the target answered {status}"
    if status == GONE:
        return Outcome(delivered=False, status=status, error=said, gone=True)
    own = backoff(attempts, chance, terms)
    wait_ns = None if own is None else max(own, wait)
    return Outcome(delivered=False, status=status, error=said, wait_ns=wait_ns)


def missed(error: str, attempts: int, chance: float, terms: Terms) -> Outcome:
    """Say what silence or a refused address means: another attempt, while there are any."""
    return Outcome(delivered=False, error=error, wait_ns=backoff(attempts, chance, terms))
