"""The house's own vote sources: pure functions from a Context to votes.

A weight says how much an opinion counts beside the others. Events (a cross, a turn, a pattern, a
spike) weigh 1 to 2, states (which side of an average) 0.25 to 1: states alone do not reach the
threshold of a signal, they let or keep an event. A neutral vote weighs against both sides.
"""

from collections.abc import Callable
from decimal import Decimal
from math import isnan
from typing import Literal

from hydradesk.signals.contracts import Context, Higher, Vote

Side = Literal[-1, 0, 1]
Source = Callable[[Context], list[Vote]]

EVENT, STRONG_EVENT = Decimal("1.5"), Decimal(2)
STATE, HALF_STATE, WEAK_STATE = Decimal(1), Decimal("0.5"), Decimal("0.25")
FLOW, NEXT_TREND, FAR_TREND = Decimal("0.75"), Decimal("1.25"), Decimal("0.75")
OVERSOLD, OVERBOUGHT = 30.0, 70.0
FALLING, RISING = 45.0, 55.0
DRIFT_BARS = 10


def rsi(context: Context) -> list[Vote]:
    """RSI 14: a turn out of an extreme is an event; its zone is a state."""
    if len(context.rows) < 2 or _flat(context):
        return []
    was, now = context.rows[-2].rsi_14, context.rows[-1].rsi_14
    facts = {"rsi_14": number(now, 2), "rsi_14_before": number(was, 2)}
    if was < OVERSOLD <= now:
        reason = f"RSI turned up out of oversold, from {was:.1f} to {now:.1f}"
        return [_vote("indicators.rsi", 1, STRONG_EVENT, reason, facts)]
    if was > OVERBOUGHT >= now:
        reason = f"RSI turned down out of overbought, from {was:.1f} to {now:.1f}"
        return [_vote("indicators.rsi", -1, STRONG_EVENT, reason, facts)]
    zones: tuple[tuple[bool, Side, str], ...] = (
        (now < OVERSOLD, 0, f"RSI at {now:.1f} is oversold and has not turned yet"),
        (now > OVERBOUGHT, 0, f"RSI at {now:.1f} is overbought and has not turned yet"),
        (now >= RISING, 1, f"RSI at {now:.1f} shows buyers in charge"),
        (now <= FALLING, -1, f"RSI at {now:.1f} shows sellers in charge"),
        (not isnan(now), 0, f"RSI at {now:.1f} takes no side"),
    )
    for fits, side, reason in zones:
        if fits:
            return [_vote("indicators.rsi", side, HALF_STATE, reason, facts)]
    return []


def macd(context: Context) -> list[Vote]:
    """MACD 12/26/9: a cross of its signal line is an event; the histogram is a state."""
    if len(context.rows) < 2:
        return []
    was, now = context.rows[-2].macd_hist, context.rows[-1].macd_hist
    if isnan(now) or isnan(was) or now == 0.0:
        return []
    side: Side = 1 if now > 0.0 else -1
    facts = {
        "macd": number(context.rows[-1].macd, 4),
        "macd_signal": number(context.rows[-1].macd_signal, 4),
        "macd_hist": number(now, 4),
        "macd_hist_before": number(was, 4),
    }
    if was * side <= 0.0:
        way = "above" if side > 0 else "below"
        reason = f"MACD crossed {way} its signal line"
        return [_vote("indicators.macd", side, STRONG_EVENT, reason, facts)]
    half = "positive" if side > 0 else "negative"
    if abs(now) > abs(was):
        reason = f"the MACD histogram is {half} and growing"
        return [_vote("indicators.macd", side, FLOW, reason, facts)]
    reason = f"the MACD histogram is {half} but shrinking"
    return [_vote("indicators.macd", side, WEAK_STATE, reason, facts)]


def ema_stack(context: Context) -> list[Vote]:
    """EMA 9, 21, 50 and 200: in order they are a trend, out of order they are none."""
    row = context.rows[-1]
    e9, e21, e50, e200 = row.ema_9, row.ema_21, row.ema_50, row.ema_200
    if isnan(e50):
        return []
    facts = {"ema_9": number(e9, 4), "ema_21": number(e21, 4), "ema_50": number(e50, 4)}
    side: Side = 1 if e9 > e21 > e50 else -1 if e9 < e21 < e50 else 0
    if side == 0:
        reason = "the EMAs of 9, 21 and 50 bars are not in order"
        return [_vote("indicators.ema_stack", 0, HALF_STATE, reason, facts)]
    way = "rising" if side > 0 else "falling"
    if not isnan(e200):
        facts["ema_200"] = number(e200, 4)
        if (e50 - e200) * side > 0.0:
            reason = f"all four EMAs are stacked in {way} order"
            return [_vote("indicators.ema_stack", side, STATE, reason, facts)]
    reason = f"the EMAs of 9, 21 and 50 bars are stacked in {way} order"
    return [_vote("indicators.ema_stack", side, HALF_STATE, reason, facts)]


def ema_crosses(context: Context) -> list[Vote]:
    """EMA 9 across 21, and 50 across 200: events."""
    if len(context.rows) < 2:
        return []
    was, now = context.rows[-2], context.rows[-1]
    votes = []
    for source, title, weight, before, after in (
        ("indicators.ema_9_21", "EMA 9", EVENT, was.ema_9 - was.ema_21, now.ema_9 - now.ema_21),
        ("indicators.ema_50_200", "EMA 50", STRONG_EVENT, was.ema_50 - was.ema_200,
         now.ema_50 - now.ema_200),
    ):  # fmt: skip
        side: Side = 1 if before <= 0.0 < after else -1 if before >= 0.0 > after else 0
        if side:
            slow = "EMA 21" if title == "EMA 9" else "EMA 200"
            reason = f"{title} crossed {'above' if side > 0 else 'below'} {slow}"
            facts = {"difference": number(after, 4), "difference_before": number(before, 4)}
            votes.append(_vote(source, side, weight, reason, facts))
    return votes


def vwap(context: Context) -> list[Vote]:
    """Session VWAP: crossing it is a small event, the side of it a state."""
    level, close = context.rows[-1].vwap_session, context.close
    if len(context.rows) < 2 or isnan(level) or close == level:
        return []
    side: Side = 1 if close > level else -1
    facts = {"close": number(close, 4), "vwap_session": number(level, 4)}
    word = "above" if side > 0 else "below"
    before = context.closes[-2] - context.rows[-2].vwap_session
    if before * side < 0.0:
        reason = f"price crossed {word} the session VWAP of {number(level, 2)}"
        return [_vote("indicators.vwap", side, STATE, reason, facts)]
    reason = f"price is {word} the session VWAP of {number(level, 2)}"
    return [_vote("indicators.vwap", side, HALF_STATE, reason, facts)]


def bollinger(context: Context) -> list[Vote]:
    """Bollinger 20/2: coming back inside is an event, being outside a warning."""
    row, close = context.rows[-1], context.close
    if len(context.rows) < 2 or not row.bb_upper > row.bb_lower:
        return []
    was, before = context.rows[-2], context.closes[-2]
    facts = {
        "close": number(close, 4),
        "bb_upper": number(row.bb_upper, 4),
        "bb_lower": number(row.bb_lower, 4),
    }
    cases: tuple[tuple[bool, Side, Decimal, str], ...] = (
        (before < was.bb_lower and close >= row.bb_lower, 1, EVENT,
         "price came back inside the lower Bollinger band"),
        (before > was.bb_upper and close <= row.bb_upper, -1, EVENT,
         "price came back inside the upper Bollinger band"),
        (close > row.bb_upper, 0, HALF_STATE, "price is stretched above the upper Bollinger band"),
        (close < row.bb_lower, 0, HALF_STATE, "price is stretched below the lower Bollinger band"),
    )  # fmt: skip
    for fits, side, weight, reason in cases:
        if fits:
            return [_vote("indicators.bollinger", side, weight, reason, facts)]
    return []


def patterns(context: Context) -> list[Vote]:
    """Each completed candlestick pattern, with twice its strength in hundredths as weight."""
    votes = []
    for hit in context.patterns:
        side: Side = {"bullish": 1, "bearish": -1, "neutral": 0}[hit.direction]  # type: ignore[assignment]
        weight = Decimal(hit.strength * (2 if side else 1)).scaleb(-2)
        reason = f"the bar completes a {hit.title} of strength {hit.strength}"
        facts = {"strength": str(hit.strength), "why": hit.description}
        votes.append(_vote(f"patterns.{hit.pattern}", side, weight, reason, facts))
    return votes


def volume(context: Context) -> list[Vote]:
    """A volume spike sides with its bar; MFI and OBV together say where the money goes."""
    row, votes = context.rows[-1], list[Vote]()
    relative = row.relative_volume
    if row.volume_spike and context.close != context.open:
        side: Side = 1 if context.close > context.open else -1
        way = "rising" if side > 0 else "falling"
        reason = f"a {way} bar traded {relative:.1f} times the usual volume"
        facts = {"relative_volume": number(relative, 2)}
        votes.append(_vote("volume.spike", side, EVENT, reason, facts))
    if len(context.rows) > DRIFT_BARS and not isnan(row.mfi_14) and context.volume > 0.0:
        drift = row.obv - context.rows[-1 - DRIFT_BARS].obv
        facts = {"mfi_14": number(row.mfi_14, 2), "obv_change": number(drift, 4)}
        flow: Side = 0
        reason = f"MFI at {row.mfi_14:.1f} and OBV do not agree where the money goes"
        if row.mfi_14 >= RISING and drift > 0.0:
            flow, reason = 1, f"money flows in: MFI is {row.mfi_14:.1f} and OBV rises"
        elif row.mfi_14 <= FALLING and drift < 0.0:
            flow, reason = -1, f"money flows out: MFI is {row.mfi_14:.1f} and OBV falls"
        votes.append(_vote("volume.flow", flow, FLOW if flow else WEAK_STATE, reason, facts))
    return votes


def trend(context: Context) -> list[Vote]:
    """The state of the next longer timeframes: price beside EMA 50, and EMA 21 beside EMA 50."""
    votes = []
    for one, weight in zip(context.higher, (NEXT_TREND, FAR_TREND), strict=False):
        if not isnan(one.row.ema_50):
            votes.append(_trend(one, weight))
    return votes


def _trend(one: Higher, weight: Decimal) -> Vote:
    price, order = one.close - one.row.ema_50, one.row.ema_21 - one.row.ema_50
    side: Side = 1 if price > 0.0 < order else -1 if price < 0.0 > order else 0
    word = {1: "up", -1: "down", 0: "undecided"}[side]
    facts = {
        "close": number(one.close, 4),
        "ema_21": number(one.row.ema_21, 4),
        "ema_50": number(one.row.ema_50, 4),
    }
    reason = f"the {one.timeframe} trend is {word}"
    return _vote(f"trend.{one.timeframe}", side, weight if side else HALF_STATE, reason, facts)


SOURCES: tuple[Source, ...] = (
    rsi,
    macd,
    ema_stack,
    ema_crosses,
    vwap,
    bollinger,
    patterns,
    volume,
    trend,
)
"""In the order in which their votes are listed when they weigh the same."""


def number(value: float, places: int) -> str:
    """Write a float as a plain decimal with at most so many places."""
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _flat(context: Context) -> bool:
    """Nothing moved: TA-Lib then calls RSI 0, which is no oversold market."""
    return not context.rows[-1].atr_14 > 0.0


def _vote(source: str, side: Side, weight: Decimal, reason: str, facts: dict[str, str]) -> Vote:
    return Vote(source=source, direction=side, weight=weight, reason=reason, facts=facts)
