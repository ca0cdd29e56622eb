"""Replays recorded candles as a feed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from hydradesk.adapters.recordings.files import Recording, load, scan
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, MINUTE, TimeNs
from hydradesk.market.contracts import (
    LENGTH,
    TIMEFRAMES,
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Source,
    Tick,
    Timeframe,
)

DAYS_BEFORE_END = 7


class RecordingsFeed:
    """Answers market's Feed port from a folder of candle files.

    Args:
        folder: searched recursively for files such as ETHUSDT-1m-2024.parquet.
        symbols: whose files; each needs at least one of 1m.
        start: where a session begins; default midnight UTC, seven days before the 1m files of
            all symbols end.
    """

    kind: FeedKind = "replay"
    source: Source = "exchange"

    def __init__(
        self, folder: Path, symbols: Sequence[Symbol], start: TimeNs | None = None
    ) -> None:
        self.name = str(folder)
        self._folder, self._symbols, self._start = folder, tuple(symbols), start
        self._files: list[Recording] = []
        self._day = -1
        self._today: list[Bars] = []

    async def open(self) -> FeedSpan:
        """Look through the folder. Unavailable when a symbol has no 1m recording."""
        spelled = {one.replace("-", ""): one for one in self._symbols}
        self._files = await asyncio.to_thread(scan, self._folder, spelled)
        self._day = -1
        minutes = {one: self._of(one, "1m") for one in self._symbols}
        for symbol, files in minutes.items():
            if not files:
                raise Unavailable(
                    f"no 1m recording of {symbol} in {self._folder}",
                    field="recordings",
                    fix=f"put e.g. {symbol.replace('-', '')}-1m-2025.parquet there",
                )
        first = max(files[0].first for files in minutes.values())
        end = min(max(one.end for one in files) for files in minutes.values())
        if first >= end:
            raise Unavailable(f"the 1m recordings in {self._folder} have no time in common")
        default = max(first, end // DAY * DAY - DAYS_BEFORE_END * DAY)
        start = default if self._start is None else self._start
        return FeedSpan(first=TimeNs(first), end=TimeNs(end), start=TimeNs(start))

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        """Return the recorded 1m bars with start <= open_time < end, by time, then by symbol."""
        found: dict[tuple[int, int], Candle] = {}
        for day in range(start // DAY, (end - 1) // DAY + 1):
            await self._turn_to(day)
            for block in self._today:
                place = self._symbols.index(block.symbol)
                for candle in block.within(start, end).candles():
                    found.setdefault((candle.open_time, place), candle)
        return [found[key] for key in sorted(found)]

    async def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        """Yield recorded bars that cover the last `limit` bars before `end`, as far as known.

        They come from the longest recorded timeframe that fits into `timeframe` and covers the
        time; a year of minutes is not read to learn of a few thousand hours.
        """
        length = LENGTH[timeframe]
        last = end // length * length
        first = last - limit * length
        best, most = [], 0
        for shorter in reversed(TIMEFRAMES[: TIMEFRAMES.index(timeframe) + 1]):
            files = [one for one in self._of(symbol, shorter) if one.first < last]
            files = [one for one in files if one.end > first]
            covered = sum(min(one.end, last) - max(one.first, first) for one in files)
            if covered > most:
                best, most = files, covered
        for recording in best:
            block = await asyncio.to_thread(load, recording, first, last)
            if block is not None:
                yield block

    async def ticks(self) -> Sequence[Tick]:
        """Recordings have bars only; the desk walks them."""
        return ()

    async def close(self) -> None:
        """Forget the day at hand."""
        self._today, self._day = [], -1

    def _of(self, symbol: Symbol, timeframe: Timeframe) -> list[Recording]:
        return [one for one in self._files if (one.symbol, one.timeframe) == (symbol, timeframe)]

    async def _turn_to(self, day: int) -> None:
        if day == self._day:
            return
        start, end = day * DAY, day * DAY + DAY
        files = [one for symbol in self._symbols for one in self._of(symbol, "1m")]
        files = [one for one in files if one.first < end and one.end > start - MINUTE]
        blocks = await asyncio.to_thread(lambda: [load(one, start, end) for one in files])
        self._today = [block for block in blocks if block is not None]
        self._day = day
