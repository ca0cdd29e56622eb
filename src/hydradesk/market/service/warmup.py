"""Before a session starts, the bars before it are there: 2,000 of every timeframe if known."""

import asyncio
from collections.abc import Sequence

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, WARM_UP_BARS, Bars, Source, Timeframe
from hydradesk.market.domain.resample import joined, resample
from hydradesk.market.ports import Feed, MarketStore

SPARE = 40
"""More bars than asked for, so that a few missing ones do not leave too few."""


async def warm_up(
    db: Transactions, store: MarketStore, feed: Feed, symbols: Sequence[Symbol], start: TimeNs
) -> int:
    """Store what the feed knows of the bars before `start`; return how many were new.

    Reading and resampling happen in threads, so that the loop stays free; of a long history only
    one block of minutes is held at a time.
    """
    blocks: list[Bars] = []
    for symbol in symbols:
        for timeframe in TIMEFRAMES:
            if not await _known(store, feed.source, symbol, timeframe, start):
                blocks += await _history(feed, symbol, timeframe, start)
    async with db.begin() as tx:
        return await store.add(tx, feed.source, blocks)


async def _known(
    store: MarketStore, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs
) -> bool:
    length = LENGTH[timeframe]
    end = start // length * length
    first = TimeNs(end - WARM_UP_BARS * length)
    there = await store.count(source, symbol, timeframe, first, TimeNs(end))
    return there == WARM_UP_BARS


async def _history(feed: Feed, symbol: Symbol, timeframe: Timeframe, start: TimeNs) -> list[Bars]:
    length = LENGTH[timeframe]
    end = TimeNs(start // length * length)
    built: list[Bars] = []
    rest: Bars | None = None
    async for block in feed.history(symbol, timeframe, end, WARM_UP_BARS + SPARE):
        if len(block):
            done, rest = await asyncio.to_thread(_taken, rest, block, timeframe)
            built.append(done)
    if rest is not None:
        built.append(_as(rest, timeframe, end))
    return built


def _taken(rest: Bars | None, block: Bars, timeframe: Timeframe) -> tuple[Bars, Bars]:
    """Build what is whole; keep the minutes of a bar that the next block may go on with."""
    if rest is not None and len(rest):
        later = block.within(int(rest.open_time[-1]) + 1, 2**62)
        block = joined([rest, later])
    length = LENGTH[timeframe]
    edge = int(block.open_time[-1]) // length * length
    return _as(block.within(0, edge), timeframe, edge), block.within(edge, 2**62)


def _as(block: Bars, timeframe: Timeframe, end: int) -> Bars:
    return block if block.timeframe == timeframe else resample(block, timeframe, end)
