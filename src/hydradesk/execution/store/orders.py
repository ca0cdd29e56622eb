"""The desk's orders and fills."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Identity,
    Index,
    Select,
    String,
    Table,
    Text,
    and_,
    delete,
    select,
    update,
)

from hydradesk.accounts.contracts import public_name
from hydradesk.execution.contracts import Fill, Order, OrderFilled, OrderMoved, VenueReport
from hydradesk.infra.db import TENANT, adding, insert_new, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import AccountId, OrderId, SignalId, Symbol
from hydradesk.kernel.tx import Tx

orders = Table(
    "execution_orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, Identity(), nullable=False),
    Column("account", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("signal", String),
    Column("version", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("execution_orders_account", "account", "number"),
    Index("execution_orders_live", "account", postgresql_where="NOT done"),
    Index("execution_orders_signal", "signal"),
    info=TENANT,
)
fills = Table(
    "execution_fills",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, Identity(), nullable=False),
    Column("account", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("execution_fills_account", "account", "number"),
    info=TENANT,
)
cursors = Table(
    "execution_venue_cursors",
    metadata,
    Column("venue", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

automatic = Table(
    "execution_automatic",
    metadata,
    Column("account", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("signal", String, primary_key=True),
    Column("ended", Boolean, nullable=False),
    info=TENANT,
)

LOCK = "SELECT body FROM execution_orders WHERE id = $1 FOR UPDATE"
MOVING = ("version", "state", "done", "body")
ADD = adding(orders, ("id", "account", "symbol", "signal", *MOVING))
SAVE = """
UPDATE execution_orders SET version = $2, state = $3, done = $4, body = $5
WHERE id = $1 AND version = $2 - 1"""
ADD_FILL = adding(fills, ("id", "account", "symbol", "order_id", "at", "body"))
PAGE = """
SELECT number, body FROM execution_orders
WHERE account = $1 AND ($2::boolean IS NULL OR done = $2) AND ($3::text IS NULL OR symbol = $3)
    AND ($4::bigint IS NULL OR number < $4)
ORDER BY number DESC LIMIT $5"""
AUTOMATIC = """
SELECT account, signal, ended FROM execution_automatic
WHERE account = ANY($1::text[]) AND symbol = $2 ORDER BY account, signal"""
REACHED = "SELECT seq FROM execution_venue_cursors WHERE venue = $1"
MEET = REACHED + " FOR UPDATE"
MOVE = "UPDATE execution_venue_cursors SET seq = $2 WHERE venue = $1"
"""asyncpg's own: these run with every order, or whenever the page looks."""


class SqlOrderStore:
    """Keeps orders; emits OrderMoved with every change, and OrderFilled with every fill."""

    async def add(self, tx: Tx, order: Order) -> None:
        """Save a new order and emit it; its id must be new."""
        intent = order.intent
        fixed = (order.id, intent.account, intent.symbol, intent.signal)
        await (await raw(tx)).execute(ADD, *fixed, *_moving(order))
        await emit(tx, _moved(order))

    async def find(self, tx: Tx, order: OrderId) -> Order | None:
        """Return the order, locked until the transaction ends, or None."""
        body = await (await raw(tx)).fetchval(LOCK, order)
        return None if body is None else msgspec.json.decode(body, type=Order)

    async def get(self, tx: Tx, order: OrderId) -> Order:
        """Return the order, locked until the transaction ends; raises NotFound."""
        found = await self.find(tx, order)
        if found is None:
            raise NotFound(f"there is no order {public_name(order)[:64]!r}", field="id")
        return found

    async def save(self, tx: Tx, order: Order, fill: Fill | None = None) -> None:
        """Save a moved order and its facts; Conflict when somebody moved it first."""
        connection = await raw(tx)
        if await connection.execute(SAVE, order.id, *_moving(order)) != "UPDATE 1":
            raise Conflict(f"order {order.id} is no longer at version {order.version - 1}")
        if fill is None:
            await emit(tx, _moved(order))
            return
        row = (fill.id, fill.account, fill.symbol, fill.order_id, fill.at)
        await connection.execute(ADD_FILL, *row, msgspec.json.encode(fill).decode())
        await emit(tx, _filled(order, fill), _moved(order))

    async def live(self, tx: Tx, account: AccountId | None = None) -> list[Order]:
        """Return the orders that are not done, oldest first."""
        open_ones = select(orders.c.body).where(orders.c.done.is_(False)).order_by(orders.c.number)
        if account is not None:
            open_ones = open_ones.where(orders.c.account == account)
        return _decoded(await sql(tx).scalars(open_ones))

    async def of_signal(self, tx: Tx, account: AccountId, signal: str) -> list[Order]:
        """Return the orders one signal led to in one account, oldest first."""
        mine = select(orders.c.body).where(orders.c.signal == signal, orders.c.account == account)
        return _decoded(await sql(tx).scalars(mine.order_by(orders.c.number)))

    async def automatic(
        self, tx: Tx, accounts: Sequence[AccountId], symbol: Symbol
    ) -> dict[AccountId, list[tuple[SignalId, bool]]]:
        """Return the signals whose automatic positions are open, and whether each has ended."""
        found: dict[AccountId, list[tuple[SignalId, bool]]] = {}
        for account, signal, ended in await (await raw(tx)).fetch(
            AUTOMATIC, list(accounts), symbol
        ):
            found.setdefault(account, []).append((SignalId(signal), ended))
        return found

    async def open_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Remember that a signal is being traded."""
        key = {"account": account, "symbol": symbol, "signal": signal}
        await insert_new(tx, automatic, ended=False, **key)

    async def end_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Remember that its position must be closed."""
        await sql(tx).execute(
            update(automatic).where(_automatic(account, symbol, signal)).values(ended=True)
        )

    async def close_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Forget it: nothing is open any more."""
        await sql(tx).execute(delete(automatic).where(_automatic(account, symbol, signal)))

    async def reached(self, tx: Tx, venue: str) -> int:
        """Return the sequence number of the last report we have booked."""
        return await (await raw(tx)).fetchval(REACHED, venue) or 0

    async def advance(self, tx: Tx, venue: str, report: VenueReport) -> bool:
        """Move the cursor to this report; False when it was booked before; Conflict on a gap."""
        connection = await raw(tx)
        here = await connection.fetchval(MEET, venue)
        if here is None:  # the venue's first report; somebody may be as quick as we
            await insert_new(tx, cursors, venue=venue, seq=0)
            here = await connection.fetchval(MEET, venue)
        if report.seq <= here:
            return False
        if report.seq != here + 1:
            raise Conflict(f"venue {venue} skipped from report {here} to {report.seq}")
        await connection.execute(MOVE, venue, report.seq)
        return True

    async def page(
        self,
        tx: Tx,
        account: AccountId,
        *,
        done: bool | None,
        symbol: str | None,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Order]]:
        """Return orders, newest first, with their page numbers."""
        rows = await (await raw(tx)).fetch(PAGE, account, done, symbol, before, limit)
        return [(number, msgspec.json.decode(body, type=Order)) for number, body in rows]

    async def read(self, tx: Tx, order: OrderId) -> Order:
        """Return one order without locking it; raises NotFound."""
        body = await sql(tx).scalar(select(orders.c.body).where(orders.c.id == order))
        if body is None:
            raise NotFound(f"there is no order {public_name(order)[:64]!r}", field="id")
        return msgspec.json.decode(body, type=Order)

    async def trades(
        self, tx: Tx, account: AccountId, symbol: str | None, before: int | None, limit: int
    ) -> list[tuple[int, Fill, Order]]:
        """Return fills with their orders, newest first, with their page numbers."""
        mine = select(fills.c.number, fills.c.body, orders.c.body)
        mine = mine.join(orders, orders.c.id == fills.c.order_id).where(fills.c.account == account)
        rows = await sql(tx).execute(_paged(mine, fills, symbol, before, limit))
        return [
            (number, msgspec.json.decode(one, type=Fill), msgspec.json.decode(two, type=Order))
            for number, one, two in rows
        ]


def _paged(
    rows: Select[Any], table: Table, symbol: str | None, before: int | None, limit: int
) -> Select[Any]:
    if symbol is not None:
        rows = rows.where(table.c.symbol == symbol)
    if before is not None:
        rows = rows.where(table.c.number < before)
    return rows.order_by(table.c.number.desc()).limit(limit)


def _automatic(account: AccountId, symbol: Symbol, signal: SignalId) -> ColumnElement[bool]:
    return and_(
        automatic.c.account == account,
        automatic.c.symbol == symbol,
        automatic.c.signal == signal,
    )


def _decoded(bodies: Iterable[str]) -> list[Order]:
    return [msgspec.json.decode(body, type=Order) for body in bodies]


def _moving(order: Order) -> tuple[int, str, bool, str]:
    """Return the columns MOVING names."""
    return order.version, order.state, order.done, msgspec.json.encode(order).decode()


def _moved(order: Order) -> OrderMoved:
    return OrderMoved(
        id=f"{order.id}:{order.version}",
        at=order.updated_at,
        key=order.intent.account,
        order=order,
    )


def _filled(order: Order, fill: Fill) -> OrderFilled:
    return OrderFilled(
        id=f"fill:{fill.id}",
        at=fill.at,
        key=fill.account,
        fill=fill,
        origin=order.intent.origin,
        signal=order.intent.signal,
    )
