"""Reads the audit trail as tests like it."""

import msgspec
from sqlalchemy import select

from hydradesk.accounts.contracts.trail import Entry
from hydradesk.accounts.store.audit import audit
from hydradesk.infra.db import Database, sql


async def entries(db: Database, chain: str | None = None) -> list[Entry]:
    """Every entry in order, or those of one chain."""
    query = select(audit.c.body).order_by(audit.c.person, audit.c.seq)
    if chain is not None:
        query = query.where(audit.c.person == chain)
    async with db.begin() as tx:
        return [msgspec.json.decode(one, type=Entry) for one in await sql(tx).scalars(query)]


async def actions(db: Database, chain: str | None = None) -> list[str]:
    """What was done, in order; a refusal has a minus before it."""
    return [f"{'' if one.ok else '-'}{one.action}" for one in await entries(db, chain)]
