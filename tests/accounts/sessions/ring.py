"""Sessions, keys and secrets as the desk wires them, on a real database and a clock of our own."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from hydradesk.accounts.contracts import Issued, Method, Person, Role
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.app.keyring import Keyring
from hydradesk.app.settings import Settings
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database, metadata, sql
from hydradesk.infra.shared import MemoryShared, Shared
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, SimClock, TimeNs
from hydradesk.kernel.tx import Tx

START = TimeNs(20_000 * DAY)
ORIGIN = "https://desk.example.org"


class Ring:
    """One process of a desk, as far as signing in goes. Several may share a database."""

    def __init__(
        self,
        db: Database,
        app: Database,
        folder: Path,
        *,
        clock: SimClock | None = None,
        shared: Shared | None = None,
        **settings: Any,
    ) -> None:
        self.db, self.app, self.clock = db, app, clock or SimClock(START)
        self.shared = shared or MemoryShared(self.clock)
        self.people = PeopleStore()
        self.settings = Settings(data_dir=folder, public_url=ORIGIN, **settings)
        means = Means(db, app, self.clock, secrets.token_bytes, RandomIds())
        self.audit = AuditStore(self.clock, self.clock, secrets.token_bytes)
        self.keyring = Keyring(self.settings, means, self.people, self.audit, self.shared)
        self.people.on_change = self.keyring.endings.person_changed
        self.vault, self.tokens = self.keyring.vault, self.keyring.tokens
        self.sessions, self.keys = self.keyring.sessions, self.keyring.keys
        self.callers = self.keyring.callers

    async def person(self, name: str = "alice", role: Role = "user", **more: Any) -> Person:
        """Somebody new."""
        one = Person(
            id=PersonId(f"p-{name}"),
            name=name,
            role=role,
            referral_code=name.upper(),
            created_at=self.clock.now(),
            **more,
        )
        async with self.db.begin() as tx:
            await self.people.add(tx, one, self.clock.now())
        return one

    async def change(self, person: PersonId, **changes: Any) -> Person:
        """Make somebody else of a person."""
        async with self.db.begin() as tx:
            known = await self.people.locked(tx, person)
            new = msgspec.structs.replace(known, version=known.version + 1, **changes)
            await self.people.save(tx, new, self.clock.now())
        return new

    async def open(self, person: Person, method: Method = "siws", *, twice: bool = False) -> Issued:
        """Sign somebody in."""
        async with self.db.begin() as tx:
            return await self.sessions.open(tx, person.id, method, proved_twice=twice)

    async def audited(self, chain: str) -> list[tuple[str, bool]]:
        """What was recorded in a trail: action and whether it was let through."""
        table = metadata.tables["accounts_audit"]
        async with self.db.begin() as tx:
            query = select(table.c.action, table.c.ok).where(table.c.person == chain)
            rows = await sql(tx).execute(query.order_by(table.c.seq))
            return [(str(action), bool(ok)) for action, ok in rows]


async def rows(tx: Tx, table: str) -> list[dict[str, Any]]:
    """Everything in a table."""
    found = await sql(tx).execute(select(metadata.tables[table]))
    return [dict(row._mapping) for row in found]


Build = Callable[..., Ring]
