"""Candle files in and out of the database, and what is in there."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from hydradesk.infra.db import Database, raw
from hydradesk.kernel.errors import Invalid, NotFound, Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import COLUMNS, LENGTH, TIMEFRAMES, Bars, Source, Timeframe
from hydradesk.market.contracts.files import Read, named, parse, table
from hydradesk.market.domain.instruments import symbol_of
from hydradesk.market.domain.resample import LONGER, gaps, joined, resample
from hydradesk.market.store.candles import fill_incoming, key_of, powers
from hydradesk.market.store.statements import BETWEEN, CONFLICTS, HOLES, MERGE, REPLACE, SERIES

Progress = Callable[[str, int, int], None]
"""Told a stage (`reading`, `1m`, `5m` …), rows done and rows in all."""

PIECE = 50_000
_NAMED_CONFLICTS = 10


class Loaded(Struct, frozen=True, kw_only=True):
    """What became of the bars of one timeframe."""

    rows: int
    new: int
    conflicts: int
    """Bars that differ from those stored: left as they were, unless replacing was asked for."""
    replaced: int
    examples: tuple[TimeNs, ...]
    """Open times of the first few conflicts."""


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import found and did."""

    file: str
    symbol: Symbol
    timeframe: Timeframe
    first: TimeNs | None
    last: TimeNs | None
    """Open times of the first and last bar."""
    off_grid: int
    """Bars that were floored to their open time."""
    collisions: tuple[TimeNs, ...]
    """Open times that two bars were floored to; one of them was kept."""
    gaps: tuple[tuple[TimeNs, TimeNs], ...]
    """Times [start, end) in the file without bars."""
    loaded: dict[Timeframe, Loaded]
    """The file's own timeframe first, then those built from it."""

    @property
    def changed(self) -> bool:
        """Whether anything in the database is different now."""
        return any(one.new or one.replaced for one in self.loaded.values())


class Series(Struct, frozen=True, kw_only=True):
    """The stored bars of one symbol and timeframe."""

    source: Source
    symbol: Symbol
    timeframe: Timeframe
    rows: int
    first: TimeNs
    last: TimeNs
    """Open times of the first and last bar."""
    missing: int
    """Bars missing between them."""
    gaps: tuple[tuple[TimeNs, TimeNs], ...]


def _unheard(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


async def import_file(  # noqa: PLR0913  (a verb of the command line, with its options)
    db: Database,
    path: Path,
    symbol: str | None = None,
    timeframe: Timeframe | None = None,
    progress: Progress = _unheard,
    *,
    replace: bool = False,
    source: Source = "exchange",
) -> ImportReport:
    """Load a candle file; minutes also become all longer bars. All of it, or nothing.

    Bars already stored stay as they are; those that differ are reported, and overwritten only
    with `replace`. The first longer bar is left out when the minutes before the file are neither
    in it nor stored: half a bar is worse than none.

    Args:
        db: where to.
        path: a .parquet or .csv file.
        symbol: whose bars; default from the file's own column, else from its name.
        timeframe: default from the file's name.
        progress: called as rows are stored.
        replace: overwrite stored bars that differ.
        source: where the bars come from.

    Raises:
        Invalid: names file, row, column and fix; nothing was stored.
        Unavailable: the disk is full; nothing was stored.
    """
    progress("reading", 0, 1)
    read = await asyncio.to_thread(_read, path, symbol, timeframe)
    progress("reading", 1, 1)
    try:
        async with db.begin() as tx:
            blocks = await _with_longer(tx, source, read.bars)
            loaded = {}
            for bars in blocks:
                loaded[bars.timeframe] = await _load(tx, source, bars, progress, replace=replace)
    except DBAPIError as error:
        if not _is_disk_full(error):
            raise
        raise Unavailable(
            f"the disk is full: nothing of {path.name} was stored",
            fix="free some space on the database's disk and import again",
        ) from error.orig
    times = read.bars.open_time
    return ImportReport(
        file=path.name,
        symbol=read.bars.symbol,
        timeframe=read.bars.timeframe,
        first=TimeNs(int(times[0])) if len(times) else None,
        last=TimeNs(int(times[-1])) if len(times) else None,
        off_grid=read.off_grid,
        collisions=tuple(TimeNs(at) for at in read.collisions),
        gaps=tuple((TimeNs(start), TimeNs(end)) for start, end in gaps(read.bars)),
        loaded=loaded,
    )


async def status(db: Database) -> list[Series]:
    """Return what is stored, by source, symbol and timeframe; the whole of it, future included."""
    async with db.begin() as tx:
        connection = await raw(tx)
        found = []
        for source, symbol, timeframe, rows, first, last in await connection.fetch(SERIES):
            length = LENGTH[timeframe]
            missing = (last - first) // length + 1 - rows
            key = (source, symbol, timeframe, length)
            holes = await connection.fetch(HOLES, *key) if missing else []
            found.append(
                Series(
                    source=source,
                    symbol=symbol,
                    timeframe=timeframe,
                    rows=rows,
                    first=first,
                    last=last,
                    missing=missing,
                    gaps=tuple((start, end) for start, end in holes),
                )
            )
    order = {name: place for place, name in enumerate(TIMEFRAMES)}
    return sorted(found, key=lambda one: (one.source, one.symbol, order[one.timeframe]))


async def export_candles(  # noqa: PLR0913  (a verb of the command line, with its options)
    db: Database,
    symbol: Symbol,
    timeframe: Timeframe,
    start: TimeNs,
    end: TimeNs,
    path: Path,
    *,
    source: Source = "exchange",
) -> int:
    """Write bars with start <= open_time < end as .csv (plain) or .parquet (scaled integers).

    The file appears whole or not at all. Returns the number of rows; NotFound when there is none.
    """
    if path.suffix not in {".csv", ".parquet"}:
        raise Invalid(f"cannot write {path.name}", field="path", fix="name a .csv or .parquet file")
    part, text = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.csv")
    try:
        async with db.begin() as tx:
            connection = await raw(tx)
            done = await connection.copy_from_query(
                BETWEEN, source, symbol, timeframe, start, end - 1,
                output=str(text), format="csv", header=True,
            )  # fmt: skip
        rows = int(done.split()[-1])
        if rows == 0:
            raise NotFound(f"no {timeframe} bars of {symbol} are stored for that time")
        if path.suffix == ".csv":
            os.replace(text, path)
        else:
            await asyncio.to_thread(_to_parquet, text, part, symbol, timeframe)
            os.replace(part, path)
    finally:
        for one in (part, text):
            one.unlink(missing_ok=True)
    return rows


def read_frame(path: Path) -> pl.DataFrame:
    """Read a candle file's rows, CSV as text; Invalid when it is neither CSV nor parquet."""
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise Invalid(
            f"cannot read {path}: {reason}", field="file", fix="pass a .csv or .parquet file"
        ) from error
    raise Invalid(f"cannot read {path}", field="file", fix="pass a .csv or .parquet file")


def _read(path: Path, symbol: str | None, timeframe: Timeframe | None) -> Read:
    name = named(path)
    if timeframe is None and name is None:
        raise Invalid(
            f"{path.name} does not say its timeframe",
            field="timeframe",
            fix="pass it, or name the file like ETHUSDT-1m-2024.parquet",
        )
    frame = read_frame(path)
    chosen = symbol_of(symbol or _held(frame, path) or (name[0] if name else ""))
    return parse(frame, path.name, chosen, timeframe or (name[1] if name else "1m"))


def _held(frame: pl.DataFrame, path: Path) -> str | None:
    """The symbol a file names in a column, when it has one."""
    if "symbol" not in frame.columns or frame.is_empty():
        return None
    held = frame["symbol"].cast(pl.String).unique().drop_nulls().sort().to_list()
    if len(held) > 1:
        few = ", ".join(held[:5])
        raise Invalid(
            f"{path.name} holds {len(held)} symbols: {few} …",
            field="symbol",
            fix="pass one of them",
        )
    return str(held[0]) if held else None


async def _with_longer(tx: Tx, source: Source, bars: Bars) -> list[Bars]:
    """The file's bars and what can be built from them and the stored minutes of the same days."""
    if bars.timeframe != "1m" or len(bars) == 0:
        return [bars]
    first, last = int(bars.open_time[0]), int(bars.open_time[-1])
    before = await _stored(tx, source, bars, first // DAY * DAY, first - 1)
    after = await _stored(tx, source, bars, last + 1, last // DAY * DAY + DAY - 1)
    whole = joined([one for one in (before, bars, after) if one is not None])
    built = [await asyncio.to_thread(resample, whole, timeframe) for timeframe in LONGER]
    return [bars, *(_without_half(one, int(whole.open_time[0])) for one in built)]


def _without_half(built: Bars, first_minute: int) -> Bars:
    half = len(built) > 0 and int(built.open_time[0]) < first_minute
    return built.part(1, len(built)) if half else built


async def _stored(tx: Tx, source: Source, like: Bars, start: int, last: int) -> Bars | None:
    connection = await raw(tx)
    rows = await connection.fetch(BETWEEN, source, like.symbol, like.timeframe, start, last)
    if not rows:
        return None
    frame = pl.DataFrame([tuple(row) for row in rows], schema=list(COLUMNS), orient="row")
    return parse(frame, "the stored candles", like.symbol, like.timeframe).bars


async def _load(tx: Tx, source: Source, bars: Bars, progress: Progress, *, replace: bool) -> Loaded:
    connection = await raw(tx)
    new = replaced = 0
    conflicts: list[TimeNs] = []
    for first in range(0, len(bars), PIECE):
        piece = bars.part(first, first + PIECE)
        await fill_incoming(connection, piece)
        numbers = (*key_of(source, piece), *powers(piece))
        added = int((await connection.execute(MERGE, *numbers)).split()[-1])
        if added < len(piece):
            span = (int(piece.open_time[0]), int(piece.open_time[-1]))
            conflicts += [row[0] for row in await connection.fetch(CONFLICTS, *numbers, *span)]
            if replace:
                done = await connection.execute(REPLACE, *numbers, *span)
                replaced += int(done.split()[-1])
        new += added
        progress(bars.timeframe, first + len(piece), len(bars))
    return Loaded(
        rows=len(bars),
        new=new,
        conflicts=len(conflicts),
        replaced=replaced,
        examples=tuple(conflicts[:_NAMED_CONFLICTS]),
    )


def _to_parquet(text: Path, part: Path, symbol: Symbol, timeframe: Timeframe) -> None:
    table(parse(read_frame(text), text.name, symbol, timeframe).bars).write_parquet(part)


def _is_disk_full(error: BaseException | Any) -> bool:  # noqa: ANN401
    codes = (getattr(one, "sqlstate", None) for one in (error, getattr(error, "orig", None)))
    return "53100" in codes
