"""Closed bars in PostgreSQL: bulk in by binary COPY, exact out, never beyond the desk's clock."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from hydradesk.infra.db import Database, raw
from hydradesk.infra.outbox import emit
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import Clock, TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import (
    COLUMNS,
    LENGTH,
    BarClosed,
    Bars,
    Candle,
    Source,
    StreamChanged,
    Timeframe,
)
from hydradesk.market.store.statements import APPEND, BEFORE, BETWEEN, COUNT, INCOMING, MERGE

_PIECE = 100_000
_LOOK_BACK = 2
"""A page of bars is first looked for in twice the time it covers when there are no gaps."""


class SqlCandles:
    """Answers contracts.Candles and the candle part of ports.MarketStore."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def before(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> list[Candle]:
        """Return the last `limit` bars that had closed at `end` and now, oldest first."""
        rows = await self.rows_before(source, symbol, timeframe, end, limit)
        return [_candle(symbol, timeframe, row) for row in rows]

    async def rows_before(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> list[Any]:
        """Return the same as `before`, as records of COLUMNS with plain text
        numbers: for charts, where 5 ms count."""
        last = min(end, self._clock.now()) - LENGTH[timeframe]
        near = last - LENGTH[timeframe] * limit * _LOOK_BACK
        async with self._db.begin() as tx:
            connection = await raw(tx)
            key = (source, symbol, timeframe)
            rows = await connection.fetch(BEFORE, *key, near, last, limit)
            if len(rows) < limit:  # a long gap, or the beginning: look at every partition
                rows = await connection.fetch(BEFORE, *key, -(2**63), last, limit)
        return list(rows[::-1])

    async def between(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> list[Candle]:
        """Return bars with start <= open_time, close_time <= end, closed by now; oldest first."""
        last = min(end, self._clock.now()) - LENGTH[timeframe]
        async with self._db.begin() as tx:
            key = (source, symbol, timeframe)
            rows = await (await raw(tx)).fetch(BETWEEN, *key, start, last)
        return [_candle(symbol, timeframe, row) for row in rows]

    async def count(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> int:
        """Return how many bars with start <= open_time < end are stored."""
        async with self._db.begin() as tx:
            key = (source, symbol, timeframe)
            return int(await (await raw(tx)).fetchval(COUNT, *key, start, end))

    async def add(self, tx: Tx, source: Source, blocks: Sequence[Bars]) -> int:
        """Store bars in bulk, leaving those already there; return how many are new."""
        connection = await raw(tx)
        new = 0
        for bars in blocks:
            if len(bars):
                await fill_incoming(connection, bars)
                done = await connection.execute(MERGE, *key_of(source, bars), *powers(bars))
                new += int(done.split()[-1])
        return new

    async def append(
        self, tx: Tx, source: Source, bars: Sequence[BarClosed], changes: Sequence[StreamChanged]
    ) -> None:
        """Store the bars and emit the facts, in the order given; changes of streams come first.

        A bar that is already there (imported, or from the warm-up of an earlier session) stays.
        """
        candles = [fact.candle for fact in bars]
        await (await raw(tx)).executemany(APPEND, [_row(source, one) for one in candles])
        await emit(tx, *changes, *bars)

    async def patch(self, tx: Tx, source: Source, candles: Sequence[Candle]) -> None:
        """Store single bars found late, without a fact."""
        if candles:
            await (await raw(tx)).executemany(APPEND, [_row(source, one) for one in candles])


def key_of(source: Source, bars: Bars) -> tuple[str, str, str]:
    """Return the first three columns of the primary key."""
    return (source, bars.symbol, bars.timeframe)


def powers(bars: Bars) -> tuple[Decimal, Decimal]:
    """Return what scaled prices and volumes are multiplied with, exactly."""
    return Decimal(1).scaleb(-bars.price_scale), Decimal(1).scaleb(-bars.volume_scale)


async def fill_incoming(connection: Any, bars: Bars) -> None:  # noqa: ANN401
    """Put bars, and only them, into the transaction's temporary table `incoming`."""
    await connection.execute(INCOMING)
    await connection.execute("TRUNCATE incoming")
    await connection.copy_to_table("incoming", source=_binary(bars), format="binary")


async def _binary(bars: Bars) -> AsyncIterator[bytes]:
    """PostgreSQL's binary COPY format: per row a field count, then length and value of each."""
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    fields = [(f"{kind}{index}", f">i{size}") for index in range(6) for kind, size in _FIELD]
    layout = np.dtype([("count", ">i2"), *fields])
    for first in range(0, len(bars), _PIECE):
        piece = bars.part(first, first + _PIECE)
        rows = np.empty(len(piece), layout)
        rows["count"] = 6
        for index, name in enumerate(COLUMNS):
            rows[f"length{index}"] = 8
            rows[f"value{index}"] = getattr(piece, name)
        yield rows.tobytes()
    yield b"\xff\xff"


_FIELD = (("length", 4), ("value", 8))


def _row(source: Source, candle: Candle) -> tuple[Any, ...]:
    return (source, candle.symbol, candle.timeframe, *(getattr(candle, name) for name in COLUMNS))


def _candle(symbol: Symbol, timeframe: Timeframe, row: Any) -> Candle:  # noqa: ANN401
    open_, high, low, close, volume = map(Decimal, row[1:])
    return Candle(
        symbol=symbol,
        timeframe=timeframe,
        open_time=row[0],
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )
