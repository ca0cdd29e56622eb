"""The accounts room around a test: real stores and keys, a clock to set; the rest recorded."""

import base64
import itertools
from typing import Any

import httpx2
from eth_account import Account as EthereumAccount
from eth_account.messages import encode_defunct
from fastapi import FastAPI
from solders.keypair import Keypair

from hydradesk.accounts.api import credentials as credentials_api
from hydradesk.accounts.api import factors as factors_api
from hydradesk.accounts.api import sign_in as sign_in_api
from hydradesk.accounts.contracts import (
    PUBLIC,
    SCOPES_OF,
    Action,
    Issued,
    Method,
    Person,
    Secret,
)
from hydradesk.accounts.domain import siwe, siws
from hydradesk.accounts.domain.signin import SignInMessage
from hydradesk.accounts.service.captcha import ProofOfWork
from hydradesk.accounts.service.credentials import CredentialService
from hydradesk.accounts.service.factors import FactorService
from hydradesk.accounts.service.features import FeatureSwitches
from hydradesk.accounts.service.guard import Throttle
from hydradesk.accounts.service.passkeys import PasskeyService
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.sign_in import Around, Books, SignInService
from hydradesk.accounts.service.step_up import StepUpService, Ways
from hydradesk.accounts.service.wallets import Keys, Offer, WalletService, WalletTerms
from hydradesk.accounts.store.credentials import CredentialStore, FactorStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.accounts.store.security import FeatureStore
from hydradesk.adapters.evm import NodeContracts, Secp256k1
from hydradesk.adapters.solana import Ed25519
from hydradesk.adapters.webauthn import WebAuthn
from hydradesk.doors.gateway import problems
from hydradesk.doors.gateway.app import add_routes
from hydradesk.doors.gateway.gate import Gate
from hydradesk.infra.db import Database
from hydradesk.infra.http import Principal, Routes
from hydradesk.infra.passwords import Argon2Cost, Argon2Pool
from hydradesk.infra.shared import MemoryShared
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SimClock, TimeNs, rfc3339
from hydradesk.kernel.tx import Tx

START = TimeNs(20_263 * DAY + 12 * HOUR)
ORIGIN_URL = "https://desk.example"
CHEAP = Argon2Cost(memory_kib=64, passes=1, slots=2)


class Count:
    """Names that count up."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self) -> str:
        return f"{next(self._numbers):04}"


class RecordedSessions:
    """contracts.Sessions, as far as a sign-in needs them."""

    def __init__(self, clock: SimClock) -> None:
        self._clock, self.opened, self.closed = clock, [], []
        self._numbers = itertools.count(1)

    opened: list[tuple[PersonId, Method, bool]]
    closed: list[tuple[PersonId, str, str | None]]
    freshened: list[str]

    async def open(
        self, tx: Tx, person: PersonId, method: Method, *, proved_twice: bool = False
    ) -> Issued:
        self.opened.append((person, method, proved_twice))
        number, now = next(self._numbers), self._clock.now()
        return Issued(
            session=f"s-{number}",
            person=person,
            access=Secret(f"access-{number}"),
            access_expires_at=TimeNs(now + 10 * MINUTE),
            refresh=Secret(f"refresh-{number}"),
            refresh_expires_at=TimeNs(now + 14 * DAY),
            csrf=f"csrf-{number}",
        )

    async def freshen(self, tx: Tx, session: str) -> TimeNs:
        self.freshened = [*getattr(self, "freshened", []), session]
        return TimeNs(self._clock.now() + 10 * MINUTE)

    async def close_all(
        self, tx: Tx, person: PersonId, reason: str, *, but: str | None = None
    ) -> int:
        self.closed.append((person, reason, but))
        return 1


class RecordedAudit:
    """contracts.Audit, kept in memory."""

    def __init__(self) -> None:
        self.actions: list[Action] = []

    async def record(self, tx: Tx, *actions: Action) -> None:
        self.actions.extend(actions)

    def told(self, action: str, *, ok: bool = True) -> list[Action]:
        return [one for one in self.actions if one.action == action and one.ok is ok]


class NamedVault:
    """contracts.Vault without a key: what is sealed in one place does not open in another."""

    async def seal(self, tx: Tx, secret: Secret, place: str) -> str:
        return f"{place}={secret.text()[::-1]}"

    async def open(self, tx: Tx, sealed: str, place: str) -> Secret:
        where, _, text = sealed.partition("=")
        if where != place:
            raise Invalid("sealed elsewhere")
        return Secret(text[::-1])


class Wallet:
    """A wallet of either kind that signs what it is shown."""

    def __init__(self, kind: Any, seed: int = 1) -> None:
        self.kind = kind
        raw = seed.to_bytes(32, "big")
        self.ethereum = EthereumAccount.from_key(raw)
        self.solana = Keypair.from_seed(raw)

    @property
    def address(self) -> str:
        return str(self.ethereum.address if self.kind == "siwe" else self.solana.pubkey())

    def message(self, offer: Offer, **changes: Any) -> str:
        fields = {
            "domain": offer.domain,
            "address": self.address,
            "statement": offer.statement,
            "uri": offer.uri,
            "version": offer.version,
            "chain_id": offer.chain_id,
            "nonce": offer.nonce,
            "issued_at": rfc3339(offer.issued_at),
            "expiration_time": rfc3339(offer.expires_at),
        }
        message = SignInMessage(**fields | changes)
        return siwe.write(message) if self.kind == "siwe" else siws.write(message)

    def sign(self, text: str) -> str:
        if self.kind == "siwe":
            signed = self.ethereum.sign_message(encode_defunct(text=text))
            return "0x" + bytes(signed.signature).hex()
        return str(self.solana.sign_message(text.encode()))


class Room:
    """Everything a sign-in passes through."""

    def __init__(self, db: Database, nodes: dict[str, str] | None = None) -> None:
        self.db, self.clock, self.ids = db, SimClock(START), Count()
        self.random = _counting()
        self.shared = MemoryShared(self.clock)
        self.people, self.credentials = PeopleStore(), CredentialStore()
        self.factors = FactorStore()
        self.sessions, self.audit = RecordedSessions(self.clock), RecordedAudit()
        self.features = FeatureSwitches(db, FeatureStore(), self.audit, self.clock)
        self.captcha = ProofOfWork(self.shared, self.clock, self.random, 0)
        self.guard = Throttle(self.shared, self.clock, self.captcha)
        self.hasher = Argon2Pool(CHEAP)
        books = Books(
            people=self.people,
            credentials=self.credentials,
            factors=self.factors,
            sessions=self.sessions,
            audit=self.audit,
        )
        around = Around(
            clock=self.clock,
            ids=self.ids,
            random=self.random,
            once=self.shared,
            features=self.features,
        )
        self.base = SignInService(db, books, around)
        self.keys = Keys(
            ethereum=Secp256k1(), solana=Ed25519(), contracts=NodeContracts(nodes or {})
        )
        chains = ("1", "31337")
        terms = WalletTerms(origin=ORIGIN_URL, evm_chains=chains)
        self.wallets = WalletService(self.base, terms, self.keys)
        self.passwords = PasswordService(self.base, self.hasher, self.guard, self.captcha)
        self.vault = NamedVault()
        self.passkeys = PasskeyService(self.base, WebAuthn(ORIGIN_URL))
        self.second = FactorService(
            self.base, self.passkeys, self.vault, self.guard, "desk.example"
        )
        self.step_up = StepUpService(
            self.base,
            Ways(
                factors=self.second,
                passkeys=self.passkeys,
                passwords=self.passwords,
                wallets=self.wallets,
                guard=self.guard,
            ),
        )
        self.links = CredentialService(self.base, self.wallets, self.second)
        self.me = Principal(scopes=PUBLIC)

    def routes(self) -> list[Routes]:
        return [
            sign_in_api.wallet_routes(self.wallets),
            sign_in_api.password_routes(self.passwords),
            factors_api.passkey_routes(self.passkeys),
            factors_api.second_step_routes(self.second, self.step_up),
            factors_api.own_factor_routes(self.second),
            factors_api.own_passkey_routes(self.passkeys),
            credentials_api.credential_routes(self.links, self.passwords),
            credentials_api.link_routes(self.links),
        ]

    def client(self) -> httpx2.AsyncClient:
        """A door with these routes; who comes in is `self.me`."""
        app = FastAPI()
        app.state.now = self.clock.now
        problems.install(app)
        add_routes(app, self.routes())

        async def identify(scope: Any) -> Principal:
            return self.me

        transport = httpx2.ASGITransport(Gate(app, identify), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url=f"{ORIGIN_URL}/api")

    def be(self, person: Person | PersonId, *, fresh: bool = True, session: str = "s-1") -> None:
        """Come in as this person from now on."""
        name = person.id if isinstance(person, Person) else person
        self.me = Principal(
            person=name,
            role="user",
            scopes=SCOPES_OF["user"],
            session=session,
            fresh_until=TimeNs(self.clock.now() + 10 * MINUTE if fresh else 0),
        )

    async def person(self, person: PersonId) -> Person:
        async with self.db.begin() as tx:
            return await self.people.get(tx, person)

    async def suspend(self, person: PersonId, status: Any = "suspended") -> None:
        import msgspec

        async with self.db.begin() as tx:
            now = await self.people.locked(tx, person)
            changed = msgspec.structs.replace(now, status=status, version=now.version + 1)
            await self.people.save(tx, changed, self.clock.now())


def _counting() -> Any:
    numbers = itertools.count(1)

    def random(size: int) -> bytes:
        return next(numbers).to_bytes(8, "little").ljust(size, b"\x5a")[:size]

    return random


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
