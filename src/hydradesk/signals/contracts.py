"""What the rest of the house may know about signals."""

from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

from hydradesk.analysis.rows import IndicatorRow, Lean, PatternHit
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import SessionId, SignalId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Timeframe

Direction = Literal["BUY", "SELL", "HOLD"]
Status = Literal["active", "closed", "expired"]
Level = Literal["stop", "target_1", "target_2", "target_3"]
Ended = Literal["stop", "target_3", "expired", "reversed"]


class Higher(Struct, frozen=True, kw_only=True):
    """The last closed bar of a longer timeframe, as the brain remembers it."""

    timeframe: Timeframe
    close: float
    row: IndicatorRow


class Context(Struct, frozen=True, kw_only=True):
    """What a vote source may look at: one closed bar and what came before it. Quote units."""

    symbol: Symbol
    timeframe: Timeframe
    at: TimeNs
    """Close time of the bar."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    rows: tuple[IndicatorRow, ...]
    """Indicators of the last bars, at most RECENT of them, oldest first; the last is this bar's."""
    closes: tuple[float, ...]
    """Closes of the same bars."""
    volatility: tuple[float, ...]
    """ATR over close of the last bars, oldest first; the last is this bar's. No NaN."""
    patterns: tuple[PatternHit, ...]
    """Completed by this bar."""
    higher: tuple[Higher, ...]
    """The next longer timeframes, shortest first."""


RECENT = 12
"""Rows in a Context: two for crosses and turns, ten bars back for the drift of OBV."""


class Vote(Struct, frozen=True, kw_only=True):
    """One source's opinion, with the facts it rests on."""

    source: str
    """indicators.rsi, patterns.hammer, volume.spike, trend.1h …"""
    direction: Literal[-1, 0, 1]
    weight: Decimal
    """>= 0; how much this opinion counts."""
    reason: str
    """One sentence for people."""
    facts: dict[str, str]
    """The numbers used, as plain decimals."""


class Levels(Struct, frozen=True, kw_only=True):
    """Where to get in and out, quote units, on the instrument's tick."""

    entry_low: Decimal
    entry_high: Decimal
    stop: Decimal
    targets: tuple[Decimal, Decimal, Decimal]
    risk_reward: Decimal
    """Distance to the second target over distance to the stop, two decimals."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What the candles after the signal did to it."""

    first_touched: Level | None
    """The first level that a later 1m bar touched; the stop when one bar touched both."""
    ended_by: Ended
    """A signal lives until its stop, its third target, its expiry or an opposite signal."""
    best_target: int
    """The highest target touched before the end, 0 to 3."""
    at: TimeNs
    price: Decimal
    return_pct: Decimal
    """Signed for the signal's direction, percent, four decimals."""
    r_multiple: Decimal
    """Return over the distance to the stop, two decimals."""


class Signal(Struct, frozen=True, kw_only=True):
    """One fused, explained opinion on one closed bar."""

    id: SignalId
    session: SessionId
    symbol: Symbol
    timeframe: Timeframe
    at: TimeNs
    """Close time of the bar it was made from."""
    price: Decimal
    direction: Direction
    confidence: Decimal
    """0 to 100, one decimal: how strongly the votes lean for BUY and SELL, how little for HOLD."""
    risk_score: Decimal
    """0 (calm) to 100 (wild), one decimal."""
    levels: Levels | None
    """None for HOLD."""
    votes: tuple[Vote, ...]
    reasoning: str
    """One readable paragraph."""
    expires_at: TimeNs
    status: Status
    """A HOLD is closed from the start: there is nothing to follow."""
    version: int = 1
    outcome: Outcome | None = None


class Sighting(Struct, frozen=True, kw_only=True):
    """A candlestick pattern on one closed bar."""

    symbol: Symbol
    timeframe: Timeframe
    open_time: TimeNs
    at: TimeNs
    """Close time of the bar that completed it."""
    pattern: str
    title: str
    direction: Lean
    strength: int
    """1 to 100, by analysis.patterns."""
    description: str


class PatternSeen(Fact, frozen=True, kw_only=True, tag="signals.pattern_seen.v1"):
    """A bar completed a candlestick pattern. Published by signals; read by the page."""

    session: SessionId
    sighting: Sighting


class Reading(Struct, frozen=True, kw_only=True):
    """The indicators of one closed bar."""

    symbol: Symbol
    timeframe: Timeframe
    open_time: TimeNs
    row: IndicatorRow


class Following(Struct, frozen=True, kw_only=True):
    """An active signal and what it has touched so far."""

    signal: Signal
    first_touched: Level | None = None
    best_target: int = 0


class Taken(Struct, frozen=True, kw_only=True):
    """What one bar brought."""

    reading: Reading
    sightings: list[Sighting]
    signal: Signal | None
    """None when nothing may be concluded from the bar."""
    moved: list[Following]
    """Active signals that touched a target and go on."""
    ended: list[Signal]


class SignalMade(Fact, frozen=True, kw_only=True, tag="signals.signal_made.v1"):
    """A bar was judged. Published by signals; read by execution's autotrader, page and bots."""

    signal: Signal


class SignalEnded(Fact, frozen=True, kw_only=True, tag="signals.signal_ended.v1"):
    """A BUY or SELL was closed by a level or expired. Read by execution's autotrader and page."""

    signal: Signal


class Recorded(Struct, frozen=True, kw_only=True):
    """How good the signals of one symbol and timeframe have been so far."""

    made: int
    ended: int
    won: int
    mean_r: Decimal


class Signals(Protocol):
    """Stored signals. Answered by signals' store."""

    async def get(self, signal: SignalId) -> Signal:
        """Return one; NotFound."""
        ...
