"""Portfolio's tables."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, Numeric, String, Table, Text, select

from hydradesk.infra.db import TENANT, adding, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import AccountId, Symbol
from hydradesk.kernel.numbers import plain
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.portfolio.contracts import EquityPoint, Position, PositionMoved

positions = Table(
    "portfolio_positions",
    metadata,
    Column("account", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("moving", Boolean, nullable=False),  # wants points on the curve
    Index("portfolio_moving", "account", postgresql_where="moving"),
    info=TENANT,
)
equity = Table(
    "portfolio_equity",
    metadata,
    Column("account", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("equity", Numeric, nullable=False),
    Column("cash", Numeric, nullable=False),
    Column("exposure", Numeric, nullable=False),
    Column("withdrawn", Numeric, nullable=False),
    info=TENANT,
)

ADD_POINT = """
INSERT INTO portfolio_equity (account, at, equity, cash, exposure, withdrawn)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account, at) DO UPDATE SET equity = excluded.equity, cash = excluded.cash,
    exposure = excluded.exposure, withdrawn = excluded.withdrawn"""
POINT_AT = """
SELECT at, equity, cash, exposure, withdrawn FROM portfolio_equity WHERE account = $1 AND at <= $2
ORDER BY at DESC LIMIT 1"""
OPEN = adding(positions, ("account", "symbol", "version", "body", "held", "moving"))
SAVE = """
UPDATE portfolio_positions SET version = $3, body = $4, held = $5, moving = $6
WHERE account = $1 AND symbol = $2 AND version = $3 - 1"""
POSITION = "SELECT body FROM portfolio_positions WHERE account = $1 AND symbol = $2"
LOCK_POSITION = f"{POSITION} FOR UPDATE"
MOVING = "SELECT DISTINCT account FROM portfolio_positions WHERE moving ORDER BY account"
SETTLE = """
UPDATE portfolio_positions SET moving = false
WHERE moving AND account = ANY($1::text[]) AND (NOT held OR NOT account = ANY($2::text[]))"""
"""asyncpg's own: these run with every bar and every order."""


class PortfolioStore:
    """Keeps positions and the equity curve; emits PositionMoved with every change."""

    async def position(self, tx: Tx, account: AccountId, symbol: Symbol) -> Position | None:
        """Return one position, locked until the transaction ends, or None."""
        body = await (await raw(tx)).fetchval(LOCK_POSITION, account, symbol)
        return None if body is None else msgspec.json.decode(body, type=Position)

    async def held(self, tx: Tx, account: AccountId, symbol: Symbol) -> Position | None:
        """Return one position without locking it, or None."""
        body = await (await raw(tx)).fetchval(POSITION, account, symbol)
        return None if body is None else msgspec.json.decode(body, type=Position)

    async def moving(self, tx: Tx) -> list[AccountId]:
        """Return the accounts whose worth has changed, or may, since their last point, by id."""
        return [account for (account,) in await (await raw(tx)).fetch(MOVING)]

    async def settle(self, tx: Tx, moving: Sequence[AccountId], keep: Sequence[AccountId]) -> None:
        """Let those rest that hold nothing any more, or are not to be kept."""
        if moving:
            await (await raw(tx)).execute(SETTLE, list(moving), list(keep))

    async def positions(self, tx: Tx, account: AccountId) -> list[Position]:
        """Return every position of an account, also closed ones, by symbol."""
        mine = select(positions.c.body).where(positions.c.account == account)
        rows = await sql(tx).scalars(mine.order_by(positions.c.symbol))
        return [msgspec.json.decode(body, type=Position) for body in rows]

    async def save(self, tx: Tx, position: Position) -> None:
        """Save a moved position and emit it; Conflict when somebody moved it first."""
        row = (position.account, position.symbol, position.version)
        change = OPEN if position.version == 1 else SAVE
        body = msgspec.json.encode(position).decode()
        done = await (await raw(tx)).execute(change, *row, body, position.qty != 0, True)
        if done not in ("INSERT 0 1", "UPDATE 1"):
            raise Conflict(f"position {position.account} {position.symbol} moved meanwhile")
        await emit(tx, _moved(position))

    async def add_points(self, tx: Tx, points: Mapping[AccountId, EquityPoint]) -> None:
        """Remember what accounts were worth; the same instant twice keeps the latest."""
        rows = [
            (account, one.at, one.equity, one.cash, one.exposure, one.withdrawn)
            for account, one in points.items()
        ]
        if rows:
            await (await raw(tx)).executemany(ADD_POINT, rows)

    async def points(self, tx: Tx, account: AccountId, limit: int) -> Sequence[EquityPoint]:
        """Return the last points, oldest first."""
        columns = [equity.c[name] for name in EquityPoint.__struct_fields__]
        mine = select(*columns).where(equity.c.account == account)
        rows = (await sql(tx).execute(mine.order_by(equity.c.at.desc()).limit(limit))).all()
        return [_point(*row) for row in reversed(rows)]

    async def point_at(self, tx: Tx, account: AccountId, at: TimeNs) -> EquityPoint | None:
        """Return the last point at or before an instant."""
        row = await (await raw(tx)).fetchrow(POINT_AT, account, at)
        return None if row is None else _point(*row)


def _point(
    at: int, worth: Decimal, cash: Decimal, exposure: Decimal, withdrawn: Decimal
) -> EquityPoint:
    return EquityPoint(
        at=TimeNs(at),
        equity=plain(worth),
        cash=plain(cash),
        exposure=plain(exposure),
        withdrawn=plain(withdrawn),
    )


def _moved(position: Position) -> PositionMoved:
    return PositionMoved(
        id=f"position:{position.account}:{position.symbol}:{position.version}",
        at=position.updated_at,
        key=position.account,
        position=position,
    )
