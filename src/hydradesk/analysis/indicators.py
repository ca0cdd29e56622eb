"""Indicators over float64 arrays, by TA-Lib. Same length in and out; NaN where not yet defined."""

from itertools import pairwise

import numpy as np
import talib
from msgspec import Struct
from numpy.typing import NDArray

from hydradesk.analysis.rows import SPIKE, IndicatorRow
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import DAY

Series = NDArray[np.float64]
Times = NDArray[np.int64]
Flags = NDArray[np.bool_]

WINDOW = 20
"""Bars of the rolling VWAP and of the mean that relative volume compares with."""


class IndicatorTable(Struct, frozen=True):
    """IndicatorRow as columns: arrays of one length, oldest bar first."""

    rsi_14: Series
    macd: Series
    macd_signal: Series
    macd_hist: Series
    ema_9: Series
    ema_21: Series
    ema_50: Series
    ema_200: Series
    vwap_session: Series
    vwap_20: Series
    atr_14: Series
    bb_upper: Series
    bb_middle: Series
    bb_lower: Series
    relative_volume: Series
    volume_spike: Flags
    obv: Series
    mfi_14: Series

    def row(self, index: int) -> IndicatorRow:
        """Return one bar's values."""
        columns = (getattr(self, name) for name in IndicatorRow.__struct_fields__)
        return IndicatorRow(*(column[index].item() for column in columns))


def table(
    open_time: Times, open_: Series, high: Series, low: Series, close: Series, volume: Series
) -> IndicatorTable:
    """Compute every indicator of IndicatorRow for every bar.

    Args:
        open_time: nanoseconds UTC per bar, ascending, shape (n,).
        open_, high, low, close: quote units, shape (n,), no NaN.
        volume: base units, shape (n,), >= 0, no NaN.

    Returns:
        Arrays of shape (n,); value i uses bars 0..i only.

    Raises:
        Invalid: shapes differ.

    Source: TA-Lib for all but VWAP and relative volume, which it does not have.
    """
    shapes = {one.shape for one in (open_time, open_, high, low, close, volume)}
    if len(shapes) != 1 or close.ndim != 1:
        raise Invalid(f"table: shapes {sorted(shapes)} instead of one (n,)")
    macd, signal, hist = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0, 0)
    relative = relative_volume(volume)
    return IndicatorTable(
        rsi_14=talib.RSI(close, 14),
        macd=macd,
        macd_signal=signal,
        macd_hist=hist,
        ema_9=talib.EMA(close, 9),
        ema_21=talib.EMA(close, 21),
        ema_50=talib.EMA(close, 50),
        ema_200=talib.EMA(close, 200),
        vwap_session=session_vwap(open_time, high, low, close, volume),
        vwap_20=rolling_vwap(high, low, close, volume),
        atr_14=talib.ATR(high, low, close, 14),
        bb_upper=upper,
        bb_middle=middle,
        bb_lower=lower,
        relative_volume=relative,
        volume_spike=relative >= SPIKE,
        obv=talib.OBV(close, volume),
        mfi_14=talib.MFI(high, low, close, volume, 14),
    )


def session_vwap(
    open_time: Times, high: Series, low: Series, close: Series, volume: Series
) -> Series:
    """Volume-weighted mean of the typical price since midnight UTC of the bar's day.

    Args:
        open_time: nanoseconds UTC, ascending, shape (n,).
        high, low, close: quote units, shape (n,).
        volume: base units, shape (n,).

    Returns:
        Quote units, shape (n,); NaN while nothing has traded since midnight. The typical price is
        (high + low + close) / 3.
    """
    money = (high + low + close) / 3.0 * volume
    days = open_time // DAY
    edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), close.size]
    out = np.empty_like(close)
    for start, end in pairwise(edges):
        day = slice(start, end)
        out[day] = _over(np.cumsum(money[day]), np.cumsum(volume[day]))
    return out


def rolling_vwap(
    high: Series, low: Series, close: Series, volume: Series, window: int = WINDOW
) -> Series:
    """Volume-weighted mean of the typical price of the last `window` bars.

    Args:
        high, low, close: quote units, shape (n,).
        volume: base units, shape (n,).
        window: bars, >= 1.

    Returns:
        Quote units, shape (n,); NaN for the first window - 1 bars and where nothing traded.
    """
    money = (high + low + close) / 3.0 * volume
    return _over(_sums(money, window), _sums(volume, window))


def relative_volume(volume: Series, window: int = WINDOW) -> Series:
    """Volume over the mean volume of the `window` bars before it.

    Args:
        volume: base units, shape (n,).
        window: bars in the mean, >= 1.

    Returns:
        A ratio, shape (n,); NaN for the first `window` bars and where nothing traded before.
    """
    out = np.full_like(volume, np.nan)
    out[window:] = _over(volume[window:], _sums(volume, window)[window - 1 : -1] / window)
    return out


def _sums(values: Series, window: int) -> Series:
    """Sum each window afresh, oldest first: a running sum would keep the dust of old spikes."""
    out = np.full_like(values, np.nan)
    if values.size >= window:
        total = values[: values.size - window + 1].copy()
        for back in range(1, window):
            total += values[back : values.size - window + 1 + back]
        out[window - 1 :] = total
    return out


def _over(part: Series, whole: Series) -> Series:
    out = np.full_like(part, np.nan)
    np.divide(part, whole, out=out, where=whole > 0.0)
    return out
