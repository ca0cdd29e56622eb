"""Single trades to bars of all timeframes, as fast as one process can decode them.

Binance's `trade` messages are decoded straight into floats, which hold every price and quantity
of up to 15 digits exactly enough to get its decimal back; the open minute is kept as floats for
the extremes and as an integer for the volume, so that nothing is ever rounded. Longer bars are
made of closed minutes by the desk's one rule.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec import Struct

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.kernel.time import MILLISECOND, MINUTE, TimeNs
from hydradesk.market.contracts import Candle
from hydradesk.market.domain.resample import Aggregator

SCALE = 8
"""Digits after the point in Binance's prices and quantities."""
_POWER = 10.0**SCALE
_LARGEST = 2.0**51 / _POWER
"""Up to here value * 10**8 + 0.5 is exact enough to be cut to the right integer."""
_MINUTE_MS = MINUTE // MILLISECOND


class Trade(Struct, frozen=True, gc=False, tag_field="e", tag="trade"):
    """The fields of a trade message that make bars."""

    t: int
    """The exchange's number of the trade, rising by one."""
    p: float
    q: float
    T: int
    """When, ms."""


class _Message(Struct, frozen=True, gc=False):
    data: Trade


_decode = msgspec.json.Decoder(_Message, strict=False).decode


class TradeBars:
    """Builds the bars of one symbol's trade stream.

    Args:
        symbol: whose trades; the stream carries no others.
    """

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self.trades = self.duplicates = self.missing = self.late = 0
        self._last = -1
        self._start = self._end = 0
        self._prices = (0.0, 0.0, 0.0, 0.0)
        self._volume = 0
        self._aggregator = Aggregator()

    def take(self, messages: Iterable[bytes]) -> list[Candle]:
        """Take combined-stream messages in the order they came; return the bars they close.

        A trade seen before is counted and left out, as is one of a minute already closed; numbers
        left out in between are counted as missing. Raises msgspec.DecodeError or Invalid
        for what is no trade; what came before it counts.
        """
        closed: list[Candle] = []
        last, end, volume = self._last, self._end, self._volume
        open_, high, low, close = self._prices
        try:
            for message in messages:
                trade = _decode(message).data
                number, price, at = trade.t, trade.p, trade.T
                if number != last + 1 and not self._follows(number, last):
                    continue
                last = number
                if not price > 0.0:
                    raise Invalid(f"trade {number} has no price", field="p")
                if at >= end:
                    self._prices, self._volume = (open_, high, low, close), volume
                    closed += self._next_minute(at)
                    end, volume = self._end, 0
                    open_ = high = low = price
                elif at < self._start:
                    self.late += 1
                    continue
                if price > high:
                    high = price
                elif price < low:
                    low = price
                close = price
                quantity = trade.q
                volume += int(quantity * _POWER + 0.5) if quantity < _LARGEST else _exact(quantity)
                self.trades += 1
        finally:
            self._last, self._end, self._volume = last, end, volume
            self._prices = (open_, high, low, close)
        return closed

    def open_bars(self) -> list[Candle]:
        """Return the bars still open, shortest timeframe first."""
        return list(self._aggregator.open_bars(self._minute()))

    def _follows(self, number: int, last: int) -> bool:
        if last >= 0 and number <= last:
            self.duplicates += 1
            return False
        self.missing += number - last - 1 if last >= 0 else 0
        return True

    def _next_minute(self, at: int) -> list[Candle]:
        minute = self._minute()
        self._start = at // _MINUTE_MS * _MINUTE_MS
        self._end = self._start + _MINUTE_MS
        if minute is None:
            return []
        longer = self._aggregator.add(minute)
        return [minute, *longer, *self._aggregator.advance(self._start * MILLISECOND)]

    def _minute(self) -> Candle | None:
        if self._end == 0:
            return None
        open_, high, low, close = (plain(Decimal(repr(price))) for price in self._prices)
        return Candle(
            symbol=self.symbol,
            timeframe="1m",
            open_time=TimeNs(self._start * MILLISECOND),
            open=open_,
            high=high,
            low=low,
            close=close,
            volume=plain(MONEY.scaleb(Decimal(self._volume), -SCALE)),
        )


def _exact(quantity: float) -> int:
    return int(MONEY.scaleb(Decimal(repr(quantity)), SCALE))
