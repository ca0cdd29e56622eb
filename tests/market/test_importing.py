"""Candle files into the database: all or nothing, once, and fast."""

import os
from pathlib import Path

import asyncpg
import msgspec
import polars as pl
import pytest
from sqlalchemy import text

from hydradesk.infra.db import Database, sql
from hydradesk.kernel.errors import Invalid, NotFound, Unavailable
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SimClock, TimeNs, parse_time
from hydradesk.market.contracts.files import table
from hydradesk.market.store import SqlMarketStore
from hydradesk.market.store.importing import export_candles, import_file, status
from tests.market.conftest import DAY0, ETH
from tests.market.test_store import block

FOREVER = TimeNs(2**62)


@pytest.fixture
def store(db: Database) -> SqlMarketStore:
    return SqlMarketStore(db, SimClock(FOREVER))


def save(path: Path, first: int, end: int) -> Path:
    table(block(10_000).part(first, end)).write_parquet(path)
    return path


async def test_a_year_is_imported_and_twice_changes_nothing(
    db: Database, store: SqlMarketStore, shared: Path
) -> None:
    path = shared / "data/candles/binance_spot_1m/ETHUSDT-1m-2024.parquet"
    stages: list[tuple[str, int, int]] = []
    report = await import_file(db, path, progress=lambda *stage: stages.append(stage))
    assert {name: one.new for name, one in report.loaded.items()} == {
        "1m": 527_040,
        "5m": 105_408,
        "15m": 35_136,
        "1h": 8_784,
        "4h": 2_196,
        "1d": 366,
    }
    assert (report.symbol, report.timeframe, report.off_grid) == ("ETH-USDT", "1m", 0)
    assert report.gaps == () and report.changed
    assert stages[1] == ("reading", 1, 1) and ("1m", 527_040, 527_040) in stages
    hours = shared / "data/candles/binance_spot_1h/ETHUSDT-1h-2017-2025H1.parquet"
    again = await import_file(db, path)
    assert not again.changed and all(one.conflicts == 0 for one in again.loaded.values())
    theirs = await import_file(db, hours)  # 8,784 of its bars are ours already, and equal
    assert theirs.loaded["1h"].conflicts == 0 and list(theirs.loaded) == ["1h"]
    assert theirs.loaded["1h"].new == theirs.loaded["1h"].rows - 8_784
    assert len(theirs.gaps) == 28


async def test_the_outage_of_2018_is_floored_and_reported(db: Database, shared: Path) -> None:
    folder = shared / "data/candles/binance_spot_1m"
    report = await import_file(db, folder / "ETHUSDT-1m-2018-02-outage-quirk.parquet")
    assert report.off_grid == 1201
    longest = max(report.gaps, key=lambda gap: gap[1] - gap[0])
    assert longest == (parse_time("2018-02-08T00:29:00Z"), parse_time("2018-02-09T09:59:00Z"))
    (minutes, *_rest) = await status(db)
    assert minutes.rows == report.loaded["1m"].rows == 38261 - len(report.collisions)
    assert minutes.gaps == report.gaps and minutes.missing > 2000


async def test_a_malformed_row_imports_nothing(db: Database, tmp_path: Path) -> None:
    frame = table(block(100)).with_columns(volume_e5=pl.lit(1))
    bad = frame.with_columns(
        low_e2=pl.when(pl.int_range(pl.len()) == 70).then(0).otherwise(pl.col("low_e2"))
    )
    bad.write_csv(tmp_path / "ETHUSDT-1m.csv")
    with pytest.raises(Invalid, match=r"ETHUSDT-1m.csv: row 71, column low_e2: '0' is not posit"):
        await import_file(db, tmp_path / "ETHUSDT-1m.csv")
    assert await status(db) == []


async def test_differing_rows_are_reported_and_left_unless_replaced(
    db: Database, store: SqlMarketStore, tmp_path: Path
) -> None:
    await import_file(db, save(tmp_path / "ETHUSDT-1m.parquet", 0, 60))
    changed = pl.read_parquet(tmp_path / "ETHUSDT-1m.parquet").with_columns(
        volume_e5=pl.col("volume_e5") + 7
    )
    changed.write_parquet(tmp_path / "ETHUSDT-1m-b.parquet")
    report = await import_file(db, tmp_path / "ETHUSDT-1m-b.parquet")
    assert not report.changed
    assert report.loaded["1m"].conflicts == 60 and report.loaded["1h"].conflicts == 1
    assert report.loaded["1m"].examples[0] == DAY0
    before = await store.before("exchange", ETH, "1h", FOREVER, 1)
    report = await import_file(db, tmp_path / "ETHUSDT-1m-b.parquet", replace=True)
    assert report.changed and report.loaded["1m"].replaced == 60
    after = await store.before("exchange", ETH, "1h", FOREVER, 1)
    assert str(after[0].volume - before[0].volume) == "0.0042"
    again = await import_file(db, tmp_path / "ETHUSDT-1m-b.parquet", replace=True)
    assert not again.changed


async def test_files_that_cut_a_bar_are_joined(
    db: Database, store: SqlMarketStore, tmp_path: Path
) -> None:
    whole = save(tmp_path / "whole-ETHUSDT.parquet", 0, 3000)
    del whole
    second = await import_file(db, save(tmp_path / "ETHUSDT-1m-b.parquet", 700, 3000))
    assert second.loaded["1d"].new == 1  # the first day lacks its morning: no half bar
    assert second.loaded["1h"].new == 50 - 12
    first = await import_file(db, save(tmp_path / "ETHUSDT-1m-a.parquet", 0, 700))
    assert first.loaded["1d"].new == 1 and first.loaded["1d"].conflicts == 0
    days = await store.before("exchange", ETH, "1d", FOREVER, 9)
    volumes = [int(block(3000).volume[at : at + 1440].sum()) for at in (0, 1440)]
    assert [int(one.volume * 10**5) for one in days] == volumes
    assert [one.open_time for one in days] == [DAY0, DAY0 + DAY]
    assert len(await store.before("exchange", ETH, "1h", FOREVER, 99)) == 50


async def test_a_full_disk_leaves_nothing_half_written(
    db: Database, owner: Database, tmp_path: Path
) -> None:
    trap = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.timeframe = '5m' AND NEW.open_time > {late} THEN
            RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF; RETURN NEW; END $$"""
    async with owner.begin() as tx:
        await sql(tx).execute(text(trap.format(late=DAY0 + HOUR)))
        await sql(tx).execute(
            text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON market_candles "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )
    try:
        with pytest.raises(Unavailable, match="the disk is full: nothing of ETHUSDT") as refused:
            await import_file(db, save(tmp_path / "ETHUSDT-1m.parquet", 0, 3000))
        assert refused.value.fix and isinstance(refused.value.__cause__, asyncpg.DiskFullError)
        assert await status(db) == []
    finally:
        async with owner.begin() as tx:
            await sql(tx).execute(text("DROP FUNCTION full_disk CASCADE"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
async def test_an_export_imports_as_the_same(
    db: Database, store: SqlMarketStore, tmp_path: Path, suffix: str
) -> None:
    await import_file(db, save(tmp_path / "ETHUSDT-1m-a.parquet", 0, 300))
    target = tmp_path / f"ETHUSDT-1m-out.{suffix}"
    window = (TimeNs(DAY0 + 10 * MINUTE), TimeNs(DAY0 + 20 * MINUTE))
    assert await export_candles(db, ETH, "1m", *window, target) == 10
    before = await store.between("exchange", ETH, "1m", TimeNs(0), FOREVER)
    report = await import_file(db, target, source="simulated")
    assert report.loaded["1m"].new == 10
    assert await store.between("simulated", ETH, "1m", TimeNs(0), FOREVER) == before[10:20]
    assert sorted(os.listdir(tmp_path)) == [
        "ETHUSDT-1m-a.parquet",
        target.name,
    ]
    with pytest.raises(NotFound):
        await export_candles(db, ETH, "4h", *window, tmp_path / "none.csv")
    with pytest.raises(Invalid):
        await export_candles(db, ETH, "1m", *window, tmp_path / "none.xlsx")


async def test_status_names_rows_range_and_gaps(db: Database, tmp_path: Path) -> None:
    await import_file(db, save(tmp_path / "ETHUSDT-1m-a.parquet", 0, 10))
    await import_file(db, save(tmp_path / "ETHUSDT-1m-b.parquet", 15, 20))
    minutes = (await status(db))[0]
    assert (minutes.rows, minutes.missing, minutes.timeframe) == (15, 5, "1m")
    assert (minutes.first, minutes.last) == (DAY0, DAY0 + 19 * MINUTE)
    assert minutes.gaps == ((DAY0 + 10 * MINUTE, DAY0 + 15 * MINUTE),)
    assert msgspec.json.encode(minutes)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("notes.csv", "a,b\n1,2\n", "does not say its timeframe"),
        ("ETHUSDT-1m.csv", "a,b\n1,2\n", "no column open_time"),
        ("ETHUSDT-1m.parquet", "nonsense", "cannot read"),
        ("ETHUSDT-1m.csv", "", "cannot read"),
        ("ETHUSDT-1m.xlsx", "", "cannot read"),
        ("WHATEVER-1m.csv", "open_time,open,high,low,close,volume\n", "cannot tell the pair"),
    ],
)
async def test_a_file_that_is_none_is_refused(
    db: Database, tmp_path: Path, name: str, content: str, what: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(Invalid, match=what) as refused:
        await import_file(db, tmp_path / name)
    assert refused.value.fix


async def test_a_panel_asks_for_a_symbol(db: Database, shared: Path) -> None:
    path = shared / "data/candles/binance_spot_panel_2024/panel-1d.parquet"
    with pytest.raises(Invalid, match="holds 101 symbols"):
        await import_file(db, path, timeframe="1d")
    report = await import_file(db, path, "SOLUSDT", "1d")
    assert report.symbol == "SOL-USDT" and report.loaded["1d"].new > 200
