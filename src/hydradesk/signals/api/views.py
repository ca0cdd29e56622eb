"""What outsiders see of indicators, patterns and signals."""

from decimal import Decimal
from math import isnan
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hydradesk.accounts.contracts import Entitlements
from hydradesk.analysis.rows import Lean
from hydradesk.kernel.time import rfc3339
from hydradesk.market.contracts import Timeframe
from hydradesk.signals.contracts import (
    Direction,
    Ended,
    Level,
    Levels,
    Reading,
    Sighting,
    Signal,
    Status,
)

NO_VOTES = "the votes behind a signal come with a membership"


class IndicatorView(Struct, frozen=True, kw_only=True):
    """One closed bar's indicators; null where not yet defined."""

    open_time: str
    rsi_14: float | None
    macd: float | None
    macd_signal: float | None
    macd_hist: float | None
    ema_9: float | None
    ema_21: float | None
    ema_50: float | None
    ema_200: float | None
    vwap_session: float | None
    vwap_20: float | None
    atr_14: float | None
    bb_upper: float | None
    bb_middle: float | None
    bb_lower: float | None
    relative_volume: float | None
    volume_spike: bool
    obv: float | None
    mfi_14: float | None


class PatternView(Struct, frozen=True, kw_only=True):
    """A candlestick pattern on one closed bar."""

    symbol: str
    timeframe: Timeframe
    open_time: str
    at: str
    pattern: str
    title: str
    direction: Lean
    strength: int
    description: str


class VoteView(Struct, frozen=True, kw_only=True):
    """One source's opinion; `direction` is -1, 0 or 1."""

    source: str
    direction: Literal[-1, 0, 1]
    weight: Decimal
    reason: str
    facts: dict[str, str]


class OutcomeView(Struct, frozen=True, kw_only=True):
    """What became of a BUY or SELL."""

    first_touched: Level | None
    ended_by: Ended
    best_target: int
    at: str
    price: Decimal
    return_pct: Decimal
    r_multiple: Decimal


class SignalView(Struct, frozen=True, kw_only=True):
    """One explained opinion on one closed bar."""

    id: str
    session: str
    symbol: str
    timeframe: Timeframe
    at: str
    price: Decimal
    direction: Direction
    confidence: Decimal
    risk_score: Decimal
    levels: Levels | None
    votes: tuple[VoteView, ...]
    reasoning: str
    expires_at: str
    status: Status
    version: int
    outcome: OutcomeView | None
    note: str | None = None
    """What is not shown, and why."""


class RecordView(Struct, frozen=True, kw_only=True):
    """How the BUYs and SELLs of one symbol and timeframe have done so far."""

    symbol: str
    timeframe: Timeframe
    made: int
    ended: int
    won: int
    mean_r: Decimal


INDICATORS = IndicatorView(
    open_time="2025-06-24T01:40:00Z",
    rsi_14=53.76,
    macd=1.68,
    macd_signal=2.04,
    macd_hist=-0.36,
    ema_9=2406.58,
    ema_21=2405.75,
    ema_50=2393.36,
    ema_200=2326.02,
    vwap_session=2405.55,
    vwap_20=2404.93,
    atr_14=8.07,
    bb_upper=2413.32,
    bb_middle=2404.85,
    bb_lower=2396.38,
    relative_volume=0.67,
    volume_spike=False,
    obv=-331492.18,
    mfi_14=50.69,
)
PATTERN = PatternView(
    symbol="ETH-USDT",
    timeframe="5m",
    open_time="2025-06-24T01:40:00Z",
    at="2025-06-24T01:45:00Z",
    pattern="doji",
    title="Doji",
    direction="neutral",
    strength=89,
    description="Open and close are only 4 % of the range apart: nobody won.",
)
SIGNAL = SignalView(
    id="s0001.ETH-USDT.5m.1750728300000",
    session="s0001",
    symbol="ETH-USDT",
    timeframe="5m",
    at="2025-06-24T01:25:00Z",
    price=Decimal("2413.36"),
    direction="BUY",
    confidence=Decimal("66.7"),
    risk_score=Decimal("40.3"),
    levels=Levels(
        entry_low=Decimal("2401.29"),
        entry_high=Decimal("2425.43"),
        stop=Decimal("2401.25"),
        targets=(Decimal("2429.5"), Decimal("2437.57"), Decimal("2445.64")),
        risk_reward=Decimal(2),
    ),
    votes=(
        VoteView(
            source="indicators.macd",
            direction=1,
            weight=Decimal(2),
            reason="MACD crossed above its signal line",
            facts={"macd": "0.3515", "macd_signal": "0.3308"},
        ),
    ),
    reasoning="BUY ETH-USDT on 5m at 2413.36: MACD crossed above its signal line.",
    expires_at="2025-06-24T03:55:00Z",
    status="closed",
    version=2,
    outcome=OutcomeView(
        first_touched="target_1",
        ended_by="target_3",
        best_target=3,
        at="2025-06-24T02:31:00Z",
        price=Decimal("2445.64"),
        return_pct=Decimal("1.3376"),
        r_multiple=Decimal("2.67"),
    ),
)
RECORD = RecordView(
    symbol="ETH-USDT", timeframe="5m", made=8, ended=7, won=3, mean_r=Decimal("0.29")
)


def indicator_view(reading: Reading) -> IndicatorView:
    """Show one bar's indicators."""
    values: dict[str, Any] = {
        name: None if isnan(value) else value
        for name, value in msgspec.structs.asdict(reading.row).items()
    }
    return IndicatorView(open_time=rfc3339(reading.open_time), **values)


def pattern_view(sighting: Sighting) -> PatternView:
    """Show one pattern."""
    values = msgspec.structs.asdict(sighting)
    values |= {"open_time": rfc3339(sighting.open_time), "at": rfc3339(sighting.at)}
    return PatternView(**values)


def signal_view(signal: Signal) -> SignalView:
    """Show one signal."""
    values = msgspec.structs.asdict(signal)
    votes = (VoteView(**msgspec.structs.asdict(vote)) for vote in signal.votes)
    outcome = None
    if signal.outcome is not None:
        facts = msgspec.structs.asdict(signal.outcome)
        outcome = OutcomeView(**(facts | {"at": rfc3339(signal.outcome.at)}))
    values |= {
        "at": rfc3339(signal.at),
        "expires_at": rfc3339(signal.expires_at),
        "votes": tuple(votes),
        "outcome": outcome,
    }
    return SignalView(**values)


def entitled_view(signal: Signal, entitled: Entitlements) -> SignalView | None:
    """Show what a membership includes of a signal; None when it does not include it at all."""
    if signal.timeframe not in entitled.timeframes:
        return None
    view = signal_view(signal)
    if entitled.votes:
        return view
    return replace(view, votes=(), note=NO_VOTES)
