"""The office behind a real door on a real database; who is calling is said by the test."""

import secrets
from pathlib import Path
from typing import Any

import httpx2

from hydradesk.accounts.contracts import SCOPES_OF, Person
from hydradesk.accounts.service.means import Means
from hydradesk.app.office import Around, Office
from hydradesk.app.records import Records
from hydradesk.doors.gateway.app import Door, build
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import IdempotencyStore
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.infra.health import Checks
from hydradesk.infra.http import Principal
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import MINUTE, TimeNs
from tests.accounts.sessions.ring import Ring


class Desk:
    """People, their sessions, the office, and a client at the door."""

    def __init__(self, db: Database, app: Database, folder: Path, **settings: Any) -> None:
        self.ring = Ring(db, app, folder, **settings)
        self.db, self.clock = db, self.ring.clock
        self.records = Records(db, self.clock, self.clock, secrets.token_bytes)
        means = Means(db, app, self.clock, secrets.token_bytes, RandomIds())
        self.office = Office(means, self.around(), self.ring.settings)
        self.me = Principal()
        ids = RandomIds()
        door = Door(
            routes=self.office.routes(),
            hub=Hub(self.clock),
            identify=self._identify,
            checks=Checks({}),
            new_id=ids.new,
            now=self.clock.now,
            idempotency=IdempotencyStore(db, self.clock, ids.new()),
        )
        transport = httpx2.ASGITransport(build(door), raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000/api")

    def around(self) -> Around:
        return Around(self.records, self.ring.people, self.ring.sessions, self.ring.vault)

    async def _identify(self, scope: object) -> Principal:
        return self.me

    def be(self, person: Person | None, *, fresh: bool = True, key: str | None = None) -> None:
        """Call as somebody from now on."""
        if person is None:
            self.me = Principal(scopes=SCOPES_OF["anonymous"])
            return
        until = TimeNs(self.clock.now() + MINUTE) if fresh else TimeNs(0)
        self.me = Principal(
            person=PersonId(person.id),
            role=person.role,
            scopes=SCOPES_OF[person.role],
            session=None if key else "s-test",
            key=key,
            fresh_until=until,
        )

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """Ask, and expect a status; returns the answer."""
        reply = await self.client.request(method, path, **more)
        assert reply.status_code == status, f"{reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    async def refused(self, method: str, path: str, status: int, **more: Any) -> str:
        """Ask, expect a refusal; returns its code."""
        said = await self.ask(method, path, status=status, **more)
        assert said["request_id"] and said["detail"]
        return str(said["code"])

    async def person(self, name: str = "alice", **more: Any) -> Person:
        return await self.ring.person(name, **more)

    async def stored(self, person: PersonId) -> Person:
        async with self.db.begin() as tx:
            return await self.ring.people.get(tx, person)
