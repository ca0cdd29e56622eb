"""Wires what proves who somebody is: sealed secrets, tokens, sessions, keys."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.api import keys as keys_api
from hydradesk.accounts.api import sessions as sessions_api
from hydradesk.accounts.api.identify import Identify
from hydradesk.accounts.contracts import Audit, People
from hydradesk.accounts.contracts.security import SecurityLog
from hydradesk.accounts.domain.sessions import SessionRules
from hydradesk.accounts.ports.secrets import KeyWrapper, SealedPlaces
from hydradesk.accounts.ports.sessions import SecondFactors, TradingAccounts
from hydradesk.accounts.service.callers import CallerBooks, Callers
from hydradesk.accounts.service.endings import Endings
from hydradesk.accounts.service.keys import KeyBooks, KeyService
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.refusals import Refusals
from hydradesk.accounts.service.sessions import Books, SessionService
from hydradesk.accounts.service.tokens import TokenRules, Tokens
from hydradesk.accounts.service.vault import Vault
from hydradesk.accounts.service.venue_keys import VenueBooks, VenueKeys
from hydradesk.accounts.store.keys import KeyStore, VenueKeyStore
from hydradesk.accounts.store.secrets import DataKeyStore, SigningKeyStore
from hydradesk.accounts.store.sessions import SessionStore
from hydradesk.accounts.store.wrapping import EnvironmentKek, FileKek
from hydradesk.app.settings import Settings
from hydradesk.infra.http import Routes
from hydradesk.infra.shared import Shared
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import DAY, MINUTE, SECOND

BEAT_S = 1.0
SEEN_EVERY, KEYS_EVERY, PURGE_EVERY = 15, 600, 3600
"""Beats between: who was seen, rotation and sealing anew, what ended long ago."""

log = structlog.get_logger("keyring")


def wrappers(
    settings: Settings, random: Callable[[int], bytes]
) -> tuple[KeyWrapper, list[KeyWrapper]]:
    """Return the key-encryption key in use, and those that still unwrap."""
    file = FileKek(settings.data_dir, random)
    file.check()
    others: list[KeyWrapper] = [file]
    if settings.kek_old is not None:
        old = settings.kek_old.get_secret_value()
        others.append(EnvironmentKek(old, "kek_old", random))
    if settings.kek is not None:
        own = EnvironmentKek(settings.kek.get_secret_value(), "kek", random)
        others.append(own)
    if settings.kek_source == "env":
        if settings.kek is None:
            raise Unavailable(
                "HYDRADESK_KEK_SOURCE is env, and there is no HYDRADESK_KEK",
                field="kek",
                fix="set it to the output of `openssl rand -base64 32`",
            )
        return own, others
    if settings.kek_source.startswith("aws-kms:"):
        from hydradesk.adapters.aws.kms import KmsKek

        key = settings.kek_source.removeprefix("aws-kms:")
        return KmsKek(key, settings.aws_region, settings.aws_endpoint), others
    return file, others


class Keyring:
    """The half of the accounts room that lets people in once they have signed in."""

    def __init__(
        self, settings: Settings, means: Means, people: People, audit: Audit, shared: Shared
    ) -> None:
        self.means, self.people = means, people
        wrapper, others = wrappers(settings, means.random)
        self.vault = Vault(means, DataKeyStore(), wrapper, others)
        rules = TokenRules(
            issuer=settings.origin,
            life_ns=settings.access_minutes * MINUTE,
            key_life_ns=settings.signing_days * DAY,
        )
        self.tokens = Tokens(means, SigningKeyStore(), self.vault, rules)
        self.endings = Endings(shared)
        self.session_store, self.key_store = SessionStore(), KeyStore()
        self.venue_store = VenueKeyStore()
        self.sessions = SessionService(
            means,
            Books(self.session_store, people, audit),
            self.tokens,
            self.endings,
            _rules(settings),
        )
        self.keys = KeyService(means, KeyBooks(self.key_store, self.vault, audit), self.endings)
        self.venues = VenueKeys(means, VenueBooks(self.venue_store, self.vault, audit))
        books = CallerBooks(self.session_store, self.key_store, self.vault, shared)
        window = settings.signature_window_s * SECOND
        self.callers = Callers(means, books, self.tokens, self.sessions, window)
        self.callers.listen(self.endings)
        self.refusals = Refusals(means, audit)
        self.sealed: list[SealedPlaces] = [self.key_store, self.venue_store]
        """Stores with sealed fields; who adds one adds it here."""

    def identify(self, trading: TradingAccounts, security: SecurityLog) -> Identify:
        """Build what tells the gate who is calling."""
        return Identify(self.callers, trading, self.refusals, security)

    def routes(self, factors: SecondFactors) -> Sequence[Routes]:
        """Build the routes of sessions and keys."""
        signs = sessions_api.Signs(
            self.means.db, self.people, factors, self.sessions, self.keys, self.tokens
        )
        desk = keys_api.KeyDesk(self.means.db, self.people, self.keys, self.venues)
        return [*sessions_api.routes(signs), *keys_api.routes(desk)]

    async def start(self) -> None:
        """Make the first keys, and refuse to run when we cannot open those there are."""
        await self.vault.start()
        await self.tokens.start()

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {"keyring": self._run()}

    async def stop(self) -> None:
        """Write down what is still in memory."""
        await self.refusals.flush()
        await self.callers.save_seen()

    async def _run(self) -> None:
        beat = 0
        while True:
            await asyncio.sleep(BEAT_S)
            beat += 1
            try:
                await self._beat(beat)
            except (DBAPIError, OSError, TimeoutError, Unavailable) as error:
                log.warning("keyring.waiting", error=type(error).__name__)

    async def _beat(self, beat: int) -> None:
        await self.refusals.flush()
        if beat % SEEN_EVERY == 0:
            await self.callers.save_seen()
        if beat % KEYS_EVERY == 0:
            await self.tokens.rotate()
            for places in self.sealed:
                await self.vault.reseal(places)
        if beat % PURGE_EVERY == 0:
            await self.sessions.purge()


def _rules(settings: Settings) -> SessionRules:
    return SessionRules(
        refresh_ns=settings.refresh_days * DAY,
        idle_ns=settings.idle_days * DAY,
        whole_ns=settings.session_days * DAY,
        fresh_ns=settings.step_up_minutes * MINUTE,
    )
