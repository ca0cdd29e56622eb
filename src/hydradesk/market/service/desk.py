"""The market service: paces a feed, tells who listens, obeys the replay's controls."""

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError

from hydradesk.infra.clock import DeskClock
from hydradesk.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, Clock, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import Candle, Instruments, Price, Session, Tick, Timeframe
from hydradesk.market.domain.stats import DayStats
from hydradesk.market.ports import Feed, MarketStore
from hydradesk.market.service.keeper import Keeper
from hydradesk.market.service.live import Live
from hydradesk.market.service.pace import Pace
from hydradesk.market.service.stream import Stream
from hydradesk.market.service.views import FeedStatus, Listeners, Setup

RETRY = 0.5
"""Seconds between attempts while the database or the feed is away."""
QUARTERS = 4

log = structlog.get_logger("market")


class MarketService:
    """Owns the session, the desk clock, last prices and open bars. Answers contracts.Prices.

    `start` opens or continues a session, `run` keeps it going until cancelled.

    Args:
        db: opens transactions.
        store: the market's own store.
        feed: where bars come from.
        desk: the desk clock, which this service alone moves.
        wall: paces the desk.
        setup: how to run.
    """

    def __init__(
        self,
        db: Transactions,
        store: MarketStore,
        feed: Feed,
        desk: DeskClock,
        wall: Clock,
        setup: Setup,
    ) -> None:
        self._desk, self._wall, self._setup, self._feed = desk, wall, setup, feed
        self.instruments: Instruments = setup.instruments
        self.listeners = Listeners()
        self._keeper = Keeper(db, store, feed, desk, setup)
        self._pace = Pace(wall, setup.sleep, setup.speed)
        self._live = Live(self._keeper, wall, setup, self._tell)
        self._turn = asyncio.Lock()
        self._claims = 0
        """Commands that want the session for themselves: the minute at hand is abandoned."""
        self._trouble = ""

    @property
    def session(self) -> Session:
        """The running session; Unavailable before the first."""
        return self._keeper.session

    @property
    def reached(self) -> TimeNs:
        """Close time of the last minute that was stored."""
        return self._keeper.progress.reached

    async def start(self) -> None:
        """Open the feed, then go on with its last session, or open a new one."""
        await self._keeper.start()
        await self._settle()

    async def run(self) -> None:
        """Keep the session going until cancelled; ride out a database or feed that is away."""
        while True:
            try:
                going = await self.step()
            except (DBAPIError, OSError, Unavailable) as error:
                self._trouble = f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0]
                log.warning("market.waiting", reason=self._trouble)
                self._tell_feed()
                await self._setup.sleep(RETRY)
                continue
            if not going:
                await self._pace.change()

    async def close(self) -> None:
        """Let go of the feed."""
        await self._feed.close()

    async def step(self) -> bool:
        """Play the next minute, or look at a live feed once; False at the end of a recording."""
        async with self._turn:
            if self._keeper.unsaved:
                await self._keeper.reload()
                await self._settle()
            if self._feed.kind == "live":
                self._note_changes(bool(await self._live.step()))
                return True
            if self._keeper.finished:
                await self._end()
                return False
            start = self.reached
            end = TimeNs(start + MINUTE)
            bars = {bar.symbol: bar for bar in await self._feed.bars(start, end)}
            for quarter in range(QUARTERS):
                moment = start + (quarter + 1) * MINUTE // QUARTERS - (quarter == QUARTERS - 1)
                if not await self._pace.until(moment, self._claimed):
                    return True
                self._desk.advance(TimeNs(moment))
                self._play(bars, quarter)
            self._note_changes(bool(await self._keeper.close_minute(end, bars)))
            await self._setup.quiesce()
        return True

    def last(self, symbol: Symbol) -> Price | None:
        """Return the last price, or None before the first tick; NotFound for a strange symbol."""
        stream = self._keeper.streams.get(symbol)
        if stream is None:
            self.instruments.find(symbol)
            return None
        return stream.price(self._desk.now())

    def day(self, symbol: Symbol) -> DayStats | None:
        """Return the last 24 hours of closed minutes."""
        return self._stream(symbol).stats(self._desk.now())

    def open_bar(self, symbol: Symbol, timeframe: Timeframe) -> Candle | None:
        """Return the bar that is still open, or None between bars."""
        bars = self._stream(symbol).open_bars()
        return next((bar for bar in bars if bar.timeframe == timeframe), None)

    def status(self) -> FeedStatus:
        """Return the session as it is now; Unavailable before the first."""
        now = self._desk.now()
        return FeedStatus(
            session=self.session,
            clock=now,
            wall=self._wall.now(),
            speed=self._pace.speed,
            paused=self._pace.paused,
            ended=self._keeper.progress.ended,
            trouble=self._trouble,
            streams=tuple(one.state(now) for one in self._keeper.streams.values()),
        )

    async def pause(self) -> None:
        """Let desk time stand; again changes nothing."""
        self._must_be_paced("pause")
        self._pace.pause()
        await self._note()

    async def resume(self) -> None:
        """Let desk time go on."""
        self._must_be_paced("resume")
        self._pace.resume()
        await self._note()

    async def set_speed(self, speed: float) -> None:
        """Change the speed at once, 0.1 to 3600 desk seconds a second; Invalid otherwise."""
        self._must_be_paced("change its speed")
        self._pace.set_speed(speed)
        await self._note()

    async def seek(self, to: TimeNs) -> None:
        """Open a new session at the minute of `to`; Invalid names the range there is."""
        self._must_be_paced("seek")
        span = self._keeper.span
        if span.first is None or span.end is None:
            raise Conflict(
                "this feed has no past to seek in", field="action", fix="restart it instead"
            )
        if not span.first <= to < span.end:
            raise Invalid(
                f"{rfc3339(to)} is not in the recording",
                field="to",
                fix=f"send {rfc3339(span.first)} to {rfc3339(span.end - MINUTE)}",
            )
        await self._reopen(TimeNs(to // MINUTE * MINUTE))

    async def restart(self) -> None:
        """Open a new session where this one began."""
        self._must_be_paced("restart")
        await self._reopen(self.session.start)

    async def _reopen(self, start: TimeNs) -> None:
        self._claims += 1
        self._pace.wake()
        try:
            async with self._turn:
                await self._keeper.begin(start)
                await self._settle()
        finally:
            self._claims -= 1
            self._pace.wake()

    async def _settle(self) -> None:
        """After a session was opened or continued: everyone hears of it before time moves."""
        progress = self._keeper.progress
        self._pace.speed, self._pace.paused = progress.speed, progress.paused
        self._trouble = ""
        await self._setup.quiesce()
        self._pace.begin(progress.reached)
        self._tell_feed()

    async def _note(self) -> None:
        await self._keeper.note(speed=self._pace.speed, paused=self._pace.paused)
        self._tell_feed()

    async def _end(self) -> None:
        if not self._keeper.progress.ended:
            await self._keeper.note(ended=True)
            self._tell_feed()

    def _note_changes(self, changed: bool) -> None:
        if changed or self._trouble:
            self._trouble = ""
            self._tell_feed()

    def _play(self, bars: dict[Symbol, Candle], quarter: int) -> None:
        for symbol, stream in self._keeper.streams.items():
            bar = bars.get(symbol)
            tick = stream.step(bar, quarter) if bar is not None else None
            if tick is not None:
                self._tell(stream, tick)

    def _tell(self, stream: Stream, tick: Tick) -> None:
        self.listeners.on_tick(tick)
        for bar in stream.open_bars():
            self.listeners.on_open_bar(bar)

    def _tell_feed(self) -> None:
        self.listeners.on_feed(self.status())

    def _claimed(self) -> bool:
        return self._claims > 0

    def _stream(self, symbol: Symbol) -> Stream:
        stream = self._keeper.streams.get(symbol)
        if stream is None:
            self.instruments.find(symbol)
            raise NotFound(f"{symbol} is not streamed yet", field="symbol")
        return stream

    def _must_be_paced(self, action: str) -> None:
        if self._feed.kind == "live":
            raise Conflict(
                f"a live feed cannot {action}", field="action", fix="replay a recording instead"
            )
