"""Takes a token of ours apart, more strictly than any library: what we never write is refused.

Source: RFC 7515 (JWS compact serialization), RFC 7519 (JWT), RFC 8725 (best practices).
"""

import json
from typing import Any, NoReturn

from msgspec import Struct

from hydradesk.accounts.domain.sealing import decode
from hydradesk.kernel.errors import Unauthenticated
from hydradesk.kernel.time import SECOND

ALGORITHM = "EdDSA"
TYPE = "at+jwt"
"""RFC 9068: an access token; no token made for another purpose has it."""
MAX_TOKEN = 2048
"""Characters; ours have about 500."""
SKEW_S = 5
"""How far our own machines' clocks may be apart, seconds. Tokens from farther ahead are refused."""
LAST_S = 2**40
_HEADER = {"alg", "kid", "typ"}
_CLAIMS = {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "role", "use"}
_NAMES = str.maketrans("", "", "-_")


class AccessRefused(Unauthenticated):
    """An access token that is not ours, was changed, or is not for this."""

    code = "access_token_invalid"


class AccessExpired(Unauthenticated):
    """An access token whose time is over: refresh."""

    code = "access_token_expired"


class Header(Struct, frozen=True):
    """What a token says of itself."""

    kid: str


class Claims(Struct, frozen=True, kw_only=True):
    """What a token says of its bearer. Instants in seconds, as RFC 7519 has them."""

    iss: str
    aud: str
    sub: str
    sid: str
    jti: str
    iat: int
    nbf: int
    exp: int
    role: str
    use: str


def header_of(token: str) -> Header:
    """Read a token's header; raises AccessRefused for anything that we would not have written."""
    if len(token) > MAX_TOKEN:
        _refuse("a token of ours is shorter")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        _refuse("a token has a header, a body and a signature")
    try:
        header, signature = decode(parts[0]), decode(parts[2])
    except ValueError:
        _refuse("a token is three parts of base64url, without padding or blanks")
    if len(signature) != 64:
        _refuse("the signature is not an Ed25519 signature")
    said = _object(header)
    if said.keys() != _HEADER or said["alg"] != ALGORITHM or said["typ"] != TYPE:
        _refuse("the header is not one of ours")
    kid = said["kid"]
    if type(kid) is not str or not 8 <= len(kid) <= 32 or not _plain(kid):
        _refuse("the header names no key of ours")
    return Header(kid)


def claims_of(token: str) -> Claims:
    """Read a token's claims, once its signature was verified; raises AccessRefused."""
    try:
        body = decode(token.split(".")[1])
    except ValueError:
        _refuse("a token is three parts of base64url, without padding or blanks")
    said = _object(body)
    if said.keys() != _CLAIMS:
        _refuse("the claims are not those we write")
    for name, value in said.items():
        if name in ("iat", "nbf", "exp"):
            if type(value) is not int or not 0 < value < LAST_S:
                _refuse(f"the claim {name} is no time")
        elif type(value) is not str:
            _refuse(f"the claim {name} is no text")
    return Claims(**said)


def judge(claims: Claims, now: int, issuer: str, audience: str) -> None:
    """Refuse a token that is not for here and now.

    Args:
        claims: of a token whose signature was verified.
        now: nanoseconds since 1970.
        issuer: who must have made it.
        audience: whom it must be meant for.
    """
    if claims.iss != issuer or claims.aud != audience:
        _refuse("the token is another desk's")
    if claims.use != "access":
        _refuse("this token is not for requests")
    ahead = now // SECOND + SKEW_S
    if claims.iat > ahead or claims.nbf > ahead:
        _refuse("the token is from the future: a clock is wrong")
    if claims.exp <= claims.iat:
        _refuse("the token ends before it begins")
    if claims.exp * SECOND <= now:
        raise AccessExpired("the access token has expired", fix="POST /api/auth/refresh")


def _object(data: bytes) -> dict[str, Any]:
    """Read one JSON object without repeated names, and without what is not JSON or no integer."""
    try:
        text = data.decode("utf-8")
        said = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_float=_no_number,
            parse_int=_small,
        )
    except (ValueError, RecursionError):
        _refuse("a part of the token is not plain JSON")
    if not isinstance(said, dict):
        _refuse("a part of the token is not a JSON object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a name twice")
    return said


def _no_number(text: str) -> NoReturn:
    raise ValueError("not an integer")


def _small(text: str) -> int:
    if len(text) > 16:
        raise ValueError("too large")
    return int(text)


def _plain(name: str) -> bool:
    return name.isascii() and name.translate(_NAMES).isalnum()


def _refuse(detail: str) -> NoReturn:
    raise AccessRefused(detail, fix="sign in again")
