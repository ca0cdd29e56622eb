"""Wires people: their stores, secrets, sessions and keys. Part of the house."""

import secrets

from starlette.types import Scope

from hydradesk.accounts.contracts import PUBLIC
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.app.records import Records
from hydradesk.app.settings import Settings
from hydradesk.infra.clock import DeskClock, RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.http import Principal, Routes


class PeopleHouse:
    """The accounts room, connected."""

    def __init__(
        self,
        settings: Settings,
        app: Database,
        system: Database,
        clock: SystemClock,
        desk: DeskClock,
    ) -> None:
        self.settings, self.app, self.system, self.clock = settings, app, system, clock
        self.ids, self.random = RandomIds(), secrets.token_bytes
        self.store = PeopleStore()
        self.records = Records(system, clock, desk, self.random)
        self.audit = self.records.audit

    def routes(self) -> list[Routes]:
        """Every route about people."""
        return []

    async def start(self) -> None:
        """Everything that must be true before the first request."""
        await self.records.start()

    async def identify(self, scope: Scope) -> Principal:
        """Say who is calling; never raises."""
        return Principal(scopes=PUBLIC)
