"""Before a session starts, the bars before it are there: 2,000 of every timeframe if known."""

import asyncio
from collections.abc import Sequence

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, WARM_UP_BARS, Bars, Source, Timeframe
from hydradesk.market.domain.resample import resample
from hydradesk.market.ports import Feed, MarketStore


async def warm_up(
    db: Transactions, store: MarketStore, feed: Feed, symbols: Sequence[Symbol], start: TimeNs
) -> int:
    """Store what the feed knows of the bars before `start`; return how many were new.

    Reading and resampling happen in threads, so that the loop stays free.
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
    blocks = await feed.history(symbol, timeframe, end, WARM_UP_BARS)
    return [await asyncio.to_thread(_as, block, timeframe, end) for block in blocks]


def _as(block: Bars, timeframe: Timeframe, end: TimeNs) -> Bars:
    return block if block.timeframe == timeframe else resample(block, timeframe, end)
