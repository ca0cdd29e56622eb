"""Orders: placed once, honest about silence, and never apart from their money."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlalchemy import select

from hydradesk.execution.contracts import (
    Order,
)
from hydradesk.infra.db import Database, sql
from hydradesk.infra.outbox import outbox
from hydradesk.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from hydradesk.kernel.ids import AccountId, OrderId
from hydradesk.risk.contracts import Refused
from tests.desk import BTC, ETH, House, bar, intent
from tests.execution.conftest import Wire

USDT = 10**8


async def facts(db: Database, prefix: str) -> list[str]:
    async with db.begin() as tx:
        ids = await sql(tx).scalars(select(outbox.c.fact_id).order_by(outbox.c.seq))
        return [one for one in ids if one.startswith(prefix)]


async def test_an_order_holds_its_worst_cost_and_rests_at_the_venue(house: House) -> None:
    order = await house.placed()
    assert (order.state, order.intent.price, order.venue_id) == ("working", D(2020), "paper-1")
    assert await house.books() == {
        "cash USDT": 100_000 * USDT - 101_101_000_000,
        "hold USDT": 101_101_000_000,
    }
    assert await facts(house.db, "w1:") == ["w1:1", "w1:2"]


async def test_placing_twice_reaches_the_venue_once(house: House, wire: Wire) -> None:
    first, second = await house.placed(), await house.placed()
    assert first == second and wire.seen == ["w1"]
    assert len(await house.risk.judgements(house.me, None, 9)) == 1


async def test_placing_from_eight_sides_at_once_makes_one_order(house: House, wire: Wire) -> None:
    results = await house.at_once(*(house.order() for _ in range(8)))
    assert {one.id for one in results} == {"w1"} and len(wire.seen) == 1
    assert sum((await house.books()).values()) == 100_000 * USDT


@pytest.mark.parametrize(
    "other",
    [
        {"qty": D(1)},
        {"side": "sell"},
        {"price": D("1999.99")},
        {"time_in_force": "ioc"},
        {"symbol": BTC},
        {"type": "market", "price": D(2020)},
        {"account": AccountId("somebody")},
    ],
)
async def test_an_id_names_one_order_only(house: House, other: dict[str, Any]) -> None:
    await house.placed(type="limit", price=D(2000))
    before = await house.books()
    with pytest.raises(Conflict) as refused:
        await house.execution.submit(intent(**{"account": house.me} | other))
    assert refused.value.field == "client_id"
    assert await house.books() == before


async def test_a_market_order_sent_again_after_the_price_moved_is_the_same_order(
    house: House,
) -> None:
    first = await house.placed()
    house.prices.set(ETH, D(2001), house.clock.now())
    assert await house.placed() == first


async def test_a_refusal_is_a_value_and_changes_nothing(house: House, wire: Wire) -> None:
    before = await house.books()
    refused = await house.order(qty=D(30))
    assert isinstance(refused, Refused) and refused.rule == "order_size"
    assert wire.seen == [] and await house.books() == before
    with pytest.raises(NotFound):
        await house.stored()


async def test_a_fill_moves_order_position_money_and_facts_together(house: House) -> None:
    await house.placed()
    await house.play(bar(0))
    order = await house.stored()
    # 2000 + 0.1 + 0.1 of impact; a tenth of a percent of 1000.1 as the fee
    assert (order.state, order.filled, order.paid, order.fees) == (
        "filled",
        D("0.5"),
        D("1000.1"),
        D("1.0001"),
    )
    cost = 100_110_010_000
    assert await house.books() == {"cash USDT": 100_000 * USDT - cost, "cash ETH": USDT // 2}
    assert await house.books("external") == {
        "venue-paper USDT": cost,
        "venue-paper ETH": -USDT // 2,
        "paper-mint USDT": -100_000 * USDT,
    }
    assert await house.totals() == {0} and house.book.in_flight(house.me) == ()
    assert await facts(house.db, "fill:w1.1") == [
        *(f"fill:w1.1:{name}:posted" for name in ("paid", "got", "fee")),
        "fill:w1.1",
    ]
    async with house.db.begin() as tx:
        held = await house.portfolio_store.position(tx, house.me, ETH)
    assert held is not None and (held.qty, held.cost) == (D("0.5"), D("1000.1"))


async def test_a_large_order_fills_over_several_bars(house: House) -> None:
    await house.placed(qty=D(24), type="limit", price=D(2060))
    states = []
    for number in range(4):
        await house.play(bar(number))
        order = await house.stored()
        states.append((order.state, order.filled))
    assert states == [
        ("partially_filled", D(10)),
        ("partially_filled", D(20)),
        ("filled", D(24)),
        ("filled", D(24)),
    ]
    assert "hold USDT" not in await house.books() and await house.totals() == {0}


async def test_a_bar_told_twice_fills_once(house: House) -> None:
    await house.placed(qty=D(15))
    for _ in range(3):
        await house.play(bar(0))
    assert (await house.stored()).filled == D(10)


async def test_cancelling_gives_back_what_is_left(house: House) -> None:
    await house.placed(qty=D(15))
    await house.play(bar(0))
    order = await house.execution.cancel(OrderId("w1"), house.me)
    assert (order.state, order.filled, order.reason) == ("cancelled", D(10), "asked for")
    assert "hold USDT" not in await house.books() and house.book.in_flight(house.me) == ()
    with pytest.raises(Conflict):
        await house.execution.cancel(OrderId("w1"), house.me)
    await house.play(bar(1))
    assert await house.stored() == order


async def test_nobody_cancels_what_is_not_his(house: House) -> None:
    await house.placed()
    for name, account in (("w1", AccountId("other")), ("nothing", house.me)):
        with pytest.raises(NotFound):
            await house.execution.cancel(OrderId(name), account)
    assert (await house.stored()).state == "working"


async def test_a_cancel_that_comes_too_late_says_so(house: House) -> None:
    await house.placed()
    await house.play(bar(0), book=False)  # filled at the venue, and we have not heard yet
    order = await house.execution.cancel(OrderId("w1"), house.me)
    assert order.state == "filled"


async def test_a_cancel_racing_a_fill_ends_one_way_with_all_its_money(house: House) -> None:
    for number in range(6):
        name = OrderId(f"r{number}")
        await house.placed(id=name, qty=D("0.5"))
        race = (house.execution.cancel(name, house.me), house.play(bar(number)))
        done = await house.at_once(*(race if number % 2 else race[::-1]))
        faults = [one for one in done if isinstance(one, Exception)]
        state = (await house.stored(name)).state
        assert state in ("cancelled", "filled")
        assert not faults or (state == "filled" and "already" in str(faults)), done
    assert "hold USDT" not in await house.books() and await house.totals() == {0}


async def test_cancel_all_leaves_nothing_alive(house: House) -> None:
    for number in range(3):
        await house.placed(id=OrderId(f"c{number}"), type="limit", price=D(1900))
    ended = await house.execution.cancel_all(house.me)
    assert [(one.id, one.state) for one in ended] == [(f"c{i}", "cancelled") for i in range(3)]
    assert await house.execution.cancel_all(house.me) == []
    assert await house.books() == {"cash USDT": 100_000 * USDT}


async def test_closing_sells_all_that_is_free(house: House) -> None:
    await house.placed(qty=D(2))
    await house.play(bar(0))
    await house.placed(id=OrderId("s"), side="sell", qty=D("0.5"), type="limit", price=D(2100))
    close = await house.execution.close(house.me, "ethusdt", OrderId("x"))
    assert isinstance(close, Order) and close.intent.qty == D("1.5")
    assert (close.intent.origin, close.intent.side) == ("close", "sell")
    with pytest.raises(NotFound) as nothing:
        await house.execution.close(house.me, "BTC-USDT", OrderId("y"))
    assert nothing.value.field == "symbol"


async def test_a_new_session_cancels_what_rests(house: House) -> None:
    await house.placed(type="limit", price=D(1950))
    old = house.me
    account = await house.open("s2")
    order = await house.stored()
    assert (order.state, order.reason) == ("cancelled", "a new feed session began")
    assert account.id == "paper-s2-1" != old
    assert await house.books(old) == {"cash USDT": 100_000 * USDT}
    await house.play(bar(0, low=D(1900)))
    assert await house.stored() == order


async def test_wishes_the_venue_cannot_take_are_refused_by_name(house: House) -> None:
    before = await house.books()
    for changes, field in (
        ({"qty": D(0)}, "qty"),
        ({"qty": D("0.00015")}, "qty"),
        ({"qty": D("0.0024")}, "qty"),
        ({"type": "limit"}, "price"),
        ({"type": "limit", "price": D("2000.005")}, "price"),
        ({"price": D(2000)}, "price"),
    ):
        with pytest.raises(Invalid) as refused:
            await house.order(**changes)
        assert refused.value.field == field and refused.value.fix, changes
    house.prices.now.clear()
    with pytest.raises(Unavailable):
        await house.order()
    assert await house.books() == before
