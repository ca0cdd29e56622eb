"""The order's life, as pure functions. docs/order-life.md draws it."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from hydradesk.execution.contracts import (
    Accepted,
    Ack,
    Fill,
    Order,
    Rejected,
    State,
    VenueReport,
)
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import TransferId
from hydradesk.kernel.numbers import MONEY, Amount, Asset, plain
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger.contracts import OUTSIDE, Book, Transfer, book
from hydradesk.market.contracts import Instrument
from hydradesk.risk.contracts import Approved


def created(approved: Approved, venue: str, at: TimeNs) -> Order:
    """Open an order for an approved intent; the intent's id becomes the client id."""
    intent = approved.intent
    return Order(
        id=intent.id, intent=intent, venue=venue, state="created", created_at=at, updated_at=at
    )


def acknowledged(order: Order, ack: Ack, at: TimeNs) -> Order:
    """Move an order the venue has not yet spoken about, according to its answer."""
    assert order.state in ("created", "unknown"), order.state
    match ack:
        case Accepted(venue_id=venue_id):
            return _moved(order, at, state="working", venue_id=venue_id)
        case Rejected(reason=reason):
            return _moved(order, at, state="rejected", reason=reason)
        case _:
            return _moved(order, at, state="unknown", reason=ack.reason)


def filled(order: Order, fill: Fill) -> Order:
    """Add one trade; more than was ordered is a Conflict, for reconciliation to explain.

    A trade may overtake the venue's answer, and may arrive after a cancel was asked for.
    """
    total = MONEY.add(order.filled, fill.qty)
    if order.done or total > order.intent.qty:
        raise Conflict(f"order {order.id} ({order.state}) would fill {total} of {order.intent.qty}")
    return _moved(
        order,
        fill.at,
        state="filled" if total == order.intent.qty else "partially_filled",
        filled=plain(total),
        paid=plain(MONEY.add(order.paid, fill.notional)),
        fees=plain(MONEY.add(order.fees, fill.fee)),
        reason=None,
    )


def ended(order: Order, report: VenueReport) -> Order:
    """Close what is left of an order: cancelled or expired at the venue."""
    if order.done:
        raise Conflict(f"order {order.id} is {order.state} already")
    state: State = "cancelled" if report.kind == "cancelled" else "expired"
    return _moved(order, report.at, state=state, reason=report.reason)


def hold(order: Order, instrument: Instrument) -> Transfer:
    """Set aside what the order may cost at worst, so that it cannot be spent twice."""
    return Transfer(
        id=TransferId(f"hold:{order.id}"),
        debit=cash(order),
        credit=held(order),
        amount=_held_at_first(order, instrument),
        kind="hold",
    )


def settlement(order: Order, fill: Fill, instrument: Instrument) -> list[Transfer]:
    """Name the money that moves with a fill; the ids make a repeated report harmless.

    What the customer pays is rounded up to a quantum, what the customer receives down: once for
    the order, not once for each fill, so that the parts add up to what was held.

    Args:
        order: as it stands with the fill.
        fill: the trade.
        instrument: whose assets move.
    """
    venue = book(OUTSIDE, f"venue-{order.venue}")
    base = Amount.exactly(fill.qty, instrument.base)
    fee = _part(order.fees, fill.fee, instrument.quote, Amount.at_least)
    buys = order.intent.side == "buy"
    rounded = Amount.at_least if buys else Amount.at_most
    quote = _part(order.paid, fill.notional, instrument.quote, rounded)
    paid, got = (quote, base) if buys else (base, quote)
    fee_from = held(order) if buys else cash(order)
    moves = [
        ("paid", held(order), venue, paid, "trade"),
        ("got", venue, cash(order), got, "trade"),
        ("fee", fee_from, venue, fee, "fee"),
    ]
    return [
        Transfer(
            id=TransferId(f"fill:{fill.id}:{name}"),
            debit=debit,
            credit=credit,
            amount=amount,
            kind=kind,
        )
        for name, debit, credit, amount, kind in moves
        if amount.quanta > 0
    ]


def release(order: Order, instrument: Instrument) -> list[Transfer]:
    """Give back what a finished order still holds."""
    assert order.done, order.state
    at_first = _held_at_first(order, instrument)
    if order.intent.side == "buy":
        spent = Amount.at_least(order.paid, instrument.quote)
        spent += Amount.at_least(order.fees, instrument.quote)
    else:
        spent = Amount.exactly(order.filled, instrument.base)
    left = at_first.quanta - spent.quanta
    assert left >= 0, f"order {order.id} spent more than it held"
    if left == 0:
        return []
    name = TransferId(f"release:{order.id}")
    amount = Amount(at_first.asset, left)
    return [Transfer(id=name, debit=held(order), credit=cash(order), amount=amount, kind="release")]


def cash(order: Order) -> Book:
    """The book an order's account spends from."""
    return book(order.intent.account, "cash")


def held(order: Order) -> Book:
    """The book that keeps what live orders may cost."""
    return book(order.intent.account, "hold")


def _held_at_first(order: Order, instrument: Instrument) -> Amount:
    intent = order.intent
    if intent.side == "buy":
        fees = MONEY.subtract(intent.cost, intent.notional)
        paid = Amount.at_least(intent.notional, instrument.quote)
        return paid + Amount.at_least(fees, instrument.quote)
    return Amount.exactly(intent.qty, instrument.base)


def _part(
    total: Decimal, last: Decimal, asset: Asset, rounded: Callable[[Decimal, Asset], Amount]
) -> Amount:
    """The rounded total less what it was before the last part came."""
    before = rounded(MONEY.subtract(total, last), asset)
    return Amount(asset, rounded(total, asset).quanta - before.quanta)


def _moved(order: Order, at: TimeNs, **changes: object) -> Order:
    at = max(at, order.updated_at)
    return msgspec.structs.replace(order, version=order.version + 1, updated_at=at, **changes)
