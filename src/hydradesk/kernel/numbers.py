"""Which number where: float64 arrays analyse, Decimal quotes, int quanta are owed."""

import re
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
)

from msgspec import Struct

from hydradesk.kernel.errors import Invalid

MONEY = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
"""The one context for money. It never rounds: a result that does not fit raises instead."""

_WIDE = Context(prec=60, traps=[InvalidOperation, Overflow])
"""Used inside the named rounding functions only."""

MAX_DIGITS = 40
"""The most digits of a number that a caller may send."""

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


def toward_zero(value: Decimal, step: Decimal) -> Decimal:
    """Round to a multiple of `step`, never away from zero: what a venue's lot allows."""
    return MONEY.subtract(value, MONEY.remainder(value, step))


def away_from_zero(value: Decimal, step: Decimal) -> Decimal:
    """Round to a multiple of `step`, never towards zero: what a customer is charged."""
    down = toward_zero(value, step)
    return down if down == value else MONEY.add(down, step.copy_sign(value))


def nearest(value: Decimal, step: Decimal) -> Decimal:
    """Round to the nearest multiple of `step`, ties to even: for prices that are only shown."""
    return _on_grid(value, step, ROUND_HALF_EVEN)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Round down to a multiple of `step`: the price a buyer would like."""
    return _on_grid(value, step, ROUND_FLOOR)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Round up to a multiple of `step`: the price a seller would like."""
    return _on_grid(value, step, ROUND_CEILING)


def quotient(value: Decimal, divisor: Decimal, step: Decimal) -> Decimal:
    """Divide, then round to a multiple of `step` towards zero."""
    return toward_zero(_WIDE.divide(value, divisor), step)


def from_float(value: float, step: Decimal) -> Decimal:
    """Leave the world of analysis: the multiple of `step` nearest to a float, ties to even."""
    return nearest(Decimal(repr(value)), step)


def plain(value: Decimal) -> Decimal:
    """Drop trailing zeros, never using a positive exponent: equal numbers have equal bytes."""
    if value.is_zero():
        return Decimal(0)
    value = value.normalize(MONEY)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), value
    return value.quantize(Decimal(1), context=MONEY) if exponent > 0 else value


def parse_decimal(text: str, field: str) -> Decimal:
    """Read a caller's number exactly; Invalid names the field for NaN, 1e400 and the like."""
    fix = f"send {field} as a plain decimal string of at most {MAX_DIGITS} digits, such as 0.25"
    if not _PLAIN.fullmatch(text):
        raise Invalid(f"{field} is not a plain number: {text[:50]!r}", field=field, fix=fix)
    if sum(one.isdigit() for one in text) > MAX_DIGITS:
        raise Invalid(f"{field} has too many digits", field=field, fix=fix)
    return plain(MONEY.create_decimal(text))


class Asset(Struct, frozen=True):
    """Something that can be owed, in units of 10**scale quanta."""

    symbol: str
    scale: int


class Amount(Struct, frozen=True):
    """How much of one asset, in indivisible quanta (1 quantum = 10**-scale units)."""

    asset: Asset
    quanta: int

    def __add__(self, other: "Amount") -> "Amount":
        if other.asset != self.asset:
            raise Invalid(f"cannot add {other.asset.symbol} to {self.asset.symbol}")
        return Amount(self.asset, self.quanta + other.quanta)

    @property
    def units(self) -> Decimal:
        """The amount in whole units of the asset."""
        return plain(MONEY.scaleb(Decimal(self.quanta), -self.asset.scale))

    @classmethod
    def exactly(cls, units: Decimal, asset: Asset) -> "Amount":
        """Take units that fit the asset's scale; raises Inexact when they do not."""
        return cls(asset, int(MONEY.quantize(MONEY.scaleb(units, asset.scale), Decimal(1))))

    @classmethod
    def at_most(cls, units: Decimal, asset: Asset) -> "Amount":
        """Round units down to whole quanta: what a customer receives."""
        scaled = MONEY.scaleb(units, asset.scale)
        return cls(asset, int(scaled.to_integral_value(ROUND_FLOOR, _WIDE)))

    @classmethod
    def at_least(cls, units: Decimal, asset: Asset) -> "Amount":
        """Round units up to whole quanta: what a customer pays."""
        scaled = MONEY.scaleb(units, asset.scale)
        return cls(asset, int(scaled.to_integral_value(ROUND_CEILING, _WIDE)))


def _on_grid(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    steps = _WIDE.divide(value, step).to_integral_value(rounding)
    return plain(MONEY.multiply(steps, step))
