"""What the rest of the house may know about the market."""

from decimal import Decimal
from typing import Literal, Protocol, get_args

from msgspec import Struct

from hydradesk.kernel.errors import Invalid, NotFound
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.numbers import Asset
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
