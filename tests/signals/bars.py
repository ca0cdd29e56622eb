"""Real bars as the market would state them, and a reader of stored candles kept in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl

from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.numbers import Asset, plain
from hydradesk.kernel.time import MINUTE, TimeNs
from hydradesk.market.contracts import (
    LENGTH,
    TIMEFRAMES,
    BarClosed,
    Candle,
    Instrument,
    Instruments,
    Session,
    SessionOpened,
    Source,
    Timeframe,
)

ETH = Symbol("ETH-USDT")
OHLCV = ("open", "high", "low", "close", "volume")
USDT = Asset("USDT", 6)
INSTRUMENTS = Instruments(
    (
        Instrument(
            symbol=ETH,
            base=Asset("ETH", 18),
            quote=USDT,
            tick=Decimal("0.01"),
            lot=Decimal("0.0001"),
            min_notional=Decimal(5),
        ),
    )
)


def read(file: Path, start: int, rows: int) -> list[Candle]:
    """1m candles of ETH-USDT from a file of scaled integers."""
    frame = pl.read_parquet(file).slice(start, rows)
    columns = {name.split("_e")[0]: name for name in frame.columns if name != "open_time"}
    values = {
        name: [plain(Decimal(one).scaleb(-int(column.split("_e")[1]))) for one in frame[column]]
        for name, column in columns.items()
    }
    return [
        candle("1m", at * 1_000_000, *(values[name][i] for name in OHLCV))
        for i, at in enumerate(frame["open_time"].to_list())
    ]  # fmt: skip


def candle(timeframe: Timeframe, at: int, *ohlcv: object) -> Candle:
    """Open, high, low, close and, if it matters, volume."""
    o, h, low, c, v = (Decimal(str(one)) for one in (*ohlcv, 1)[:5])
    return Candle(
        symbol=ETH,
        timeframe=timeframe,
        open_time=TimeNs(at),
        open=o,
        high=h,
        low=low,
        close=c,
        volume=v,
    )


def all_timeframes(minutes: list[Candle]) -> Iterator[Candle]:
    """The bars in the order in which they close, the shortest first; only whole ones."""
    parts: dict[Timeframe, list[Candle]] = {timeframe: [] for timeframe in TIMEFRAMES}
    for minute in minutes:
        for timeframe in TIMEFRAMES:
            length = LENGTH[timeframe]
            part = parts[timeframe]
            part.append(minute)
            if minute.close_time % length == 0:
                if len(part) == length // MINUTE:
                    yield merged(timeframe, part)
                part.clear()


def merged(timeframe: Timeframe, part: list[Candle]) -> Candle:
    return candle(
        timeframe,
        part[0].open_time,
        part[0].open,
        max(one.high for one in part),
        min(one.low for one in part),
        part[-1].close,
        plain(sum((one.volume for one in part), Decimal(0))),
    )


class StoredCandles:
    """Answers market.contracts.Candles from memory, and never shows a bar after `now`."""

    def __init__(self, bars: list[Candle]) -> None:
        self.now = TimeNs(2**62)
        self._bars: dict[Timeframe, list[Candle]] = {timeframe: [] for timeframe in TIMEFRAMES}
        for bar in bars:
            self._bars[bar.timeframe].append(bar)

    async def before(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> list[Candle]:
        return (await self.between(source, symbol, timeframe, TimeNs(0), end))[-limit:]

    async def between(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> list[Candle]:
        assert source == "exchange" and symbol == ETH
        bars, last = self._bars[timeframe], min(end, self.now) - LENGTH[timeframe]
        first = bisect_left(bars, start, key=lambda bar: bar.open_time)
        return bars[first : bisect_right(bars, last, key=lambda bar: bar.open_time)]


def opened(start: TimeNs, name: str = "s1") -> SessionOpened:
    session = Session(
        id=SessionId(name), feed="replay", source="exchange", name="test", start=start, end=None
    )
    return SessionOpened(id=f"{name}:1", at=start, key=name, session=session)


def closed(bar: Candle, name: str = "s1", *, tradable: bool = True) -> BarClosed:
    return BarClosed(
        id=f"{name}.{bar.timeframe}.{bar.open_time}:1",
        at=bar.close_time,
        key=bar.symbol,
        session=SessionId(name),
        candle=bar,
        tradable=tradable,
    )
