"""Longer bars from minutes: the exchange's own bars, and stream and batch alike."""

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, MINUTE, TimeNs
from hydradesk.market.contracts import COLUMNS, LENGTH, TIMEFRAMES, Bars, Candle, Timeframe
from hydradesk.market.contracts.files import parse
from hydradesk.market.domain.resample import LONGER, Aggregator, resample

ETH = Symbol("ETH-USDT")
START = 1_700_006_400 * 10**9  # midnight UTC


def recorded(folder: Path, name: str, timeframe: Timeframe) -> Bars:
    return parse(pl.read_parquet(folder / name), name, ETH, timeframe).bars


@pytest.fixture(scope="module")
def minutes(shared: Path) -> Bars:
    return recorded(shared / "data/candles/binance_spot_1m", "ETHUSDT-1m-2024.parquet", "1m")


@pytest.mark.parametrize("timeframe", ["1h", "1d"])
def test_a_year_of_minutes_gives_the_exchanges_own_bars(
    shared: Path, minutes: Bars, timeframe: Timeframe
) -> None:
    name = f"ETHUSDT-{timeframe}-2017-2025H1.parquet"
    theirs = recorded(shared / f"data/candles/binance_spot_{timeframe}", name, timeframe)
    built = resample(minutes, timeframe)
    theirs = theirs.within(int(minutes.open_time[0]), int(minutes.open_time[-1]) + 1)
    assert len(built) == len(theirs) == 366 * DAY // LENGTH[timeframe]
    assert built.candles() == theirs.candles()  # every digit of prices and volumes


@pytest.mark.parametrize("timeframe", LONGER)
def test_bars_of_bars_are_the_same_bars(minutes: Bars, timeframe: Timeframe) -> None:
    built = resample(minutes, timeframe)
    shape = (-1, LENGTH[timeframe] // MINUTE)
    assert np.array_equal(built.open, minutes.open.reshape(shape)[:, 0])
    assert np.array_equal(built.high, minutes.high.reshape(shape).max(1))
    assert np.array_equal(built.low, minutes.low.reshape(shape).min(1))
    assert np.array_equal(built.close, minutes.close.reshape(shape)[:, -1])
    assert np.array_equal(built.volume, minutes.volume.reshape(shape).sum(1))


def test_stream_and_batch_agree_on_real_minutes_with_an_outage(shared: Path) -> None:
    name = "ETHUSDT-1m-2018-02-outage-quirk.parquet"
    bars = recorded(shared / "data/candles/binance_spot_1m", name, "1m").part(8000, 16000)
    assert streamed(bars.candles(), int(bars.open_time[-1]) + MINUTE) == batched(bars)


def streamed(candles: list[Candle], until: int) -> dict[str, list[Candle]]:
    aggregator = Aggregator()
    closed = [bar for candle in candles for bar in aggregator.add(candle)]
    closed += aggregator.advance(until)
    return {name: [bar for bar in closed if bar.timeframe == name] for name in LONGER}


def batched(bars: Bars, until: int | None = None) -> dict[str, list[Candle]]:
    return {name: resample(bars, name, until).candles() for name in LONGER}


@st.composite
def some_minutes(draw: st.DrawFn) -> Bars:
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 7, 70, 1500]), min_size=1, max_size=80))
    times = START + draw(st.integers(0, 3000)) * MINUTE + np.cumsum(steps) * MINUTE
    price = st.integers(1, 10**7)
    rows = [
        [*sorted(draw(st.tuples(price, price, price, price))), draw(st.integers(0, 10**9))]
        for _ in steps
    ]
    low, open_, close, high, volume = np.array(rows, np.int64).T
    return Bars(
        symbol=ETH,
        timeframe="1m",
        price_scale=2,
        volume_scale=5,
        open_time=times.astype(np.int64),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


@given(some_minutes(), st.integers(0, 3000))
def test_stream_and_batch_agree(bars: Bars, later: int) -> None:
    until = int(bars.open_time[-1]) + MINUTE + later * MINUTE
    assert streamed(bars.candles(), until) == batched(bars, until)


@given(some_minutes(), st.integers(0, 80))
def test_an_aggregator_goes_on_from_its_open_bars(bars: Bars, cut: int) -> None:
    candles = bars.candles()
    whole, first = Aggregator(), Aggregator()
    expected = [bar for one in candles for bar in whole.add(one)]
    found = [bar for one in candles[:cut] for bar in first.add(one)]
    second = Aggregator(first.open_bars())
    found += [bar for one in candles[cut:] for bar in second.add(one)]
    assert found == expected


def test_a_bar_without_its_last_minute_is_not_closed(minutes: Bars) -> None:
    assert len(resample(minutes.part(0, 59), "1h")) == 0
    assert len(resample(minutes.part(0, 60), "1h")) == 1
    late = msgspec.structs.replace(minutes.part(0, 59), open_time=minutes.open_time[:59].copy())
    assert len(resample(late, "1h", until=int(late.open_time[0]) + LENGTH["1h"])) == 1


def test_closed_bars_come_shortest_first(minutes: Bars) -> None:
    aggregator = Aggregator()
    last: list[Candle] = []
    for candle in minutes.part(0, 1440).candles():
        last = aggregator.add(candle)
    assert [bar.timeframe for bar in last] == ["5m", "15m", "1h", "4h", "1d"]


def test_an_open_bar_grows_with_the_minute_at_hand(minutes: Bars) -> None:
    first, second = minutes.part(0, 2).candles()
    aggregator = Aggregator()
    aggregator.add(first)
    grown = aggregator.open_bar("5m", second)
    assert grown is not None and grown.close == second.close and grown.open == first.open
    assert grown.volume == first.volume + second.volume
    before = aggregator.open_bar("5m")
    assert before is not None and before.close == first.close  # looking changes nothing
    later = msgspec.structs.replace(second, open_time=TimeNs(first.open_time + LENGTH["5m"]))
    fresh = aggregator.open_bar("5m", later)
    assert fresh is not None and fresh.open_time == later.open_time and fresh.open == later.open


def test_volumes_too_large_to_add_exactly_are_refused(minutes: Bars) -> None:
    huge = msgspec.structs.replace(minutes.part(0, 2), volume=np.array([2**61, 2**61]))
    with pytest.raises(Invalid, match="too large"):
        resample(huge, "1d")


def test_columns_become_exact_candles(minutes: Bars) -> None:
    candle = minutes.part(0, 1).candles()[0]
    assert str(candle.open) == "2281.87" and candle.volume == Decimal("170.0969")
    assert str(candle.volume) == "170.0969"  # no trailing zero
    assert set(COLUMNS) < set(Bars.__struct_fields__) and TIMEFRAMES[0] == "1m"
