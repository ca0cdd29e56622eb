"""`hydradesk candles`: import, status, export."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hydradesk.app.database import attached
from hydradesk.app.settings import Settings
from hydradesk.app.verbs import prepare
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import parse_time, rfc3339
from hydradesk.market.contracts import Timeframe, timeframe_of
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.store.importing import (
    ImportReport,
    Series,
    export_candles,
    import_file,
    status,
)

GAPS_SHOWN = 5


def bring_in(
    settings: Settings,
    file: Path,
    symbol: str | None,
    timeframe: str | None,
    *,
    replace: bool,
    as_json: bool,
) -> None:
    """Load a candle file with a progress bar, then say what it brought."""
    if not file.is_file():
        raise Invalid(f"there is no file {file}", field="file", fix="name a parquet or CSV file")
    chosen: Timeframe | None = timeframe_of(timeframe) if timeframe else None
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with attached(settings) as found, Progress(*columns, console=console, transient=True) as bar:
        prepare(found)
        task = bar.add_task(f"importing {file.name}", total=None)

        def heard(stage: str, done: int, total: int) -> None:
            bar.update(task, description=f"{file.name}: {stage}", completed=done, total=total)

        async def load() -> ImportReport:
            async with _connected(found.url) as db:
                return await import_file(db, file, symbol, chosen, heard, replace=replace)

        report = asyncio.run(load())
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _tell(report)


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Database]:
    db = Database(url, "system", pool=1)
    try:
        yield db
    finally:
        await db.close()


def _tell(report: ImportReport) -> None:
    typer.echo(f"{report.file}: {report.symbol} {report.timeframe}")
    for timeframe, one in report.loaded.items():
        words = f"{one.new:,} new, {one.rows - one.new:,} already there"
        if one.conflicts:
            fate = "replaced" if one.replaced else "left as they are (see --replace)"
            words += f"; {one.conflicts:,} of them differ and were {fate}"
        typer.echo(f"  {timeframe:<4} {words}")
    if report.off_grid:
        typer.echo(f"  {report.off_grid} bars stood off the grid and were floored to it")
    if report.collisions:
        typer.echo(f"  {len(report.collisions)} bars fell on a minute that was taken")
    for start, end in report.gaps[:GAPS_SHOWN]:
        typer.echo(f"  gap {rfc3339(start)} to {rfc3339(end)}")
    if len(report.gaps) > GAPS_SHOWN:
        typer.echo(f"  and {len(report.gaps) - GAPS_SHOWN} more gaps")
    if not report.changed:
        typer.echo("  nothing changed")


def show(settings: Settings, as_json: bool) -> None:
    """Print what is stored."""
    with attached(settings) as found:
        prepare(found)
        series = asyncio.run(_status(found.url))
    if as_json:
        typer.echo(msgspec.json.encode(series).decode())
        return
    if not series:
        typer.echo("no candles yet: hydradesk candles import FILE")
        return
    typer.echo(
        f"{'source':<10} {'symbol':<9} {'tf':<4} {'rows':>10}  {'first bar':<20}  "
        f"{'last bar':<20} {'missing':>10}"
    )
    for one in series:
        ends = f"{rfc3339(one.first):<20}  {rfc3339(one.last):<20}"
        head = f"{one.source:<10} {one.symbol:<9} {one.timeframe:<4} {one.rows:>10,}"
        typer.echo(f"{head}  {ends} {one.missing:>10,}")


async def _status(url: str) -> list[Series]:
    async with _connected(url) as db:
        return await status(db)


def send_out(
    settings: Settings, file: Path, symbol: str, timeframe: str, span: tuple[str | None, str | None]
) -> None:
    """Write stored bars to a CSV or parquet file."""
    start = parse_time(span[0] or "1970-01-01", "from")
    end = parse_time(span[1] or "2200-01-01", "to")
    known, chosen = DEFAULT.find(symbol).symbol, timeframe_of(timeframe)
    with attached(settings) as found:
        prepare(found)

        async def write() -> int:
            async with _connected(found.url) as db:
                return await export_candles(db, known, chosen, start, end, file)

        typer.echo(f"{file}: {asyncio.run(write()):,} bars")
