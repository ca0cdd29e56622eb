"""From votes to one opinion, its risk and its levels. Pure and exact: Decimals only.

    net        = sum of direction * weight
    agreement  = |net| / sum of weights                     (0 … 1; neutral votes count against)
    mass       = min(1, |net| / FULL)                       (a few weak votes are no signal)
    score      = sign(net) * 100 * agreement * mass         (-100 … 100, one decimal)

BUY from THRESHOLD up, SELL from -THRESHOLD down, else HOLD.

Calibrated on ETH and BTC of 2025: BUY and SELL are 5 to 6 % of the bars of each timeframe. That is
their natural ceiling too: a signal lives some 10 bars on average and is not repeated meanwhile.
About a third of them win, 0.06 to 0.1 R each on average at 1m before cost. At 1m the cost of a
round trip is more than that, which is why the risk score counts it.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import isnan
from typing import Literal

from msgspec import Struct

from hydradesk.kernel.numbers import MONEY, ceil_to, floor_to, from_float, nearest, plain, quotient
from hydradesk.signals.contracts import Context, Direction, Levels, Vote

THRESHOLD = Decimal(40)
REVERSAL = Decimal(50)
"""The score that turns an active signal around; higher, so that opinions do not flicker."""
FULL = Decimal(6)
"""Net weight from which more votes make no stronger signal."""
EXPIRY_BARS = 30
"""A signal that has reached neither its stop nor its last target by then has expired."""
REST_BARS = 3
"""Bars for which a direction that was just stopped out is not tried again."""
ENTRY_ZONE = Decimal("0.005")
STOP_ATR = Decimal("1.5")
TARGETS_ATR = (Decimal(2), Decimal(3), Decimal(4))
ROUND_TRIP_COST = 0.002
"""Expected cost of getting in and out as a part of price: 0.1 % taker fee each way."""

_ONE, _TENTH, _CENT, _FINE = Decimal(1), Decimal("0.1"), Decimal("0.01"), Decimal("0.000001")


class Fused(Struct, frozen=True, kw_only=True):
    """What the votes say together."""

    score: Decimal
    agreement: Decimal
    net: Decimal
    total: Decimal


class Risk(Struct, frozen=True, kw_only=True):
    """How dangerous acting now would be, and why."""

    score: Decimal
    volatility: float
    """ATR over price, percent."""
    calmer: float
    """Share of the remembered bars that were calmer, 0 to 1."""
    stretch: float
    """Distance of price from EMA 21, in ATR."""
    cost_share: float
    """Round-trip cost over the distance to the first target."""


def fuse(votes: Sequence[Vote]) -> Fused:
    """Weigh the votes."""
    net = sum((vote.direction * vote.weight for vote in votes), Decimal(0))
    total = sum((vote.weight for vote in votes), Decimal(0))
    if total == 0:
        return Fused(score=Decimal(0), agreement=Decimal(0), net=net, total=total)
    size = net.copy_abs()
    agreement = quotient(size, total, _FINE)
    mass = min(_ONE, quotient(size, FULL, _FINE))
    strength = nearest(MONEY.multiply(MONEY.multiply(agreement, mass), Decimal(100)), _TENTH)
    return Fused(score=plain(strength.copy_sign(net)), agreement=agreement, net=net, total=total)


def decide(score: Decimal, active: Direction | None, resting: Direction | None) -> Direction:
    """Turn the score into a decision.

    Args:
        score: of the votes.
        active: direction of the signal that still stands, if one does. It is not repeated; only a
            score beyond REVERSAL turns it around.
        resting: direction that was stopped out less than REST_BARS ago, if one was.
    """
    side: Direction = "BUY" if score > 0 else "SELL"
    needed = THRESHOLD if active is None else REVERSAL
    if score.copy_abs() < needed or side in (active, resting):
        return "HOLD"
    return side


def risk_of(context: Context, fused: Fused) -> Risk:
    """Score the risk of acting on this bar.

        risk = 35 * calmer + 20 * stretch / 3 ATR + 25 * (1 - agreement) + 20 * cost share

    `calmer` is the share of the last bars (at most 200) with a lower ATR in percent. Each term is
    capped at its weight; with no ATR yet the risk is 100.
    """
    row = context.rows[-1]
    if not row.atr_14 > 0.0:
        return Risk(score=Decimal(100), volatility=0.0, calmer=1.0, stretch=0.0, cost_share=1.0)
    now = row.atr_14 / context.close
    calmer = sum(past < now for past in context.volatility) / len(context.volatility)
    far = abs(context.close - row.ema_21) / row.atr_14
    stretch = 0.0 if isnan(far) else far
    cost = ROUND_TRIP_COST / (float(TARGETS_ATR[0]) * now)
    disagreement = 1.0 - float(fused.agreement)
    score = (
        35.0 * calmer + 20.0 * min(1.0, stretch / 3.0) + 25.0 * disagreement + 20.0 * min(1.0, cost)
    )
    return Risk(
        score=from_float(score, _TENTH),
        volatility=100.0 * now,
        calmer=calmer,
        stretch=stretch,
        cost_share=cost,
    )


def levels(
    direction: Literal["BUY", "SELL"], price: Decimal, atr: float, tick: Decimal
) -> Levels | None:
    """Place entry zone, stop and targets on the tick.

    The zone is rounded inwards: never further than 0.5 % from the price. Stop and targets are
    rounded outwards: never nearer than their multiple of the ATR.

    Returns:
        None when the ATR is no positive number, or the stop or a target would not be a price.
    """
    if not 0.0 < atr < float("inf"):
        return None
    distance = from_float(atr, min(tick, _CENT) * _FINE)
    stop = _away(price, -STOP_ATR, distance, direction, tick)
    first, second, third = (_away(price, by, distance, direction, tick) for by in TARGETS_ATR)
    if min(stop, third) <= 0 or distance == 0:
        return None
    reward = MONEY.subtract(second, price).copy_abs()
    loss = MONEY.subtract(price, stop).copy_abs()
    return Levels(
        entry_low=ceil_to(MONEY.multiply(price, _ONE - ENTRY_ZONE), tick),
        entry_high=floor_to(MONEY.multiply(price, _ONE + ENTRY_ZONE), tick),
        stop=stop,
        targets=(first, second, third),
        risk_reward=plain(nearest(quotient(reward, loss, _FINE), _CENT)),
    )


def _away(
    price: Decimal, by: Decimal, atr: Decimal, direction: Direction, tick: Decimal
) -> Decimal:
    """Go `by` ATR in the signal's direction (against it when negative), rounded away from price."""
    step = MONEY.multiply(by if direction == "BUY" else -by, atr)
    return (ceil_to if step > 0 else floor_to)(MONEY.add(price, step), tick)
