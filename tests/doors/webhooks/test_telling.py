"""Who is told what: the person's own, once, within their membership."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydradesk.accounts.contracts import PersonChanged
from hydradesk.execution.api import order_view, trade_view
from hydradesk.kernel.ids import AccountId
from hydradesk.portfolio.contracts import WithdrawalMoved
from hydradesk.signals.api import signal_view
from tests.doors.webhooks.conftest import (
    ANN,
    BOB,
    NOW,
    Hooks,
    filled,
    held,
    moved,
    signal,
)


def plain(view: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(view))


async def test_each_kind_is_told_as_the_api_shows_it(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders", "fills", "positions", "signals")
    order, fill, position, made = moved(), filled(), held(), signal()
    await hooks.teller.on_order(order)
    await hooks.teller.on_fill(fill)
    await hooks.teller.on_position(position)
    await hooks.teller.on_signal(made)
    assert await hooks.send() == 4
    told = {one["type"]: one for one in hooks.told()}
    assert {one["timestamp"] for one in told.values()} == {"2025-06-15T15:06:40Z"}
    assert told["orders.moved"]["data"] == plain(order_view(order.order))
    assert told["fills.made"]["data"] == plain(trade_view(fill.fill, "manual", None))
    assert told["positions.moved"]["data"] == {"symbol": "ETH-USDT", "qty": "2"}
    assert told["signals.made"]["data"] == plain(signal_view(made.signal))
    done = await hooks.deliveries(ANN)
    assert {one.state for one in done} == {"delivered"} and done[0].delivered_at == NOW
    assert [one.event for one in done] == ["orders", "fills", "positions", "signals"]


async def test_a_withdrawal_is_told_to_whom_it_belongs(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "withdrawals")
    await hooks.subscribe(BOB, "withdrawals", path="/bob")
    fact = WithdrawalMoved(
        id="w1:2",
        at=NOW,
        key=ANN,
        withdrawal="w1",
        person=ANN,
        account=AccountId("paper-ann"),
        asset="USDT",
        qty=Decimal("12.50"),
        state="delayed",
    )
    await hooks.teller.on_withdrawal(fact)
    assert await hooks.send() == 1
    (told,) = hooks.told()
    assert (hooks.target.seen[0].path, told["type"]) == ("/", "withdrawals.moved")
    assert told["data"] == {"id": "w1", "asset": "USDT", "qty": "12.50", "state": "delayed"}


async def test_nobody_hears_of_another_persons_account(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders", "fills", "positions")
    await hooks.subscribe(BOB, "orders", "fills", "positions", path="/bob")
    await hooks.teller.on_order(moved(1, "paper-ann"))
    await hooks.teller.on_fill(filled(1, "paper-bob"))
    await hooks.teller.on_position(held("paper-bob"))
    await hooks.teller.on_order(moved(2, "paper-s1-1"))  # the demo's account is nobody's
    await hooks.send()
    assert sorted(one.path for one in hooks.target.seen) == ["/", "/bob", "/bob"]
    assert len(await hooks.deliveries(ANN)) == 1 and len(await hooks.deliveries(BOB)) == 2


async def test_a_fact_told_again_is_delivered_once(hooks: Hooks) -> None:
    """The bus delivers at least once: after a crash it repeats what was not noted."""
    await hooks.subscribe(ANN, "orders")
    await hooks.subscribe(ANN, "orders", path="/second")
    for _ in range(3):
        await hooks.teller.on_order(moved())
    assert await hooks.send() == 2
    await hooks.teller.on_order(moved())
    assert await hooks.send() == 0
    assert sorted(one.path for one in hooks.target.seen) == ["/", "/second"]
    first, second = hooks.target.seen
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


async def test_only_what_was_asked_for_is_told(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "fills")
    await hooks.teller.on_order(moved())
    await hooks.teller.on_signal(signal())
    assert await hooks.send() == 0
    await hooks.service.remove(ANN, made.id)
    await hooks.hear()
    await hooks.teller.on_fill(filled())
    assert await hooks.send() == 0 and await hooks.deliveries(ANN) == []


@pytest.mark.parametrize(
    ("timeframe", "ann", "bob"),
    [("1m", None, None), ("5m", True, None), ("1h", True, False), ("1d", True, False)],
)
async def test_signals_follow_the_membership(
    hooks: Hooks, timeframe: str, ann: bool | None, bob: bool | None
) -> None:
    """Ann is pro, Bob a plain user: he sees hours and days, and no votes."""
    await hooks.subscribe(ANN, "signals", path="/ann")
    await hooks.subscribe(BOB, "signals", path="/bob")
    await hooks.teller.on_signal(signal(timeframe))
    await hooks.teller.on_signal(signal(timeframe, "HOLD", 2))
    await hooks.send()
    got = {r.path: bool(msgspec.json.decode(r.body)["data"]["votes"]) for r in hooks.target.seen}
    assert got.get("/ann") is ann and got.get("/bob") is bob
    assert len(got) == (ann is not None) + (bob is not None)


def became(role: Any, status: Any = "active", version: int = 2) -> PersonChanged:
    return PersonChanged(
        id=f"{ANN}:{version}",
        at=NOW,
        key=ANN,
        person=ANN,
        role=role,
        status=status,
        kyc="none",
        kyc_level=0,
    )


async def test_a_lesser_membership_counts_at_once(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "signals")
    await hooks.teller.on_person(became("user"))
    await hooks.teller.on_signal(signal("5m"))
    assert await hooks.send() == 0
    await hooks.teller.on_signal(signal("1h", number=2))
    assert await hooks.send() == 1 and hooks.told()[0]["data"]["votes"] == []


async def test_who_is_suspended_is_told_nothing_and_who_is_erased_is_forgotten(
    hooks: Hooks,
) -> None:
    await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_person(became("pro", "suspended"))
    await hooks.teller.on_order(moved(1))
    assert await hooks.deliveries(ANN) == []
    await hooks.teller.on_person(became("pro", "active", 3))
    await hooks.teller.on_order(moved(2))
    assert len(await hooks.deliveries(ANN)) == 1
    await hooks.teller.on_person(became("user", "erased", 4))
    assert await hooks.service.list(ANN) == [] and await hooks.deliveries(ANN) == []


async def test_a_desk_that_was_restarted_knows_who_listens(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    await hooks.teller.load()
    await hooks.teller.on_order(moved())
    assert [one.subscription for one in await hooks.deliveries(ANN)] == [made.id]


async def test_switched_off_nothing_is_told_and_nothing_sent(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved(1))
    hooks.switches.off.add("webhooks")
    await hooks.teller.on_order(moved(2))
    assert await hooks.send() == 0 and len(await hooks.deliveries(ANN)) == 1
    hooks.switches.off.clear()
    assert await hooks.send() == 1
