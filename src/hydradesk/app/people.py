"""Wires people: their stores, secrets, sessions and keys. Part of the house."""

import secrets
from collections.abc import Coroutine
from typing import Any

from starlette.types import Scope

from hydradesk.accounts.api import journal as journal_api
from hydradesk.accounts.api.challenge import challenge_routes
from hydradesk.accounts.api.identify import Identify
from hydradesk.accounts.contracts import PUBLIC, Audit
from hydradesk.accounts.ports.sessions import TradingAccounts
from hydradesk.accounts.service.captcha import FrontDefence, ProofOfWork
from hydradesk.accounts.service.guard import Throttle
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.store.journal import JournalStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.app.keyring import Keyring
from hydradesk.app.office import Around, Office
from hydradesk.app.records import Records
from hydradesk.app.settings import Settings
from hydradesk.app.sign_in import SignInHouse, SignInParts
from hydradesk.doors.webhooks.service.announcer import Announcer
from hydradesk.infra.clock import DeskClock, RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.group import GroupCommit
from hydradesk.infra.http import Principal, Routes
from hydradesk.infra.shared import Shared


class PeopleHouse:
    """The accounts room, connected."""

    def __init__(
        self,
        settings: Settings,
        app: Database,
        system: Database,
        clock: SystemClock,
        shared: Shared,
        desk: DeskClock,
    ) -> None:
        self.settings, self.app, self.system, self.clock = settings, app, system, clock
        self.ids, self.random = RandomIds(), secrets.token_bytes
        self.shared = shared
        self.store = PeopleStore()
        self.captcha = ProofOfWork(shared, clock, self.random, settings.captcha_difficulty)
        self.guard = Throttle(shared, clock, self.captcha)
        self.defence = FrontDefence(shared, clock)
        notes = JournalStore()
        self.journal = journal_api.Journal(GroupCommit(system, notes.add), system, app)
        self.records = Records(system, clock, desk, self.random)
        self.announcer = Announcer(self.records.audit, clock, self.ids)
        self.audit: Audit = self.announcer
        means = Means(system, app, clock, self.random, self.ids)
        self.keyring = Keyring(settings, means, self.store, self.audit, shared)
        self.store.on_change = self.keyring.endings.person_changed
        self.sign_in = SignInHouse(
            settings,
            SignInParts(
                means=means,
                people=self.store,
                sessions=self.keyring.sessions,
                vault=self.keyring.vault,
                audit=self.audit,
                features=self.records.features,
                once=shared,
                guard=self.guard,
                captcha=self.captcha,
                security=self.records.security,
            ),
        )
        self.keyring.sealed.append(self.sign_in.factor_store)
        self.office = Office(
            means,
            Around(self.records, self.store, self.keyring.sessions, self.keyring.vault),
            settings,
        )
        self.keyring.sealed.append(self.office.kyc_store)
        self._identify: Identify | None = None

    def trade_on(self, trading: TradingAccounts) -> None:
        """Learn which paper account each person has."""
        self._identify = self.keyring.identify(trading, self.records.security)

    def routes(self) -> list[Routes]:
        """Every route about people."""
        return [
            challenge_routes(self.captcha),
            journal_api.routes(self.journal, self.ids, self.clock),
            *self.keyring.routes(self.sign_in.base),
            *self.sign_in.routes(),
            *self.office.routes(),
        ]

    async def start(self) -> None:
        """Everything that must be true before the first request."""
        await self.defence.load()
        await self.records.start()
        await self.office.start()
        if not self.settings.demo:
            await self.keyring.start()
            await self.sign_in.start()

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return self.records.roles() | self.keyring.roles() | self.office.roles()

    async def stop(self) -> None:
        """Write down what is still in memory."""
        self.sign_in.stop()
        await self.keyring.stop()
        await self.records.stop()

    async def identify(self, scope: Scope) -> Principal:
        """Say who is calling; never raises."""
        if self._identify is None:
            return Principal(scopes=PUBLIC)
        return await self._identify(scope)
