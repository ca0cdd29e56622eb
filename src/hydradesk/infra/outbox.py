"""Facts leave in the transaction that made them true; a pump gives them one common order."""

import msgspec
from sqlalchemy import BigInteger, Column, String, Table, Text, func, insert, select, update

from hydradesk.infra.db import FACTS, after_commit, metadata, sql
from hydradesk.kernel.events import Fact
from hydradesk.kernel.tx import Tx

PUMP_LOCK = 0x0B0C

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, primary_key=True),  # taken before commit: never a cursor
    Column("pos", BigInteger, unique=True),  # stamped after commit, dense: what readers follow
    Column("fact_id", String, unique=True, nullable=False),
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("body", Text, nullable=False),
)
cursors = Table(
    "outbox_cursors",
    metadata,
    Column("consumer", String, primary_key=True),
    Column("pos", BigInteger, nullable=False),
)


class Stamped(msgspec.Struct, frozen=True):
    """One published fact, still encoded."""

    pos: int
    topic: str
    key: str
    body: str


async def emit(tx: Tx, *facts: Fact) -> None:
    """Record facts, to be published once this transaction has committed.

    The same id twice is a bug in the caller: the unique key raises, and nothing is swallowed.
    """
    rows = [
        {
            "fact_id": fact.id,
            "topic": str(type(fact).__struct_config__.tag),
            "key": fact.key,
            "body": msgspec.json.encode(fact).decode(),
        }
        for fact in facts
    ]
    if rows:
        await sql(tx).execute(insert(outbox), rows)
        after_commit(tx, FACTS, lambda: None)  # the database then wakes its pump


async def stamp(tx: Tx, limit: int = 1000) -> list[Stamped]:
    """Give committed facts without a place the next `pos`; return them in that order.

    The lock lets one pump work at a time and is held until commit. It is a statement of its own,
    so that the statements after it see what the pump before us committed.
    """
    await sql(tx).execute(select(func.pg_advisory_xact_lock(PUMP_LOCK)))
    last = await sql(tx).scalar(select(func.coalesce(func.max(outbox.c.pos), 0)))
    oldest = select(outbox.c.seq).where(outbox.c.pos.is_(None)).order_by(outbox.c.seq).limit(limit)
    waiting = oldest.subquery()
    place = func.row_number().over(order_by=waiting.c.seq)
    fresh = select(waiting.c.seq, place.label("place")).subquery()
    stamped = update(outbox).where(outbox.c.seq == fresh.c.seq).values(pos=last + fresh.c.place)
    columns = (outbox.c.pos, outbox.c.topic, outbox.c.key, outbox.c.body)
    rows = (await sql(tx).execute(stamped.returning(*columns))).all()
    return sorted((Stamped(*row) for row in rows), key=lambda fact: fact.pos)


async def read_after(tx: Tx, pos: int, limit: int = 1000) -> list[Stamped]:
    """Return the stamped facts after a reader's cursor, in the order everybody sees."""
    columns = (outbox.c.pos, outbox.c.topic, outbox.c.key, outbox.c.body)
    rows = select(*columns).where(outbox.c.pos > pos).order_by(outbox.c.pos).limit(limit)
    return [Stamped(*row) for row in (await sql(tx).execute(rows)).all()]
