"""Candle files: exact when right, refused with the place and the fix when not."""

from decimal import Decimal
from pathlib import Path, PurePath

import polars as pl
import pytest

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, rfc3339
from hydradesk.market.contracts.files import named, parse, table

ETH = Symbol("ETH-USDT")
T0 = 1_704_067_200_000  # 2024-01-01 in ms


def rows(**changes: object) -> pl.DataFrame:
    good: dict[str, object] = {
        "open_time": [T0, T0 + 60_000, T0 + 120_000],
        "open": ["10.5", "11", "12"],
        "high": ["11", "12.25", "12"],
        "low": ["10", "11", "11.5"],
        "close": ["11", "12", "11.75"],
        "volume": ["1.5", "0", "2.000010"],
    }
    return pl.DataFrame({**good, **changes})


def test_text_is_read_as_written() -> None:
    bars = parse(rows(), "f.csv", ETH, "1m").bars
    assert (bars.price_scale, bars.volume_scale) == (2, 5)
    candles = bars.candles()
    assert [str(one.close) for one in candles] == ["11", "12", "11.75"]
    assert candles[2].volume == Decimal("2.00001") and candles[0].open_time == T0 * 10**6


@pytest.mark.parametrize(
    "times",
    [
        [T0, T0 + 60_000, T0 + 120_000],
        [str(T0), str(T0 + 60_000), str(T0 + 120_000)],
        [T0 * 10**6, (T0 + 60_000) * 10**6, (T0 + 120_000) * 10**6],
        ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z", "2024-01-01T00:02:00Z"],
        ["2024-01-01 00:00:00", "2024-01-01 00:01:00", "2024-01-01 00:02:00.000"],
        ["2024-01-01T01:00:00+01:00", "2024-01-01T00:01:00Z", "2024-01-01T00:02:00"],
        ["2024-01-01", "2024-01-01T00:01:00Z", "2024-01-01T00:02:00"],
    ],
)
def test_times_in_any_of_the_known_ways(times: list[object]) -> None:
    read = parse(rows(open_time=times), "f.csv", ETH, "1m")
    assert [rfc3339(at) for at in read.bars.open_time.tolist()] == [
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:01:00Z",
        "2024-01-01T00:02:00Z",
    ]


def test_floats_become_their_shortest_decimal() -> None:
    volume = [0.1, 7030.71034, 1e-07]
    bars = parse(rows(volume=volume), "f.parquet", ETH, "1m").bars
    assert [str(one.volume) for one in bars.candles()] == ["0.1", "7030.71034", "1E-7"]


def test_scaled_integers_keep_their_own_scales() -> None:
    frame = rows().drop("open").with_columns(open_e3=pl.Series([10500, 11000, 12000]))
    bars = parse(frame, "f.parquet", ETH, "1m").bars
    assert [str(one.open) for one in bars.candles()] == ["10.5", "11", "12"]
    assert bars.price_scale == 3 and [str(one.high) for one in bars.candles()][1] == "12.25"


@pytest.mark.parametrize(
    ("changes", "row", "column", "what"),
    [
        ({"close": ["11", "abc", "11.75"]}, 2, "close", "not a number"),
        ({"close": ["11", "NaN", "11.75"]}, 2, "close", "not a number"),
        ({"close": [11.0, float("nan"), 11.75]}, 2, "close", "not a number"),
        ({"close": [11.0, 1e400, 11.75]}, 2, "close", "not a number"),
        ({"close": ["11", "1e400", "11.75"]}, 2, "close", "not a number"),
        ({"close": ["11", "1" * 40, "11.75"]}, 2, "close", "not a number"),
        ({"close": ["11", "0." + "1" * 40, "11.75"]}, 2, "close", "not a number"),
        ({"close": ["11", None, "11.75"]}, 2, "close", "empty"),
        ({"close": [True, False, True]}, 1, "close", "not a number"),
        ({"high": ["11", "11.5", "12"]}, 2, "high", "below open or close"),
        ({"low": ["10", "11.5", "11.5"]}, 2, "low", "above open or close"),
        ({"low": ["10", "0", "11.5"]}, 2, "low", "not positive"),
        ({"low": ["10", "-1", "11.5"]}, 2, "low", "not positive"),
        ({"volume": ["1", "1", "-0.5"]}, 3, "volume", "negative"),
        ({"open_time": [T0, T0, T0 + 60_000]}, 2, "open_time", "once more"),
        ({"open_time": [T0, T0 + 60_000, T0 + 30_000]}, 3, "open_time", "earlier"),
        ({"open_time": ["2024-01-01T00:00:00Z", "x", "y"]}, 2, "open_time", "not a time"),
        ({"open_time": [1.5, 2.5, 3.5]}, 1, "open_time", "not a time"),
        ({"open_time": [T0, None, T0 + 60_000]}, 2, "open_time", "empty"),
        ({"open_time": [-1, T0, T0 + 1]}, 1, "open_time", "neither"),
    ],
)
def test_a_malformed_row_names_file_row_column_and_fix(
    changes: dict[str, object], row: int, column: str, what: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse(rows(**changes), "f.csv", ETH, "1m")
    assert f"f.csv: row {row}, column {column}" in str(refused.value)
    assert what in str(refused.value)
    assert refused.value.field == column and refused.value.fix


def test_a_missing_column_is_named() -> None:
    with pytest.raises(Invalid, match="no column volume"):
        parse(rows().drop("volume"), "f.csv", ETH, "1m")


def test_rows_of_other_symbols_are_left_out() -> None:
    frame = rows(symbol=["ETHUSDT", "BTCUSDT", "ETHUSDT"])
    assert len(parse(frame, "f.csv", ETH, "1m").bars) == 2
    with pytest.raises(Invalid, match="row 3, column close"):  # rows are counted in the file
        parse(frame.with_columns(close=pl.Series(["11", "12", "x"])), "f.csv", ETH, "1m")
    with pytest.raises(Invalid, match="holds no SOL-USDT, only BTCUSDT, ETHUSDT"):
        parse(frame, "f.csv", Symbol("SOL-USDT"), "1m")


def test_off_grid_bars_are_floored_and_collisions_reported() -> None:
    times = [T0, T0 + 74_800, T0 + 120_000 - 1]
    read = parse(rows(open_time=times), "f.csv", ETH, "1m")
    assert read.off_grid == 2
    assert read.collisions == ((T0 + 60_000) * 10**6,)
    assert [one.close for one in read.bars.candles()] == [Decimal(11), Decimal(12)]
    times = [T0 + 10, T0 + 60_000 - 1, T0 + 120_000]
    assert len(parse(rows(open_time=times), "f.csv", ETH, "1m").collisions) == 1


def test_a_bar_on_the_grid_wins_over_one_floored_to_it() -> None:
    times = [T0, T0 + 60_000, T0 + 60_001]
    read = parse(rows(open_time=times), "f.csv", ETH, "1m")
    assert read.bars.candles()[1].close == Decimal(12)


def test_the_outage_of_2018_is_found(shared: Path) -> None:
    name = "ETHUSDT-1m-2018-02-outage-quirk.parquet"
    frame = pl.read_parquet(shared / "data/candles/binance_spot_1m" / name)
    read = parse(frame, name, ETH, "1m")
    assert read.off_grid == 1201 and len(read.bars) == frame.height - len(read.collisions)
    assert (read.bars.open_time % MINUTE == 0).all()


def test_names_tell_symbol_and_timeframe() -> None:
    assert named(PurePath("/a/ETHUSDT-1m-2024.parquet")) == ("ETHUSDT", "1m")
    assert named(PurePath("BTCUSDT-4h.csv")) == ("BTCUSDT", "4h")
    assert named(PurePath("panel-1h.parquet")) == ("PANEL", "1h")
    assert named(PurePath("ETHUSDT-3m-2024.parquet")) is None
    assert named(PurePath("readme.csv")) is None


def test_a_table_reads_back_the_same() -> None:
    bars = parse(rows(), "f.csv", ETH, "1m").bars
    again = parse(table(bars), "g.parquet", ETH, "1m").bars
    assert again.candles() == bars.candles()
