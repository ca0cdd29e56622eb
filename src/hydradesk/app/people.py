"""Wires people: their stores, secrets, sessions and keys. Part of the house."""

import secrets

from starlette.types import Scope

from hydradesk.accounts.api import journal as journal_api
from hydradesk.accounts.contracts import PUBLIC
from hydradesk.accounts.store.journal import JournalStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.app.settings import Settings
from hydradesk.infra.clock import RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.group import GroupCommit
from hydradesk.infra.http import Principal, Routes


class PeopleHouse:
    """The accounts room, connected."""

    def __init__(
        self, settings: Settings, app: Database, system: Database, clock: SystemClock
    ) -> None:
        self.settings, self.app, self.system, self.clock = settings, app, system, clock
        self.ids, self.random = RandomIds(), secrets.token_bytes
        self.store = PeopleStore()
        notes = JournalStore()
        self.journal = journal_api.Journal(GroupCommit(system, notes.add), system, app)

    def routes(self) -> list[Routes]:
        """Every route about people."""
        return [journal_api.routes(self.journal, self.ids, self.clock)]

    async def start(self) -> None:
        """Everything that must be true before the first request."""

    async def identify(self, scope: Scope) -> Principal:
        """Say who is calling; never raises."""
        return Principal(scopes=PUBLIC)
