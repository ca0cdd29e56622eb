"""Wires how people sign in: wallets, passwords, passkeys, second factors."""

import asyncio
from urllib.parse import urlsplit

from msgspec import Struct

from hydradesk.accounts.api import credentials as credentials_api
from hydradesk.accounts.api import factors as factors_api
from hydradesk.accounts.api import sign_in as sign_in_api
from hydradesk.accounts.contracts import Audit, Features, People, SecurityLog, Sessions, Vault
from hydradesk.accounts.ports.captcha import Captcha, SignInGuard
from hydradesk.accounts.ports.credentials import OneTime
from hydradesk.accounts.service.credentials import CredentialService
from hydradesk.accounts.service.factors import FactorService
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.passkeys import PasskeyService
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.sign_in import Around, Books, SignInService
from hydradesk.accounts.service.step_up import StepUpService, Ways
from hydradesk.accounts.service.wallets import Keys, WalletService, WalletTerms
from hydradesk.accounts.store.credentials import CredentialStore, FactorStore
from hydradesk.adapters.evm import NodeContracts, Secp256k1
from hydradesk.adapters.solana import Ed25519
from hydradesk.adapters.webauthn import WebAuthn
from hydradesk.app.federation import FederationHouse
from hydradesk.app.settings import Settings
from hydradesk.infra.http import Routes
from hydradesk.infra.passwords import Argon2Cost, Argon2Pool


class SignInParts(Struct, frozen=True, kw_only=True):
    """What the rest of the accounts room brings."""

    means: Means
    people: People
    sessions: Sessions
    vault: Vault
    audit: Audit
    features: Features
    once: OneTime
    guard: SignInGuard
    captcha: Captcha
    security: SecurityLog


class SignInHouse:
    """Every way in, connected."""

    def __init__(self, settings: Settings, parts: SignInParts) -> None:
        self.settings, self.parts = settings, parts
        self.factor_store = FactorStore()
        self.credential_store = CredentialStore()
        self.hasher = Argon2Pool(
            Argon2Cost(
                memory_kib=settings.argon2_memory_kib,
                passes=settings.argon2_passes,
                slots=settings.argon2_slots,
            )
        )
        means = parts.means
        books = Books(
            people=parts.people,
            credentials=self.credential_store,
            factors=self.factor_store,
            sessions=parts.sessions,
            audit=parts.audit,
        )
        around = Around(
            clock=means.clock,
            ids=means.ids,
            random=means.random,
            once=parts.once,
            features=parts.features,
            security=parts.security,
        )
        self.base = SignInService(means.db, books, around)
        self._wire()

    def _wire(self) -> None:
        settings, parts = self.settings, self.parts
        self.ethereum, self.solana = Secp256k1(), Ed25519()
        self.webauthn = WebAuthn(settings.origin)
        keys = Keys(
            ethereum=self.ethereum,
            solana=self.solana,
            contracts=NodeContracts(settings.evm_rpc),
        )
        terms = WalletTerms(
            origin=settings.origin,
            evm_chains=tuple(settings.evm_chains.split(",")),
            solana_chain=settings.solana_chain,
        )
        self.wallets = WalletService(self.base, terms, keys)
        self.passwords = PasswordService(self.base, self.hasher, parts.guard, parts.captcha)
        self.passkeys = PasskeyService(self.base, self.webauthn)
        host = urlsplit(settings.origin).hostname or "localhost"
        self.factors = FactorService(self.base, self.passkeys, parts.vault, parts.guard, host)
        ways = Ways(
            factors=self.factors,
            passkeys=self.passkeys,
            passwords=self.passwords,
            wallets=self.wallets,
            guard=parts.guard,
        )
        self.step_up = StepUpService(self.base, ways)
        self.credentials = CredentialService(self.base, self.wallets, self.factors)
        self.federation = FederationHouse(settings, self.base, self.hasher)

    def routes(self) -> list[Routes]:
        """Every route of signing in."""
        return [
            sign_in_api.method_routes(self.methods),
            sign_in_api.wallet_routes(self.wallets),
            sign_in_api.password_routes(self.passwords),
            factors_api.passkey_routes(self.passkeys),
            factors_api.second_step_routes(self.factors, self.step_up),
            factors_api.own_factor_routes(self.factors),
            factors_api.own_passkey_routes(self.passkeys),
            credentials_api.credential_routes(self.credentials, self.passwords),
            credentials_api.link_routes(self.credentials),
            *self.federation.routes(),
        ]

    def methods(self) -> sign_in_api.MethodsView:
        """Say how one may sign in at this desk."""
        own = [*sign_in_api.OWN_METHODS, *self.federation.methods()]
        offered = [] if self.settings.demo else own
        return sign_in_api.MethodsView(
            demo=self.settings.demo,
            sign_up=not self.settings.demo and self.parts.features.enabled("sign_up"),
            captcha=self.settings.captcha_difficulty > 0,
            methods=offered,
        )

    async def start(self) -> None:
        """Load the libraries that take a while, before somebody waits for them."""
        for one in (self.ethereum, self.solana, self.webauthn):
            await asyncio.to_thread(one.warm)

    def stop(self) -> None:
        """End the threads."""
        self.hasher.close()
