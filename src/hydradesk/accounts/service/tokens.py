"""Access tokens: signed with Ed25519 keys that follow one another, verified strictly.

A key is `next` (published), then `active` (signs), then `retiring` (still verifies) for longer
than any token it signed; whoever fetched the JWKS in between has every key it meets.
"""

import hashlib
from collections import OrderedDict
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt import InvalidTokenError
from jwt.api_jws import PyJWS
from msgspec import Struct

from hydradesk.accounts.contracts import Person, Secret, Vault
from hydradesk.accounts.domain import jwk, jws
from hydradesk.accounts.domain.jws import AccessRefused, Claims
from hydradesk.accounts.domain.sealing import encode
from hydradesk.accounts.ports.tokens import KeyState, SigningKey, SigningKeyBook
from hydradesk.accounts.service.means import Means
from hydradesk.kernel.time import DAY, MINUTE, SECOND, TimeNs
from hydradesk.kernel.tx import Tx

LOOK_NS = 60 * SECOND
"""How often keys are read anew: another process may have rotated them."""
UNKNOWN_NS = SECOND
"""How often at most an unknown `kid` makes us look."""
REMEMBERED = 20_000
_JWS = PyJWS(algorithms=["EdDSA"])


class TokenRules(Struct, frozen=True, kw_only=True):
    """How tokens are made."""

    issuer: str
    """The desk's origin; also the audience."""
    life_ns: int = 5 * MINUTE
    key_life_ns: int = 30 * DAY
    """How long a key signs."""

    @property
    def overlap_ns(self) -> int:
        """How long a key verifies after its last signature."""
        return 2 * self.life_ns + 2 * LOOK_NS


class Tokens:
    """Makes and verifies access tokens; keeps the signing keys."""

    def __init__(self, means: Means, keys: SigningKeyBook, vault: Vault, rules: TokenRules) -> None:
        self._db, self._clock, self._random = means.db, means.clock, means.random
        self._keys, self._vault, self.rules = keys, vault, rules
        self._public: dict[str, Ed25519PublicKey] = {}
        self._jwks: list[dict[str, Any]] = []
        self._signer: tuple[str, Ed25519PrivateKey] | None = None
        self._looked = self._missed = TimeNs(0)
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()

    async def issue(self, person: Person, session: str) -> tuple[Secret, TimeNs]:
        """Sign a token for one session of a person; returns it and when it expires."""
        await self._fresh()
        assert self._signer is not None
        kid, private = self._signer
        now = self._clock.now() // SECOND
        expires = now + self.rules.life_ns // SECOND
        claims = Claims(
            iss=self.rules.issuer,
            aud=self.rules.issuer,
            sub=person.id,
            sid=session,
            jti=encode(self._random(12)),
            iat=now,
            nbf=now,
            exp=expires,
            role=person.role,
            use="access",
        )
        body = msgspec.json.encode(claims)
        headers = {"kid": kid, "typ": jws.TYPE}
        return Secret(_JWS.encode(body, private, "EdDSA", headers)), TimeNs(expires * SECOND)

    async def verify(self, token: str) -> Claims:
        """Return what a token says; raises AccessRefused or AccessExpired.

        A token seen before costs one digest: its signature does not change, its time does.
        """
        name = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._verified.get(name)
        if known is None:
            known = await self._checked(token)
            self._verified[name] = known
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
        jws.judge(known, self._clock.now(), self.rules.issuer, self.rules.issuer)
        return known

    async def jwks(self) -> list[dict[str, Any]]:
        """Return the public halves of every key that verifies, or soon will."""
        await self._fresh()
        return self._jwks

    async def rotate(self, *, now: bool = False) -> str | None:
        """Let the next key sign when it is time, or at once; returns its id if it does.

        Retired keys are forgotten once their last token has expired.
        """
        async with self._db.begin() as tx:
            await self._keys.lock(tx)
            keys = await self._keys.every(tx)
            at = self._clock.now()
            for old in keys:
                if old.state == "retiring" and at - old.since > self.rules.overlap_ns:
                    await self._keys.drop(tx, old.id)
            active = next(one for one in keys if one.state == "active")
            due = at - active.since > self.rules.key_life_ns
            following = next(one for one in keys if one.state == "next")
            if now or due:
                await self._keys.save(tx, _moved(active, "retiring", at))
                await self._keys.save(tx, _moved(following, "active", at))
                await self._made(tx, "next")
        await self.start()
        return following.id if now or due else None

    async def start(self) -> None:
        """Read the keys; make the first ones."""
        async with self._db.begin() as tx:
            await self._load(tx)

    async def _checked(self, token: str) -> Claims:
        kid = jws.header_of(token).kid
        key = await self._key(kid)
        try:
            _JWS.decode(token, key, algorithms=["EdDSA"])
        except InvalidTokenError as error:
            raise AccessRefused("the token was not signed by us", fix="sign in again") from error
        return jws.claims_of(token)

    async def _key(self, kid: str) -> Ed25519PublicKey:
        await self._fresh()
        now = self._clock.now()
        if kid not in self._public and now - self._missed > UNKNOWN_NS:
            self._missed = now
            await self.start()
        if kid not in self._public:
            raise AccessRefused("the token names no key of ours", fix="sign in again")
        return self._public[kid]

    async def _fresh(self) -> None:
        if self._clock.now() - self._looked > LOOK_NS:
            await self.start()

    async def _load(self, tx: Tx) -> None:
        keys = await self._keys.every(tx)
        if not keys:
            await self._keys.lock(tx)
            keys = await self._keys.every(tx)
        if not keys:
            keys = [await self._made(tx, "active"), await self._made(tx, "next")]
        self._jwks = [msgspec.json.decode(one.public, type=dict[str, Any]) for one in keys]
        before = set(self._public)
        self._public = {
            one["kid"]: Ed25519PublicKey.from_public_bytes(jwk.ed25519_of(one))
            for one in self._jwks
        }
        if before - set(self._public):
            self._verified.clear()  # what a forgotten key signed counts no more
        active = next(one for one in keys if one.state == "active")
        if self._signer is None or self._signer[0] != active.id:
            assert active.sealed is not None
            private = await self._vault.open(tx, active.sealed, _place(active.id))
            self._signer = active.id, Ed25519PrivateKey.from_private_bytes(private.reveal())
        self._looked = self._clock.now()

    async def _made(self, tx: Tx, state: KeyState) -> SigningKey:
        kid = encode(self._random(12))
        private = Ed25519PrivateKey.from_private_bytes(seed := self._random(32))
        public = jwk.of_ed25519(private.public_key().public_bytes_raw(), kid)
        key = SigningKey(
            id=kid,
            state=state,
            since=self._clock.now(),
            public=msgspec.json.encode(public).decode(),
            sealed=await self._vault.seal(tx, Secret(seed), _place(kid)),
        )
        await self._keys.save(tx, key)
        return key


def _moved(key: SigningKey, state: KeyState, at: TimeNs) -> SigningKey:
    """Return a key in its next state; one that retires loses its private half."""
    sealed = None if state == "retiring" else key.sealed
    return SigningKey(id=key.id, state=state, since=at, public=key.public, sealed=sealed)


def _place(kid: str) -> str:
    return f"signing:{kid}"
