"""Identity tokens of OpenID Connect: what must hold besides the signature (Core §3.1.3.7)."""

from typing import Any

from msgspec import Struct

from hydradesk.accounts.contracts.credentials import Claims
from hydradesk.accounts.contracts.refusals import TokenRefused
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs

ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
"""Signatures by a key of the issuer's alone: nothing with a shared secret, never `none`."""
SKEW_NS = 5 * MINUTE
LONGEST = 512


class Wanted(Struct, frozen=True, kw_only=True):
    """What a token must say to be for us, now."""

    issuer: str
    client: str
    nonce: str | None
    """None: the issuer puts a nonce of its own (Web3Auth), and the token is minutes old at most."""
    now: TimeNs


def check(said: dict[str, Any], wanted: Wanted) -> None:
    """Refuse the claims of a token that is not for us or not for now; raises TokenRefused."""
    if said.get("iss") != wanted.issuer:
        raise TokenRefused("the token is another issuer's")
    audience = said.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    if wanted.client not in meant:
        raise TokenRefused("the token is for another application")
    party = said.get("azp")
    if party not in (None, wanted.client) or (party is None and len(meant) > 1):
        raise TokenRefused("the token was issued to another application")
    if wanted.nonce is not None and said.get("nonce") != wanted.nonce:
        raise TokenRefused("the token answers another question", field="nonce")
    _check_times(said, wanted.now)
    if wanted.nonce is None and _instant(said, "iat") + SKEW_NS < wanted.now:
        raise TokenRefused("the token is older than five minutes", fix="sign in there again")


def _check_times(said: dict[str, Any], now: TimeNs) -> None:
    issued, ends = _instant(said, "iat"), _instant(said, "exp")
    begins = _instant(said, "nbf") if "nbf" in said else issued
    if ends + SKEW_NS <= now:
        raise TokenRefused("the token has expired", fix="sign in there again")
    if max(begins, issued) - SKEW_NS > now:
        raise TokenRefused("the token is not valid yet", fix="check the clocks")


def _instant(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise TokenRefused(f"the token has no {name}")
    return int(value * SECOND)


def claims(said: dict[str, Any]) -> Claims:
    """Return whom a token speaks of; raises TokenRefused when it names nobody."""
    subject = said.get("sub")
    if subject is None and said.get("verifierId"):  # Web3Auth before it had `sub`
        subject = f"{said.get('verifier')}:{said['verifierId']}"
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or "\0" in subject:
        raise TokenRefused("the token names nobody")
    email = _text(said.get("email"))
    return Claims(
        subject=subject,
        email=email,
        email_verified=email is not None and said.get("email_verified") is True,
        name=_text(said.get("name")) or _text(said.get("preferred_username")),
        wallets=_wallets(said.get("wallets")),
    )


def _text(value: object) -> str | None:
    known = isinstance(value, str) and value.isprintable() and 0 < len(value) <= 254
    return str(value) if known else None


def _wallets(value: object) -> tuple[tuple[str, str], ...]:
    """Read Web3Auth's `wallets`: external ones by address, its own by public key."""
    found = []
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict):
            kind, key = str(one.get("type")), one.get("address") or one.get("public_key")
            curve = one.get("curve")
            if isinstance(key, str) and len(key) <= LONGEST:
                found.append((kind if curve is None else str(curve), key))
    return tuple(found[:10])
