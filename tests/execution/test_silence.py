"""Venues that are silent, repeat themselves, or leave things out."""

import asyncio
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from hydradesk.execution.contracts import Ack, Order, Rejected
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import OrderId
from tests.desk import House, bar
from tests.execution.conftest import Wire

USDT = 10**8


async def test_silence_is_unknown_and_settled_by_asking_again(house: House, wire: Wire) -> None:
    wire.silent = True  # the venue has the order; we only do not know it
    assert (await house.placed()).state == "unknown"
    before = await house.books()
    await house.reconciliation.settle(house.venues)
    assert (await house.stored()).state == "unknown"
    wire.silent = False
    await house.reconciliation.settle(house.venues)
    order = await house.stored()
    assert (order.state, order.venue_id) == ("working", "paper-1")
    assert await house.books() == before
    await house.play(bar(0))
    assert (await house.stored()).filled == D("0.5")


async def test_silence_repeated_is_not_news(house: House, wire: Wire) -> None:
    wire.silent = True
    order = await house.placed()
    for _ in range(3):
        await house.reconciliation.settle(house.venues)
    assert await house.stored() == order


async def test_an_order_that_filled_in_silence_is_booked(house: House, wire: Wire) -> None:
    wire.silent = True
    await house.placed()
    await house.play(bar(0))
    assert (await house.stored()).state == "filled"
    await house.reconciliation.settle(house.venues)
    assert (await house.stored()).filled == D("0.5") and await house.totals() == {0}


async def test_an_order_that_never_left_is_sent_on_the_next_start(house: House, wire: Wire) -> None:
    async def die() -> None:
        raise ZeroDivisionError

    wire.before_answer = die
    with pytest.raises(ZeroDivisionError):
        await house.order()
    assert (await house.stored()).state == "created"
    wire.before_answer = None
    assert await house.reconciliation.settle(house.venues) == 1
    assert (await house.stored()).venue_id == "paper-1" and wire.seen == ["w1", "w1"]


async def test_a_report_may_overtake_the_answer(house: House, wire: Wire) -> None:
    async def fill() -> None:
        await house.play(bar(0))

    wire.before_answer = fill
    house.clock.advance(0)
    order = await house.placed()
    assert (order.state, order.filled) == ("filled", D("0.5"))
    assert await house.stored() == order and await house.totals() == {0}


async def test_a_rejection_gives_the_money_back(house: House, wire: Wire) -> None:
    async def reject(order: Order) -> Ack:
        return Rejected("closed for lunch")

    wire.submit = reject  # type: ignore[method-assign]
    order = await house.placed()
    assert (order.state, order.reason) == ("rejected", "closed for lunch")
    assert await house.books() == {"cash USDT": 100_000 * USDT}
    assert house.book.in_flight(house.me) == ()


async def test_a_report_told_twice_is_booked_once(house: House, wire: Wire) -> None:
    await house.placed(qty=D(15))
    wire.mangle = lambda news: [one for one in news for _ in range(2)]
    await house.play(bar(0))
    assert (await house.stored()).filled == D(10) and await house.totals() == {0}


async def test_a_gap_in_the_reports_stops_the_booking(house: House, wire: Wire) -> None:
    await house.placed(qty=D(15))
    wire.mangle = lambda news: news[1:]
    await house.play(bar(0))  # one report, and it is withheld
    with pytest.raises(Conflict):
        await house.play(bar(1))
    assert (await house.stored()).filled == D(0)
    wire.mangle = list
    await house.execution.book("paper")
    assert (await house.stored()).filled == D(15)


async def test_a_report_on_a_strange_order_is_not_swallowed(house: House) -> None:
    order = await house.placed()
    stranger = msgspec.structs.replace(order, id=OrderId("w9"))
    await house.paper.submit(stranger)
    await house.paper.cancel(stranger, house.clock.now())
    with pytest.raises(Conflict):
        await house.execution.book("paper")


async def test_what_fails_half_way_did_not_happen(house: House, monkeypatch: Any) -> None:
    await house.placed()
    before = await house.books()

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(house.portfolio, "apply", fail)
        with pytest.raises(ZeroDivisionError):
            await house.play(bar(0))
    assert (await house.stored()).state == "working" and await house.books() == before
    await house.execution.book("paper")
    assert (await house.stored()).state == "filled" and await house.totals() == {0}


async def test_a_stale_copy_cannot_be_saved(house: House) -> None:
    order = await house.placed()
    moved = msgspec.structs.replace(order, version=order.version + 1, reason="x")
    async with house.db.begin() as tx:
        await house.orders.save(tx, moved)
    with pytest.raises(Conflict):
        async with house.db.begin() as tx:
            await house.orders.save(tx, moved)


async def test_lanes_are_never_held_while_the_venue_thinks(house: House, wire: Wire) -> None:
    reached, answer = asyncio.Event(), asyncio.Event()

    async def think() -> None:
        wire.before_answer = None
        reached.set()
        await answer.wait()

    wire.before_answer = think
    slow = asyncio.create_task(house.order(id=OrderId("slow")))
    async with asyncio.timeout(5):
        await reached.wait()
        assert (await house.placed(id=OrderId("quick"))).state == "working"
    assert (await house.stored("slow")).state == "created"
    answer.set()
    assert (await slow) == await house.stored("slow")
    assert (await house.stored("slow")).state == "working"
