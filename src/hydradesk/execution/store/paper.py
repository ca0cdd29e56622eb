"""The paper venue's own schema. The desk never touches it: it could be another company's."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert

from hydradesk.execution.contracts import Resting, VenueReport, VenueState
from hydradesk.infra.db import insert_new, metadata, raw, sql
from hydradesk.kernel.ids import OrderId, SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

SCHEMA = "paper_venue"

meta = Table(
    "meta",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("orders", BigInteger, nullable=False),
    Column("reports", BigInteger, nullable=False),
    schema=SCHEMA,
)
resting = Table(
    "orders",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("number", BigInteger, unique=True, nullable=False),
    Column("symbol", String, nullable=False),
    Column("state", String, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("paper_venue_live", "symbol", "number", postgresql_where="live"),
    schema=SCHEMA,
)
reports = Table(
    "reports",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    schema=SCHEMA,
)
bars = Table(
    "bars",
    metadata,
    Column("session", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("open_time", BigInteger, nullable=False),
    schema=SCHEMA,
)

COUNT = """
INSERT INTO paper_venue.meta AS meta (id, orders, reports) VALUES (1, 1, 0)
ON CONFLICT (id) DO UPDATE SET orders = meta.orders + 1 RETURNING orders"""
FIND = "SELECT body, state FROM paper_venue.orders WHERE client_id = $1"
ADD = """
INSERT INTO paper_venue.orders (client_id, number, symbol, state, live, body)
VALUES ($1, $2, $3, $4, $5, $6)"""
"""asyncpg's own: these run with every order."""


class PaperStore:
    """Orders, a dense report log, and the last bar served."""

    async def count_order(self, tx: Tx) -> int:
        """Return the next order number; holds the venue's one lock until commit."""
        return int(await (await raw(tx)).fetchval(COUNT))

    async def lock(self, tx: Tx) -> int:
        """Take the venue's one lock until commit; return the last report's number."""
        await insert_new(tx, meta, id=1, orders=0, reports=0)
        return int(await sql(tx).scalar(select(meta.c.reports).with_for_update()) or 0)

    async def add(self, tx: Tx, order: Resting, number: int) -> None:
        """Save a new order."""
        row = (order.client_id, number, order.symbol, *_moving(order, "working").values())
        await (await raw(tx)).execute(ADD, *row)

    async def find(self, tx: Tx, client_id: OrderId) -> tuple[Resting, VenueState] | None:
        """Return an order and its state, or None."""
        found = await (await raw(tx)).fetchrow(FIND, client_id)
        return None if found is None else (_decoded(found[0]), found[1])

    async def live(self, tx: Tx, symbol: Symbol | None = None) -> list[Resting]:
        """Return the resting orders, oldest first."""
        rows = select(resting.c.body).where(resting.c.live).order_by(resting.c.number)
        if symbol is not None:
            rows = rows.where(resting.c.symbol == symbol)
        return [_decoded(body) for body in await sql(tx).scalars(rows)]

    async def save(self, tx: Tx, order: Resting, state: VenueState) -> None:
        """Save an order that traded or ended."""
        change = update(resting).where(resting.c.client_id == order.client_id)
        await sql(tx).execute(change.values(**_moving(order, state)))

    async def report(self, tx: Tx, news: Sequence[VenueReport]) -> None:
        """Append to the report log; call with the lock held."""
        if news:
            rows = [{"seq": one.seq, "body": msgspec.json.encode(one).decode()} for one in news]
            await sql(tx).execute(insert(reports), rows)
            await sql(tx).execute(update(meta).values(reports=news[-1].seq))

    async def reports_after(self, tx: Tx, after: int, limit: int) -> list[VenueReport]:
        """Return reports after a sequence number, in order."""
        rows = select(reports.c.body).where(reports.c.seq > after).order_by(reports.c.seq)
        found = await sql(tx).scalars(rows.limit(limit))
        return [msgspec.json.decode(body, type=VenueReport) for body in found]

    async def first_time(
        self, tx: Tx, session: SessionId, symbol: Symbol, open_time: TimeNs
    ) -> bool:
        """Remember a bar; False when it, or a later one, was served before."""
        row = insert(bars).values(session=session, symbol=symbol, open_time=open_time)
        newer = row.on_conflict_do_update(
            index_elements=["session", "symbol"],
            set_={"open_time": row.excluded.open_time},
            where=bars.c.open_time < row.excluded.open_time,
        )
        return (await sql(tx).execute(newer)).rowcount == 1


def _moving(order: Resting, state: VenueState) -> dict[str, object]:
    body = msgspec.json.encode(order).decode()
    return {"state": state, "live": state == "working", "body": body}


def _decoded(body: str) -> Resting:
    return msgspec.json.decode(body, type=Resting)
