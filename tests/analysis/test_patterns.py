"""Patterns are TA-Lib's, in batch and bar by bar alike, and say how strong they are and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hydradesk.analysis.indicators import table
from hydradesk.analysis.patterns import SHAPES, PatternSet, find
from hydradesk.analysis.rows import PatternHit
from tests.analysis.conftest import Bars, read_bars

NAMES = {
    "bullish_engulfing": "engulfing",
    "bearish_engulfing": "engulfing",
}


def found(bars: Bars) -> list[PatternHit]:
    rows = table(*bars)
    return find(*bars[1:5], rows.atr_14, rows.relative_volume)


@pytest.mark.parametrize("series", ["skender_default_daily", "ethusdt_1h_2024Q1"])
def test_the_published_hits_hold(
    series: str, daily: Bars, shared: Path, vector: Callable[[str], Any]
) -> None:
    bars = daily
    if series != "skender_default_daily":
        file = shared / "data/candles/binance_spot_1h/ETHUSDT-1h-2017-2025H1.parquet"
        bars = read_bars(file, 10**6)
        inside = (bars[0] >= 1704067200 * 10**9) & (bars[0] < 1711929600 * 10**9)
        bars = tuple(one[inside] for one in bars)  # type: ignore[assignment]
    wanted = vector("candlestick_talib.json")["series"][series]
    assert bars[0].size == wanted["n"]
    mine: dict[str, set[tuple[int, int]]] = {name: set() for name in wanted["hits"]}
    for hit in found(bars):
        sign = -1 if hit.direction == "bearish" else 1
        mine[NAMES.get(hit.pattern, hit.pattern)].add((hit.index, sign))
    ours = {NAMES.get(p.name, p.name) for s in SHAPES for p in (s.rising, s.falling) if p}
    assert len(ours) == 9
    for name in ours:
        assert mine[name] == {(at, 1 if value > 0 else -1) for at, value in wanted["hits"][name]}


def test_bar_by_bar_gives_the_hits_of_the_batch(eth: Bars) -> None:
    bars: Bars = tuple(one[:20_000] for one in eth)  # type: ignore[assignment]
    rows, live, seen = table(*bars), PatternSet(), list[PatternHit]()
    facts = zip(rows.atr_14.tolist(), rows.relative_volume.tolist(), strict=True)
    ohlc = zip(*(one.tolist() for one in bars[1:5]), strict=True)
    for bar, (atr, relative) in zip(ohlc, facts, strict=True):
        seen += live.update(bar, atr, relative)
    assert seen == found(bars)
    assert len({hit.pattern for hit in seen}) == 10
    assert all(1 <= hit.strength <= 100 for hit in seen)
    assert {hit.direction for hit in seen} == {"bullish", "bearish", "neutral"}


def engulf(second: float, relative: float) -> PatternHit:
    """Twenty quiet bars, a small fall, then a rise that swallows it."""
    ohlc = [(100.0, 101.0, 99.0, 100.5)] * 20 + [(100.0, 100.2, 98.8, 99.0)]
    ohlc.append((98.9, 98.9 + second, 98.5, 98.9 + second))
    columns = [np.array(one) for one in zip(*ohlc, strict=True)]
    atr, volume = np.full(22, 2.0), np.full(22, relative)
    hits = find(*columns, atr, volume)  # type: ignore[call-arg]
    return next(hit for hit in hits if hit.pattern == "bullish_engulfing")


def test_strength_is_half_shape_a_quarter_size_a_quarter_volume() -> None:
    hit = engulf(2.0, 1.0)  # bodies 1 and 2; height 2.4 of 2 * ATR 4; volume 1 of 2
    assert hit.strength == 1 + round(99 * (0.5 * 0.5 + 0.25 * 0.6 + 0.25 * 0.5))
    assert hit.description == (
        "A rising body of 2 swallows the one before, of 1; it spans 2.4, 1.2 times the ATR,"
        " on 1.0 times the usual volume."
    )


def test_a_larger_body_and_more_volume_are_stronger() -> None:
    assert engulf(4.0, 1.0).strength > engulf(2.0, 1.0).strength
    assert engulf(2.0, 3.0).strength > engulf(2.0, 1.0).strength
    assert engulf(2.0, float("nan")).strength == engulf(2.0, 1.0).strength  # unknown is middling
