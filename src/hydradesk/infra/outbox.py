"""Facts leave in the transaction that made them true; a pump gives them one common order."""

import msgspec
from sqlalchemy import BigInteger, Column, String, Table, Text

from hydradesk.infra.db import FACTS, after_commit, metadata, raw
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

EMIT = "INSERT INTO outbox (fact_id, topic, key, body) VALUES ($1, $2, $3, $4)"
LOCK = "SELECT pg_advisory_xact_lock($1)"
STAMP = """
UPDATE outbox SET pos = last.pos + waiting.place
FROM (SELECT coalesce(max(pos), 0) AS pos FROM outbox) AS last,
    (SELECT seq, row_number() OVER (ORDER BY seq) AS place
     FROM (SELECT seq FROM outbox WHERE pos IS NULL ORDER BY seq LIMIT $1) AS oldest) AS waiting
WHERE outbox.seq = waiting.seq
RETURNING outbox.pos, topic, key, body"""
READ = "SELECT pos, topic, key, body FROM outbox WHERE pos > $1 ORDER BY pos LIMIT $2"
"""asyncpg's own: these run for every bar, and SQLAlchemy's part would be most of their cost."""

PAGE = 1_000
"""Facts stamped or read at once."""


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
        (
            fact.id,
            str(type(fact).__struct_config__.tag),
            fact.key,
            msgspec.json.encode(fact).decode(),
        )
        for fact in facts
    ]
    if rows:
        await (await raw(tx)).executemany(EMIT, rows)
        after_commit(tx, FACTS, lambda: None)  # the database then wakes its pump


async def stamp(tx: Tx, limit: int = PAGE) -> list[Stamped]:
    """Give committed facts without a place the next `pos`; return them in that order.

    The lock lets one pump work at a time and is held until commit. It is a statement of its own,
    so that the statements after it see what the pump before us committed.
    """
    connection = await raw(tx)
    await connection.execute(LOCK, PUMP_LOCK)
    rows = await connection.fetch(STAMP, limit)
    return sorted((Stamped(*row) for row in rows), key=lambda fact: fact.pos)


async def read_after(tx: Tx, pos: int, limit: int = PAGE) -> list[Stamped]:
    """Return the stamped facts after a reader's cursor, in the order everybody sees."""
    return [Stamped(*row) for row in await (await raw(tx)).fetch(READ, pos, limit)]
