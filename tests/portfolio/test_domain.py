"""Average cost, realised profit, worth: exact."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.execution.contracts import Fill
from hydradesk.kernel.ids import AccountId, FillId, OrderId
from hydradesk.kernel.time import TimeNs
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.portfolio import domain
from hydradesk.portfolio.contracts import Position
from tests.desk import BTC, ETH, START


def fill(side: Any, qty: str | D, price: str | D, fee: str = "0", at: int = 0) -> Fill:
    return Fill(
        id=FillId("f"),
        order_id=OrderId("o"),
        account=AccountId("me"),
        symbol=ETH,
        side=side,
        qty=D(qty),
        price=D(price),
        fee=D(fee),
        at=TimeNs(START + at),
    )


def after(*fills: Fill) -> Position:
    position = domain.opened(fills[0])
    for one in fills:
        position = domain.applied(position, one)
    return position


def test_by_hand() -> None:
    held = after(
        fill("buy", 1, 2000, "2"), fill("buy", 3, 2400, "7.2", at=5), fill("sell", 2, 2500, "5")
    )
    assert (held.qty, held.cost) == (D(2), D(4600))  # 9200 for four, half of it left
    assert (held.realised, held.fees) == (D(400), D("14.2"))
    assert (held.version, held.opened_at, held.updated_at) == (3, START, START + 5)


def test_a_closed_position_keeps_its_profit_and_opens_anew() -> None:
    held = after(fill("buy", 1, 2000), fill("sell", 1, 1900), fill("buy", 2, 1800, at=9))
    assert (held.qty, held.cost, held.realised) == (D(2), D(3600), D(-100))
    assert held.opened_at == START + 9


def test_nobody_sells_what_he_does_not_hold() -> None:
    with pytest.raises(AssertionError):
        after(fill("buy", 1, 2000), fill("sell", "1.0001", 2000))


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 10**6), st.integers(1, 10**6)),
        min_size=1,
        max_size=12,
    )
)
def test_what_was_realised_and_what_is_held_add_up_to_the_money(
    trades: list[tuple[bool, int, int]],
) -> None:
    position, spent = domain.opened(fill("buy", 1, 1)), D(0)
    for buys, lots, cents in trades:
        qty = D(lots) / 10_000
        if not buys:
            qty = min(qty, position.qty)
        if qty == 0:
            continue
        one = fill("buy" if buys else "sell", qty, D(cents) / 100)
        position = domain.applied(position, one)
        spent += one.notional if buys else -one.notional
        assert position.cost >= 0 and (position.qty > 0 or position.cost == 0)
        assert position.realised - position.cost == -spent


def worth(balances: Any, prices: Any) -> domain.Worth:
    return domain.worth(balances, DEFAULT.all, prices, "USDT")


def test_worth_is_cash_and_holds_and_what_is_owned_at_last_prices() -> None:
    books = {
        ("me/cash", "USDT"): 50 * 10**8,
        ("me/hold", "USDT"): 25 * 10**8 + 1,
        ("me/cash", "ETH"): 10**8,
        ("me/hold", "ETH"): 10**8 // 2,
        ("me/cash", "BTC"): 10**8,
        ("me/cash", "DUST"): 7,
    }
    now = worth(books, {ETH: D(2000), BTC: D(30_000)})
    assert (now.cash, now.held, now.exposure) == (D(50), D("25.00000001"), D(33_000))
    assert now.equity == D("33075.00000001")
    assert worth(books, {ETH: D(2000)}).exposure == D(3000)  # no price yet: counts as nothing
    assert worth({}, {}).equity == 0
