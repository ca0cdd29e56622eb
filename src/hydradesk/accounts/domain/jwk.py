"""Public keys as JWKs (RFC 7517, 8037): what they say they are for is checked, not only the bytes.

PyJWT looks at neither `use` nor `key_ops`, and takes a key's `alg` only as a hint.
"""

from typing import Any

from hydradesk.accounts.domain.sealing import decode, encode
from hydradesk.kernel.errors import Invalid

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyRefused(Invalid):
    """A JWK that may not verify signatures of this kind."""

    code = "jwk_refused"


def of_ed25519(public: bytes, kid: str) -> dict[str, Any]:
    """Write the public half of an Ed25519 key."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": encode(public),
        "kid": kid,
        "use": "sig",
        "alg": "EdDSA",
        "key_ops": ["verify"],
    }


def ed25519_of(jwk: dict[str, Any]) -> bytes:
    """Return the public bytes of an Ed25519 key that may verify; raises KeyRefused."""
    require_verifying(jwk, "EdDSA")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        raise KeyRefused("the key is not an Ed25519 key")
    try:
        public = decode(str(jwk.get("x", "")))
    except ValueError as error:
        raise KeyRefused("the key's bytes are not base64url") from error
    if len(public) != 32:
        raise KeyRefused("an Ed25519 key has 32 bytes")
    return public


def require_verifying(jwk: dict[str, Any], algorithm: str) -> None:
    """Refuse a key that is secret, for encryption, or of another algorithm."""
    if PRIVATE & jwk.keys():
        raise KeyRefused("the key is not a public one")
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("the key is not for signatures")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("the key is not for verifying")
    if jwk.get("alg", algorithm) != algorithm:
        raise KeyRefused(f"the key is not for {algorithm}")
