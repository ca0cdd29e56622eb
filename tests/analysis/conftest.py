"""Real bars and published vectors, as arrays."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from hydradesk.analysis.indicators import Series, Times

Bars = tuple[Times, Series, Series, Series, Series, Series]


def read_bars(file: Path, rows: int, start: int = 0) -> Bars:
    """Columns are plain, or `<name>_e<k>`: the value times 10**k."""
    frame = pl.read_parquet(file).slice(start, rows)
    scaled = (name.partition("_e")[::2] for name in frame.columns if name != "open_time")
    values = {
        name: frame[f"{name}_e{k}" if k else name].to_numpy() / 10 ** int(k or 0)
        for name, k in scaled
        if name != "symbol"
    }
    times = frame["open_time"].to_numpy().astype(np.int64) * 1_000_000
    return (times, *(values[name] for name in ("open", "high", "low", "close", "volume")))


@pytest.fixture(scope="session")
def eth(shared: Path) -> Bars:
    return read_bars(shared / "data/candles/binance_spot_1m/ETHUSDT-1m-2025.parquet", 50_000)


@pytest.fixture(scope="session")
def daily(shared: Path) -> Bars:
    with (shared / "vectors/skender/default.csv").open() as file:
        rows = list(csv.DictReader(file))
    times = np.arange(len(rows), dtype=np.int64) * 86_400_000_000_000
    names = ("open", "high", "low", "close", "volume")
    return (times, *(np.array([float(row[name]) for row in rows]) for name in names))


@pytest.fixture(scope="session")
def vector(shared: Path) -> Any:
    return lambda name: json.loads((shared / "vectors" / name).read_text())
