"""What happened to a price in the last 24 hours."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from hydradesk.kernel.numbers import MONEY, plain, quotient
from hydradesk.market.contracts import Candle

HUNDREDTH = Decimal("0.01")


class DayStats(Struct, frozen=True, kw_only=True):
    """Change in percent (two decimals, towards zero), extremes and volume (base units)."""

    change_pct: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal


def day_stats(minutes: Sequence[Candle]) -> DayStats | None:
    """Sum up the closed 1m bars of the last 24 hours, oldest first; None without any."""
    if not minutes:
        return None
    volume = Decimal(0)
    for one in minutes:
        volume = MONEY.add(volume, one.volume)
    start = minutes[0].open
    risen = MONEY.multiply(MONEY.subtract(minutes[-1].close, start), Decimal(100))
    return DayStats(
        change_pct=plain(quotient(risen, start, HUNDREDTH)),
        high=max(one.high for one in minutes),
        low=min(one.low for one in minutes),
        volume=plain(volume),
    )
