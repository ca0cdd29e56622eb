"""What the brain remembers of one session, and what it makes of the next bar. No I/O.

The same bars in the same order leave the same memory and the same signals, byte for byte: live, in
replay, and after a restart that feeds the bars again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from hydradesk.analysis.patterns import PatternSet
from hydradesk.analysis.rows import IndicatorRow, PatternHit
from hydradesk.analysis.streaming import IndicatorSet
from hydradesk.kernel.ids import SessionId, SignalId, Symbol
from hydradesk.kernel.time import MILLISECOND, TimeNs
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, Candle, Instruments, Timeframe
from hydradesk.signals.contracts import (
    RECENT,
    Context,
    Direction,
    Following,
    Higher,
    Levels,
    Reading,
    Sighting,
    Signal,
    Taken,
    Vote,
)
from hydradesk.signals.domain.fusion import (
    EXPIRY_BARS,
    REST_BARS,
    Fused,
    decide,
    fuse,
    levels,
    risk_of,
)
from hydradesk.signals.domain.outcome import end, follow
from hydradesk.signals.domain.votes import SOURCES
from hydradesk.signals.domain.words import explain

VOLATILITY_BARS = 200
HIGHER_TIMEFRAMES = 2

Source = Callable[[Context], list[Vote]]
Key = tuple[Symbol, Timeframe]


class Stream:
    """The recursive state of one symbol and timeframe."""

    def __init__(self) -> None:
        self.indicators, self.shapes = IndicatorSet(), PatternSet()
        self.rows = deque[IndicatorRow](maxlen=RECENT)
        self.closes = deque[float](maxlen=RECENT)
        self.volatility = deque[float](maxlen=VOLATILITY_BARS)
        self.last = TimeNs(-1)

    def take(self, candle: Candle) -> tuple[IndicatorRow, list[PatternHit]]:
        """Move on by one closed bar."""
        bar = (float(candle.open), float(candle.high), float(candle.low), float(candle.close))
        row = self.indicators.update(candle.open_time, *bar, float(candle.volume))
        self.rows.append(row)
        self.closes.append(bar[3])
        if row.atr_14 > 0.0 and bar[3] > 0.0:
            self.volatility.append(row.atr_14 / bar[3])
        self.last = candle.open_time
        return row, self.shapes.update(bar, row.atr_14, row.relative_volume)


class Mind:
    """All streams of one session, and the signals that are still active."""

    def __init__(
        self, session: SessionId, instruments: Instruments, sources: Sequence[Source] = SOURCES
    ) -> None:
        self.session = session
        self.active: dict[Key, Following] = {}
        self.stopped: dict[Key, tuple[Direction, TimeNs]] = {}
        """Direction and time of the last signal that ended at its stop."""
        self.troubled: set[Symbol] = set()
        """Symbols whose stream is stale or broken."""
        self._ticks = {one.symbol: one.tick for one in instruments.all}
        self._sources = sources
        self.streams: dict[Key, Stream] = {
            (one.symbol, timeframe): Stream() for one in instruments.all for timeframe in TIMEFRAMES
        }

    def knows(self, candle: Candle) -> bool:
        """Say whether this bar, or a later one of its stream, has been taken before."""
        return candle.open_time <= self.streams[candle.symbol, candle.timeframe].last

    def learn(self, candle: Candle) -> tuple[Reading, list[Sighting]]:
        """Take a bar of the past: remember it, conclude nothing."""
        row, hits = self.streams[candle.symbol, candle.timeframe].take(candle)
        return _reading(candle, row), [_sighting(candle, hit) for hit in hits]

    def take(self, candle: Candle, tradable: bool) -> Taken:
        """Take the next closed bar: follow the active signals, then judge.

        Args:
            candle: newer than the last of its stream.
            tradable: False when no signal may be made from it.
        """
        stream = self.streams[candle.symbol, candle.timeframe]
        row, hits = stream.take(candle)
        sightings = [_sighting(candle, hit) for hit in hits]
        moved, ended = self._follow(candle)
        signal = None
        if tradable and candle.symbol not in self.troubled:
            signal = self._judge(candle, self._context(candle, stream, hits))
            ended += self._start(signal)
        return Taken(
            reading=_reading(candle, row),
            sightings=sightings,
            signal=signal,
            moved=moved,
            ended=ended,
        )

    def _follow(self, bar: Candle) -> tuple[list[Following], list[Signal]]:
        moved, ended = list[Following](), list[Signal]()
        if bar.timeframe != "1m":
            return moved, ended
        for key in [key for key in self.active if key[0] == bar.symbol]:
            before = self.active[key]
            after, over = follow(before, bar)
            if over is not None:
                self.forget(key, over)
                ended.append(over)
            elif after != before:
                self.active[key] = after
                moved.append(after)
        return moved, ended

    def forget(self, key: Key, over: Signal) -> None:
        """Stop following a signal that has ended; remember it if it was stopped out."""
        self.active.pop(key, None)
        if over.outcome is not None and over.outcome.ended_by == "stop":
            self.stopped[key] = (over.direction, over.outcome.at)

    def _start(self, signal: Signal) -> list[Signal]:
        """Follow a new signal; what it turns around ends."""
        if signal.direction == "HOLD":
            return []
        key = (signal.symbol, signal.timeframe)
        before = self.active.get(key)
        self.active[key] = Following(signal=signal)
        return [] if before is None else [end(before, "reversed", signal.at, signal.price)]

    def _judge(self, candle: Candle, context: Context) -> Signal:
        votes = [vote for source in self._sources for vote in source(context)]
        votes.sort(key=lambda vote: -vote.weight)  # stable: ties keep the order of the sources
        fused = fuse(votes)
        key = (candle.symbol, candle.timeframe)
        standing = self.active[key].signal if key in self.active else None
        direction = decide(
            fused.score, standing.direction if standing else None, self._resting(key, context.at)
        )
        plan = self._plan(direction, candle, context)
        signal = _signal(self.session, candle, direction if plan else "HOLD", plan, fused)
        risk = risk_of(context, fused)
        signal = replace(signal, risk_score=risk.score, votes=tuple(votes))
        return replace(signal, reasoning=explain(signal, fused, risk, standing))

    def _plan(self, direction: Direction, candle: Candle, context: Context) -> Levels | None:
        if direction == "HOLD":
            return None
        atr = context.rows[-1].atr_14
        return levels(direction, candle.close, atr, self._ticks[candle.symbol])

    def _resting(self, key: Key, at: TimeNs) -> Direction | None:
        direction, since = self.stopped.get(key, (None, TimeNs(0)))
        return direction if at < since + REST_BARS * LENGTH[key[1]] else None

    def _context(self, candle: Candle, stream: Stream, hits: list[PatternHit]) -> Context:
        return Context(
            symbol=candle.symbol,
            timeframe=candle.timeframe,
            at=candle.close_time,
            open=float(candle.open),
            high=float(candle.high),
            low=float(candle.low),
            close=float(candle.close),
            volume=float(candle.volume),
            rows=tuple(stream.rows),
            closes=tuple(stream.closes),
            volatility=tuple(stream.volatility),
            patterns=tuple(hits),
            higher=tuple(self._higher(candle)),
        )

    def _higher(self, candle: Candle) -> Iterator[Higher]:
        above = TIMEFRAMES.index(candle.timeframe) + 1
        for timeframe in TIMEFRAMES[above : above + HIGHER_TIMEFRAMES]:
            stream = self.streams[candle.symbol, timeframe]
            if stream.rows:
                yield Higher(timeframe=timeframe, close=stream.closes[-1], row=stream.rows[-1])


def signal_id(session: SessionId, candle: Candle) -> SignalId:
    """Name the signal of a bar: the same bar of the same session always has the same name."""
    at = candle.close_time // MILLISECOND
    return SignalId(f"{session}.{candle.symbol}.{candle.timeframe}.{at}")


def _signal(
    session: SessionId, candle: Candle, direction: Direction, plan: Levels | None, fused: Fused
) -> Signal:
    sure = fused.score.copy_abs()
    life = EXPIRY_BARS if direction != "HOLD" else 1
    return Signal(
        id=signal_id(session, candle),
        session=session,
        symbol=candle.symbol,
        timeframe=candle.timeframe,
        at=candle.close_time,
        price=candle.close,
        direction=direction,
        confidence=sure if direction != "HOLD" else 100 - sure,
        risk_score=sure,
        levels=plan,
        votes=(),
        reasoning="",
        expires_at=TimeNs(candle.close_time + life * LENGTH[candle.timeframe]),
        status="active" if direction != "HOLD" else "closed",
    )


def _reading(candle: Candle, row: IndicatorRow) -> Reading:
    return Reading(
        symbol=candle.symbol, timeframe=candle.timeframe, open_time=candle.open_time, row=row
    )


def _sighting(candle: Candle, hit: PatternHit) -> Sighting:
    return Sighting(
        symbol=candle.symbol,
        timeframe=candle.timeframe,
        open_time=candle.open_time,
        at=candle.close_time,
        pattern=hit.pattern,
        title=hit.title,
        direction=hit.direction,
        strength=hit.strength,
        description=hit.description,
    )
