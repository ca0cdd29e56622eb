"""Collects each timeframe on its own cadence and holds the exchange's bars against ours."""

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from msgspec import Struct

from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import Clock, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import TIMEFRAMES, Bars, Candle, Instruments, Timeframe
from hydradesk.market.ports import Feed, MarketStore

SECOND_OF_MINUTE = 15
"""After the minute has been fetched and aggregated."""
CADENCE: dict[Timeframe, dict[str, str]] = {
    "1m": {"minute": "*"},
    "5m": {"minute": "*/5"},
    "15m": {"minute": "*/15"},
    "1h": {"minute": "0"},
    "4h": {"hour": "*/4", "minute": "0"},
    "1d": {"hour": "0", "minute": "0"},
}

log = structlog.get_logger("market")


class Tally(Struct, kw_only=True):
    """What collecting one timeframe has shown so far."""

    compared: int = 0
    differences: int = 0
    added: int = 0
    """Bars we did not have."""
    failures: int = 0
    last_difference: str = ""


class Collector:
    """Runs beside a live feed.

    Our bars are never overwritten: decisions were made on them. A difference is counted, logged
    and shown.
    """

    def __init__(
        self,
        db: Transactions,
        store: MarketStore,
        feed: Feed,
        instruments: Instruments,
        clock: Clock,
    ) -> None:
        self._db, self._store, self._feed, self._clock = db, store, feed, clock
        self._symbols = [one.symbol for one in instruments.all]
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self.tallies = {timeframe: Tally() for timeframe in TIMEFRAMES}

    def start(self) -> None:
        """Begin: every minute, 5 minutes … every day, at 15 seconds past."""
        for timeframe, when in CADENCE.items():
            trigger = CronTrigger(second=SECOND_OF_MINUTE, timezone="UTC", **when)
            self._scheduler.add_job(
                self.collect,
                trigger,
                args=[timeframe],
                id=f"collect.{timeframe}",
                coalesce=True,
                max_instances=1,
                misfire_grace_time=30,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End all collecting."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def collect(self, timeframe: Timeframe) -> None:
        """Fetch the bar that closed last, for each symbol, and compare."""
        now = self._clock.now()
        for symbol in self._symbols:
            try:
                await self._one(symbol, timeframe, now)
            except Unavailable as error:
                self.tallies[timeframe].failures += 1
                log.warning("market.not_collected", timeframe=timeframe, reason=str(error))

    async def _one(self, symbol: Symbol, timeframe: Timeframe, now: TimeNs) -> None:
        tally, source = self.tallies[timeframe], self._feed.source
        theirs: Candle | None = None
        newest: Bars | None = None
        async for block in self._feed.history(symbol, timeframe, now, 1):
            if len(block):
                newest, theirs = block, block.candles()[-1]
        if theirs is None or newest is None:
            return
        end = theirs.close_time
        ours = await self._store.between(source, symbol, timeframe, theirs.open_time, end)
        if not ours:
            async with self._db.begin() as tx:
                tally.added += await self._store.add(tx, source, [newest])
            return
        tally.compared += 1
        if ours[0] != theirs:
            tally.differences += 1
            where = f"{symbol} {timeframe} {rfc3339(theirs.open_time)}"
            tally.last_difference = f"{where}: ours {_shown(ours[0])}, theirs {_shown(theirs)}"
            log.warning("market.bar_differs", difference=tally.last_difference)


def _shown(one: Candle) -> str:
    return f"{one.open}/{one.high}/{one.low}/{one.close} x {one.volume}"
