"""Signing in with somebody else's word for it: OpenID providers, Web3Auth, Whop."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts.credentials import Claims, Credential
from hydradesk.accounts.contracts.refusals import NonceInvalid
from hydradesk.accounts.domain import federated
from hydradesk.accounts.ports.credentials import Issuer
from hydradesk.accounts.service.memberships import MembershipService
from hydradesk.accounts.service.sign_in import (
    FactorNeeded,
    Key,
    SignedIn,
    SignInService,
    Watch,
    Welcome,
    digest,
)
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, MINUTE

STATE_NS = 10 * MINUTE


class Federated(Struct, frozen=True, kw_only=True):
    """One provider of this desk."""

    label: str
    issuer: Issuer
    name: str
    """Its issuer identifier: what its subjects are unique under."""
    kind: Literal["oidc", "whop"] = "oidc"
    wallets: bool = False
    """Whether wallets that it names come with a new person."""


class Leaving(Struct, frozen=True, kw_only=True):
    """Where the browser goes, and what it must bring back."""

    url: str
    state: str


class Memory(Struct, frozen=True, kw_only=True):
    """What is remembered while somebody is away at a provider."""

    provider: str
    nonce: str
    verifier: str


class FederationService:
    """Code flows and tokens of every provider."""

    def __init__(
        self,
        base: SignInService,
        providers: Mapping[str, Federated],
        memberships: MembershipService,
    ) -> None:
        self._base, self.providers, self._memberships = base, providers, memberships

    async def leave(self, name: str) -> Leaving:
        """Begin a code flow with PKCE; state, nonce and verifier are used once."""
        provider = self._provider(name)
        state, nonce, verifier = (self._noise() for _ in range(3))
        memory = Memory(provider=name, nonce=nonce, verifier=verifier)
        kept = msgspec.json.encode(memory).decode()
        url = await provider.issuer.authorize_url(state, nonce, verifier)
        await self._base.around.once.put(f"oidc:{digest(state)}", kept, STATE_NS)
        return Leaving(url=url, state=state)

    async def come_back(
        self, name: str, code: str, state: str, brought: str | None
    ) -> SignedIn | FactorNeeded:
        """Finish a code flow; `brought`: the state in the browser's cookie."""
        async with self._base.watched("auth.signed_in") as watch:
            provider = self._provider(name)
            watch.after |= {"method": provider.kind, "provider": name}
            kept = await self._base.around.once.take(f"oidc:{digest(state)}")
            memory = None if kept is None else msgspec.json.decode(kept, type=Memory)
            if memory is None or memory.provider != name or brought != state:
                raise NonceInvalid("this sign-in was not begun here", fix="begin again")
            claims = await provider.issuer.exchange(code, memory.nonce, memory.verifier)
            return await self._enter(provider, claims, watch)

    async def nonce(self, name: str) -> str:
        """Return a nonce for a token that a wallet-as-a-service will issue."""
        self._provider(name)
        nonce = self._noise()
        await self._base.around.once.put(f"nonce:oidc:{name}:{nonce}", "", STATE_NS)
        return nonce

    async def with_token(self, name: str, id_token: str, nonce: str) -> SignedIn | FactorNeeded:
        """Sign in whom an id_token names."""
        async with self._base.watched("auth.signed_in") as watch:
            provider = self._provider(name)
            watch.after |= {"method": "oidc", "provider": name}
            claims = await self._claims(name, id_token, nonce)
            return await self._enter(provider, claims, watch)

    async def link(self, person: PersonId, name: str, id_token: str, nonce: str) -> Credential:
        """Let whom an id_token names sign in as this person."""
        async with self._base.watched("auth.credential_added") as watch:
            watch.know(person)
            claims = await self._claims(name, id_token, nonce)
            key = _key(self._provider(name), claims)
            async with self._base.db.begin() as tx:
                await self._base.books.people.locked(tx, person)
                return await self._base.attach(tx, person, key)

    async def _claims(self, name: str, id_token: str, nonce: str) -> Claims:
        """Check a token; nonce and token are each used once."""
        provider, once = self._provider(name), self._base.around.once
        if await once.take(f"nonce:oidc:{name}:{nonce}") is None:
            raise NonceInvalid("the nonce is unknown, used or too old", fix="ask for a new one")
        claims = await provider.issuer.check(id_token, nonce)
        signed = digest(id_token.rpartition(".")[0])  # its signature may have another spelling
        if await once.seen(f"oidc:token:{signed}", DAY):
            raise NonceInvalid("the token was used already", fix="sign in there again")
        return claims

    async def _enter(
        self, provider: Federated, claims: Claims, watch: Watch
    ) -> SignedIn | FactorNeeded:
        key = _key(provider, claims)
        watch.personal |= {"subject": key.subject}
        whop = claims.subject if provider.kind == "whop" else None
        if whop is not None:
            await self._memberships.join(whop, key)
        email = await self._free(claims)
        welcome = Welcome(
            name=claims.name or (email or "").partition("@")[0] or provider.label,
            email=email,
            email_verified=claims.email_verified and email is not None,
            whop_id=whop,
        )
        outcome = await self._base.with_key(key, welcome, watch)
        if whop is not None:
            await self._memberships.apply(whop)
        if provider.wallets and isinstance(outcome, SignedIn):
            await self._attach_wallets(outcome.person.id, claims)
        return outcome

    async def _free(self, claims: Claims) -> str | None:
        """Return the address, unless somebody has it: an address alone joins nobody."""
        if claims.email is None or not federated.is_address(claims.email):
            return None
        async with self._base.db.begin() as tx:
            taken = await self._base.books.people.by_email(tx, claims.email)
        return None if taken is not None else claims.email

    async def _attach_wallets(self, person: PersonId, claims: Claims) -> None:
        """Keep wallets the provider made for this person, where they are nobody's yet."""
        for kind, address in federated.wallets(claims.wallets):
            async with self._base.db.begin() as tx:
                if await self._base.books.credentials.find(tx, kind, address) is None:
                    key = Key(kind=kind, subject=address, label=f"{address[:6]}…{address[-4:]}")
                    await self._base.attach(tx, person, key)

    def _provider(self, name: str) -> Federated:
        found = self.providers.get(name)
        if found is None:
            raise NotFound(f"this desk has no provider {name[:32]!r}")
        return found

    def _noise(self) -> str:
        return urlsafe_b64encode(self._base.around.random(36)).decode().rstrip("=")


def _key(provider: Federated, claims: Claims) -> Key:
    subject = claims.subject
    if provider.kind == "oidc":
        subject = f"{provider.name}|{claims.subject}"
    label = f"{provider.label}: {claims.email or claims.name or claims.subject}"
    return Key(kind=provider.kind, subject=subject, label=label[:64])
