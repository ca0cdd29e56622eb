"""Standard Webhooks: is what came really from who has the key, and recent?

https://github.com/standard-webhooks/standard-webhooks, symmetric signatures (`v1`).
"""

import base64
import hashlib
import hmac

from hydradesk.accounts.contracts.refusals import SignatureInvalid
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs

TOLERANCE_NS = 5 * MINUTE
PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key as the standard has it: base64 after `whsec_`."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def literal_key(secret: str) -> bytes:
    """Return the key as Whop has it: the secret's own bytes."""
    return secret.encode()


def signature(key: bytes, name: str, timestamp: str, body: bytes) -> str:
    """Return the v1 signature of a message."""
    signed = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def verify(key: bytes, headers: tuple[str, str, str], body: bytes, now: TimeNs) -> None:
    """Accept a message; `headers` are webhook-id, webhook-timestamp and webhook-signature.

    Raises SignatureInvalid: forged, altered, too old or from the future.
    """
    name, timestamp, signatures = headers
    if not name or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise SignatureInvalid("the webhook's headers are not complete")
    if abs(now - int(timestamp) * SECOND) > TOLERANCE_NS:
        raise SignatureInvalid("the webhook is older than five minutes, or from the future")
    right = signature(key, name, timestamp, body).encode()
    given = signatures.split(" ")[:16]
    if not any(hmac.compare_digest(one.encode(), right) for one in given):
        raise SignatureInvalid("the webhook's signature is not right")
