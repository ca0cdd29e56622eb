"""From what somebody asks for to an Intent the venue can take: filters, and a worst price."""

from decimal import Decimal

from msgspec import Struct

from hydradesk.kernel.errors import Invalid, Unavailable
from hydradesk.kernel.ids import AccountId, OrderId, SignalId
from hydradesk.kernel.numbers import MONEY, ceil_to, floor_to, plain, toward_zero
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Instrument, Price
from hydradesk.risk.contracts import Intent, OrderType, Side, TimeInForce

SLIP = Decimal("0.01")
"""A market order accepts at worst a price this fraction beyond the last one."""

LARGEST = Decimal(10) ** 18
"""Quantities and prices stay below, so that their products stay exact."""


class Wanted(Struct, frozen=True, kw_only=True):
    """An order as a caller asks for it; everything but the venue's rules is checked already."""

    id: OrderId
    account: AccountId
    side: Side
    type: OrderType
    qty: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    origin: str = "manual"
    signal: SignalId | None = None


def intent(
    wanted: Wanted, instrument: Instrument, last: Price | None, fee_rate: Decimal, at: TimeNs
) -> Intent:
    """Apply the instrument's filters; Invalid names the field, the filter and a value that fits."""
    if last is None:
        raise Unavailable(f"there is no price for {instrument.symbol} yet", field="symbol")
    _require_step(wanted.qty, instrument.lot, "qty")
    price = worst_price(wanted.side, last.price, instrument)
    if wanted.type == "limit":
        if wanted.price is None:
            raise Invalid("a limit order needs a price", field="price", fix="send price")
        _require_step(wanted.price, instrument.tick, "price")
        price = wanted.price
    elif wanted.price is not None:
        raise Invalid(
            "a market order takes no price", field="price", fix="leave price out, or send a limit"
        )
    value = MONEY.multiply(wanted.qty, last.price if wanted.type == "market" else price)
    if value < instrument.min_notional and wanted.origin == "manual":
        raise Invalid(
            f"the order is worth {plain(value)} {instrument.quote.symbol}, under the minimum of "
            f"{instrument.min_notional}",
            field="qty",
            fix=f"send a qty worth at least {instrument.min_notional} {instrument.quote.symbol}",
        )
    return Intent(
        id=wanted.id,
        account=wanted.account,
        symbol=instrument.symbol,
        side=wanted.side,
        type=wanted.type,
        qty=wanted.qty,
        price=price,
        time_in_force=wanted.time_in_force,
        fee_rate=fee_rate,
        at=at,
        price_at=last.at,
        origin=wanted.origin,
        signal=wanted.signal,
    )


def worst_price(side: Side, last: Decimal, instrument: Instrument) -> Decimal:
    """Return the worst price a market order accepts, on the instrument's tick."""
    width = MONEY.multiply(last, SLIP)
    if side == "buy":
        return floor_to(MONEY.add(last, width), instrument.tick)
    return ceil_to(MONEY.subtract(last, width), instrument.tick)


def _require_step(value: Decimal, step: Decimal, field: str) -> None:
    if value <= 0:
        raise Invalid(f"{field} must be above zero", field=field, fix=f"send at least {step}")
    if value >= LARGEST:
        raise Invalid(f"{field} is too large", field=field, fix=f"send less than {LARGEST:f}")
    fits = toward_zero(value, step)
    if fits != value:
        hint = plain(fits) if fits > 0 else step
        raise Invalid(
            f"{field} {value} is not a multiple of {step}", field=field, fix=f"send {hint}"
        )
