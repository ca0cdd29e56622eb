"""Wires people: their stores, secrets, sessions and keys. Part of the house."""

import secrets

from starlette.types import Scope

from hydradesk.accounts.api import journal as journal_api
from hydradesk.accounts.api.challenge import challenge_routes
from hydradesk.accounts.contracts import PUBLIC
from hydradesk.accounts.service.captcha import FrontDefence, ProofOfWork
from hydradesk.accounts.service.guard import Throttle
from hydradesk.accounts.store.journal import JournalStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.app.records import Records
from hydradesk.app.settings import Settings
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
        self.audit = self.records.audit

    def routes(self) -> list[Routes]:
        """Every route about people."""
        return [
            challenge_routes(self.captcha),
            journal_api.routes(self.journal, self.ids, self.clock),
        ]

    async def start(self) -> None:
        """Everything that must be true before the first request."""
        await self.defence.load()
        await self.records.start()

    async def identify(self, scope: Scope) -> Principal:
        """Say who is calling; never raises."""
        return Principal(scopes=PUBLIC)
