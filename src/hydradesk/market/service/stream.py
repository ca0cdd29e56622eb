"""One symbol's stream in memory: quality gate, open bars, last price, the last 24 hours."""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.kernel.time import DAY, MINUTE, TimeNs
from hydradesk.market.contracts import TIMEFRAMES, Candle, Price, StreamState, Tick, walk
from hydradesk.market.domain import quality
from hydradesk.market.domain.quality import Gate
from hydradesk.market.domain.resample import Aggregator
from hydradesk.market.domain.stats import DayStats, day_stats

_DAY_OF_MINUTES = DAY // MINUTE


class Memory(Struct, frozen=True):
    """What a restart must know of one stream."""

    gate: Gate
    open_bars: tuple[Candle, ...]


class Stream:
    """What is known of one symbol in the running session. Owned by the service's loop."""

    def __init__(self, memory: Memory, history: Sequence[Candle]) -> None:
        """Go on from memory.

        Args:
            memory: gate and open bars.
            history: closed 1m bars of the last 24 hours, oldest first; they count nothing.
        """
        self.gate = memory.gate
        self.reported = memory.gate.changes
        self.late: list[Candle] = []
        """Bars found after their time, still to be stored."""
        self._aggregator = Aggregator(memory.open_bars)
        self._day = deque(history, _DAY_OF_MINUTES)
        self._growing: Candle | None = None
        self._stats: DayStats | None = None

    @property
    def symbol(self) -> Symbol:
        """Whose stream this is."""
        return self.gate.symbol

    def memory(self) -> Memory:
        """Return what a restart must know."""
        return Memory(self.gate, tuple(self._aggregator.open_bars()))

    def price(self, now: int) -> Price | None:
        """Return the last price as it is to be judged now."""
        gate = quality.aged(self.gate, now)
        if gate.last_price is None:
            return None
        at = gate.last_at or gate.since
        return Price(symbol=gate.symbol, price=gate.last_price, at=at, state=gate.state)

    def state(self, now: int) -> StreamState:
        """Return the stream's quality as it is now."""
        return quality.view(quality.aged(self.gate, now))

    def stats(self, now: int) -> DayStats | None:
        """Return the last 24 hours."""
        while self._day and self._day[0].open_time < now - DAY:
            self._day.popleft()
            self._stats = None
        if self._stats is None:
            self._stats = day_stats(self._day)
        return self._stats

    def open_bars(self) -> Iterator[Candle]:
        """Return the bars still open, shortest timeframe first."""
        return self._aggregator.open_bars(self._growing)

    def step(self, bar: Candle, quarter: int) -> Tick | None:
        """Let a bar known in full grow by one quarter (0 to 3), as `walk` has it.

        Its volume grows in quarters. Returns the tick, or None when it must not be believed.
        """
        if not quality.well_formed(bar):
            return None
        ticks = walk(bar)[: quarter + 1]
        prices = [one.price for one in ticks]
        share = MONEY.divide(MONEY.multiply(bar.volume, quarter + 1), 4)
        self._growing = msgspec.structs.replace(
            bar, high=max(prices), low=min(prices), close=prices[-1], volume=plain(share)
        )
        self.gate, heard = quality.hear(self.gate, ticks[-1], ticks[-1].at)
        return ticks[-1] if heard else None

    def hear(self, tick: Tick, now: int) -> bool:
        """Take a live tick: the 1m bar grows by it, without volume. False when refused."""
        self.gate, heard = quality.hear(self.gate, tick, now)
        if heard:
            self._growing = _grown(self._growing, tick)
        return heard

    def close(self, bar: Candle | None, close: TimeNs, now: int) -> list[Candle]:
        """End the minute that closes at `close`, with its bar when there is one.

        Returns the bars that closed, shortest timeframe first.
        """
        if self._growing is not None and self._growing.open_time < close:
            self._growing = None
        closed: list[Candle] = []
        if bar is not None:
            self.gate, verdict = quality.judge(self.gate, bar, now)
            if verdict == "backfill":
                self.late.append(bar)
            if verdict == "next":
                closed = [bar, *self._aggregator.add(bar)]
                self._day.append(bar)
                self._stats = None
        self.gate = quality.aged(self.gate, now)
        return closed + self._aggregator.advance(close)

    def find(self, bar: Candle, now: int) -> None:
        """Take a bar of a minute that was missing; others are left alone."""
        if any(start <= bar.open_time < end for start, end in self.gate.missing):
            self.gate, verdict = quality.judge(self.gate, bar, now)
            if verdict == "backfill":
                self.late.append(bar)

    def by_timeframe(self, closed: Sequence[Candle]) -> dict[str, Candle]:
        """Return closed bars by timeframe."""
        assert len({one.timeframe for one in closed}) == len(closed), closed
        return {name: one for name in TIMEFRAMES for one in closed if one.timeframe == name}


def opened(symbol: Symbol, start: TimeNs, history: Sequence[Candle]) -> Stream:
    """Begin a stream at `start`, after the closed 1m bars of the time before it."""
    gate = quality.seeded(Gate(symbol=symbol, since=start), list(history[-quality.WINDOW :]))
    gate = msgspec.structs.replace(gate, last_at=TimeNs(0))
    aggregator = Aggregator()
    for bar in history:
        aggregator.add(bar)
    aggregator.advance(start)
    return Stream(Memory(gate, tuple(aggregator.open_bars())), history)


def _grown(bar: Candle | None, tick: Tick) -> Candle:
    minute = TimeNs(tick.at // MINUTE * MINUTE)
    if bar is None or bar.open_time != minute:
        return Candle(
            symbol=tick.symbol,
            timeframe="1m",
            open_time=minute,
            open=tick.price,
            high=tick.price,
            low=tick.price,
            close=tick.price,
            volume=MONEY.create_decimal(0),
        )
    return msgspec.structs.replace(
        bar, high=max(bar.high, tick.price), low=min(bar.low, tick.price), close=tick.price
    )
