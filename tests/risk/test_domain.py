"""Each rule alone, and what all of them share."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import AccountId, OrderId
from hydradesk.kernel.time import SECOND, TimeNs
from hydradesk.market.contracts import Price
from hydradesk.risk.contracts import Approved, Exposure, Limits, Refused, Sizing
from hydradesk.risk.domain import RULES, Case, Held, RiskBook, judge, size_to_stop
from tests.desk import BTC, ETH, LIMITS, START, intent

ME = AccountId("paper-s1-1")
NOTHING = Exposure(
    position=D(0), gross=D(0), cash=D(100_000), equity=D(100_000), equity_at_midnight=D(100_000)
)
money = st.decimals(0, 10**6, places=2)


def price(value: str = "2000", at: int = START, state: Any = "fresh") -> Price:
    return Price(symbol=ETH, price=D(value), at=TimeNs(at), state=state)


def exposure(**changes: D) -> Exposure:
    return msgspec.structs.replace(NOTHING, **changes)


def limits(**changes: Any) -> Limits:
    return msgspec.structs.replace(LIMITS, **changes)


def held(side: Any, remaining: str, symbol: Any = ETH) -> Held:
    return Held(account=ME, symbol=symbol, side=side, remaining=D(remaining), price=D(2000))


def case(**changes: Any) -> Case:
    asked = {
        "intent": intent(),
        "exposure": NOTHING,
        "limits": LIMITS,
        "price": price(),
        "in_flight": (),
        "halted": None,
        "now": START,
    }
    return Case(**asked | changes)


def refusals(one: Case) -> list[str]:
    """Every rule that objects, not only the first."""
    _, judgement = judge(one, "r1")
    return [check.rule for check in judgement.checks if not check.ok]


def sell(qty: str, **changes: Any) -> Any:
    return intent(side="sell", qty=D(qty), **changes)


OWNS_TWO = exposure(position=D(2), gross=D(4000))
SELLS_MOST = (held("sell", "1.5"),)


def test_a_plain_order_passes_every_rule_and_keeps_the_answers() -> None:
    verdict, judgement = judge(case(), "r1")
    assert isinstance(verdict, Approved) and verdict.reservation == "r1"
    assert judgement.approved and judgement.rule is None and judgement.at == START
    assert [check.rule for check in judgement.checks] == [rule.__name__ for rule in RULES]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("halted", {"halted": "storm"}),
        ("halted", {"halted": "storm", "exposure": OWNS_TWO, "intent": intent(qty=D(1))}),
        ("stale_price", {"price": price(at=START - 90 * SECOND - 1)}),
        ("stale_price", {"intent": intent(price_at=TimeNs(START - 90 * SECOND - 1))}),
        ("stale_price", {"price": price(state="stale")}),
        ("stale_price", {"price": price(state="broken")}),
        ("stale_price", {"price": None}),
        ("price_collar", {"intent": intent(price=D("2100.01"))}),
        ("price_collar", {"intent": sell("1", price=D("1899.99")), "exposure": OWNS_TWO}),
        ("order_size", {"limits": limits(order_max=D("999.99"))}),
        ("inventory", {"intent": sell("2.0001"), "exposure": OWNS_TWO}),
        (
            "inventory",
            {"intent": sell("1"), "exposure": OWNS_TWO, "in_flight": (held("sell", "1.5"),)},
        ),
        ("cash", {"exposure": exposure(cash=D("1000.9999"))}),
        ("gross_exposure", {"limits": limits(gross_max=D("999.99"))}),
        ("gross_exposure", {"exposure": exposure(gross=D("89000.01"))}),
        ("gross_exposure", {"in_flight": (held("buy", "44.51", BTC),)}),
        ("daily_loss", {"exposure": exposure(equity=D(95_000))}),
    ],
)
def test_each_rule_refuses_alone(rule: str, changes: dict[str, Any]) -> None:
    one = case(**changes)
    assert refusals(one) == [rule]
    verdict, judgement = judge(one, "r1")
    assert isinstance(verdict, Refused) and verdict.rule == judgement.rule == rule
    assert verdict.detail and verdict.fix and verdict.receipt == "r1"


@pytest.mark.parametrize(
    "changes",
    [
        {"halted": "storm", "intent": sell("2"), "exposure": OWNS_TWO},
        {"price": price(at=START - 90 * SECOND)},
        {"intent": intent(price=D(2100))},
        {"intent": intent(price=D(1))},
        {"intent": sell("1", price=D(1900)), "exposure": OWNS_TWO},
        {"intent": sell("1", price=D(9000)), "exposure": OWNS_TWO},
        {"limits": limits(order_max=D(1000))},
        {"limits": limits(order_max=D(1)), "intent": sell("2"), "exposure": OWNS_TWO},
        {"intent": sell("1"), "exposure": OWNS_TWO, "in_flight": (held("sell", "1"),)},
        {"intent": sell("2"), "exposure": OWNS_TWO, "in_flight": (held("sell", "9", BTC),)},
        {"exposure": exposure(cash=D(1001))},
        {"limits": limits(gross_max=D(1000))},
        {"in_flight": (held("buy", "44.5"),)},
        {"limits": limits(gross_max=D(0)), "intent": sell("2"), "exposure": OWNS_TWO},
        {"exposure": exposure(equity=D("95000.01"))},
        {
            "intent": sell("2"),
            "exposure": exposure(position=D(2), gross=D(4000), equity=D(1)),
        },
    ],
)
def test_the_edge_of_each_rule_passes(changes: dict[str, Any]) -> None:
    assert refusals(case(**changes)) == []


def test_every_objection_is_kept_and_the_first_decides() -> None:
    one = case(halted="storm", price=None, exposure=exposure(cash=D(0)))
    verdict, _ = judge(one, "r1")
    assert isinstance(verdict, Refused) and verdict.rule == "halted"
    assert refusals(one) == ["halted", "stale_price", "cash"]


def test_a_reduction_that_would_cross_zero_is_none() -> None:
    assert case(intent=sell("2"), exposure=OWNS_TWO).reduces
    assert not case(intent=sell("2.1"), exposure=OWNS_TWO).reduces
    assert not case(intent=intent(), exposure=exposure(position=D(-2))).reduces


@pytest.mark.parametrize("name", ["a:b", "a/b"])
def test_an_id_that_would_break_other_ids_is_no_id(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        intent(id=OrderId(name))
    assert refused.value.field == "client_id"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    side = draw(st.sampled_from(["buy", "sell"]))
    return case(
        intent=intent(side=side, qty=draw(st.decimals("0.0001", 60, places=4))),
        exposure=exposure(
            position=draw(st.decimals(0, 20, places=4)),
            gross=draw(money),
            cash=draw(money),
            equity=draw(money),
        ),
        price=price(draw(st.sampled_from(["1800", "1950", "2000", "2200"]))),
        in_flight=tuple(
            held(draw(st.sampled_from(["buy", "sell"])), draw(st.sampled_from(["0.5", "20"])))
            for _ in range(draw(st.integers(0, 3)))
        ),
        halted=draw(st.sampled_from([None, None, "storm"])),
        now=TimeNs(START + draw(st.integers(0, 200)) * SECOND),
    )


@given(cases(), st.data())
def test_tightening_a_limit_never_approves_more(one: Case, data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["order_max", "gross_max", "daily_loss_max", "collar", "price_age_max_ns"])
    )
    value = getattr(one.limits, name)
    finer = st.decimals(0, value, places=4)
    tighter = data.draw(st.integers(0, value) if isinstance(value, int) else finer)
    narrow = msgspec.structs.replace(one, limits=limits(**{name: tighter}))
    assert set(refusals(one)) <= set(refusals(narrow))


@given(cases(), st.sampled_from(["buy", "sell"]), st.decimals("0.0001", 10, places=4))
def test_one_more_order_in_flight_never_approves_more(one: Case, side: Any, qty: D) -> None:
    busier = msgspec.structs.replace(one, in_flight=(*one.in_flight, held(side, str(qty))))
    assert set(refusals(one)) <= set(refusals(busier))


def sizing(**changes: D) -> Sizing:
    base = Sizing(
        account=ME,
        symbol=ETH,
        entry=D(2000),
        worst=D(2020),
        stop=D(1950),
        fee_rate=D("0.001"),
        lot=D("0.0001"),
    )
    return msgspec.structs.replace(base, **changes)


def test_a_size_by_hand() -> None:
    # 1 % of 100,000 is 1,000; to the stop a unit loses 50, and pays 2 + 1.95 of fees
    assert size_to_stop(sizing(), NOTHING, limits(order_max=D(10**6)), D(0)) == D("18.5356")


@pytest.mark.parametrize(
    ("changes", "committed", "want"),
    [
        ({"stop": D(2000)}, "0", "0"),
        ({"stop": D(2100)}, "0", "0"),
        ({}, "90000", "0"),
        ({}, "95000", "0"),
    ],
)
def test_no_size_when_there_is_no_risk_or_no_room(
    changes: dict[str, D], committed: str, want: str
) -> None:
    assert size_to_stop(sizing(**changes), NOTHING, LIMITS, D(committed)) == D(want)


@st.composite
def sizings(draw: st.DrawFn) -> Sizing:
    return sizing(
        stop=draw(st.decimals(1, 1999, places=2)),
        worst=draw(st.decimals(2000, 2040, places=2)),
        fee_rate=draw(st.sampled_from([D(0), D("0.001"), D("0.01")])),
        lot=draw(st.sampled_from([D("0.0001"), D("0.01"), D(1)])),
    )


@given(sizings(), st.builds(exposure, cash=money, equity=money, gross=money), money)
def test_a_size_never_risks_more_than_asked_and_fits_every_cap(
    asked: Sizing, mine: Exposure, committed: D
) -> None:
    qty = size_to_stop(asked, mine, LIMITS, committed)
    assert qty >= 0 and qty % asked.lot == 0
    loss = qty * (2000 - asked.stop) + qty * (2000 + asked.stop) * asked.fee_rate
    assert loss <= mine.equity * LIMITS.risk_per_trade
    if qty:
        worst = qty * asked.worst
        assert worst * (1 + asked.fee_rate) <= mine.cash and worst <= LIMITS.order_max
        assert mine.gross + committed + worst <= LIMITS.gross_max


def test_the_book_adds_what_lives_and_forgets_what_ended() -> None:
    book = RiskBook()
    book.put(OrderId("a"), held("buy", "2"))
    book.put(OrderId("b"), held("sell", "1"))
    book.put(OrderId("a"), held("buy", "0.5"))
    assert {one.remaining for one in book.in_flight(ME)} == {D("0.5"), D(1)}
    book.put(OrderId("b"), held("sell", "0"))
    book.put(OrderId("never"), held("sell", "0"))
    assert [one.notional for one in book.in_flight(ME)] == [D(1000)]
    assert book.in_flight(AccountId("other")) == ()
