"""Wires what people say of themselves and what the desk's staff do with them."""

from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from hydradesk.accounts.api.account import account_routes
from hydradesk.accounts.api.administration import (
    Glance,
    overview_routes,
    people_routes,
    trail_routes,
)
from hydradesk.accounts.api.security import security_routes
from hydradesk.accounts.contracts import People, Sessions
from hydradesk.accounts.service.administration import AdministrationService, Books
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.profile import ProfileService
from hydradesk.accounts.store.register import RegisterStore
from hydradesk.app.records import Records
from hydradesk.infra.http import Routes


class Around(Struct, frozen=True):
    """What surrounds the office."""

    records: Records
    people: People
    sessions: Sessions


class Office:
    """The half of the accounts room that looks after people."""

    def __init__(self, means: Means, around: Around) -> None:
        self.means, self.around = means, around
        self.glance = Glance(withdrawals=_none, halted=_no)
        """What the overview asks of other rooms; the house sets it."""
        audit = around.records.audit
        self.profile = ProfileService(means.db, around.people, audit, means.clock)
        books = Books(around.people, RegisterStore(), around.sessions, audit)
        self.administration = AdministrationService(means.db, means.reads, books, means.clock)

    def routes(self) -> list[Routes]:
        """Build every route of the office."""
        records = self.around.records
        return [
            account_routes(self.profile, self.administration, self.means.clock.now),
            people_routes(self.administration),
            trail_routes(self.administration, records.keeper),
            security_routes(records.features, records.security),
            overview_routes(self.administration, records.security, self.glance),
        ]

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {}


async def _none() -> int:
    return 0


async def _no() -> bool:
    return False
