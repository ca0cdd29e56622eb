"""Proof of work: what a form costs its sender, too little for a person, too much for a flood.

The scheme is Hashcash's (Back, 2002): find `number` so that SHA-256 of `salt:number` begins with
`difficulty` zero bits. The salt names difficulty and expiry, and is signed: nothing is kept until
an answer comes back.
"""

import hashlib
import hmac

from msgspec import Struct

from hydradesk.kernel.errors import Forbidden
from hydradesk.kernel.time import SECOND, TimeNs

MAX_NUMBER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""


class CaptchaRequired(Forbidden):
    """The form has to be paid for (HTTP 403)."""

    code = "captcha_required"


class CaptchaInvalid(Forbidden):
    """The payment is no good: forged, too old, used before, or not enough work (HTTP 403)."""

    code = "captcha_invalid"


class Challenge(Struct, frozen=True, kw_only=True):
    """What is to be solved."""

    salt: str
    difficulty: int
    """Zero bits wanted: 2^difficulty tries on average."""
    expires_at: TimeNs
    signature: str


class Answer(Struct, frozen=True, kw_only=True):
    """A challenge's salt and signature, and the number found."""

    salt: str
    number: int
    signature: str


def issue(key: bytes, noise: bytes, difficulty: int, expires_at: TimeNs) -> Challenge:
    """Return a signed challenge; `noise` makes it unlike every other."""
    salt = f"{noise.hex()}.{difficulty}.{expires_at // SECOND}"
    return Challenge(
        salt=salt,
        difficulty=difficulty,
        expires_at=TimeNs(expires_at // SECOND * SECOND),
        signature=_signed(key, salt),
    )


def verify(key: bytes, answer: Answer, now: TimeNs) -> TimeNs:
    """Return when the answer expires; raises CaptchaInvalid."""
    if not hmac.compare_digest(_signed(key, answer.salt).encode(), answer.signature.encode()):
        raise _invalid("this challenge is not ours")
    _, difficulty, expires = answer.salt.split(".")
    if int(expires) * SECOND <= now:
        raise _invalid("the challenge has expired")
    if not solves(answer.salt, answer.number, int(difficulty)):
        raise _invalid("the number does not solve the challenge")
    return TimeNs(int(expires) * SECOND)


def solves(salt: str, number: int, difficulty: int) -> bool:
    """Whether a number is an answer."""
    digest = hashlib.sha256(f"{salt}:{number}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - difficulty) == 0


def _signed(key: bytes, salt: str) -> str:
    return hmac.new(key, salt.encode(), hashlib.sha256).hexdigest()


def _invalid(detail: str) -> CaptchaInvalid:
    return CaptchaInvalid(detail, field="captcha", fix="GET /api/auth/challenge and solve it")
