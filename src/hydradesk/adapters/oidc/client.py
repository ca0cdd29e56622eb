"""One OpenID provider: discovery, code flow with PKCE (Authlib), tokens checked by its own keys."""

from typing import Any

import httpx2
import jwt
import structlog
from msgspec import Struct

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.credentials import Claims
from hydradesk.accounts.contracts.refusals import TokenRefused
from hydradesk.accounts.ports.id_tokens import ALGORITHMS, Wanted, check, claims
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import HOUR, MINUTE, Clock

TIMEOUT_S = 5
MAX_ANSWER = 256 * 1024
KEYS_NS, AGAIN_NS = 6 * HOUR, MINUTE
"""How long keys are believed without asking, and how soon an unknown key may make us ask again."""

log = structlog.get_logger("oidc")


class Provider(Struct, frozen=True, kw_only=True):
    """How the desk is registered there."""

    issuer: str
    client: str
    secret: Secret | None
    scopes: str
    redirect: str
    """Where the provider sends people back to."""
    jwks_uri: str | None = None
    """Without discovery: tokens only."""
    nonces: bool = True
    """Whether tokens repeat the nonce that the desk gave."""


class OidcIssuer:
    """Answers accounts' Issuer."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._at, self._clock = provider, clock
        self._known: dict[str, Any] | None = None
        self._keys: dict[str, dict[str, Any]] = {}
        self._asked_at = -AGAIN_NS

    async def authorize_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser; raises Unavailable."""
        endpoint = await self._endpoint("authorization_endpoint")
        async with self._oauth() as client:
            url, _ = client.create_authorization_url(
                endpoint, state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    async def exchange(self, code: str, nonce: str, verifier: str) -> Claims:
        """Return whom a code stands for; raises TokenRefused or Unavailable."""
        token = await exchanged(
            self._oauth(), await self._endpoint("token_endpoint"), code, verifier
        )
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise TokenRefused("the provider gave no id_token", fix="add the scope openid")
        return await self.check(id_token, nonce)

    async def check(self, id_token: str, nonce: str) -> Claims:
        """Return whom an id_token names; raises TokenRefused or Unavailable."""
        try:
            header = jwt.get_unverified_header(id_token)
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefused("this is not a signed token", field="id_token") from error
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS or "crit" in header:
            raise TokenRefused(f"tokens signed with {algorithm[:16]} are not taken")
        key = await self._key(str(header.get("kid", "")))
        said = _verified(id_token, key, algorithm)
        wanted = Wanted(
            issuer=self._at.issuer,
            client=self._at.client,
            nonce=nonce if self._at.nonces else None,
            now=self._clock.now(),
        )
        check(said, wanted)
        return claims(said)

    def _oauth(self) -> Any:  # noqa: ANN401  (Authlib has no types)
        return oauth(self._at)

    async def _endpoint(self, name: str) -> str:
        if self._at.jwks_uri is not None:
            raise TokenRefused("this provider gives tokens only", fix="POST …/token")
        if self._known is None:
            url = f"{self._at.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await fetched(url)
            if found.get("issuer") != self._at.issuer:
                raise Unavailable("the provider's discovery names another issuer")
            self._known = found
        value = self._known.get(name)
        if not isinstance(value, str):
            raise Unavailable(f"the provider's discovery has no {name}")
        return value

    async def _key(self, name: str) -> dict[str, Any]:
        """Return the issuer's key of this name; asks again for one that is new (rotation)."""
        age = self._clock.now() - self._asked_at
        if age >= KEYS_NS or (name not in self._keys and age >= AGAIN_NS):
            url = self._at.jwks_uri or await self._endpoint("jwks_uri")
            self._asked_at = self._clock.now()
            listed = (await fetched(url)).get("keys")
            found = [one for one in listed or [] if isinstance(one, dict)]
            self._keys = {str(one.get("kid", "")): one for one in found if _signs(one)}
        if name not in self._keys:
            raise TokenRefused("the token is signed with a key that is not the issuer's")
        return self._keys[name]


def oauth(at: Provider) -> Any:  # noqa: ANN401  (Authlib has no types)
    """Build Authlib's client for one conversation."""
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    return AsyncOAuth2Client(
        client_id=at.client,
        client_secret=None if at.secret is None else at.secret.text(),
        scope=at.scopes,
        redirect_uri=at.redirect,
        code_challenge_method="S256",
        token_endpoint_auth_method="none" if at.secret is None else "client_secret_basic",
        timeout=TIMEOUT_S,
    )


async def exchanged(client: Any, endpoint: str, code: str, verifier: str) -> dict[str, Any]:  # noqa: ANN401
    """Exchange a code for tokens; raises TokenRefused or Unavailable."""
    from authlib.common.errors import AuthlibBaseError

    try:
        async with client:
            token = await client.fetch_token(endpoint, code=code, code_verifier=verifier)
    except AuthlibBaseError as error:
        log.warning("oidc.refused", error=str(error.error))
        raise TokenRefused("the provider does not take the code", fix="sign in again") from error
    except (httpx2.HTTPError, ValueError) as error:
        raise Unavailable("the provider does not answer", fix="try again in a minute") from error
    return dict(token)


async def fetched(url: str, token: str | None = None) -> dict[str, Any]:
    """Read a JSON object from the provider; raises Unavailable."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            reply = await client.get(url, headers=headers)
            reply.raise_for_status()
            if len(reply.content) > MAX_ANSWER:
                raise ValueError(f"{len(reply.content)} bytes")
            found = reply.json()
    except (httpx2.HTTPError, ValueError) as error:
        log.warning("oidc.away", url=url, error=type(error).__name__)
        raise Unavailable("the provider does not answer", fix="try again in a minute") from error
    if not isinstance(found, dict):
        raise Unavailable("the provider's answer is no JSON object")
    return found


def _signs(key: dict[str, Any]) -> bool:
    """Whether a key is for signatures, as far as it says."""
    operations = key.get("key_ops")
    return key.get("use", "sig") == "sig" and (operations is None or "verify" in operations)


def _verified(id_token: str, key: dict[str, Any], algorithm: str) -> dict[str, Any]:
    """Return the claims of a token that this key signed; their meaning is not judged yet."""
    options: Any = {
        f"verify_{one}": one == "signature"
        for one in ("signature", "exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    }
    if key.get("alg", algorithm) != algorithm:
        raise TokenRefused("the token is signed in another way than its key says")
    try:
        public = jwt.PyJWK(key, algorithm)
        said: dict[str, Any] = jwt.decode(id_token, public, [algorithm], options)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefused("the token's signature is not right", field="id_token") from error
    return said
