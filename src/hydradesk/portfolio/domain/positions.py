"""Fills become positions; positions and prices become worth. Average cost, exact decimals."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from msgspec import Struct

from hydradesk.execution.contracts import Fill
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import MONEY, plain, quotient
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger.contracts import Book
from hydradesk.market.contracts import Instrument
from hydradesk.portfolio.contracts import Position

COST_STEP = Decimal("1e-8")
"""The cost of a part is rounded towards zero to this; the last part takes what is left."""


def opened(fill: Fill) -> Position:
    """Return the empty position a first fill moves."""
    return Position(
        account=fill.account,
        symbol=fill.symbol,
        qty=Decimal(0),
        cost=Decimal(0),
        realised=Decimal(0),
        fees=Decimal(0),
        opened_at=fill.at,
        updated_at=fill.at,
        version=0,
    )


def applied(position: Position, fill: Fill) -> Position:
    """Add one fill: a buy adds its cost, a sell realises against the average cost."""
    fees = plain(MONEY.add(position.fees, fill.fee))
    version = position.version + 1
    opened_at = fill.at if position.qty == 0 else position.opened_at
    if fill.side == "buy":
        qty, cost = MONEY.add(position.qty, fill.qty), MONEY.add(position.cost, fill.notional)
        realised = position.realised
    else:
        assert fill.qty <= position.qty, f"{fill.id} sells more than {position.account} holds"
        part = cost_of(position, fill.qty)
        qty, cost = MONEY.subtract(position.qty, fill.qty), MONEY.subtract(position.cost, part)
        realised = MONEY.add(position.realised, MONEY.subtract(fill.notional, part))
    return msgspec.structs.replace(
        position,
        qty=plain(qty),
        cost=plain(cost),
        realised=plain(realised),
        fees=fees,
        opened_at=opened_at,
        updated_at=max(position.updated_at, fill.at),
        version=version,
    )


def cost_of(position: Position, qty: Decimal) -> Decimal:
    """Return what `qty` of the position cost; all of it costs all."""
    if qty == position.qty:
        return position.cost
    return quotient(MONEY.multiply(position.cost, qty), position.qty, COST_STEP)


def taken(position: Position, qty: Decimal, at: TimeNs) -> tuple[Position, Decimal]:
    """Take out what is withdrawn, at average cost: nothing is won or lost. Returns its cost."""
    cost = cost_of(position, qty)
    return _shifted(position, -qty, -cost, at), cost


def given_back(position: Position, qty: Decimal, cost: Decimal, at: TimeNs) -> Position:
    """Put back what was not withdrawn after all, at what it had cost."""
    return _shifted(position, qty, cost, at)


def _shifted(position: Position, qty: Decimal, cost: Decimal, at: TimeNs) -> Position:
    return msgspec.structs.replace(
        position,
        qty=plain(MONEY.add(position.qty, qty)),
        cost=plain(MONEY.add(position.cost, cost)),
        updated_at=max(position.updated_at, at),
        version=position.version + 1,
    )


class Worth(Struct, frozen=True, kw_only=True):
    """What an account is worth at last prices, quote units."""

    cash: Decimal
    """Free."""
    held: Decimal
    """Set aside for live buys, and for withdrawals that have not left."""
    exposure: Decimal
    """Value of everything else it owns."""

    @property
    def equity(self) -> Decimal:
        """All of it."""
        return plain(MONEY.add(MONEY.add(self.cash, self.held), self.exposure))


def worth(
    balances: Mapping[tuple[Book, str], int],
    instruments: Iterable[Instrument],
    prices: Mapping[Symbol, Decimal],
    quote: str,
) -> Worth:
    """Value an account's books; what has no price yet counts as nothing."""
    cash, held, exposure = Decimal(0), Decimal(0), Decimal(0)
    by_base = {one.base.symbol: one for one in instruments if one.quote.symbol == quote}
    scales = {one.quote.symbol: one.quote.scale for one in by_base.values()}
    for (name, asset), quanta in balances.items():
        if asset == quote:
            units = MONEY.scaleb(Decimal(quanta), -scales.get(quote, 0))
            if name.endswith(("/hold", "/withdrawal")):
                held = MONEY.add(held, units)
            else:
                cash = MONEY.add(cash, units)
        elif asset in by_base:
            one = by_base[asset]
            units = MONEY.scaleb(Decimal(quanta), -one.base.scale)
            price = prices.get(one.symbol, Decimal(0))
            exposure = MONEY.add(exposure, MONEY.multiply(units, price))
    return Worth(cash=plain(cash), held=plain(held), exposure=plain(exposure))
