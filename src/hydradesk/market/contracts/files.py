"""The one format of candle files that recordings, imports and exports share.

Columns `open_time` (epoch milliseconds or nanoseconds, or ISO text), `open`, `high`, `low`,
`close`, `volume`, each plain or as `<name>_e<k>` integers of value * 10**k, and optionally
`symbol`. Rows are in order of time. Plain floats are read as the shortest decimal that is that
float, text exactly as written. Everything is checked before anything is used.
"""

import re
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import numpy as np
import polars as pl
from msgspec import Struct

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MILLISECOND
from hydradesk.market.contracts import COLUMNS, LENGTH, TIMEFRAMES, Bars, Timeframe

Integers = np.ndarray[Any, np.dtype[np.int64]]

PRICES = COLUMNS[1:5]
_FILE_NAME = re.compile(r"([A-Za-z0-9]{4,20})-(1m|5m|15m|1h|4h|1d)[-.]")
_NUMBER = r"^-?\d{1,18}(\.\d{1,18})?$"
_EPOCH_NS = 10**14
"""Epoch numbers from here on are nanoseconds: as milliseconds they would lie after year 5138."""


class Read(Struct, frozen=True, kw_only=True, eq=False):
    """What one file held."""

    bars: Bars
    off_grid: int
    """Bars whose open time was not on the timeframe's grid and was floored to it."""
    collisions: tuple[int, ...]
    """Open times (ns) that two bars were floored to; one on the grid wins, else the first."""


def named(path: PurePath) -> tuple[str, Timeframe] | None:
    """Return symbol and timeframe of a name such as ETHUSDT-1m-2024.parquet, or None."""
    found = _FILE_NAME.match(path.name)
    if found is None:
        return None
    return found[1].upper(), next(one for one in TIMEFRAMES if one == found[2])


def parse(frame: pl.DataFrame, file: str, symbol: Symbol, timeframe: Timeframe) -> Read:
    """Check a file's rows and return them exactly.

    Args:
        frame: the rows as read, CSV as text columns.
        file: its name, for messages.
        symbol: whose bars to take; rows of others in the same file are left out.
        timeframe: length of its bars.

    Raises:
        Invalid: names file, row (from 1, without the header), column and the fix.
    """
    rows = _Rows(frame.with_row_index("row", offset=1), file)
    rows.keep(symbol)
    times = rows.times()
    scaled = {name: rows.number(name) for name in COLUMNS[1:]}
    digits = max(scaled[name][1] for name in PRICES)
    columns = {name: rows.rescaled(name, *scaled[name], digits) for name in PRICES}
    columns["volume"] = scaled["volume"][0]
    rows.check(times, columns)
    grid = times // LENGTH[timeframe] * LENGTH[timeframe]
    off = grid != times
    order = np.lexsort((off, grid))  # on-grid first where two bars fall on one open time
    first = np.diff(grid[order], prepend=-1) != 0
    kept = order[first]
    bars = Bars(
        symbol=symbol,
        timeframe=timeframe,
        price_scale=digits,
        volume_scale=scaled["volume"][1],
        open_time=grid[kept],
        **{name: column[kept] for name, column in columns.items()},
    )
    collisions = tuple(grid[order][~first].tolist())
    return Read(bars=bars, off_grid=int(off.sum()), collisions=collisions)


def table(bars: Bars) -> pl.DataFrame:
    """Return bars as a file's rows: open_time in ms and scaled integers, so nothing is lost."""
    names = {name: f"{name}_e{bars.price_scale}" for name in PRICES}
    names["volume"] = f"volume_e{bars.volume_scale}"
    columns = {names[name]: getattr(bars, name) for name in names}
    return pl.DataFrame({"open_time": bars.open_time // MILLISECOND, **columns})


class _Rows:
    """The rows of one file on their way to integers."""

    def __init__(self, frame: pl.DataFrame, file: str) -> None:
        self.frame, self.file = frame, file
        self.column = {name: self._find(name) for name in COLUMNS}

    def keep(self, symbol: Symbol) -> None:
        """Leave out the rows of other symbols, when the file says whose they are."""
        if "symbol" not in self.frame.columns:
            return
        plain = pl.col("symbol").cast(pl.String).str.to_uppercase().str.replace_all("[-/]", "")
        mine = self.frame.filter(plain == symbol.replace("-", ""))
        if mine.is_empty() and not self.frame.is_empty():
            held = ", ".join(map(str, self.frame["symbol"].unique().sort().head(5).to_list()))
            raise Invalid(
                f"{self.file} holds no {symbol}, only {held}",
                field="symbol",
                fix="pass the symbol that is in the file",
            )
        self.frame = mine

    def times(self) -> Integers:
        """Open times in ns as written, strictly rising."""
        column = self.frame["open_time"]
        if column.dtype == pl.String:
            column = self._written_times(column)
        elif column.dtype.is_temporal():
            column = column.cast(pl.Datetime("ns")).cast(pl.Int64)
        elif not column.dtype.is_integer():
            self._refuse(column.is_not_null(), "open_time", "is not a time", _TIME_FIX)
        self._refuse(column.is_null(), "open_time", "is empty", _TIME_FIX)
        wrong = (column < 0) | (column >= _EPOCH_NS) & (column < _EPOCH_NS * 1000)
        self._refuse(wrong, "open_time", "is neither milliseconds nor nanoseconds", _TIME_FIX)
        in_ms = column < _EPOCH_NS
        return np.where(in_ms, column.to_numpy() * MILLISECOND, column.to_numpy()).astype(np.int64)

    def number(self, name: str) -> tuple[Integers, int]:
        """One column as integers and the power of ten they are scaled by."""
        column, scale = self.column[name]
        series = self.frame[column]
        self._refuse(series.is_null(), column, "is empty", _NUMBER_FIX)
        if series.dtype.is_integer():
            return series.cast(pl.Int64).to_numpy(), scale
        if series.dtype.is_float():
            self._refuse(~series.is_finite(), column, "is not a number", _NUMBER_FIX)
        elif series.dtype != pl.String and not series.dtype.is_decimal():
            self._refuse(series.is_not_null(), column, "is not a number", _NUMBER_FIX)
        text = _without_exponents(series.cast(pl.String).str.strip_chars())
        self._refuse(~text.str.contains(_NUMBER), column, "is not a number", _NUMBER_FIX)
        integers, digits = self._scaled(text, column)
        if scale and digits:
            fraction = text.str.contains(r"\.\d*[1-9]")
            self._refuse(fraction, column, "is not a whole number", "scale it by its _e power")
        return integers, scale + digits

    def rescaled(self, name: str, integers: Integers, scale: int, digits: int) -> Integers:
        """A price column on the scale that all four share."""
        most = 2**62 // 10 ** (digits - scale)
        large = pl.Series(np.abs(integers) > most)
        self._refuse(large, self.column[name][0], "has too many digits", _NUMBER_FIX)
        return np.asarray(integers * 10 ** (digits - scale), np.int64)

    def check(self, times: Integers, columns: dict[str, Integers]) -> None:
        """What must hold for every row and between rows."""
        step = pl.Series(np.diff(times, prepend=times[0] - 1 if len(times) else 0))
        remove = "remove the row"
        self._refuse(step == 0, "open_time", "is the row before once more", remove)
        self._refuse(step < 0, "open_time", "is earlier than the row before", "sort by open_time")
        top = np.maximum(columns["open"], columns["close"])
        bottom = np.minimum(columns["open"], columns["close"])
        faults = [
            (columns["low"] <= 0, "low", "is not positive", "send prices above 0"),
            (columns["high"] < top, "high", "is below open or close", "raise it or remove the row"),
            (columns["low"] > bottom, "low", "is above open or close", "lower it or remove it"),
            (columns["volume"] < 0, "volume", "is negative", "send a volume of 0 or more"),
        ]
        for wrong, name, what, fix in faults:
            self._refuse(pl.Series(wrong), self.column[name][0], what, fix)

    def _find(self, name: str) -> tuple[str, int]:
        for column in self.frame.columns:
            if column == name:
                return column, 0
            if name != "open_time" and re.fullmatch(rf"{name}_e\d{{1,2}}", column):
                return column, int(column.rsplit("_e", 1)[1])
        raise Invalid(
            f"{self.file} has no column {name}",
            field=name,
            fix=f"name a column {name}" + ("" if name == "open_time" else f" or {name}_e<k>"),
        )

    def _written_times(self, column: pl.Series) -> pl.Series:
        if column.str.contains(r"^\d+$").all():
            return column.cast(pl.Int64, strict=False)
        read = column.str.strip_chars().str.replace(r"[zZ]$", "+00:00")
        zoned = read.str.replace(r"(\d)$", "${1}").str.replace(r"^([^+]{10,})$", "$1+00:00")
        full = zoned.str.replace(r"^(\d{4}-\d\d-\d\d)\+", "${1}T00:00:00+").str.replace(" ", "T")
        parsed = full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="ns")
        self._refuse(parsed.is_null(), "open_time", "is not a time", _TIME_FIX)
        return parsed.cast(pl.Int64)

    def _scaled(self, text: pl.Series, column: str) -> tuple[Integers, int]:
        parts = text.str.split_exact(".", 1).struct.unnest()
        fraction = parts["field_1"].fill_null("").str.strip_chars_end("0")
        longest = fraction.str.len_chars().max()
        digits = longest if isinstance(longest, int) else 0
        joined = parts["field_0"] + fraction.str.pad_end(digits, "0")
        integers = joined.cast(pl.Int64, strict=False)
        self._refuse(integers.is_null(), column, "has too many digits", _NUMBER_FIX)
        return integers.to_numpy(), digits

    def _refuse(self, wrong: pl.Series, column: str, what: str, fix: str) -> None:
        at = wrong.fill_null(True).arg_true()
        if len(at) == 0:
            return
        row = self.frame["row"][at[0]]
        value = str(self.frame[column][at[0]])[:40]
        raise Invalid(
            f"{self.file}: row {row}, column {column}: {value!r} {what}", field=column, fix=fix
        )


_TIME_FIX = "send epoch milliseconds, nanoseconds or e.g. 2025-06-24T00:00:00Z"
_NUMBER_FIX = "send a plain number of at most 18 digits"


def _without_exponents(text: pl.Series) -> pl.Series:
    tricky = text.str.contains(r"^-?\d+(\.\d+)?[eE][-+]?\d{1,2}$")
    if not tricky.any():
        return text
    rows = zip(text.to_list(), tricky.to_list(), strict=True)
    return pl.Series([format(Decimal(one), "f") if odd else one for one, odd in rows])
