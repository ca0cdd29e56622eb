"""Batch indicators agree with what others published, and streaming agrees with batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydradesk.analysis.indicators import IndicatorTable, relative_volume, session_vwap, table
from hydradesk.analysis.rows import NAMES
from hydradesk.analysis.streaming import IndicatorSet
from hydradesk.kernel.errors import Invalid
from tests.analysis.conftest import Bars

Vector = Callable[[str], Any]
DAY = 86_400_000_000_000
MINUTE = 60_000_000_000


def streamed(bars: Bars) -> dict[str, np.ndarray]:
    update = IndicatorSet().update
    rows = [update(*bar) for bar in zip(*(one.tolist() for one in bars), strict=True)]
    return {name: np.array([float(getattr(row, name)) for row in rows]) for name in NAMES}


def assert_same(bars: Bars) -> None:
    """1e-9 relative for each bar; differences, which may be 0, also 1e-12 of the price."""
    batch, live = table(*bars), streamed(bars)
    highest = np.maximum.accumulate(bars[2])
    for name in NAMES:
        wanted, got = getattr(batch, name).astype(float), live[name]
        assert (np.isnan(wanted) == np.isnan(got)).all(), name
        subtracts = name in ("macd", "macd_signal", "macd_hist", "bb_lower")
        room = 1e-9 * np.abs(wanted) + (1e-12 * highest if subtracts else 0.0)
        assert (~(np.abs(wanted - got) > room)).all(), name


def column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], float)


@pytest.mark.parametrize(
    ("file", "field", "name", "last"),
    [
        ("rsi.standard.json", "rsi", "rsi_14", 502),
        ("atr.standard.json", "atr", "atr_14", 502),
        ("bb.standard.json", "upperBand", "bb_upper", 502),
        ("bb.standard.json", "sma", "bb_middle", 502),
        ("bb.standard.json", "lowerBand", "bb_lower", 502),
        ("macd.standard.json", "macd", "macd", 100),
        ("macd.standard.json", "signal", "macd_signal", 100),
        ("macd.standard.json", "histogram", "macd_hist", 100),
    ],
)
def test_published_values_hold(
    daily: Bars, vector: Vector, file: str, field: str, name: str, last: int
) -> None:
    wanted = column(vector(f"skender/{file}"), field)[-last:]
    # MACD is a difference of two averages near 250 that are seeded differently
    tolerance = {"rtol": 1e-9, "atol": 1e-4 if name.startswith("macd") else 0.0}
    np.testing.assert_allclose(getattr(table(*daily), name)[-last:], wanted, **tolerance)


def test_published_vwap_is_one_long_session(daily: Bars, vector: Vector) -> None:
    _, _, high, low, close, volume = daily
    one_day = np.arange(close.size, dtype=np.int64)
    wanted = column(vector("skender/vwap.standard.json"), "vwap")
    np.testing.assert_allclose(session_vwap(one_day, high, low, close, volume), wanted, rtol=1e-12)


def test_stockcharts_rsi(vector: Vector) -> None:
    example = vector("stockcharts_rsi.json")
    close = np.array(example["closes"])
    times = np.arange(close.size, dtype=np.int64)
    rsi = table(times, close, close, close, close, np.ones_like(close)).rsi_14
    assert [round(value, 2) for value in rsi[14:]] == example["rsi14_from_index_14"]


def test_streaming_equals_batch_on_real_bars(eth: Bars) -> None:
    assert_same(eth)


@pytest.mark.parametrize("bars", [1, 2, 14, 15, 20, 21, 34, 200, 201])
def test_streaming_equals_batch_while_young(eth: Bars, bars: int) -> None:
    assert_same(tuple(one[:bars] for one in eth))  # type: ignore[arg-type]


prices = st.one_of(
    st.floats(0.5, 2.0).map(lambda x: ("drift", x)),
    st.just(("flat", 1.0)),
    st.floats(0.01, 100.0).map(lambda x: ("jump", x)),
)
volumes = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(1e6, 1e9))


@settings(max_examples=150, deadline=None)
@given(
    start=st.floats(1e-3, 1e5),
    steps=st.lists(st.tuples(prices, volumes, st.integers(1, 60)), min_size=1, max_size=25),
    wicks=st.booleans(),
)
def test_streaming_equals_batch_on_strange_bars(
    start: float, steps: list[tuple[tuple[str, float], float, int]], wicks: bool
) -> None:
    """Flat stretches, jumps of 100 times, no volume, spikes of volume, in any order."""
    price, rows = start, list[tuple[float, ...]]()
    for (kind, by), volume, length in steps:
        for at in range(length):
            opened = price
            if kind == "drift":
                price *= 1 + (by - 1.2) * 0.01 * ((at * 7919) % 5 - 2)
            elif kind == "jump" and at == 0:
                price = min(max(price * by, 1e-4), 1e7)
            top, bottom = max(opened, price), min(opened, price)
            wick = 0.001 * price * wicks
            rows.append((opened, top + wick, bottom - wick, price, volume))
    columns = [np.array(one) for one in zip(*rows, strict=True)]
    times = np.arange(len(rows), dtype=np.int64) * 37 * MINUTE
    assert_same((times, *columns))  # type: ignore[arg-type]


def test_the_session_starts_anew_at_midnight() -> None:
    times = np.array([DAY - MINUTE, DAY, DAY + MINUTE], dtype=np.int64)
    price, volume = np.array([10.0, 20.0, 40.0]), np.array([1.0, 1.0, 3.0])
    assert session_vwap(times, price, price, price, volume).tolist() == [10.0, 20.0, 35.0]


def test_relative_volume_compares_with_the_bars_before() -> None:
    volume = np.array([2.0] * 20 + [6.0])
    assert relative_volume(volume)[-1] == 3.0 and np.isnan(relative_volume(volume)[:20]).all()
    price = np.ones(21)
    rows = table(np.arange(21, dtype=np.int64), price, price, price, price, volume)
    assert rows.volume_spike.tolist() == [False] * 20 + [True]
    assert rows.row(20).relative_volume == 3.0 and rows.row(20).volume_spike is True


def test_no_bars_give_no_rows_and_unequal_shapes_are_refused() -> None:
    none, times = np.array([]), np.array([], dtype=np.int64)
    empty = table(times, none, none, none, none, none)
    assert isinstance(empty, IndicatorTable) and all(getattr(empty, n).size == 0 for n in NAMES)
    with pytest.raises(Invalid):
        table(times, none, none, none, np.ones(1), none)
