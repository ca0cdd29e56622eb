"""The brain: hears closed bars, computes, judges, and says what it thinks.

One bar is one transaction: indicators, patterns, the signal, what became of older signals, and the
facts that tell about it. Facts come at least once; a bar that is not newer than the last one of its
stream changes nothing.

The memory of a session is carried from exactly WARM_UP_BARS closed bars before its start. While a
bar is being stored the memory is put aside, so that a failure forgets it and the next fact rebuilds
it: from the warm-up, the session's bars that were stored, and the stored active signals. It is then
bit for bit what it would have been without the failure, or without the restart.

The event loop is never held for long: the past is learned in slices of SLICE bars.
"""

import asyncio
from collections.abc import Sequence

from hydradesk.infra.outbox import emit
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import (
    LENGTH,
    WARM_UP_BARS,
    BarClosed,
    Candle,
    Candles,
    Instruments,
    Session,
    SessionOpened,
    StreamChanged,
    Timeframe,
)
from hydradesk.signals.contracts import (
    PatternSeen,
    Reading,
    Sighting,
    SignalEnded,
    SignalMade,
    Taken,
)
from hydradesk.signals.domain.mind import Mind, signal_id
from hydradesk.signals.domain.votes import SOURCES
from hydradesk.signals.ports import IndicatorTap, Memory, VoteSource

SLICE = 100
"""Bars learned before the event loop gets its turn: about 2 ms."""
SHOWN_BARS = 500
"""Warm-up bars of each stream whose indicators and patterns are stored, for the chart."""


class Brain:
    """Turns the facts of market into signals. Handlers are called one at a time."""

    def __init__(
        self,
        db: Transactions,
        memory: Memory,
        candles: Candles,
        instruments: Instruments,
        on_indicators: IndicatorTap,
        sources: Sequence[VoteSource] = SOURCES,
    ) -> None:
        self._db, self._memory, self._candles = db, memory, candles
        self._instruments, self._sources = instruments, sources
        self._tap = on_indicators
        self._mind: Mind | None = None

    async def on_session(self, fact: SessionOpened) -> None:
        """Warm up for a new session and store what its chart shows of the past."""
        session = fact.session
        async with self._db.begin() as tx:
            if not await self._memory.open(tx, session):
                return
            self._mind = None
            mind = self._new_mind(session.id)
            for symbol, timeframe in mind.streams:
                readings, seen = await self._warm_up(mind, session, symbol, timeframe)
                first = readings[-SHOWN_BARS].open_time if len(readings) > SHOWN_BARS else 0
                shown = [one for one in seen if one.open_time >= first]
                await self._memory.save_past(tx, session.id, readings[-SHOWN_BARS:], shown)
        self._mind = mind

    async def on_bar(self, fact: BarClosed) -> None:
        """Compute, follow, judge, store and tell; once for each bar."""
        mind, candle = await self._recall(fact.session), fact.candle
        if mind is None or mind.knows(candle):
            return
        self._mind = None  # until it is stored: a failure forgets, the next fact rebuilds
        taken = mind.take(candle, fact.tradable)
        async with self._db.begin() as tx:
            await self._memory.save(tx, fact.session, taken)
            await emit(tx, *_facts(fact.session, candle, taken))
        self._mind = mind
        self._tap(fact.session, taken.reading)

    async def on_stream(self, fact: StreamChanged) -> None:
        """Trust a stream no longer, or again."""
        mind, stream = await self._recall(fact.session), fact.stream
        if mind is None:
            return
        self._mind = None
        async with self._db.begin() as tx:
            await self._memory.mark(tx, fact.session, stream.symbol, stream.state)
        if stream.state == "fresh":
            mind.troubled.discard(stream.symbol)
        else:
            mind.troubled.add(stream.symbol)
        self._mind = mind

    def _new_mind(self, session: SessionId) -> Mind:
        return Mind(session, self._instruments, self._sources)

    async def _recall(self, wanted: SessionId) -> Mind | None:
        """Return the memory of the current session; None for a session that is over."""
        if self._mind is None:
            async with self._db.begin() as tx:
                session = await self._memory.latest(tx)
            if session is not None and session.id == wanted:
                self._mind = await self._rebuild(session)
        return self._mind if self._mind is not None and self._mind.session == wanted else None

    async def _rebuild(self, session: Session) -> Mind:
        mind = self._new_mind(session.id)
        for symbol, timeframe in mind.streams:
            await self._warm_up(mind, session, symbol, timeframe)
            await self._learn(mind, await self._taken(session, symbol, timeframe))
        async with self._db.begin() as tx:
            for following in await self._memory.active(tx, session.id):
                signal = following.signal
                mind.active[signal.symbol, signal.timeframe] = following
            for signal in await self._memory.last_stopped(tx, session.id):
                mind.forget((signal.symbol, signal.timeframe), signal)
            mind.troubled = await self._memory.troubled(tx, session.id)
        return mind

    async def _taken(self, session: Session, symbol: Symbol, timeframe: Timeframe) -> list[Candle]:
        """Return the bars of the session that this brain has stored, oldest first."""
        async with self._db.begin() as tx:
            known = await self._memory.taken(tx, session.id, symbol, timeframe)
        if not known:
            return []
        length = LENGTH[timeframe]
        start, end = TimeNs(min(known)), TimeNs(max(known) + length)
        bars = await self._candles.between(session.source, symbol, timeframe, start, end)
        return [bar for bar in bars if bar.open_time in known]

    async def _warm_up(
        self, mind: Mind, session: Session, symbol: Symbol, timeframe: Timeframe
    ) -> tuple[list[Reading], list[Sighting]]:
        bars = await self._candles.before(
            session.source, symbol, timeframe, session.start, WARM_UP_BARS
        )
        return await self._learn(mind, bars)

    async def _learn(
        self, mind: Mind, bars: Sequence[Candle]
    ) -> tuple[list[Reading], list[Sighting]]:
        readings, seen = list[Reading](), list[Sighting]()
        for start in range(0, len(bars), SLICE):
            for bar in bars[start : start + SLICE]:
                reading, sightings = mind.learn(bar)
                readings.append(reading)
                seen += sightings
            await asyncio.sleep(0)
        return readings, seen


def _facts(session: SessionId, candle: Candle, taken: Taken) -> list[Fact]:
    """Tell what a bar brought: patterns, then endings, then the new signal."""
    name, at, key = signal_id(session, candle), candle.close_time, candle.symbol
    facts: list[Fact] = [
        PatternSeen(id=f"{name}.{one.pattern}:1", at=at, key=key, session=session, sighting=one)
        for one in taken.sightings
    ]
    facts += [
        SignalEnded(id=f"{one.id}:{one.version}", at=at, key=key, signal=one) for one in taken.ended
    ]
    if taken.signal is not None:
        signal = taken.signal
        made = f"{signal.id}:{signal.version}"
        facts.append(SignalMade(id=made, at=at, key=key, signal=signal))
    return facts
