"""Candlestick patterns. TA-Lib says whether there is one; we say how strong it is, and why.

Strength is `1 + round(99 * (0.5 * purity + 0.25 * size + 0.25 * volume))`, 1 to 100, where
purity (0 to 1) is how well the bars fit the idea of the pattern, see `_PURITY`;
size is the pattern's height over 2 ATR, at most 1; and
volume is the last bar's relative volume over 2, at most 1. What is unknown counts 0.5.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import talib
from msgspec import Struct
from talib import stream

from hydradesk.analysis.indicators import Series
from hydradesk.analysis.rows import Lean, PatternHit

Bar = tuple[float, float, float, float]
"""open, high, low, close."""


class Pattern(Struct, frozen=True):
    """One reading of a TA-Lib function's sign."""

    name: str
    title: str
    direction: Lean


class Shape(Struct, frozen=True):
    """A TA-Lib function and what its signs mean."""

    function: str
    bars: int
    """How many bars the pattern is made of."""
    rising: Pattern | None = None
    falling: Pattern | None = None


SHAPES: tuple[Shape, ...] = (
    Shape("CDLDOJI", 1, rising=Pattern("doji", "Doji", "neutral")),
    Shape("CDLHAMMER", 1, rising=Pattern("hammer", "Hammer", "bullish")),
    Shape("CDLINVERTEDHAMMER", 1, rising=Pattern("inverted_hammer", "Inverted Hammer", "bullish")),
    Shape("CDLSHOOTINGSTAR", 1, falling=Pattern("shooting_star", "Shooting Star", "bearish")),
    Shape(
        "CDLENGULFING",
        2,
        rising=Pattern("bullish_engulfing", "Bullish Engulfing", "bullish"),
        falling=Pattern("bearish_engulfing", "Bearish Engulfing", "bearish"),
    ),
    Shape("CDLMORNINGSTAR", 3, rising=Pattern("morning_star", "Morning Star", "bullish")),
    Shape("CDLEVENINGSTAR", 3, falling=Pattern("evening_star", "Evening Star", "bearish")),
    Shape(
        "CDL3WHITESOLDIERS",
        3,
        rising=Pattern("three_white_soldiers", "Three White Soldiers", "bullish"),
    ),
    Shape(
        "CDL3BLACKCROWS",
        3,
        falling=Pattern("three_black_crows", "Three Black Crows", "bearish"),
    ),
)

_HISTORY = 32
"""Bars before TA-Lib's streams are opened: more than any of them looks back."""


def find(
    open_: Series, high: Series, low: Series, close: Series, atr: Series, relative_volume: Series
) -> list[PatternHit]:
    """Find every pattern in the arrays, oldest first, in the order of SHAPES within one bar.

    Args:
        open_, high, low, close: quote units, shape (n,), oldest first.
        atr: quote units, shape (n,), may start with NaN.
        relative_volume: ratio, shape (n,), may hold NaN.

    Returns:
        One hit for each pattern and bar that completes it.

    Source: TA-Lib's CDL functions with their default settings.
    """
    prices = (open_, high, low, close)
    hits = []
    for rank, shape in enumerate(SHAPES):
        values = getattr(talib, shape.function)(*prices)
        for index in np.flatnonzero(values).tolist():
            past = slice(index + 1 - shape.bars, index + 1)
            bars = list(zip(*(one[past].tolist() for one in prices), strict=True))
            facts = (atr[index].item(), relative_volume[index].item())
            hits.append((index, rank, _hit(index, shape, int(values[index]), bars, *facts)))
    return [hit for _, _, hit in sorted(hits, key=lambda one: one[:2])]


class PatternSet:
    """The same patterns bar by bar: O(1), and the same hits as `find`."""

    def __init__(self) -> None:
        self._first: list[Bar] = []
        self._streams: list[tuple[Shape, Callable[..., int]]] = []
        self._recent = deque[Bar](maxlen=3)
        self._count = 0

    def update(
        self,
        bar: Bar,
        atr: float,
        relative_volume: float,
    ) -> list[PatternHit]:
        """Take the next bar, return the patterns it completes; `index` counts bars from 0.

        Args:
            bar: open, high, low, close in quote units.
            atr: of this bar, quote units, may be NaN.
            relative_volume: of this bar, may be NaN.
        """
        self._recent.append(bar)
        index, self._count = self._count, self._count + 1
        if self._streams:
            seen = [(shape, value) for shape, take in self._streams if (value := take(*bar))]
        else:
            seen = self._young(bar)
        return [
            _hit(index, shape, value, list(self._recent)[-shape.bars :], atr, relative_volume)
            for shape, value in seen
        ]

    def _young(self, bar: Bar) -> list[tuple[Shape, int]]:
        """Ask the batch functions while TA-Lib's streams have not enough history to open."""
        self._first.append(bar)
        prices = [np.array(one) for one in zip(*self._first, strict=True)]
        if len(self._first) == _HISTORY:
            for shape in SHAPES:
                opened: Any = getattr(stream, shape.function)(*prices)
                self._streams.append((shape, opened.update))
            self._first = []
        values = [(shape, int(getattr(talib, shape.function)(*prices)[-1])) for shape in SHAPES]
        return [(shape, value) for shape, value in values if value]


def _hit(
    index: int, shape: Shape, value: int, bars: Sequence[Bar], atr: float, relative: float
) -> PatternHit:
    pattern = shape.rising if value > 0 else shape.falling
    assert pattern is not None, (shape, value)
    purity, why = _PURITY[pattern.name](bars)
    height = max(bar[1] for bar in bars) - min(bar[2] for bar in bars)
    size = min(1.0, height / (2.0 * atr)) if atr > 0.0 else 0.5
    volume = min(1.0, relative / 2.0) if relative >= 0.0 else 0.5
    text = f"{why}; it spans {height:.6g}"
    text += f", {height / atr:.1f} times the ATR" if atr > 0.0 else ""
    text += f", on {relative:.1f} times the usual volume." if relative >= 0.0 else "."
    return PatternHit(
        index=index,
        pattern=pattern.name,
        title=pattern.title,
        direction=pattern.direction,
        strength=1 + round(99 * (0.5 * purity + 0.25 * size + 0.25 * volume)),
        description=text,
    )


def _share(part: float, whole: float) -> float:
    return max(0.0, min(1.0, part / whole)) if whole > 0.0 else 0.0


def _doji(bars: Sequence[Bar]) -> tuple[float, str]:
    ((open_, high, low, close),) = bars
    share = _share(abs(close - open_), high - low)
    return (
        1.0 - share,
        f"Open and close are only {100.0 * share:.0f} % of the range apart: nobody won",
    )


def _lower_shadow(bars: Sequence[Bar]) -> tuple[float, str]:
    ((open_, high, low, close),) = bars
    share = _share(min(open_, close) - low, high - low)
    return (
        share,
        f"The lower shadow is {100.0 * share:.0f} % of the range: sellers were bought back",
    )


def _upper_shadow_low(bars: Sequence[Bar]) -> tuple[float, str]:
    ((open_, high, low, close),) = bars
    share = _share(high - max(open_, close), high - low)
    return (
        share,
        f"The upper shadow is {100.0 * share:.0f} % of the range after a fall: buyers showed up",
    )


def _upper_shadow_high(bars: Sequence[Bar]) -> tuple[float, str]:
    ((open_, high, low, close),) = bars
    share = _share(high - max(open_, close), high - low)
    return (
        share,
        f"The upper shadow is {100.0 * share:.0f} % of the range after a rise: buyers were sold to",
    )


def _engulfing(bars: Sequence[Bar]) -> tuple[float, str]:
    (open_1, _, _, close_1), (open_2, _, _, close_2) = bars
    first, second = abs(close_1 - open_1), abs(close_2 - open_2)
    way = "rising" if close_2 > open_2 else "falling"
    text = f"A {way} body of {second:.6g} swallows the one before, of {first:.6g}"
    return 1.0 - _share(first, second), text


def _star(bars: Sequence[Bar]) -> tuple[float, str]:
    (open_1, _, _, close_1), _, (_, _, _, close_3) = bars
    share = _share(abs(close_3 - close_1), abs(open_1 - close_1))
    return (
        share,
        f"After a pause the third bar takes back {100.0 * share:.0f} % of the first one's body",
    )


def _march(bars: Sequence[Bar]) -> tuple[float, str]:
    shares = [_share(abs(close - open_), high - low) for open_, high, low, close in bars]
    share = sum(shares) / len(shares)
    way = "rising" if bars[-1][3] > bars[-1][0] else "falling"
    return share, f"Three {way} bars in a row, their bodies {100.0 * share:.0f} % of their ranges"


_PURITY: dict[str, Callable[[Sequence[Bar]], tuple[float, str]]] = {
    "doji": _doji,
    "hammer": _lower_shadow,
    "inverted_hammer": _upper_shadow_low,
    "shooting_star": _upper_shadow_high,
    "bullish_engulfing": _engulfing,
    "bearish_engulfing": _engulfing,
    "morning_star": _star,
    "evening_star": _star,
    "three_white_soldiers": _march,
    "three_black_crows": _march,
}
"""How pure a pattern is, 0 to 1, and the words for it.

Doji: 1 - body / range. Hammer: lower shadow / range. Inverted hammer, shooting star: upper shadow /
range. Engulfing: 1 - first body / second body. Stars: the part of the first body that the third
close takes back. Soldiers, crows: mean body / range. Each within 0 to 1.
"""
