"""A market on a simulated wall clock, with feeds made by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal

import pytest

from hydradesk.infra.bus import Bus, Consumer
from hydradesk.infra.clock import DeskClock
from hydradesk.infra.db import Database
from hydradesk.infra.outbox import read_after
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, MINUTE, SimClock, TimeNs
from hydradesk.market.contracts import (
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Source,
    Tick,
    Timeframe,
)
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.service import MarketService, Setup
from hydradesk.market.store import SqlMarketStore

ETH, BTC = Symbol("ETH-USDT"), Symbol("BTC-USDT")
DAY0 = 19_900 * DAY  # a midnight


def minute(number: int, symbol: Symbol = ETH, price: int = 2000) -> Candle:
    """The bar of the given minute after DAY0, drifting up by a cent a minute."""
    open_ = Decimal(price) + Decimal(number) / 100
    return Candle(
        symbol=symbol,
        timeframe="1m",
        open_time=TimeNs(DAY0 + number * MINUTE),
        open=open_,
        high=open_ + 2,
        low=open_ - 1,
        close=open_ + 1,
        volume=Decimal("1.5"),
    )


class ListFeed:
    """A paced feed over bars in a list."""

    kind: FeedKind = "replay"
    source: Source = "exchange"
    name = "list"

    def __init__(self, candles: Sequence[Candle], end: int | None = None) -> None:
        self.candles = list(candles)
        last = max(one.close_time for one in candles) if end is None else TimeNs(end)
        self.span = FeedSpan(first=TimeNs(DAY0), end=last, start=TimeNs(DAY0))
        self.closed = False
        self.past: list[Bars] = []

    async def open(self) -> FeedSpan:
        return self.span

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        return [one for one in self.candles if start <= one.open_time < end]

    async def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        for block in self.past:
            yield block

    async def ticks(self) -> Sequence[Tick]:
        return ()

    async def close(self) -> None:
        self.closed = True


class House:
    """A market service with its database, clocks and a bus that a test can look at."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.wall = SimClock(10**18)
        self.slept: list[float] = []
        self.desk = DeskClock(self.wall)  # type: ignore[arg-type]
        self.store = SqlMarketStore(db, self.desk)
        self.quiet = 0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wall.advance(int(seconds * 10**9))
        await asyncio.sleep(0)

    async def quiesce(self) -> None:
        self.quiet += 1

    def market(self, feed: ListFeed, **changes: object) -> MarketService:
        setup = Setup(instruments=DEFAULT, quiesce=self.quiesce, sleep=self.sleep)
        for name, value in changes.items():
            setattr(setup, name, value)
        return MarketService(self.db, self.store, feed, self.desk, self.wall, setup)

    async def facts(self) -> list[tuple[str, str]]:
        """Topic and body of everything published, in order."""
        await Bus(self.db, [Consumer("nobody")], []).drain()
        async with self.db.begin() as tx:
            return [(one.topic, one.body) for one in await read_after(tx, 0, 10_000)]


@pytest.fixture
async def house(db: Database) -> AsyncIterator[House]:
    yield House(db)


Bar = Callable[..., Candle]
