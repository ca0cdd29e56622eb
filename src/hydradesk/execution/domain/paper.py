"""The paper venue's model: what a closed bar does to the orders that rest on it.

docs/paper-venue.md states it for users; the numbers here are the ones it names.

A bar is walked as four ticks (`market.contracts.walk`): the open, the extreme nearer to the open,
the farther extreme, the close, each struck at the end of its quarter. An order takes part from the
first tick struck `latency` after it was sent. Orders are served in order of arrival. All orders of
one bar share at most `share` of its volume; what does not fit waits for the next bar.

At a tick the market stands half a spread to either side of the tick's price. Taking moves it
further in proportion to the part of the bar's volume that is taken. The price is rounded to the
instrument's tick against the customer and is never worse than the order's own.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec import Struct

from hydradesk.execution.contracts import Resting
from hydradesk.kernel.ids import OrderId
from hydradesk.kernel.numbers import (
    MONEY,
    away_from_zero,
    ceil_to,
    floor_to,
    plain,
    quotient,
    toward_zero,
)
from hydradesk.kernel.time import MILLISECOND, TimeNs
from hydradesk.market.contracts import Candle, Instrument, Tick, walk
from hydradesk.risk.contracts import Side

QUANTUM = Decimal("1e-8")
"""An order's fee is rounded up to this many quote units: once, however many trades it takes."""


class PaperTerms(Struct, frozen=True, kw_only=True):
    """The model's parameters; all rates are fractions."""

    fee_rate: Decimal = Decimal("0.001")
    half_spread: Decimal = Decimal("0.00005")
    impact: Decimal = Decimal("0.01")
    """Price move when a whole bar's volume is taken; a tenth of it moves a tenth as far."""
    share: Decimal = Decimal("0.1")
    latency_ns: int = 50 * MILLISECOND


class Trade(Struct, frozen=True, kw_only=True):
    """One execution of one order."""

    order: OrderId
    number: int
    """1 for the order's first trade."""
    qty: Decimal
    price: Decimal
    fee: Decimal
    at: TimeNs


class Lapse(Struct, frozen=True, kw_only=True):
    """An immediate order's rest that found no market."""

    order: OrderId
    at: TimeNs
    reason: str


Event = Trade | Lapse


def serve(
    orders: Iterable[Resting], bar: Candle, instrument: Instrument, terms: PaperTerms
) -> tuple[list[Resting], list[Event]]:
    """Walk one bar past the orders, oldest first; return the changed orders and what happened.

    Pure: the same orders and bar give the same events, in the order of the ticks.
    """
    waiting = {order.client_id: order for order in orders if order.over_until < bar.close_time}
    budget = toward_zero(MONEY.multiply(bar.volume, terms.share), instrument.lot)
    changed: dict[OrderId, Resting] = {}
    events: list[Event] = []
    place = Place(bar=bar, instrument=instrument, terms=terms)
    for tick in walk(bar):
        for order in list(waiting.values()):
            if tick.at < order.sent_at + terms.latency_ns:
                continue
            trade = _meet(order, tick, budget, place)
            after = order if trade is None else _after(order, trade)
            if trade is not None:
                budget = MONEY.subtract(budget, trade.qty)
                events.append(trade)
            if after.remaining > 0 and after.time_in_force != "gtc":
                events.append(_lapse(after, tick))
            if after.remaining == 0 or after.time_in_force != "gtc":
                del waiting[order.client_id]
            else:
                waiting[order.client_id] = after
            if after is not order:
                changed[order.client_id] = after
    return list(changed.values()), events


class Place(Struct, frozen=True, kw_only=True):
    """What surrounds a trade."""

    bar: Candle
    instrument: Instrument
    terms: PaperTerms


def _meet(order: Resting, tick: Tick, budget: Decimal, place: Place) -> Trade | None:
    """Return what the order trades at this tick, if anything."""
    qty = min(order.remaining, budget)
    if order.time_in_force == "fok" and qty < order.remaining:
        return None
    if qty <= 0 or not _crosses(order, quote(order.side, tick, Decimal(0), place)):
        return None
    price = _no_worse(order, quote(order.side, tick, qty, place))
    paid = MONEY.add(order.paid, MONEY.multiply(qty, price))
    fees = away_from_zero(MONEY.multiply(paid, place.terms.fee_rate), QUANTUM)
    return Trade(
        order=order.client_id,
        number=order.fills + 1,
        qty=plain(qty),
        price=price,
        fee=plain(MONEY.subtract(fees, order.fees)),
        at=tick.at,
    )


def quote(side: Side, tick: Tick, qty: Decimal, place: Place) -> Decimal:
    """Return the price of taking `qty` at a tick, on the instrument's tick, against the taker."""
    away = MONEY.multiply(tick.price, place.terms.half_spread)
    if qty > 0:  # then there was volume to take it from
        whole = MONEY.multiply(MONEY.multiply(tick.price, place.terms.impact), qty)
        away = MONEY.add(away, quotient(whole, place.bar.volume, QUANTUM))
    if side == "buy":
        return ceil_to(MONEY.add(tick.price, away), place.instrument.tick)
    return floor_to(MONEY.subtract(tick.price, away), place.instrument.tick)


def _crosses(order: Resting, market: Decimal) -> bool:
    return market <= order.price if order.side == "buy" else market >= order.price


def _no_worse(order: Resting, price: Decimal) -> Decimal:
    return min(price, order.price) if order.side == "buy" else max(price, order.price)


def _after(order: Resting, trade: Trade) -> Resting:
    return msgspec.structs.replace(
        order,
        filled=plain(MONEY.add(order.filled, trade.qty)),
        paid=plain(MONEY.add(order.paid, MONEY.multiply(trade.qty, trade.price))),
        fees=plain(MONEY.add(order.fees, trade.fee)),
        fills=trade.number,
    )


def _lapse(order: Resting, tick: Tick) -> Lapse:
    reason = f"{order.time_in_force}: no more market at the first tick"
    return Lapse(order=order.client_id, at=tick.at, reason=reason)
