"""Longer bars from 1m bars, exactly: batch on scaled integers, streaming on decimals.

A longer bar is built from the minutes that are there, as exchanges do: the first open, the
highest high, the lowest low, the last close, the sum of the volumes. It closes when time passes
its end; a bar whose last minute is still to come is not closed. A bar without any minute is not
made up.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.kernel.time import MINUTE, TimeNs
from hydradesk.market.contracts import COLUMNS, LENGTH, TIMEFRAMES, Bars, Candle, Timeframe

Integers = np.ndarray[Any, np.dtype[np.int64]]

LONGER: tuple[Timeframe, ...] = TIMEFRAMES[1:]
"""The timeframes that are built from minutes, shortest first."""

_ROOM = 2**62


def resample(minutes: Bars, timeframe: Timeframe, until: int | None = None) -> Bars:
    """Build the closed bars of a longer timeframe.

    Args:
        minutes: 1m bars.
        timeframe: what to build.
        until: time has passed up to here (ns); default the end of the last minute.
    """
    if len(minutes) == 0:
        return msgspec.structs.replace(minutes, timeframe=timeframe)
    if int(minutes.volume.max()) > _ROOM // (LENGTH[timeframe] // MINUTE):
        raise Invalid("the volumes are too large to be added up exactly", field="volume")
    length = LENGTH[timeframe]
    buckets = minutes.open_time // length * length
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
    ends = np.append(starts[1:], len(buckets)) - 1
    closed_at = int(minutes.open_time[-1]) + MINUTE if until is None else until
    built = Bars(
        symbol=minutes.symbol,
        timeframe=timeframe,
        price_scale=minutes.price_scale,
        volume_scale=minutes.volume_scale,
        open_time=buckets[starts],
        open=minutes.open[starts],
        high=np.maximum.reduceat(minutes.high, starts),
        low=np.minimum.reduceat(minutes.low, starts),
        close=minutes.close[ends],
        volume=np.add.reduceat(minutes.volume, starts),
    )
    return built.part(0, int(np.searchsorted(built.open_time, closed_at - length, side="right")))


def joined(blocks: Sequence[Bars]) -> Bars:
    """Put blocks of one symbol and timeframe together, in the order given, on common scales."""
    price = max(one.price_scale for one in blocks)
    volume = max(one.volume_scale for one in blocks)
    parts: dict[str, list[Integers]] = {name: [] for name in COLUMNS}
    for one in blocks:
        for name in COLUMNS:
            grown = {"open_time": 0, "volume": volume - one.volume_scale}
            power = grown.get(name, price - one.price_scale)
            parts[name].append(_times_ten(getattr(one, name), power))
    columns = {name: np.concatenate(part) for name, part in parts.items()}
    return msgspec.structs.replace(blocks[0], price_scale=price, volume_scale=volume, **columns)


def gaps(bars: Bars) -> list[tuple[int, int]]:
    """Return the times [start, end) between bars in which bars are missing."""
    if len(bars) < 2:
        return []
    ends = bars.open_time[:-1] + LENGTH[bars.timeframe]
    holes = np.flatnonzero(bars.open_time[1:] > ends)
    return [(int(ends[at]), int(bars.open_time[at + 1])) for at in holes]


def _times_ten(column: Integers, power: int) -> Integers:
    if len(column) and int(np.abs(column).max()) > 2**62 // 10**power:
        raise Invalid("the numbers have too many digits to be held on one scale")
    return np.asarray(column * 10**power, np.int64)


def merged(first: Candle | None, later: Candle, timeframe: Timeframe) -> Candle:
    """Return the bar of `timeframe` that holds `first` (of that timeframe) and a later minute."""
    if first is None:
        start = TimeNs(later.open_time // LENGTH[timeframe] * LENGTH[timeframe])
        return msgspec.structs.replace(later, timeframe=timeframe, open_time=start)
    return msgspec.structs.replace(
        first,
        high=max(first.high, later.high),
        low=min(first.low, later.low),
        close=later.close,
        volume=plain(MONEY.add(first.volume, later.volume)),
    )


class Aggregator:
    """Builds one symbol's longer bars minute by minute; the same bars as `resample` makes."""

    def __init__(self, begun: Iterable[Candle] = ()) -> None:
        """Start with nothing, or go on with the open bars of an earlier Aggregator."""
        self._open: dict[Timeframe, Candle] = {one.timeframe: one for one in begun}

    def add(self, minute: Candle) -> list[Candle]:
        """Take the next closed minute; return the longer bars that it closes, shortest first."""
        assert minute.timeframe == "1m", minute
        closed = self.advance(minute.open_time)
        for timeframe in LONGER:
            self._open[timeframe] = merged(self._open.get(timeframe), minute, timeframe)
        return closed + self.advance(minute.close_time)

    def advance(self, to: int) -> list[Candle]:
        """Let time pass without a minute; return the bars that have ended, shortest first."""
        ended = [one for one in self._open.values() if one.close_time <= to]
        for one in ended:
            del self._open[one.timeframe]
        return sorted(ended, key=lambda one: LENGTH[one.timeframe])

    def open_bar(self, timeframe: Timeframe, minute: Candle | None = None) -> Candle | None:
        """Return the bar still open, with the minute that is still growing when given."""
        if timeframe == "1m":
            return minute
        begun = self._open.get(timeframe)
        if minute is None:
            return begun
        ended = begun is not None and begun.close_time <= minute.open_time
        return merged(None if ended else begun, minute, timeframe)

    def open_bars(self, minute: Candle | None = None) -> Iterator[Candle]:
        """Return every open bar, shortest timeframe first."""
        for timeframe in TIMEFRAMES:
            bar = self.open_bar(timeframe, minute)
            if bar is not None:
                yield bar
