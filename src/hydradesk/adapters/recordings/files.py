"""Candle files in a folder: which there are, what they cover, and their rows of some time."""

from pathlib import Path

import polars as pl
import structlog
from msgspec import Struct

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MILLISECOND
from hydradesk.market.contracts import LENGTH, Bars, Timeframe
from hydradesk.market.contracts.files import named, parse

_EPOCH_NS = 10**14

log = structlog.get_logger("recordings")


class Recording(Struct, frozen=True, kw_only=True):
    """One file with bars of one symbol."""

    path: Path
    symbol: Symbol
    timeframe: Timeframe
    first: int
    """Open time of its first bar, ns."""
    end: int
    """Close time of its last bar, ns."""


def scan(folder: Path, symbols: dict[str, Symbol]) -> list[Recording]:
    """Find the candle files of some symbols, recursively, in order of time.

    Args:
        folder: where to look.
        symbols: our spelling by the one used in file names (ETHUSDT).
    """
    found = []
    for path in sorted([*folder.rglob("*.parquet"), *folder.rglob("*.csv")]):
        name = named(path)
        if name is not None and name[0] in symbols:
            recording = _covered(path, symbols[name[0]], name[1])
            found += [recording] if recording else []
    return sorted(found, key=lambda one: (one.first, str(one.path)))


def load(recording: Recording, start: int, end: int) -> Bars | None:
    """Read the bars with start <= open_time < end; None, and a line in the log, if malformed."""
    try:
        rows = _lazy(recording.path)
        if rows.collect_schema()["open_time"].is_integer():
            unit = pl.when(pl.col("open_time") < _EPOCH_NS).then(MILLISECOND).otherwise(1)
            at = pl.col("open_time") * unit
            rows = rows.filter((at >= start) & (at < end))
        read = parse(rows.collect(), recording.path.name, recording.symbol, recording.timeframe)
    except (Invalid, OSError, pl.exceptions.PolarsError) as error:
        log.warning("recordings.unreadable", file=str(recording.path), reason=str(error))
        return None
    return read.bars.within(start, end)


def _lazy(path: Path) -> pl.LazyFrame:
    if path.suffix == ".parquet":
        return pl.scan_parquet(path)
    return pl.scan_csv(path, infer_schema=False)


def _covered(path: Path, symbol: Symbol, timeframe: Timeframe) -> Recording | None:
    try:
        at = pl.col("open_time")
        span = _lazy(path).select(at.first().alias("first"), at.last().alias("last")).collect()
        first, last = span.row(0)
    except (OSError, pl.exceptions.PolarsError) as error:
        log.warning("recordings.unreadable", file=str(path), reason=str(error))
        return None
    if not isinstance(first, int) or not isinstance(last, int):
        everything = Recording(path=path, symbol=symbol, timeframe=timeframe, first=0, end=0)
        bars = load(everything, 0, 2**62)
        if bars is None or len(bars) == 0:
            return None
        first, last = int(bars.open_time[0]), int(bars.open_time[-1])
    first, last = (one * MILLISECOND if one < _EPOCH_NS else one for one in (first, last))
    end = last // LENGTH[timeframe] * LENGTH[timeframe] + LENGTH[timeframe]
    return Recording(path=path, symbol=symbol, timeframe=timeframe, first=first, end=end)
