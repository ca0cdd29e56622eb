"""Settles who a caller is from what they show: a token, a key, or a signature."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from hydradesk.accounts.contracts import Secret, Vault, scopes_of
from hydradesk.accounts.contracts.keys import ApiKey
from hydradesk.accounts.domain.jws import AccessExpired
from hydradesk.accounts.domain.keys import (
    KeyRefused,
    Replayed,
    SignatureRefused,
    Signed,
    is_name,
    key_place,
    public_bytes,
    require_timely,
    require_usable,
    same_secret,
    signature_of,
    split,
)
from hydradesk.accounts.domain.sessions import SessionEnded, ends_at
from hydradesk.accounts.ports.sessions import KeyBook, OneTimeNames, SessionBook, Standing
from hydradesk.accounts.service.endings import Endings
from hydradesk.accounts.service.kept import Kept
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.sessions import SessionService
from hydradesk.accounts.service.tokens import Tokens
from hydradesk.kernel.time import MINUTE, TimeNs

SEEN_NS = MINUTE
"""How exactly `last seen` and `last used` are kept."""
MOST_SECRETS = 10_000


class CallerBooks(Struct, frozen=True):
    """Where sessions and keys are kept, secrets sealed, and signatures remembered."""

    sessions: SessionBook
    keys: KeyBook
    vault: Vault
    once: OneTimeNames


class Callers:
    """Answers who is calling. Every method raises what was wrong with what was shown.

    Args:
        means: transactions, clock.
        books: what is looked up.
        tokens: verifies access tokens.
        sessions: their rules.
        window_ns: how far a signed request's time may be from ours.
    """

    def __init__(
        self,
        means: Means,
        books: CallerBooks,
        tokens: Tokens,
        sessions: SessionService,
        window_ns: int,
    ) -> None:
        self._db, self._clock = means.db, means.clock
        self._books, self._tokens, self._rules = books, tokens, sessions.rules
        self._window_ns = window_ns
        self._sessions = Kept(self._load_session, means.clock)
        self._keys = Kept(self._load_key, means.clock)
        self._secrets: dict[str, tuple[str, Secret]] = {}
        self._seen: dict[str, TimeNs] = {}
        self._used: dict[str, TimeNs] = {}
        self._noted: dict[str, TimeNs] = {}

    def listen(self, endings: Endings) -> None:
        """Forget here whatever ends."""
        endings.watch(self._sessions)
        endings.watch(self._keys)

    async def of_token(self, token: str) -> Standing:
        """Return whose access token this is; raises AccessRefused, AccessExpired, SessionEnded."""
        claims = await self._tokens.verify(token)
        standing = await self._sessions.get(claims.sid)
        now = self._clock.now()
        if standing is None or standing.session is None or standing.person != claims.sub:
            raise SessionEnded("the session has ended", fix="sign in again")
        session = standing.session
        if session.closed_at is not None or ends_at(session, self._rules) <= now:
            raise SessionEnded("the session has ended", fix="sign in again")
        if standing.status != "active":
            raise SessionEnded("this person may not come in any more")
        if standing.role != claims.role:
            raise AccessExpired("your role has changed", fix="POST /api/auth/refresh")
        self._note(self._seen, session.id, now)
        return standing

    async def of_key(self, text: str, ip: str) -> Standing:
        """Return whose bearer key this is; raises KeyRefused or IpNotAllowed."""
        name, secret = split(text)
        standing, key = await self._usable(name, ip, "bearer")
        if not same_secret(secret, key.digest):
            raise KeyRefused("this is no API key of ours", fix="copy it whole, or make another")
        self._note(self._used, key.id, self._clock.now())
        return standing

    async def of_signature(self, signed: Signed) -> Standing:
        """Return whose signed request this is; each counts once."""
        now = self._clock.now()
        if not is_name(signed.key):
            raise KeyRefused("X-HD-Key names no key of ours")
        require_timely(signed.timestamp, now, self._window_ns)
        standing, key = await self._usable(signed.key, signed.ip, "hmac", "ed25519")
        if key.kind == "hmac":
            await self._check_hmac(key, signed)
        else:
            _check_ed25519(key, signed)
        name = f"signed:{key.id}:{hashlib.sha256(signed.signature.encode()).hexdigest()}"
        if await self._books.once.seen(name, 2 * self._window_ns):
            raise Replayed("this very request came before", fix="sign again with the present time")
        self._note(self._used, key.id, now)
        return standing

    async def save_seen(self) -> None:
        """Write down who was seen since last time."""
        seen, self._seen = self._seen, {}
        used, self._used = self._used, {}
        if not seen and not used:
            return
        async with self._db.begin() as tx:
            if seen:
                await self._books.sessions.touch(tx, seen)
            if used:
                await self._books.keys.touch(tx, used)
        floor = self._clock.now() - SEEN_NS
        self._noted = {name: at for name, at in self._noted.items() if at > floor}

    async def _usable(self, name: str, ip: str, *kinds: str) -> tuple[Standing, ApiKey]:
        standing = await self._keys.get(name)
        if standing is None or standing.key is None or standing.key.kind not in kinds:
            raise KeyRefused("this is no API key of ours", fix="copy it whole, or make another")
        require_usable(standing.key, self._clock.now(), ip)
        if standing.status != "active":
            raise KeyRefused("the key's owner may not come in any more")
        return standing, standing.key

    async def _check_hmac(self, key: ApiKey, signed: Signed) -> None:
        given = signature_of(signed.signature, 32)
        secret = await self._secret(key)
        made = hmac.new(secret.reveal(), signed.message(), hashlib.sha256).digest()
        if not hmac.compare_digest(made, given):
            raise SignatureRefused("the signature is not this key's over this request")

    async def _secret(self, key: ApiKey) -> Secret:
        assert key.sealed is not None
        known = self._secrets.get(key.id)
        if known is None or known[0] != key.sealed:
            async with self._db.begin() as tx:
                opened = await self._books.vault.open(tx, key.sealed, key_place(key.id))
            if len(self._secrets) >= MOST_SECRETS:
                self._secrets.clear()
            known = self._secrets[key.id] = key.sealed, opened
        return known[1]

    def _note(self, where: dict[str, TimeNs], name: str, now: TimeNs) -> None:
        if now - self._noted.get(name, 0) > SEEN_NS:
            self._noted[name] = where[name] = now

    async def _load_session(self, name: str) -> Standing | None:
        async with self._db.begin() as tx:
            return await self._books.sessions.standing(tx, name)

    async def _load_key(self, name: str) -> Standing | None:
        async with self._db.begin() as tx:
            return await self._books.keys.standing(tx, name)


def allowed(standing: Standing) -> frozenset[str]:
    """Return what a caller may do: their role's scopes, narrowed to what the key is for."""
    return scopes_of(standing.role, standing.key.kinds if standing.key else None)


def _check_ed25519(key: ApiKey, signed: Signed) -> None:
    given = signature_of(signed.signature, 64)
    assert key.public_key is not None
    try:
        public = Ed25519PublicKey.from_public_bytes(public_bytes(key.public_key))
        public.verify(given, signed.message())
    except InvalidSignature as error:
        raise SignatureRefused("the signature is not this key's over this request") from error
