"""Invented prices: any day of any year, the same for the same seed, joined without a seam.

Days first: the logarithm of the midnight price is an autoregressive walk around an anchor. Each
day's minutes are then drawn on their own (from seed, symbol and day) and bent so that they lead
from one midnight price to the next; so no day has to be drawn to know a later one.

Within a day: a Markov chain over regimes (range, trend, volatile) that stays for four hours on
average; log-volatility that reverts to the regime's; drift in trends; about one jump a day;
volume that grows with the size of the move, with the regime and with the hour of the day; and now
and then one to three missing minutes.
"""

import zlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
from msgspec import Struct

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, MINUTE, SECOND
from hydradesk.market.contracts import Bars, Instrument

MINUTES = DAY // MINUTE
FIRST_DAY = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()) * SECOND // DAY
LAST_DAY = int(datetime(2041, 1, 1, tzinfo=UTC).timestamp()) * SECOND // DAY

Floats = np.ndarray[Any, np.dtype[np.float64]]

_ANCHOR = {"BTC": 60_000.0, "ETH": 3_000.0}
_DAILY_SIGMA, _DAILY_MEMORY = 0.03, 0.998
_STAY = 1 / 240
_SIGMA = np.array([0.0004, 0.0005, 0.0013])
"""Usual move of a minute in a range, a trend and a wild market."""
_DRIFT = np.array([0.0, 0.00012, 0.0])
_VOL_MEMORY, _VOL_NOISE = 0.97, 0.12
_JUMPS_A_DAY, _JUMP = 1.2, 0.006
_HOLES_A_DAY = 0.3
_MEAN_VOLUME = 400_000.0
"""Usual turnover of a minute, quote units."""


class Day(Struct, frozen=True, kw_only=True, eq=False):
    """Raw draws of one day: arrays of MINUTES."""

    moves: Floats
    sigma: Floats
    wicks: Floats
    """Two columns: how far high and low reach beyond open and close, in sigmas."""
    loudness: Floats
    kept: "np.ndarray[Any, np.dtype[np.bool_]]"


class Paths:
    """The invented history of one instrument."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self._instrument = instrument
        self._key = [seed, zlib.crc32(instrument.symbol.encode())]
        self._anchor = _ANCHOR.get(instrument.base.symbol, 100.0)
        draws = self._random(0).standard_normal(LAST_DAY - FIRST_DAY + 1) * _DAILY_SIGMA
        level, levels = 0.0, []
        for draw in draws.tolist():
            level = level * _DAILY_MEMORY + draw
            levels.append(level)
        self._levels = np.array(levels)

    def minutes(self, first_day: int, end_day: int) -> Bars:
        """Return the 1m bars of days first_day (included) to end_day (excluded), since 1970."""
        days = [self._day(day) for day in range(first_day, end_day)]
        numbers = np.arange(first_day, end_day)
        start = self._levels[numbers - FIRST_DAY][:, None]
        target = self._levels[numbers - FIRST_DAY + 1][:, None]
        path = np.cumsum(np.stack([one.moves for one in days]), axis=1)
        share = np.arange(1, MINUTES + 1) / MINUTES
        path += start + share * (target - start - path[:, -1:])
        tick = float(self._instrument.tick)
        close = np.rint(self._anchor * np.exp(path) / tick)
        midnight = np.rint(self._anchor * np.exp(start) / tick)
        open_ = np.concatenate([midnight, close[:, :-1]], axis=1)
        return self._bars(numbers, days, open_, close)

    def _bars(
        self, numbers: "np.ndarray[Any, Any]", days: list[Day], open_: Floats, close: Floats
    ) -> Bars:
        reach = np.stack([one.sigma[:, None] * one.wicks for one in days]) * close[:, :, None]
        high = np.maximum(open_, close) + np.rint(reach[:, :, 0])
        low = np.maximum(np.minimum(open_, close) - np.rint(reach[:, :, 1]), 1)
        moved = np.abs(close / open_ - 1) / np.stack([one.sigma for one in days])
        loud = np.stack([one.loudness for one in days]) * (0.4 + 0.6 * moved)
        tick, lot = self._instrument.tick, self._instrument.lot
        volume = np.rint(loud * _MEAN_VOLUME / (close * float(tick)) / float(lot))
        at = numbers[:, None] * DAY + np.arange(MINUTES) * MINUTE
        kept = np.stack([one.kept for one in days]).ravel()
        price_scale, tick_size = _power(tick)
        volume_scale, lot_size = _power(lot)
        columns = {"open": open_, "high": high, "low": low, "close": close}
        return Bars(
            symbol=Symbol(self._instrument.symbol),
            timeframe="1m",
            price_scale=price_scale,
            volume_scale=volume_scale,
            open_time=at.ravel()[kept].astype(np.int64),
            volume=volume.ravel()[kept].astype(np.int64) * lot_size,
            **{
                name: one.ravel()[kept].astype(np.int64) * tick_size
                for name, one in columns.items()
            },
        )

    def _day(self, day: int) -> Day:
        rng = self._random(day)
        regime = _regimes(rng)
        usual = np.log(_SIGMA[regime])
        sigma = np.exp(usual + _mean_reverting(rng.standard_normal(MINUTES) * _VOL_NOISE))
        way = np.where(rng.random(MINUTES) < 0.5, -1.0, 1.0)[_since(regime)]
        jumps = rng.random(MINUTES) < _JUMPS_A_DAY / MINUTES
        moves = rng.standard_normal(MINUTES) * sigma + _DRIFT[regime] * way
        moves += jumps * rng.standard_normal(MINUTES) * _JUMP
        holes = np.flatnonzero(rng.random(MINUTES) < _HOLES_A_DAY / MINUTES)
        kept = np.ones(MINUTES, dtype=np.bool_)
        for hole, length in zip(holes, rng.integers(1, 4, len(holes)), strict=True):
            kept[hole : hole + length] = False
        hour = np.arange(MINUTES) / MINUTES
        season = 1.0 + 0.45 * np.sin(2 * np.pi * (hour - 0.35)) + 0.2 * np.sin(4 * np.pi * hour)
        noise = np.exp(rng.standard_normal(MINUTES) * 0.5)
        wicks = rng.exponential(0.5, (MINUTES, 2))
        loudness = season * noise * np.array([0.7, 1.0, 1.9])[regime]
        return Day(moves=moves, sigma=sigma, wicks=wicks, loudness=loudness, kept=kept)

    def _random(self, day: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([*self._key, day]))


def _regimes(rng: np.random.Generator) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """0 range, 1 trend, 2 volatile for each minute."""
    switch = rng.random(MINUTES) < _STAY
    switch[0] = True
    drawn = rng.choice(3, MINUTES, p=[0.5, 0.35, 0.15])
    at = np.maximum.accumulate(np.where(switch, np.arange(MINUTES), 0))
    return np.asarray(drawn[at], np.int64)


def _since(regime: "np.ndarray[Any, np.dtype[np.int64]]") -> "np.ndarray[Any, np.dtype[np.int64]]":
    """For each minute the one in which its regime began."""
    began = np.diff(regime, prepend=-1) != 0
    return np.maximum.accumulate(np.where(began, np.arange(MINUTES), 0))


def _mean_reverting(noise: Floats) -> Floats:
    value, values = 0.0, []
    for one in noise.tolist():
        value = value * _VOL_MEMORY + one
        values.append(value)
    return np.array(values)


def _power(step: Any) -> tuple[int, int]:  # noqa: ANN401
    """A step such as 0.05 as (2, 5): 5 units of 10**-2."""
    _, digits, exponent = step.as_tuple()
    number = int("".join(map(str, digits)))
    return (-exponent, number) if exponent < 0 else (0, number * 10**exponent)
