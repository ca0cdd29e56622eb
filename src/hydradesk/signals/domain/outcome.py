"""What the candles after a signal did to it. Pure.

A signal is followed by the 1m bars that open at or after its own close, and ends, in this order, in
the bar that touches its stop, that touches its third target, or that closes at or after its expiry.
One bar that touches both stop and target counts as stopped: we do not know which came first, so we
assume the worse. A bar that opens beyond the stop ends the signal at its open, as a real stop
would. An opposite signal of the same symbol and timeframe ends it at that signal's price.
"""

from decimal import Decimal

from msgspec.structs import replace

from hydradesk.kernel.numbers import MONEY, nearest, plain, quotient
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Candle
from hydradesk.signals.contracts import Ended, Following, Level, Levels, Outcome, Signal, Status

_TARGETS: tuple[Level, Level, Level] = ("target_1", "target_2", "target_3")
_FINE, _PERCENT_STEP, _R_STEP = Decimal("1e-8"), Decimal("0.0001"), Decimal("0.01")


def follow(following: Following, bar: Candle) -> tuple[Following, Signal | None]:
    """Take one 1m bar.

    Returns:
        The signal's progress, and the ended signal when this bar ended it.
    """
    signal, levels = following.signal, following.signal.levels
    assert levels is not None, signal.id
    if bar.open_time < signal.at:
        return following, None
    stopped_at = _stop(signal, levels, bar)
    if stopped_at is not None:
        following = replace(following, first_touched=following.first_touched or "stop")
        return following, end(following, "stop", bar.close_time, stopped_at)
    best = max(following.best_target, _reached(signal, levels, bar))
    if best > following.best_target:
        first = following.first_touched or _TARGETS[0]
        following = replace(following, first_touched=first, best_target=best)
    if best == len(_TARGETS):
        return following, end(following, "target_3", bar.close_time, levels.targets[2])
    if bar.close_time >= signal.expires_at:
        return following, end(following, "expired", bar.close_time, bar.close)
    return following, None


def end(following: Following, by: Ended, at: TimeNs, price: Decimal) -> Signal:
    """Close the signal at a price; its version goes up by one."""
    signal, levels = following.signal, following.signal.levels
    assert levels is not None, signal.id
    gain = MONEY.subtract(price, signal.price)
    gain = gain if signal.direction == "BUY" else -gain
    risked = MONEY.subtract(signal.price, levels.stop).copy_abs()
    percent = quotient(MONEY.multiply(gain, Decimal(100)), signal.price, _FINE)
    outcome = Outcome(
        first_touched=following.first_touched,
        ended_by=by,
        best_target=following.best_target,
        at=at,
        price=price,
        return_pct=plain(nearest(percent, _PERCENT_STEP)),
        r_multiple=plain(nearest(quotient(gain, risked, _FINE), _R_STEP)),
    )
    status: Status = "expired" if by == "expired" else "closed"
    return replace(signal, outcome=outcome, status=status, version=signal.version + 1)


def _stop(signal: Signal, levels: Levels, bar: Candle) -> Decimal | None:
    if signal.direction == "BUY":
        return min(levels.stop, bar.open) if bar.low <= levels.stop else None
    return max(levels.stop, bar.open) if bar.high >= levels.stop else None


def _reached(signal: Signal, levels: Levels, bar: Candle) -> int:
    if signal.direction == "BUY":
        return sum(bar.high >= target for target in levels.targets)
    return sum(bar.low <= target for target in levels.targets)
