"""Incidents."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Index, String, Table, Text, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from hydradesk.accounts.contracts.incidents import Incident, IncidentMoved
from hydradesk.accounts.store.keys import api_keys, venue_keys
from hydradesk.accounts.store.sessions import sessions
from hydradesk.infra.db import metadata, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

incidents = Table(
    "accounts_incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("accounts_incidents_opened", "opened_at", "id"),
)


class IncidentStore:
    """Answers ports.incidents.IncidentBook."""

    async def save(self, tx: Tx, incident: Incident) -> None:
        """Save an incident, new or changed, and emit it."""
        values = {
            "id": incident.id,
            "opened_at": incident.opened_at,
            "state": incident.state,
            "body": msgspec.json.encode(incident).decode(),
        }
        change = upsert(incidents).values(values)
        await sql(tx).execute(change.on_conflict_do_update(index_elements=["id"], set_=values))
        moved = IncidentMoved(
            id=f"{incident.id}:{incident.version}",
            at=incident.steps[-1].at if incident.steps else incident.opened_at,
            key="incidents",
            incident=incident.id,
            playbook=incident.playbook,
            state=incident.state,
            summary=f"{incident.playbook} {incident.state}, {len(incident.steps)} steps",
        )
        await emit(tx, moved)

    async def get(self, tx: Tx, incident: str) -> Incident:
        """Return one, locked until the transaction ends; raises NotFound."""
        query = select(incidents.c.body).where(incidents.c.id == incident).with_for_update()
        body = await sql(tx).scalar(query)
        if body is None:
            raise NotFound(f"there is no incident {incident[:64]!r}", field="incident")
        return msgspec.json.decode(body, type=Incident)

    async def page(self, tx: Tx, before: tuple[int, str] | None, limit: int) -> list[Incident]:
        """Return incidents, the newest first."""
        place = (incidents.c.opened_at, incidents.c.id)
        query = select(incidents.c.body).order_by(*(one.desc() for one in place)).limit(limit)
        if before is not None:
            query = query.where(tuple_(*place) < before)
        return [msgspec.json.decode(o, type=Incident) for o in await sql(tx).scalars(query)]

    async def sessions_from(
        self, tx: Tx, ips: Sequence[str], since: TimeNs
    ) -> list[tuple[PersonId, str]]:
        """Return the open sessions that began at these addresses since an instant."""
        theirs = sessions.c.ip.in_(ips) & (sessions.c.created_at >= since)
        query = select(sessions.c.person, sessions.c.id)
        rows = await sql(tx).execute(query.where(theirs, sessions.c.closed_at.is_(None)))
        return [(PersonId(person), session) for person, session in rows]

    async def owner_of_key(self, tx: Tx, key: str) -> tuple[PersonId, str] | None:
        """Return whose key it is, and `api` or `venue`."""
        for kind, table in (("api", api_keys), ("venue", venue_keys)):
            owner = await sql(tx).scalar(select(table.c.person).where(table.c.id == key))
            if owner is not None:
                return PersonId(owner), kind
        return None
