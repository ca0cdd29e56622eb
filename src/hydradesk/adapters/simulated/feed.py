"""A seeded market as a feed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from hydradesk.adapters.simulated.paths import FIRST_DAY, LAST_DAY, Paths
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, TimeNs, parse_time
from hydradesk.market.contracts import (
    LENGTH,
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Instrument,
    Source,
    Tick,
    Timeframe,
)

DEFAULT_START = parse_time("2025-01-06")
DAYS_AT_ONCE = 40
"""Enough to be fast, few enough to be small."""


class SimulatedFeed:
    """Answers market's Feed port with invented bars: the same bytes for the same seed.

    Args:
        instruments: what to invent, on their ticks and lots.
        seed: which of the possible markets.
        start: where a session begins, 2016 to 2040.
    """

    kind: FeedKind = "simulated"
    source: Source = "simulated"

    def __init__(
        self, instruments: Sequence[Instrument], seed: int = 7, start: TimeNs = DEFAULT_START
    ) -> None:
        self.name = f"seed {seed}"
        self._instruments, self._seed, self._start = tuple(instruments), seed, start
        self._paths: dict[Symbol, Paths] = {}
        self._day = -1
        self._today: list[Bars] = []

    async def open(self) -> FeedSpan:
        """Prepare the daily prices; there is no end."""
        for one in self._instruments:
            self._paths[one.symbol] = await asyncio.to_thread(Paths, one, self._seed)
        return FeedSpan(first=None, end=None, start=self._start)

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        """Return the invented 1m bars with start <= open_time < end, by time, then by symbol."""
        found = []
        for day in range(start // DAY, (end - 1) // DAY + 1):
            if day >= LAST_DAY:
                raise Unavailable("the simulated market ends with the year 2040")
            if day != self._day:
                self._today = [
                    await asyncio.to_thread(paths.minutes, day, day + 1)
                    for paths in self._paths.values()
                ]
                self._day = day
            parts = [block.within(start, end).candles() for block in self._today]
            found += sorted((bar for part in parts for bar in part), key=lambda bar: bar.open_time)
        return found

    async def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        """Yield the invented minutes of the time of the last `limit` bars."""
        length = LENGTH[timeframe]
        last = end // length * length
        first = max(last - limit * length, FIRST_DAY * DAY)
        end_day = -(-last // DAY)
        for day in range(first // DAY, end_day, DAYS_AT_ONCE):
            days = (day, min(day + DAYS_AT_ONCE, end_day))
            minutes = await asyncio.to_thread(self._paths[symbol].minutes, *days)
            yield minutes.within(first, last)

    async def ticks(self) -> Sequence[Tick]:
        """Invented bars only; the desk walks them."""
        return ()

    async def close(self) -> None:
        """Forget the day at hand."""
        self._today, self._day = [], -1
