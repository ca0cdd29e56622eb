"""Security events and feature switches."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from hydradesk.accounts.contracts import Detail
from hydradesk.accounts.contracts.incidents import SecurityEvent, Switch
from hydradesk.infra.db import metadata, sql
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

events = Table(
    "accounts_security_events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("ip", String, nullable=False),
    Column("request", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("incident", String),
    Index("accounts_security_events_kind", "kind", "at"),
    Index("accounts_security_events_at", "at"),
)
features = Table(
    "accounts_features",
    metadata,
    Column("name", String, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
)


class SecurityStore:
    """Answers ports.records.SecurityBook."""

    async def add(self, tx: Tx, noted: Sequence[SecurityEvent]) -> None:
        """Save new events."""
        rows = [msgspec.structs.asdict(one) for one in noted]
        for row in rows:
            del row["id"]
            row["detail"] = msgspec.json.encode(row["detail"]).decode()
        if rows:
            await sql(tx).execute(insert(events), rows)

    async def page(
        self, tx: Tx, kind: str | None, before: int | None, limit: int
    ) -> list[SecurityEvent]:
        """Return events, newest first."""
        query = select(events).order_by(events.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(events.c.kind == kind)
        if before is not None:
            query = query.where(events.c.id < before)
        return [_event(row._mapping) for row in await sql(tx).execute(query)]

    async def since(self, tx: Tx, at: TimeNs) -> int:
        """Return how many there were since an instant."""
        query = select(func.count()).select_from(events).where(events.c.at >= at)
        return int(await sql(tx).scalar(query) or 0)

    async def during(self, tx: Tx, kind: str, since: TimeNs) -> list[SecurityEvent]:
        """Return the events of one kind since an instant that belong to no incident."""
        mine = (events.c.kind == kind) & (events.c.at >= since) & events.c.incident.is_(None)
        rows = await sql(tx).execute(select(events).where(mine).order_by(events.c.id).limit(50_000))
        return [_event(row._mapping) for row in rows]

    async def belong(self, tx: Tx, ids: Sequence[int], incident: str) -> None:
        """Say to which incident events belong."""
        await sql(tx).execute(update(events).where(events.c.id.in_(ids)).values(incident=incident))

    async def scrub(self, tx: Tx, person: str) -> int:
        """Forget from where a person did what."""
        theirs = (events.c.subject == person) & (events.c.ip != "")
        return int((await sql(tx).execute(update(events).where(theirs).values(ip=""))).rowcount)

    async def forget(self, tx: Tx, before: TimeNs) -> int:
        """Delete the events of before an instant; returns how many."""
        return int((await sql(tx).execute(delete(events).where(events.c.at < before))).rowcount)


class FeatureStore:
    """Answers ports.records.FeatureBook."""

    async def switches(self, tx: Tx) -> list[Switch]:
        """Return the switches that were ever set."""
        rows = await sql(tx).execute(select(features))
        return [Switch(**row._mapping) for row in rows]

    async def set(self, tx: Tx, switch: Switch) -> Switch | None:
        """Save a switch; returns what it was before, None when it was never set."""
        row = select(features).where(features.c.name == switch.name).with_for_update()
        found = (await sql(tx).execute(row)).one_or_none()
        values = msgspec.structs.asdict(switch)
        change = upsert(features).values(values)
        await sql(tx).execute(change.on_conflict_do_update(index_elements=["name"], set_=values))
        return None if found is None else Switch(**found._mapping)


def _event(row: RowMapping) -> SecurityEvent:
    detail = msgspec.json.decode(row["detail"], type=Detail)
    return SecurityEvent(**{str(name): row[name] for name in row} | {"detail": detail})
