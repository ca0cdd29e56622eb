"""Indicators and signals: what a bar costs.

    python -m benchmarks.indicators [--json] [--data FILE]

CPU time, best of several runs, peers in the same process on the same bars: a year's file of 1m bars
when there is one, else a seeded random walk.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import talib
from talipp.indicators import ATR, BB, EMA, MACD, OBV, RSI, VWAP
from talipp.ohlcv import OHLCV

from hydradesk.analysis.indicators import rolling_vwap, session_vwap, table
from hydradesk.analysis.patterns import PatternSet, find
from hydradesk.analysis.streaming import IndicatorSet
from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.numbers import Asset, plain
from hydradesk.kernel.time import MINUTE, TimeNs
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, Candle, Instrument, Instruments
from hydradesk.signals.domain.mind import Mind

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("HYDRADESK_TEST_DATA", ROOT.parent / "shared"))
FILE = DATA / "data/candles/binance_spot_1m/ETHUSDT-1m-2025.parquet"
ROWS, UPDATES, BARS, RUNS = 200_000, 20_000, 12_000, 5
Bars = tuple[Any, Any, Any, Any, Any, Any]


def load(file: Path) -> tuple[str, Bars]:
    """Return open time, OHLC and volume as arrays, and what they are."""
    if not file.is_file():
        steps = np.random.default_rng(42).normal(0, 1, ROWS)
        close = np.maximum(1.0, 3000 + np.cumsum(steps)).round(2)
        open_ = np.concatenate([[3000.0], close[:-1]])
        high, low = np.maximum(open_, close) + 1, np.minimum(open_, close) - 1
        times = np.arange(ROWS, dtype=np.int64) * MINUTE
        return "seeded random walk", (times, open_, high, low, close, np.abs(steps) * 100)
    frame = pl.read_parquet(file).head(ROWS)
    columns = [name for name in frame.columns if name != "open_time"]
    values = {n.split("_e")[0]: frame[n].to_numpy() / 10 ** int(n.split("_e")[1]) for n in columns}
    times = frame["open_time"].to_numpy().astype(np.int64) * 1_000_000
    names = ("open", "high", "low", "close", "volume")
    return file.name, (times, *(values[name] for name in names))  # type: ignore[return-value]


def best(work: Callable[[], object], units: int, runs: int = RUNS) -> float:
    """CPU nanoseconds per unit in the best of some runs."""
    found = float("inf")
    for _ in range(runs):
        start = time.process_time_ns()
        work()
        found = min(found, (time.process_time_ns() - start) / units)
    return round(found, 1)


def batch(bars: Bars) -> dict[str, float]:
    """The whole set at once, and TA-Lib's functions with the two VWAPs called one by one."""
    times, open_, high, low, close, volume = bars
    rows = close.size

    def one_by_one() -> None:
        talib.RSI(close, 14)
        talib.MACD(close, 12, 26, 9)
        for period in (9, 21, 50, 200):
            talib.EMA(close, period)
        talib.ATR(high, low, close, 14)
        talib.BBANDS(close, 20, 2.0, 2.0, 0)
        talib.OBV(close, volume)
        talib.MFI(high, low, close, volume, 14)

    def vwaps() -> None:
        session_vwap(times, high, low, close, volume)
        rolling_vwap(high, low, close, volume)

    rowed = table(*bars)
    prices = (open_, high, low, close)
    return {
        "batch_set_ns_per_row": best(lambda: table(*bars), rows),
        "talib_functions_ns_per_row": best(one_by_one, rows),
        "our_vwaps_ns_per_row": best(vwaps, rows),
        "batch_patterns_ns_per_row": best(
            lambda: find(*prices, rowed.atr_14, rowed.relative_volume), rows, 2
        ),
    }


def streaming(bars: Bars) -> dict[str, float]:
    """One bar at a time: our set, and talipp's indicators of the same names it has."""
    rows = list(zip(*(one[:UPDATES].tolist() for one in bars), strict=True))

    def ours() -> None:
        update = IndicatorSet().update
        for at, open_, high, low, close, volume in rows:
            update(at, open_, high, low, close, volume)

    def shapes() -> None:
        update = PatternSet().update
        for _, open_, high, low, close, _ in rows:
            update((open_, high, low, close), 1.0, 1.0)

    return {
        "streaming_set_ns_per_update": best(ours, UPDATES),
        "talipp_ns_per_update": best(lambda: _talipp(rows), UPDATES, 2),
        "streaming_patterns_ns_per_update": best(shapes, UPDATES),
    }


def _talipp(rows: list[tuple[Any, ...]]) -> None:
    on_close = [RSI(14), MACD(12, 26, 9), EMA(9), EMA(21), EMA(50), EMA(200), BB(20, 2)]
    on_bar = [ATR(14), OBV(), VWAP()]
    for _, open_, high, low, close, volume in rows:
        bar = OHLCV(open_, high, low, close, volume)
        for one in on_close:
            one.add(close)
        for other in on_bar:
            other.add(bar)


def signals(bars: Bars) -> dict[str, float]:
    """A closed bar through the pure path: indicators, patterns, votes, fusion, words, outcomes."""
    symbol, usdt = Symbol("ETH-USDT"), Asset("USDT", 6)
    pair = Instrument(
        symbol=symbol,
        base=Asset("ETH", 18),
        quote=usdt,
        tick=Decimal("0.01"),
        lot=Decimal("0.0001"),
        min_notional=Decimal(5),
    )
    mind, spent, opinions = Mind(SessionId("bench"), Instruments((pair,))), list[int](), 0
    for index, bar in enumerate(_candles(symbol, bars)):
        start = time.thread_time_ns()
        taken = mind.take(bar, tradable=True)
        if index >= 2_000:
            spent.append(time.thread_time_ns() - start)
        opinions += taken.signal is not None and taken.signal.direction != "HOLD"
    return {
        "bar_to_signal_us_p50": round(float(np.quantile(spent, 0.5)) / 1000, 1),
        "bar_to_signal_us_p99": round(float(np.quantile(spent, 0.99)) / 1000, 1),
        "signals_per_100_bars": round(100 * opinions / (len(spent) + 2_000), 2),
    }


def _candles(symbol: Symbol, bars: Bars) -> list[Candle]:
    """The bars of all timeframes in the order in which they close."""
    found = list[Candle]()
    rows = zip(*(one[:BARS].tolist() for one in bars), strict=True)
    for at, *ohlcv in rows:
        o, h, low, c, v = (plain(Decimal(repr(one))) for one in ohlcv)
        minute = Candle(
            symbol=symbol, timeframe="1m", open_time=at, open=o, high=h, low=low, close=c, volume=v
        )
        found.append(minute)
        minutes = [one for one in found[-3_000:] if one.timeframe == "1m"]
        for timeframe in TIMEFRAMES[1:]:
            count = LENGTH[timeframe] // MINUTE
            if minute.close_time % LENGTH[timeframe] == 0 and len(minutes) >= count:
                found.append(_merged(symbol, timeframe, minutes[-count:]))
    return found


def _merged(symbol: Symbol, timeframe: Any, part: list[Candle]) -> Candle:  # noqa: ANN401
    return Candle(
        symbol=symbol,
        timeframe=timeframe,
        open_time=TimeNs(part[0].open_time),
        open=part[0].open,
        high=max(one.high for one in part),
        low=min(one.low for one in part),
        close=part[-1].close,
        volume=plain(sum((one.volume for one in part), Decimal(0))),
    )


def main() -> None:
    """Run all, print one line each, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, default=FILE)
    asked = parser.parse_args()
    name, bars = load(asked.data)
    figures: dict[str, object] = {
        "bars": name,
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **batch(bars),
        **streaming(bars),
        **signals(bars),
    }
    if asked.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for key, value in figures.items():
        print(f"{key:36} {value}")


if __name__ == "__main__":
    main()
