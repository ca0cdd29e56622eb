"""Keeps what a live feed says, so that a user's own days can be replayed."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import polars as pl
import structlog

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, TimeNs, rfc3339
from hydradesk.market.contracts import (
    COLUMNS,
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Source,
    Tick,
    Timeframe,
)
from hydradesk.market.contracts.files import parse, table
from hydradesk.market.ports import Feed

log = structlog.get_logger("recordings")

Key = tuple[Symbol, int]


class Recorder:
    """A feed that passes another one on and writes its closed minutes down.

    One Parquet file per symbol and UTC day, such as ETHUSDT-1m-2025-06-24.parquet, replaced whole
    and atomically; a day already begun is gone on with. A disk that fails never stops the feed.

    Args:
        feed: whose bars to keep.
        folder: the recordings folder.
    """

    def __init__(self, feed: Feed, folder: Path) -> None:
        self._feed, self._folder = feed, folder
        self._days: dict[Key, dict[int, Candle]] = {}
        self.kind: FeedKind = feed.kind
        self.source: Source = feed.source
        self.name = feed.name

    async def open(self) -> FeedSpan:
        """Open the feed that is recorded."""
        return await self._feed.open()

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        """Pass the feed's bars on, and keep them."""
        bars = await self._feed.bars(start, end)
        await self._keep(bars)
        return bars

    async def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        """Pass the feed's history on; it is not recorded."""
        async for block in self._feed.history(symbol, timeframe, end, limit):
            yield block

    async def ticks(self) -> Sequence[Tick]:
        """Pass the feed's ticks on."""
        return await self._feed.ticks()

    async def close(self) -> None:
        """Close the feed that is recorded."""
        await self._feed.close()

    async def _keep(self, bars: Sequence[Candle]) -> None:
        touched: set[Key] = set()
        for bar in bars:
            key = (bar.symbol, bar.open_time // DAY)
            if key not in self._days:
                self._days[key] = await asyncio.to_thread(self._begun, key)
            if bar.open_time not in self._days[key]:
                self._days[key][bar.open_time] = bar
                touched.add(key)
        for key in touched:
            await asyncio.to_thread(self._write, key, dict(self._days[key]))
        newest = max((day for _, day in self._days), default=0)
        self._days = {key: day for key, day in self._days.items() if key[1] >= newest - 1}

    def _path(self, key: Key) -> Path:
        symbol, day = key
        return self._folder / f"{symbol.replace('-', '')}-1m-{rfc3339(day * DAY)[:10]}.parquet"

    def _begun(self, key: Key) -> dict[int, Candle]:
        path = self._path(key)
        try:
            read = parse(pl.read_parquet(path), path.name, key[0], "1m")
        except FileNotFoundError:
            return {}
        except (Invalid, OSError, pl.exceptions.PolarsError) as error:
            log.warning("recordings.unreadable", file=str(path), reason=str(error))
            return {}
        return {bar.open_time: bar for bar in read.bars.candles()}

    def _write(self, key: Key, day: dict[int, Candle]) -> None:
        path = self._path(key)
        part = path.with_name(f".{path.name}.part")
        rows = [
            [at, *(format(getattr(day[at], name), "f") for name in COLUMNS[1:])]
            for at in sorted(day)
        ]
        frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            table(parse(frame, path.name, key[0], "1m").bars).write_parquet(part)
            os.replace(part, path)
        except OSError as error:
            log.warning("recordings.not_written", file=str(path), reason=str(error))
