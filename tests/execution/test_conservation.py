"""Whatever is ordered, cancelled and traded: no money is made, lost or stuck."""

import random
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hydradesk.execution.contracts import Fill, Order
from hydradesk.execution.store.orders import fills
from hydradesk.infra.db import sql
from hydradesk.kernel.errors import Conflict, Invalid, NotFound
from hydradesk.kernel.ids import OrderId, Symbol
from hydradesk.kernel.numbers import Amount
from hydradesk.ledger.store import balances
from hydradesk.market.domain.instruments import DEFAULT, USDT
from tests.desk import BTC, DEPOSIT, ETH, House, bar
from tests.risk.test_service import reloaded

CENTRE = {ETH: 2000, BTC: 30_000}
STEPS = 80


def order(dice: random.Random) -> Any:
    symbol, limit = dice.choice([ETH, ETH, BTC]), dice.random() < 0.6
    value = dice.choice([50, 5_000, 40_000])
    return {
        "symbol": symbol,
        "side": dice.choice(["buy", "buy", "sell"]),
        "type": "limit" if limit else "market",
        "price": near(dice, symbol) if limit else None,
        "qty": DEFAULT.find(symbol).lot * dice.randint(1, value * 10_000 // CENTRE[symbol]),
        "time_in_force": dice.choice(["gtc", "gtc", "gtc", "ioc", "fok"]),
    }


def near(dice: random.Random, symbol: Symbol) -> D:
    """A price within half a percent of the centre, in cents."""
    return CENTRE[symbol] + D(dice.randint(-CENTRE[symbol], CENTRE[symbol]) // 2) / 100


def candle(dice: random.Random) -> Any:
    symbol = dice.choice([ETH, ETH, BTC])
    low, one, two, high = sorted(near(dice, symbol) for _ in range(4))
    open_, close = dice.sample([one, two], 2)
    volume = D(dice.choice([0, 3, 600_000])) / 10_000 + D(dice.randint(0, 10_000)) / 10_000
    return {
        "symbol": symbol,
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
    }


def stream(seed: int) -> Iterator[tuple[str, Any]]:
    dice = random.Random(seed)
    for _ in range(STEPS):
        kind = dice.choices(["order", "bar", "cancel", "close", "settle"], [4, 4, 1, 1, 1])[0]
        yield (
            kind,
            {
                "order": lambda: order(dice),
                "bar": lambda: candle(dice),
                "cancel": lambda: dice.randint(0, STEPS),
                "close": lambda: dice.choice([ETH, BTC]),
                "settle": lambda: None,
            }[kind](),
        )


async def act(house: House, number: int, kind: str, what: Any) -> None:
    try:
        if kind == "order":
            symbol = Symbol(what.pop("symbol"))
            await house.order(symbol, id=OrderId(f"o{number}"), **what)
        elif kind == "bar":
            await house.play(bar(number, **what))
        elif kind == "cancel":
            await house.execution.cancel(OrderId(f"o{what}"), house.me)
        elif kind == "close":
            await house.execution.close(house.me, what, OrderId(f"o{number}"))
        else:
            await house.reconciliation.settle(house.venues)
    except (Conflict, Invalid, NotFound):
        pass  # refused: the books below say that nothing happened


async def check(house: House) -> int:
    """Books against the deposit and every fill; positions against books; risk against both."""
    assert await house.totals() <= {0}
    async with house.db.begin() as tx:
        rows = (await sql(tx).execute(select(balances.c.book, balances.c.quanta))).all()
        bodies = list(await sql(tx).scalars(select(fills.c.body)))
        live = await house.orders.live(tx)
        positions = await house.portfolio_store.positions(tx, house.me)
    assert all(quanta >= 0 for name, quanta in rows if not name.startswith("external/"))
    trades = [msgspec.json.decode(body, type=Fill) for body in bodies]
    mine = await house.books()
    quote = DEPOSIT
    for one in trades:
        quote += (one.notional if one.side == "sell" else -one.notional) - one.fee
    assert mine.get("cash USDT", 0) + mine.get("hold USDT", 0) == Amount.exactly(quote, USDT).quanta
    held = {one.symbol: one.qty for one in positions}
    for instrument in DEFAULT.all:
        base = instrument.base.symbol
        quanta = mine.get(f"cash {base}", 0) + mine.get(f"hold {base}", 0)
        net = sum(
            (one.qty if one.side == "buy" else -one.qty)
            for one in trades
            if one.symbol == instrument.symbol
        )
        assert held.get(instrument.symbol, D(0)) == net == Amount(instrument.base, quanta).units
    check_holds(mine, live)
    in_flight = {(one.symbol, one.side, one.remaining) for one in house.book.in_flight(house.me)}
    assert in_flight == {(o.intent.symbol, o.intent.side, o.remaining) for o in live}
    again = (await reloaded(house)).in_flight(house.me)
    assert sorted(again, key=repr) == sorted(house.book.in_flight(house.me), key=repr)
    return len(trades)


def check_holds(mine: dict[str, int], live: list[Order]) -> None:
    """The hold book has exactly what live orders may still cost."""
    for asset in ("USDT", "ETH", "BTC"):
        wanted = D(0)
        for order in live:
            intent = order.intent
            if intent.side == "buy" and asset == "USDT":
                wanted += intent.cost - order.paid - order.fees
            elif intent.side == "sell" and asset == DEFAULT.find(intent.symbol).base.symbol:
                wanted += order.remaining
        assert abs(D(mine.get(f"hold {asset}", 0)) / 10**8 - wanted) < D("1e-8") * (len(live) + 1)


@pytest.mark.parametrize("seed", range(6))
async def test_money_is_conserved_through_the_whole_service(house: House, seed: int) -> None:
    for number, (kind, what) in enumerate(stream(seed)):
        await act(house, number, kind, what)
        await check(house)
    await house.execution.cancel_all(house.me)
    assert await check(house) >= 10, "nothing traded: the stream proves nothing"
    assert not [name for name in await house.books() if name.startswith("hold")]
