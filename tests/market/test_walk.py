"""A bar's four ticks."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs
from hydradesk.market.contracts import Candle, walk


def bar(open_: int, high: int, low: int, close: int) -> Candle:
    return Candle(
        symbol=Symbol("ETH-USDT"),
        timeframe="1m",
        open_time=TimeNs(60 * MINUTE),
        open=Decimal(open_),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(close),
        volume=Decimal(1),
    )


@pytest.mark.parametrize(
    ("candle", "path"),
    [
        (bar(10, 20, 8, 15), [10, 8, 20, 15]),  # the low is nearer
        (bar(10, 12, 3, 5), [10, 12, 3, 5]),  # the high is nearer
        (bar(10, 12, 8, 11), [10, 8, 12, 11]),  # equally near, rising
        (bar(10, 12, 8, 9), [10, 12, 8, 9]),  # equally near, falling
        (bar(10, 10, 10, 10), [10, 10, 10, 10]),
    ],
)
def test_the_nearer_extreme_comes_first(candle: Candle, path: list[int]) -> None:
    assert [int(tick.price) for tick in walk(candle)] == path


def test_ticks_are_struck_at_the_ends_of_the_quarters() -> None:
    start = 60 * MINUTE
    at = [tick.at for tick in walk(bar(10, 12, 8, 9))]
    assert at == [start + 15 * SECOND, start + 30 * SECOND, start + 45 * SECOND, start + MINUTE - 1]


@given(st.lists(st.integers(1, 10**6), min_size=4, max_size=4))
def test_a_walk_stays_in_its_bar_and_touches_all_of_it(prices: list[int]) -> None:
    low, open_, close, high = sorted(prices)
    candle = bar(open_, high, low, close)
    ticks = walk(candle)
    assert {tick.price for tick in ticks} == {
        candle.open,
        candle.high,
        candle.low,
        candle.close,
    }
    assert (ticks[0].price, ticks[3].price) == (candle.open, candle.close)
    first = abs(ticks[1].price - candle.open)
    assert first <= abs(ticks[2].price - candle.open)
