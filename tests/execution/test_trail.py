"""Whatever moves money leaves an entry in its owner's trail, in the same transaction."""

from decimal import Decimal as D

import pytest

from hydradesk.accounts.contracts import LOCAL
from hydradesk.infra.db import Database
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import AccountId, OrderId
from hydradesk.risk.contracts import Refused
from tests.accounts.trail import actions, entries
from tests.desk import House, bar


async def test_placing_and_cancelling_are_recorded(db: Database) -> None:
    house = House(db)
    await house.open()
    token = ORIGIN.set(Origin(actor="local", via="demo", request_id="r-7"))
    try:
        await house.placed(type="limit", price=D(1900))
        await house.execution.cancel(OrderId("w1"), house.me)
    finally:
        ORIGIN.reset(token)
    placed, asked = await entries(db, LOCAL)
    assert (placed.action, asked.action) == ("order.placed", "order.cancel_asked")
    assert placed.target == asked.target == "w1"
    assert (placed.actor, placed.via, placed.request) == ("local", "demo", "r-7")
    assert placed.after == {
        "symbol": "ETH-USDT",
        "side": "buy",
        "type": "limit",
        "qty": "0.5",
        "venue": "paper",
        "origin": "manual",
    }


async def test_an_order_sent_again_is_recorded_once(db: Database) -> None:
    house = House(db)
    await house.open()
    await house.placed()
    await house.placed()
    assert await actions(db, LOCAL) == ["order.placed"]


async def test_what_is_refused_leaves_no_order_and_no_entry(db: Database) -> None:
    house = House(db)
    await house.open()
    assert isinstance(await house.order(qty=D(100)), Refused)  # its receipt says so
    assert await actions(db, LOCAL) == []


async def test_nobody_cancels_another_accounts_order_and_none_is_recorded(db: Database) -> None:
    house = House(db)
    await house.open()
    await house.placed(type="limit", price=D(1900))
    with pytest.raises(NotFound):
        await house.execution.cancel(OrderId("w1"), AccountId("paper-s1-p-9-1"))
    assert await actions(db) == ["order.placed"]


async def test_closing_resetting_and_switching_are_recorded(db: Database) -> None:
    house = House(db)
    await house.open()
    await house.placed()
    await house.play(bar(1))
    await house.execution.close(house.me, "ETH-USDT", OrderId("c1"))
    await house.trading.set_auto_trade(LOCAL, wanted=False)
    await house.trading.set_auto_trade(LOCAL, wanted=False)  # changes nothing
    await house.trading.reset(LOCAL)
    done = await entries(db, LOCAL)
    assert [one.action for one in done] == [
        "order.placed",
        "order.placed",
        "account.auto_trade_set",
        "order.cancel_asked",
        "account.reset",
    ]
    assert done[1].after["origin"] == "close"
    assert done[2].after == {"auto_trade": False}
    assert done[4].before == {"account": "paper-s1-1"} and done[4].target == "paper-s1-2"
    assert {one.actor for one in done} == {"system"}


async def test_halting_and_resuming_are_the_desks_own(db: Database) -> None:
    house = House(db)
    await house.risk.halt("news at 14:00")
    await house.risk.resume()
    halted, resumed = await entries(db, "desk")
    assert (halted.action, halted.after) == ("trading.halted", {"reason": "news at 14:00"})
    assert (resumed.action, resumed.after) == ("trading.resumed", {"reason": None})
