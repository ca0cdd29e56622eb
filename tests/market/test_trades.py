"""Bars from single trades: as exact as decimals, only faster."""

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.market.contracts import Candle
from hydradesk.market.domain.trades import TradeBars

ETH = Symbol("ETH-USDT")
T0 = 1_723_161_240_000  # the start of a minute, ms


def message(number: int, price: str, qty: str, at: int) -> bytes:
    data = {"e": "trade", "E": at, "s": "ETHUSDT", "t": number, "p": price, "q": qty, "T": at}
    return msgspec.json.encode({"stream": "ethusdt@trade", "data": {**data, "m": True, "M": True}})


def reference(messages: list[bytes]) -> list[Candle]:
    """The same minutes with decimals, one trade at a time."""
    minutes: dict[int, list[tuple[Decimal, Decimal]]] = {}
    for one in messages:
        data = msgspec.json.decode(one)["data"]
        minute = data["T"] // 60_000 * 60_000
        minutes.setdefault(minute, []).append((Decimal(data["p"]), Decimal(data["q"])))
    return [
        Candle(
            symbol=ETH,
            timeframe="1m",
            open_time=minute * 10**6,  # type: ignore[arg-type]
            open=trades[0][0],
            high=max(price for price, _ in trades),
            low=min(price for price, _ in trades),
            close=trades[-1][0],
            volume=sum((qty for _, qty in trades), Decimal(0)),
        )
        for minute, trades in sorted(minutes.items())
    ]


def minutes_of(bars: list[Candle]) -> list[Candle]:
    return [one for one in bars if one.timeframe == "1m"]


def test_recorded_trades_give_exact_bars(shared: Path) -> None:
    path = shared / "data/microstructure/binance_ws_raw/spot_ethusdt_20240808.gz"
    with gzip.open(path) as lines:
        messages = [one.split(b" ", 1)[1] for one in lines if b'"e":"trade"' in one]
    bars = TradeBars(ETH)
    closed = bars.take(messages[:3000]) + bars.take(messages[3000:])
    found = minutes_of(closed) + minutes_of(bars.open_bars())
    assert found == reference(messages) and len(found) > 2
    assert (bars.trades, bars.missing, bars.duplicates) == (len(messages), 0, 0)
    assert {one.timeframe for one in bars.open_bars()} == {"1m", "5m", "15m", "1h", "4h", "1d"}


amounts = st.decimals(Decimal("0.00000001"), Decimal("99999.99999999"), places=8)


@given(st.lists(st.tuples(amounts, amounts, st.integers(0, 40_000)), min_size=1, max_size=60))
def test_any_trades_give_exact_bars(trades: list[tuple[Decimal, Decimal, int]]) -> None:
    at, messages = T0, []
    for number, (price, qty, later) in enumerate(trades):
        at += later
        messages.append(message(number, f"{price:f}", f"{qty:f}", at))
    bars = TradeBars(ETH)
    closed = bars.take(messages)
    assert minutes_of(closed) + minutes_of(bars.open_bars()) == reference(messages)


def test_huge_quantities_stay_exact() -> None:
    bars = TradeBars(ETH)
    bars.take([message(1, "0.00001", "30000000.12345678", T0), message(2, "1", "0.00000001", T0)])
    assert bars.open_bars()[0].volume == Decimal("30000000.12345679")


def test_longer_bars_close_with_their_last_minute() -> None:
    bars = TradeBars(ETH)
    base = T0 - T0 % 86_400_000
    messages = [message(n, "100", "1", base + n * 60_000) for n in range(61)]
    closed = bars.take(messages)
    assert [one.timeframe for one in closed[-4:]] == ["1m", "5m", "15m", "1h"]
    hour = closed[-1]
    assert (hour.timeframe, hour.volume) == ("1h", 60)


def test_duplicates_gaps_and_late_trades_are_counted() -> None:
    bars = TradeBars(ETH)
    first, second = message(7, "100", "1", T0), message(9, "101", "1", T0 + 1)
    bars.take([first, first, second, first])
    assert (bars.trades, bars.duplicates, bars.missing) == (2, 2, 1)
    bars.take([message(10, "100", "1", T0 + 60_000), message(11, "100", "5", T0 + 59_000)])
    assert bars.late == 1 and bars.open_bars()[0].volume == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b'{"data":{"e":"kline"}}',
        message(2, "abc", "1", T0),
        message(2, "0", "1", T0),
        message(2, "-5", "1", T0),
        message(2, "nan", "1", T0),
    ],
)
def test_what_is_no_trade_is_refused_and_spoils_nothing(bad: bytes) -> None:
    bars = TradeBars(ETH)
    with pytest.raises((msgspec.DecodeError, Invalid)):
        bars.take([message(1, "100", "1", T0), bad])
    assert bars.trades == 1 and bars.open_bars()[0].close == 100
    bars.take([message(3, "102", "1", T0 + 1)])
    assert bars.open_bars()[0].close == 102
