"""Each source votes for what it saw, and keeps silent about what it cannot know."""

from math import nan
from typing import Any

import msgspec
import pytest

from hydradesk.analysis.rows import NAMES, IndicatorRow, PatternHit
from hydradesk.kernel.time import TimeNs
from hydradesk.signals.contracts import Context, Higher
from hydradesk.signals.domain import votes
from hydradesk.signals.domain.votes import SOURCES, number
from tests.signals.bars import ETH

QUIET = IndicatorRow(
    rsi_14=50.0, macd=0.0, macd_signal=0.0, macd_hist=0.0, ema_9=100.0, ema_21=100.0,
    ema_50=100.0, ema_200=100.0, vwap_session=100.0, vwap_20=100.0, atr_14=1.0, bb_upper=102.0,
    bb_middle=100.0, bb_lower=98.0, relative_volume=1.0, volume_spike=False, obv=0.0, mfi_14=50.0,
)  # fmt: skip


def row(**values: Any) -> IndicatorRow:
    return msgspec.structs.replace(QUIET, **values)


def context(was: IndicatorRow, now: IndicatorRow, **values: Any) -> Context:
    asked: dict[str, Any] = {
        "symbol": ETH, "timeframe": "5m", "at": TimeNs(0), "open": 100.0, "high": 101.0,
        "low": 99.0, "close": 100.0, "volume": 5.0, "rows": (was,) * 11 + (now,),
        "closes": (100.0,) * 12, "volatility": (0.01,), "patterns": (), "higher": (),
    }  # fmt: skip
    return Context(**(asked | values))


def cast(source: Any, was: IndicatorRow, now: IndicatorRow, **values: Any) -> list[tuple[str, int]]:
    return [(one.source, one.direction) for one in source(context(was, now, **values))]


@pytest.mark.parametrize(
    ("source", "was", "now", "wanted"),
    [
        (votes.rsi, {"rsi_14": 29.0}, {"rsi_14": 31.0}, ("indicators.rsi", 1)),
        (votes.rsi, {"rsi_14": 71.0}, {"rsi_14": 69.0}, ("indicators.rsi", -1)),
        (votes.rsi, {"rsi_14": 29.0}, {"rsi_14": 28.0}, ("indicators.rsi", 0)),
        (votes.rsi, {}, {"rsi_14": 60.0}, ("indicators.rsi", 1)),
        (votes.rsi, {}, {"rsi_14": 40.0}, ("indicators.rsi", -1)),
        (votes.macd, {"macd_hist": -0.1}, {"macd_hist": 0.1}, ("indicators.macd", 1)),
        (votes.macd, {"macd_hist": 0.1}, {"macd_hist": -0.1}, ("indicators.macd", -1)),
        (votes.ema_stack, {}, {"ema_9": 103.0, "ema_21": 102.0, "ema_50": 101.0},
         ("indicators.ema_stack", 1)),
        (votes.ema_stack, {}, {"ema_9": 97.0, "ema_21": 98.0, "ema_50": 99.0},
         ("indicators.ema_stack", -1)),
        (votes.ema_stack, {}, {"ema_9": 97.0, "ema_21": 102.0}, ("indicators.ema_stack", 0)),
        (votes.ema_crosses, {"ema_9": 99.0}, {"ema_9": 101.0}, ("indicators.ema_9_21", 1)),
        (votes.ema_crosses, {"ema_50": 101.0}, {"ema_50": 99.0}, ("indicators.ema_50_200", -1)),
        (votes.vwap, {}, {"vwap_session": 99.0}, ("indicators.vwap", 1)),
        (votes.vwap, {}, {"vwap_session": 101.0}, ("indicators.vwap", -1)),
        (votes.bollinger, {"bb_lower": 100.5}, {}, ("indicators.bollinger", 1)),
        (votes.bollinger, {"bb_upper": 99.5}, {}, ("indicators.bollinger", -1)),
        (votes.bollinger, {}, {"bb_upper": 99.5}, ("indicators.bollinger", 0)),
        (votes.volume, {}, {"mfi_14": 60.0, "obv": 5.0}, ("volume.flow", 1)),
        (votes.volume, {}, {"mfi_14": 40.0, "obv": -5.0}, ("volume.flow", -1)),
        (votes.volume, {}, {"mfi_14": 60.0, "obv": -5.0}, ("volume.flow", 0)),
    ],
)  # fmt: skip
def test_one_indicator_one_vote(
    source: Any, was: dict[str, Any], now: dict[str, Any], wanted: tuple[str, int]
) -> None:
    assert cast(source, row(**was), row(**now)) == [wanted]


def test_a_cross_weighs_more_than_a_side() -> None:
    crossed = votes.macd(context(row(macd_hist=-0.1), row(macd_hist=0.1)))
    growing = votes.macd(context(row(macd_hist=0.1), row(macd_hist=0.2)))
    shrinking = votes.macd(context(row(macd_hist=0.2), row(macd_hist=0.1)))
    assert crossed[0].weight > growing[0].weight > shrinking[0].weight
    assert crossed[0].facts["macd_hist"] == "0.1" and "crossed above" in crossed[0].reason


def test_a_spike_sides_with_its_bar() -> None:
    spike = row(volume_spike=True, relative_volume=4.0)
    assert ("volume.spike", 1) in cast(votes.volume, row(), spike, close=100.5)
    assert ("volume.spike", -1) in cast(votes.volume, row(), spike, close=99.5)
    assert [name for name, _ in cast(votes.volume, row(), spike)] == ["volume.flow"]  # no body


def test_patterns_weigh_by_strength_and_a_doji_takes_no_side() -> None:
    def hit(pattern: str, direction: str, strength: int) -> PatternHit:
        return PatternHit(
            index=0, pattern=pattern, title=pattern, direction=direction,  # type: ignore[arg-type]
            strength=strength, description="why",
        )  # fmt: skip

    hits = (hit("hammer", "bullish", 80), hit("doji", "neutral", 80), hit("x", "bearish", 10))
    found = votes.patterns(context(row(), row(), patterns=hits))
    assert [(one.direction, str(one.weight)) for one in found] == [
        (1, "1.60"), (0, "0.80"), (-1, "0.20")
    ]  # fmt: skip


def test_longer_timeframes_vote_by_their_averages() -> None:
    rising, falling = row(ema_21=101.0), row(ema_21=99.0)
    higher = (
        Higher(timeframe="15m", close=102.0, row=rising),
        Higher(timeframe="1h", close=98.0, row=falling),
    )
    assert cast(votes.trend, row(), row(), higher=higher) == [("trend.15m", 1), ("trend.1h", -1)]
    mixed = (Higher(timeframe="15m", close=98.0, row=rising),)
    assert cast(votes.trend, row(), row(), higher=mixed) == [("trend.15m", 0)]


def test_nothing_known_nothing_said() -> None:
    blank = IndicatorRow(*(False if name == "volume_spike" else nan for name in NAMES))  # type: ignore[arg-type]
    higher = (Higher(timeframe="15m", close=98.0, row=blank),)
    young = context(blank, blank, higher=higher)
    assert [vote for source in SOURCES for vote in source(young)] == []
    first = context(blank, blank, rows=(blank,), closes=(100.0,), higher=higher)
    assert [vote for source in SOURCES for vote in source(first)] == []


def test_a_flat_market_is_not_oversold() -> None:
    flat = row(rsi_14=0.0, atr_14=0.0)
    assert cast(votes.rsi, flat, flat) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5, "1.5"), (2.0, "2"), (-0.00001, "0"), (1e-3, "0.001"), (1e6, "1000000")],
)
def test_facts_are_plain_decimals(value: float, text: str) -> None:
    assert number(value, 4) == text
