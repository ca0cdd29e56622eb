"""Keeps the running session: opens it, continues it, and stores each minute that closes."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from hydradesk.accounts.contracts import DESK_CHAIN, Action, Detail
from hydradesk.infra.clock import DeskClock
from hydradesk.kernel.errors import Invalid, Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, MILLISECOND, MINUTE, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.market.contracts import (
    TIMEFRAMES,
    BarClosed,
    Candle,
    FeedSpan,
    Session,
    SessionProgress,
    StreamChanged,
)
from hydradesk.market.domain import quality
from hydradesk.market.ports import Feed, MarketStore
from hydradesk.market.service.stream import Memory, Stream, opened
from hydradesk.market.service.views import Setup
from hydradesk.market.service.warmup import warm_up

_MEMORIES = list[Memory]


class Keeper:
    """One session at a time, in memory and in the database.

    Memory runs ahead of the database only inside `close_minute`; when that fails, `unsaved` says
    so and `reload` goes back to what is stored, as a restart would.
    """

    def __init__(
        self, db: Transactions, store: MarketStore, feed: Feed, desk: DeskClock, setup: Setup
    ) -> None:
        self._db, self._store, self._desk, self._setup = db, store, desk, setup
        self.feed = feed
        self.streams: dict[Symbol, Stream] = {}
        self.progress = SessionProgress(reached=TimeNs(0), speed=setup.speed)
        self.unsaved = False
        self._span: FeedSpan | None = None
        self._session: Session | None = None
        self._saving = asyncio.Lock()

    @property
    def session(self) -> Session:
        """The running session; Unavailable before the first."""
        if self._session is None:
            raise Unavailable("the market has not started yet")
        return self._session

    @property
    def span(self) -> FeedSpan:
        """What the feed can give; Unavailable before it was opened."""
        if self._span is None:
            raise Unavailable("the market has not started yet")
        return self._span

    @property
    def finished(self) -> bool:
        """Whether everything there is has been played."""
        return self.span.end is not None and self.progress.reached >= self.span.end

    async def start(self) -> None:
        """Open the feed, then go on with its last session, or open a new one."""
        self._span = await self.feed.open()
        async with self._db.begin() as tx:
            last = await self._store.last_session(tx)
        if last is not None and self._continues(last[0]):
            await self._go_on(*last)
        else:
            await self.begin(self._first_minute())

    async def begin(self, start: TimeNs) -> None:
        """Open a new session: history first, then the clock, its row and its fact together."""
        symbols = [one.symbol for one in self._setup.instruments.all]
        await warm_up(self._db, self._store, self.feed, symbols, start)
        old = self.progress
        progress = SessionProgress(reached=start, speed=old.speed, paused=old.paused)
        self.unsaved = True
        async with self._saving, self._db.begin() as tx:
            session = Session(
                id=await self._store.next_session_id(tx),
                feed=self.feed.kind,
                source=self.feed.source,
                name=self.feed.name,
                start=start,
                end=self.span.end,
            )
            self._set_clock(start)
            await self._store.begin_session(tx, session, progress, start)
            told: Detail = {"feed": session.feed, "start": rfc3339(start)}
            await self._record(tx, "feed.session_opened", session.id, told)
            self._session, self.progress = session, progress
        self.streams = {one: await self._opened(one, start) for one in symbols}
        self.unsaved = False

    async def reload(self) -> None:
        """Forget what could not be stored and go on from what is."""
        async with self._db.begin() as tx:
            last = await self._store.last_session(tx)
        assert last is not None
        await self._go_on(*last)

    async def close_minute(
        self, close: TimeNs, bars: Mapping[Symbol, Candle]
    ) -> Sequence[StreamChanged]:
        """Judge, aggregate, store and publish what closes at `close`, in one transaction.

        Facts leave in one order: streams that changed, then bars, shortest timeframe first and
        within a timeframe in the order of the instruments.
        """
        self.unsaved = True
        now = max(close, self._desk.now())
        closed = {
            symbol: stream.by_timeframe(stream.close(bars.get(symbol), close, now))
            for symbol, stream in self.streams.items()
        }
        facts = [
            self._fact(self.streams[symbol], closed[symbol][timeframe], close)
            for timeframe in TIMEFRAMES
            for symbol in closed
            if timeframe in closed[symbol]
        ]
        changes = self._changes(close)
        late = [bar for stream in self.streams.values() for bar in stream.late]
        async with self._saving:
            progress = self._with(reached=close, memory=self._memory())
            async with self._db.begin() as tx:
                self._desk.advance(close)
                await self._store.patch(tx, self.feed.source, late)
                await self._store.append(tx, self.feed.source, facts, changes)
                await self._store.save_progress(tx, self.session.id, progress)
            self.progress, self.unsaved = progress, False
        for stream in self.streams.values():
            stream.late.clear()
            stream.reported = stream.gate.changes
        return changes

    async def publish_changes(self) -> Sequence[StreamChanged]:
        """Let streams age, and publish those that changed, although no minute closed."""
        now = self._desk.now()
        for stream in self.streams.values():
            stream.gate = quality.aged(stream.gate, now)
        changes = self._changes(now)
        if changes:
            async with self._saving:
                progress = self._with(memory=self._memory())
                async with self._db.begin() as tx:
                    await self._store.append(tx, self.feed.source, [], changes)
                    await self._store.save_progress(tx, self.session.id, progress)
                self.progress = progress
            for stream in self.streams.values():
                stream.reported = stream.gate.changes
        return changes

    def backfill(self, bars: Sequence[Candle]) -> None:
        """Take bars of minutes that were missing; they are stored with the next minute."""
        for bar in bars:
            stream = self.streams.get(bar.symbol)
            if stream is not None:
                stream.find(bar, self._desk.now())

    async def note(self, **changes: object) -> None:
        """Save speed, paused or ended, so that a restart finds them."""
        async with self._saving:
            progress = self._with(**changes)
            async with self._db.begin() as tx:
                await self._store.save_progress(tx, self.session.id, progress)
                if "paused" in changes:
                    said: Detail = {"speed": str(progress.speed), "paused": progress.paused}
                    await self._record(tx, "feed.controlled", self.session.id, said)
            self.progress = progress

    async def _record(self, tx: Tx, action: str, target: str, after: Detail) -> None:
        if self._setup.audit is not None:
            told = Action(chain=DESK_CHAIN, action=action, target=target, after=after)
            await self._setup.audit.record(tx, told)

    def _with(self, **changes: object) -> SessionProgress:
        return msgspec.structs.replace(self.progress, **changes)

    def _continues(self, session: Session) -> bool:
        feed = self.feed
        same = (session.feed, session.source, session.name) == (feed.kind, feed.source, feed.name)
        return same and self._setup.start in (None, session.start)

    def _first_minute(self) -> TimeNs:
        span = self.span
        start = span.start if self._setup.start is None else self._setup.start
        if (span.first is not None and start < span.first) or (
            span.end is not None and start >= span.end
        ):
            raise Invalid(f"{rfc3339(start)} is not in the recording", field="start")
        return TimeNs(start // MINUTE * MINUTE)

    async def _go_on(self, session: Session, progress: SessionProgress) -> None:
        """Continue where the last stored minute left off."""
        self._session = msgspec.structs.replace(session, end=self.span.end)
        self._set_clock(progress.reached)
        known = {one.gate.symbol: one for one in _remembered(progress)}
        self.streams = {}
        for symbol in (one.symbol for one in self._setup.instruments.all):
            if symbol in known:
                history = await self._minutes(symbol, progress.reached)
                self.streams[symbol] = Stream(known[symbol], history)
            else:
                self.streams[symbol] = await self._opened(symbol, progress.reached)
        self.progress, self.unsaved = progress, False
        if progress.ended and not self.finished:  # the recording has grown since
            self.progress = self._with(ended=False)

    async def _opened(self, symbol: Symbol, start: TimeNs) -> Stream:
        history = await self._minutes(symbol, start)
        return await asyncio.to_thread(opened, symbol, start, history)

    async def _minutes(self, symbol: Symbol, end: TimeNs) -> list[Candle]:
        start = TimeNs(end - DAY)
        return await self._store.between(self.feed.source, symbol, "1m", start, end)

    def _set_clock(self, at: TimeNs) -> None:
        if self.feed.kind == "live":
            self._desk.follow_wall()
        else:
            self._desk.jump(at)

    def _memory(self) -> str:
        return msgspec.json.encode([one.memory() for one in self.streams.values()]).decode()

    def _fact(self, stream: Stream, candle: Candle, at: TimeNs) -> BarClosed:
        return BarClosed(
            id=f"{self.session.id}.{candle.symbol}.{candle.timeframe}."
            f"{candle.open_time // MILLISECOND}",
            at=at,
            key=candle.symbol,
            session=self.session.id,
            candle=candle,
            tradable=stream.gate.state == "fresh",
        )

    def _changes(self, at: TimeNs) -> list[StreamChanged]:
        return [
            StreamChanged(
                id=f"{self.session.id}.{one.symbol}.stream.{one.gate.changes}",
                at=at,
                key=one.symbol,
                session=self.session.id,
                stream=quality.view(one.gate),
            )
            for one in self.streams.values()
            if one.gate.changes != one.reported
        ]


def _remembered(progress: SessionProgress) -> list[Memory]:
    return msgspec.json.decode(progress.memory, type=_MEMORIES) if progress.memory else []
