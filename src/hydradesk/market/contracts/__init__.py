"""What the rest of the house may know about the market."""

from decimal import Decimal
from typing import Any, Literal, Protocol, get_args

import numpy as np
from msgspec import Struct

from hydradesk.kernel.errors import Invalid, NotFound
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.numbers import MONEY, Asset, plain
from hydradesk.kernel.time import DAY, HOUR, MINUTE, TimeNs

Timeframe = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
TIMEFRAMES: tuple[Timeframe, ...] = get_args(Timeframe)
LENGTH: dict[Timeframe, int] = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "4h": 4 * HOUR,
    "1d": DAY,
}
"""Length of one bar in nanoseconds; every bar starts on a multiple of it (UTC)."""

WARM_UP_BARS = 2_000
"""Closed bars before a session's start from which recursive indicators carry their state."""

FeedKind = Literal["live", "replay", "simulated"]
Source = Literal["exchange", "simulated"]
"""Where stored candles come from; invented ones never mix with real ones."""


class Instrument(Struct, frozen=True, kw_only=True):
    """One tradable pair and the filters its venue applies."""

    symbol: Symbol
    base: Asset
    quote: Asset
    tick: Decimal
    """Smallest price step, quote units."""
    lot: Decimal
    """Smallest quantity step, base units."""
    min_notional: Decimal
    """Smallest order value, quote units."""


class Candle(Struct, frozen=True, kw_only=True):
    """One bar. Prices in quote units, volume in base units; all in plain canonical decimals."""

    symbol: Symbol
    timeframe: Timeframe
    open_time: TimeNs
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @property
    def close_time(self) -> TimeNs:
        """The first instant after the bar: the next bar's open time."""
        return TimeNs(self.open_time + LENGTH[self.timeframe])


class Tick(Struct, frozen=True, kw_only=True):
    """The last known price. Lossy: a listener may miss some, never a closed bar."""

    symbol: Symbol
    price: Decimal
    at: TimeNs


def walk(candle: Candle) -> tuple[Tick, Tick, Tick, Tick]:
    """Return the four ticks a bar is taken to have made: open, nearer extreme, farther, close.

    Each stands for one quarter of the bar and is struck at that quarter's end, the last one
    nanosecond before the bar closes. When both extremes are equally far from the open, a bar that
    did not fall goes to its low first. Page and paper venue walk bars by this one rule.
    """
    up = MONEY.subtract(candle.high, candle.open)
    down = MONEY.subtract(candle.open, candle.low)
    low_first = down < up or (down == up and candle.close >= candle.open)
    between = (candle.low, candle.high) if low_first else (candle.high, candle.low)
    quarter = LENGTH[candle.timeframe] // 4
    first, second, third, last = (
        Tick(
            symbol=candle.symbol,
            price=price,
            at=TimeNs(candle.open_time + number * quarter - (number == 4)),
        )
        for number, price in enumerate((candle.open, *between, candle.close), start=1)
    )
    return first, second, third, last


class Bars(Struct, frozen=True, kw_only=True, eq=False):
    """Many closed bars of one symbol and timeframe in exact columns: how bars travel in bulk.

    All columns are int64 arrays of one length, oldest bar first, open times strictly rising.
    """

    symbol: Symbol
    timeframe: Timeframe
    price_scale: int
    """Prices are held as value * 10**price_scale."""
    volume_scale: int
    open_time: "np.ndarray[Any, np.dtype[np.int64]]"
    """Nanoseconds."""
    open: "np.ndarray[Any, np.dtype[np.int64]]"
    high: "np.ndarray[Any, np.dtype[np.int64]]"
    low: "np.ndarray[Any, np.dtype[np.int64]]"
    close: "np.ndarray[Any, np.dtype[np.int64]]"
    volume: "np.ndarray[Any, np.dtype[np.int64]]"

    def __len__(self) -> int:
        return len(self.open_time)

    def part(self, first: int, end: int) -> "Bars":
        """Return the bars numbered first (included) to end (excluded)."""
        columns = {name: getattr(self, name)[first:end] for name in COLUMNS}
        return Bars(**_head(self), **columns)

    def within(self, start: int, end: int) -> "Bars":
        """Return the bars with start <= open_time < end."""
        first, last = np.searchsorted(self.open_time, [start, end])
        return self.part(int(first), int(last))

    def candles(self) -> list[Candle]:
        """Return the same bars one by one, in plain decimals."""
        prices = [_decimals(getattr(self, name), self.price_scale) for name in COLUMNS[1:5]]
        volumes = _decimals(self.volume, self.volume_scale)
        times = self.open_time.tolist()
        return [
            Candle(
                symbol=self.symbol,
                timeframe=self.timeframe,
                open_time=TimeNs(at),
                open=open_,
                high=high,
                low=low,
                close=close,
                volume=volume,
            )
            for at, open_, high, low, close, volume in zip(times, *prices, volumes, strict=True)
        ]


COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
"""The columns of Bars and of every candle file, in order."""


def _head(bars: Bars) -> dict[str, Any]:
    return {
        "symbol": bars.symbol,
        "timeframe": bars.timeframe,
        "price_scale": bars.price_scale,
        "volume_scale": bars.volume_scale,
    }


def _decimals(column: "np.ndarray[Any, np.dtype[np.int64]]", scale: int) -> list[Decimal]:
    return [plain(Decimal(number).scaleb(-scale, MONEY)) for number in column.tolist()]


class BarClosed(Fact, frozen=True, kw_only=True, tag="market.bar_closed.v1"):
    """A bar is complete, checked and stored. Published by market; read by nearly everyone."""

    session: SessionId
    candle: Candle
    tradable: bool
    """False when the stream was stale or broken: no signal may be made from this bar."""


Freshness = Literal["fresh", "stale", "broken"]


class StreamState(Struct, frozen=True, kw_only=True):
    """How far one symbol's stream can be trusted, and what was wrong with it so far."""

    symbol: Symbol
    state: Freshness
    reason: str
    """One sentence; empty while fresh."""
    last_at: TimeNs
    """Desk time of the last accepted bar or tick; 0 before the first."""
    bars: int
    duplicates: int
    out_of_order: int
    gaps: int
    """Bars that were missing when a later one arrived."""
    backfilled: int
    """Of those, bars found afterwards."""
    spikes: int


class StreamChanged(Fact, frozen=True, kw_only=True, tag="market.stream_changed.v1"):
    """A stream became fresh, stale or broken. Published by market; read by signals and risk."""

    session: SessionId
    stream: StreamState


class Session(Struct, frozen=True, kw_only=True):
    """One run of one feed, with the clock it started on."""

    id: SessionId
    feed: FeedKind
    source: Source
    name: str
    """For people: the exchange, the recordings folder or the seed."""
    start: TimeNs
    """Desk time of the first bar; warm-up bars end here."""
    end: TimeNs | None
    """Where the recording ends; None when there is no end."""


class SessionProgress(Struct, frozen=True, kw_only=True):
    """How far a session has come; what a restart goes on from."""

    reached: TimeNs
    """Close time of the last minute that was stored and published."""
    speed: float
    """Desk seconds per wall second."""
    paused: bool = False
    ended: bool = False
    memory: str = ""
    """Quality gates and open bars, encoded by market."""


class FeedSpan(Struct, frozen=True, kw_only=True):
    """What a feed can give."""

    first: TimeNs | None
    """The earliest start; None when any is as good."""
    end: TimeNs | None
    """Where its bars end; None when there is no end."""
    start: TimeNs
    """Where a session begins unless told otherwise."""


class SessionOpened(Fact, frozen=True, kw_only=True, tag="market.session_opened.v1"):
    """A feed begins a new session. Published by market; portfolio opens its paper account."""

    session: Session


class Price(Struct, frozen=True, kw_only=True):
    """The last price with what one must know before acting on it."""

    symbol: Symbol
    price: Decimal
    at: TimeNs
    state: Freshness


class Prices(Protocol):
    """Last prices, from memory. Answered by market's service."""

    def last(self, symbol: Symbol) -> Price | None:
        """Return the last price, or None before the first tick; NotFound for a strange symbol."""
        ...


class Candles(Protocol):
    """Stored closed bars. Answered by market's store; never shows a bar of the desk's future."""

    async def before(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> list[Candle]:
        """Return the last `limit` bars that had closed at `end`, oldest first."""
        ...

    async def between(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> list[Candle]:
        """Return the bars with start <= open_time and close_time <= end, oldest first."""
        ...


class Instruments(Struct, frozen=True):
    """Every pair the desk knows."""

    all: tuple[Instrument, ...]

    def find(self, symbol: str, field: str = "symbol") -> Instrument:
        """Return the instrument; `ETHUSDT` and `eth/usdt` are accepted; NotFound names choices."""
        wanted = symbol.upper().replace("-", "").replace("/", "")
        for one in self.all:
            if one.symbol.replace("-", "") == wanted:
                return one
        known = ", ".join(one.symbol for one in self.all)
        raise NotFound(f"unknown symbol {symbol[:32]!r}", field=field, fix=f"use one of {known}")


def timeframe_of(text: str, field: str = "timeframe") -> Timeframe:
    """Read a timeframe; Invalid names the choices."""
    for one in TIMEFRAMES:
        if one == text:
            return one
    raise Invalid(
        f"unknown timeframe {text[:16]!r}", field=field, fix=f"use one of {', '.join(TIMEFRAMES)}"
    )
