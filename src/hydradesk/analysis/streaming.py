"""The same indicators bar by bar: O(1) per bar, and the same bits as indicators.table.

Each part is a generator that keeps its numbers in local variables, the fastest memory plain Python
has. Every operation is done in TA-Lib's order, running sums included, so that rounding errors are
the same ones. While a part is young its averages are NaN, and NaN flows through the steady
formulas; `_seed` puts the first value in on the one bar where TA-Lib does.
"""

from collections import deque
from collections.abc import Generator
from math import dist, inf, nan, sqrt

from hydradesk.analysis.rows import SPIKE, IndicatorRow
from hydradesk.kernel.time import DAY

_K9, _K12, _K21, _K26, _K50, _K200 = (2.0 / (n + 1) for n in (9, 12, 21, 26, 50, 200))
_YOUNG = 200
_TINY = 1e-14
"""Below this TA-Lib takes a number for zero."""

_TWO_DEVIATIONS = 2.0 / sqrt(20.0)

Averages = tuple[float, float, float, float, float, float, float]
Bands = tuple[float, float, float]
Volumes = tuple[float, float, float]
Swings = tuple[float, float, float, float]


class IndicatorSet:
    """All indicators of one stream of closed bars."""

    __slots__ = ("_averages", "_bands", "_swings", "_volumes")

    def __init__(self) -> None:
        averages, bands, swings, volumes = _averages(), _bands(), _swings(), _volumes()
        self._averages, self._bands = averages.send, bands.send
        self._swings, self._volumes = swings.send, volumes.send
        next(averages), next(bands), next(swings), next(volumes)

    def update(
        self, open_time: int, open_: float, high: float, low: float, close: float, volume: float
    ) -> IndicatorRow:
        """Take the next bar, return its indicators.

        Args:
            open_time: nanoseconds UTC, later than the bar before.
            open_, high, low, close: quote units.
            volume: base units, >= 0.

        Returns:
            What indicators.table gives for this bar, had it been given all bars so far.
        """
        e9, e21, e50, e200, macd, signal, hist = self._averages(close)
        upper, middle, lower = self._bands(close)
        typical = (high + low + close) / 3.0
        rsi, atr, mfi, obv = self._swings((high, low, close, typical, volume))
        day, rolling, relative = self._volumes((open_time, typical, volume))
        return IndicatorRow(
            rsi, macd, signal, hist, e9, e21, e50, e200, day, rolling, atr, upper, middle, lower,
            relative, relative >= SPIKE, obv, mfi,
        )  # fmt: skip


def _averages() -> Generator[Averages, float, None]:
    """EMA 9, 21, 50, 200 and MACD 12/26/9, from closes."""
    e9 = e12 = e21 = e26 = e50 = e200 = signal = nan
    closes, lines = list[float](), list[float]()
    out: Averages = (nan, nan, nan, nan, nan, nan, nan)
    while True:
        x = yield out
        e9, e21 = (x - e9) * _K9 + e9, (x - e21) * _K21 + e21
        e50, e200 = (x - e50) * _K50 + e50, (x - e200) * _K200 + e200
        e12, e26 = (x - e12) * _K12 + e12, (x - e26) * _K26 + e26
        if len(closes) < _YOUNG:
            closes.append(x)
            e9, e21 = _seed(closes, 9, 9, e9), _seed(closes, 21, 21, e21)
            e50, e200 = _seed(closes, 50, 50, e50), _seed(closes, 200, 200, e200)
            # TA-Lib starts both lines of MACD on one bar, the fast one from its own last 12 closes
            e12, e26 = _seed(closes, 12, 26, e12), _seed(closes, 26, 26, e26)
            lines.append(e12 - e26)
            signal = (lines[-1] - signal) * _K9 + signal
            signal = _seed(lines, 9, 34, signal)
            macd = lines[-1] if len(lines) >= 34 else nan
        else:
            macd = e12 - e26
            signal = (macd - signal) * _K9 + signal
        out = (e9, e21, e50, e200, macd, signal, macd - signal)


def _bands() -> Generator[Bands, float, None]:
    """Bollinger 20/2 with the population deviation, from closes.

    Mean and squared deviations slide by Welford's update. What rounding leaves behind is about
    1e-15 of the largest `squares` lately, so both are taken afresh once `squares` has fallen to a
    ten-thousandth of that: after a spike has left the window, a flat market is flat again.
    """
    ring = deque[float](maxlen=20)
    mean = squares = most = 0.0
    out: Bands = (nan, nan, nan)
    while True:
        x = yield out
        if len(ring) == 20:
            old = ring[0]
            ring.append(x)
            change = x - old
            was, mean = mean, mean + change / 20.0
            squares += change * (x - mean + old - was)
        else:
            ring.append(x)
            if len(ring) < 20:
                continue
            most = inf
        if squares > most:
            most = squares
        elif squares < most * 1e-4:
            mean = sum(ring) / 20.0
            squares = most = dist(ring, (mean,) * 20) ** 2
        width = sqrt(squares) * _TWO_DEVIATIONS
        out = (mean + width, mean, mean - width)


def _swings() -> Generator[Swings, tuple[float, float, float, float, float], None]:
    """RSI, ATR and MFI over 14 bars and OBV, from (high, low, close, typical price, volume)."""
    gain = loss = atr = nan
    firsts = list[tuple[float, float, float]]()
    flows = deque([0.0] * 14, 14)  # money of bars that rose, minus that of bars that fell
    risen, fallen, idle = 0.0, 0.0, 0
    _, _, before, level, obv = yield (nan, nan, nan, nan)
    out = (nan, nan, nan, obv)
    while True:
        high, low, close, typical, volume = yield out
        step = close - before
        if step > 0.0:
            up, down, obv = step, 0.0, obv + volume
        else:
            up, down, obv = 0.0, -step, (obv - volume if step else obv)
        gain, loss = (gain * 13.0 + up) / 14.0, (loss * 13.0 + down) / 14.0
        reach = (high if high > before else before) - (low if low < before else before)
        atr = (atr * 13.0 + reach) / 14.0
        old, step, still = flows[0], typical - level, (typical + level) * _TINY
        before, level = close, typical
        if old > 0.0:
            risen -= old
        else:
            fallen += old
        flow = typical * volume if step > still else -typical * volume if step < -still else 0.0
        if flow > 0.0:
            risen += flow
        else:
            fallen -= flow
        flows.append(flow)
        idle = 0 if flow else idle + 1
        if idle >= 14:  # the window is empty: drop what rounding left in the sums
            risen = fallen = 0.0
        moved, flowed = gain + loss, risen + fallen
        mfi = 100.0 * (risen / flowed) if flowed > 0.0 else 0.0
        mfi = mfi if 0.0 <= mfi <= 100.0 else 0.0 if mfi < 0.0 else 100.0
        if len(firsts) < 14:
            firsts.append((up, down, reach))
            gain, loss, atr = (_seed([*one], 14, 14, nan) for one in zip(*firsts, strict=True))
            moved, mfi = gain + loss, mfi if len(firsts) == 14 else nan
        out = (0.0 if moved < _TINY else 100.0 * (gain / moved), atr, mfi, obv)


def _volumes() -> Generator[Volumes, tuple[int, float, float], None]:
    """Session VWAP, VWAP 20 and relative volume, from (open time, typical price, volume).

    The windows slide by add and subtract. They are summed afresh once they hold a hundredth of
    what they held: the dust of an old spike would show in a quiet market.
    """
    midnight, paid, traded = 0, 0.0, 0.0
    spent, volumes = deque([0.0] * 20, 20), deque([0.0] * 20, 20)
    bars, money_20, volume_20, dearest, most = 0, 0.0, 0.0, 0.0, 0.0
    usual = rolling = nan
    out = (nan, nan, nan)
    while True:
        open_time, typical, volume = yield out
        if open_time >= midnight:
            midnight = (open_time // DAY + 1) * DAY
            paid = traded = 0.0
        money = typical * volume
        paid += money
        traded += volume
        relative = volume / usual if usual > 0.0 else nan
        money_20 += money - spent[0]
        volume_20 += volume - volumes[0]
        spent.append(money)
        volumes.append(volume)
        most = volume_20 if volume_20 > most else most
        dearest = money_20 if money_20 > dearest else dearest
        if volume_20 < most * 1e-2 or money_20 < dearest * 1e-2:
            money_20, volume_20 = dearest, most = sum(spent), sum(volumes)
        if bars >= 19:
            usual = volume_20 / 20.0
            rolling = money_20 / volume_20 if volume_20 else nan
        else:
            bars += 1
        out = (paid / traded if traded else nan, rolling, relative)


def _seed(values: list[float], period: int, at: int, otherwise: float) -> float:
    """On the bar where an average begins: the mean of its last values, added up as TA-Lib does."""
    if len(values) != at:
        return otherwise
    total = 0.0
    for value in values[-period:]:
        total += value
    return total / period
