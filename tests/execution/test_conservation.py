"""Whatever is ordered, cancelled and traded: no money is made, lost or stuck."""

from decimal import Decimal as D
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from hydradesk.execution.contracts import Fill, Order
from hydradesk.execution.store.orders import fills
from hydradesk.infra.db import Database, metadata, sql
from hydradesk.kernel.errors import Conflict, Invalid, NotFound
from hydradesk.kernel.ids import OrderId, Symbol
from hydradesk.kernel.numbers import Amount
from hydradesk.ledger.store import balances
from hydradesk.market.domain.instruments import DEFAULT, USDT
from tests.desk import BTC, DEPOSIT, ETH, House, bar
from tests.risk.test_service import reloaded

import msgspec  # isort: skip

CENTRE = {ETH: 2000, BTC: 30_000}
symbols = st.sampled_from([ETH, ETH, BTC])
cents = st.integers(-6000, 6000).map(lambda one: D(one) / 100)


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, Any]:
    symbol = draw(symbols)
    limit = draw(st.booleans())
    lot = DEFAULT.find(symbol).lot
    return "order", {
        "symbol": symbol,
        "side": draw(st.sampled_from(["buy", "buy", "sell"])),
        "type": "limit" if limit else "market",
        "price": CENTRE[symbol] + draw(cents) if limit else None,
        "qty": lot * draw(st.integers(1, 100_000)),
        "time_in_force": draw(st.sampled_from(["gtc", "gtc", "ioc", "fok"])),
    }


@st.composite
def candles(draw: st.DrawFn) -> tuple[str, Any]:
    symbol = draw(symbols)
    low, one, two, high = (
        CENTRE[symbol] + cent for cent in sorted(draw(st.lists(cents, min_size=4, max_size=4)))
    )
    open_, close = draw(st.permutations([one, two]))
    volume = draw(st.decimals(0, 90, places=4))
    return "bar", {
        "symbol": symbol,
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
    }


others = st.one_of(
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("close"), symbols),
    st.tuples(st.just("settle"), st.none()),
)
streams = st.lists(st.one_of(orders(), candles(), candles(), others), max_size=25)


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


async def check(house: House) -> None:
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


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stream=streams)
async def test_money_is_conserved_through_the_whole_service(
    db: Database, owner: Database, stream: list[tuple[str, Any]]
) -> None:
    async with owner.engine.begin() as connection:
        full = ", ".join(str(one) for one in metadata.sorted_tables if "market" not in str(one))
        await connection.execute(text(f"TRUNCATE {full}"))
    house = House(db)
    await house.open()
    for number, (kind, what) in enumerate(stream):
        await act(house, number, kind, dict(what) if isinstance(what, dict) else what)
        await check(house)
    await house.execution.cancel_all(house.me)
    await check(house)
    assert not [name for name in await house.books() if name.startswith("hold")]
