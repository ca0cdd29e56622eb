"""What the rest of the house may know about signals."""

from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import SessionId, SignalId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Timeframe

Direction = Literal["BUY", "SELL", "HOLD"]
Status = Literal["active", "closed", "expired"]
Level = Literal["stop", "target_1", "target_2", "target_3"]
Ended = Literal["stop", "target_3", "expired", "reversed"]


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
    """0 to 100, one decimal."""
    risk_score: Decimal
    """0 (calm) to 100 (wild), one decimal."""
    levels: Levels | None
    """None for HOLD."""
    votes: tuple[Vote, ...]
    reasoning: str
    """One readable paragraph."""
    expires_at: TimeNs
    status: Status
    version: int = 1
    outcome: Outcome | None = None


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
