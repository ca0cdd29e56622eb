"""The words of analysis: one row of indicators, one seen pattern. No numpy, no TA-Lib."""

from typing import Literal

from msgspec import Struct

Lean = Literal["bullish", "bearish", "neutral"]


class IndicatorRow(Struct, frozen=True, gc=False):
    """Every indicator of one closed bar; NaN where not yet (or not at all) defined.

    Prices and distances in quote units; `rsi_14` and `mfi_14` 0 to 100; `relative_volume` a ratio;
    `obv` in base units, counted from the first bar the indicators saw.
    """

    rsi_14: float
    macd: float
    macd_signal: float
    macd_hist: float
    ema_9: float
    ema_21: float
    ema_50: float
    ema_200: float
    vwap_session: float
    """Since 00:00 UTC of the bar's day."""
    vwap_20: float
    """Over the last 20 bars."""
    atr_14: float
    bb_upper: float
    bb_middle: float
    bb_lower: float
    relative_volume: float
    """Volume over the mean volume of the 20 bars before."""
    volume_spike: bool
    """relative_volume >= SPIKE."""
    obv: float
    mfi_14: float


NAMES: tuple[str, ...] = IndicatorRow.__struct_fields__
"""The indicators by name, in the order of the row."""

SPIKE = 3.0
"""Relative volume from which a bar is a volume spike."""


class PatternHit(Struct, frozen=True, kw_only=True):
    """A candlestick pattern that the bar at `index` completed."""

    index: int
    """Of the bar that completed it, in the arrays it was found in."""
    pattern: str
    title: str
    direction: Lean
    strength: int
    """1 to 100, see patterns.strength."""
    description: str
    """One sentence with the numbers it rests on."""
