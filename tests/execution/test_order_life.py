"""The order's life and its money, whatever the venue says and in whatever order."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.execution.contracts import (
    FINAL,
    Accepted,
    Fill,
    Order,
    Rejected,
    Unknown,
    VenueReport,
)
from hydradesk.execution.domain import orders as life
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import FillId, ReservationId
from hydradesk.kernel.numbers import MONEY, Asset, away_from_zero
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger import domain as ledger
from hydradesk.ledger.contracts import InsufficientFunds
from hydradesk.market.contracts import Instrument
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.risk.contracts import Approved
from tests.desk import ETH, START, intent

ETHER = DEFAULT.find("ETH-USDT")
COARSE = msgspec.structs.replace(ETHER, quote=Asset("USDT", 2), lot=D("0.00001"))
"""A quote asset that cannot hold what one lot costs: every fill is rounded."""


def opened(**changes: Any) -> Order:
    return life.created(Approved(intent(**changes), ReservationId("w1.1"), ()), "paper", START)


def fill(order: Order, number: int, qty: D, price: D | None = None, fee: D = D(0)) -> Fill:
    return Fill(
        id=FillId(f"w1.{number}"),
        order_id=order.id,
        account=order.intent.account,
        symbol=ETH,
        side=order.intent.side,
        qty=qty,
        price=order.intent.price if price is None else price,
        fee=fee,
        at=TimeNs(START + number),
    )


def report(order: Order, kind: Any) -> VenueReport:
    return VenueReport(seq=1, client_id=order.id, kind=kind, at=TimeNs(START + 9), reason="so")


def test_an_answer_moves_an_order_once() -> None:
    order = opened()
    working = life.acknowledged(order, Accepted("v-1"), START)
    assert (working.state, working.venue_id, working.version) == ("working", "v-1", 2)
    rejected = life.acknowledged(order, Rejected("closed"), START)
    assert (rejected.state, rejected.reason, rejected.remaining) == ("rejected", "closed", 0)
    silent = life.acknowledged(order, Unknown("timeout"), START)
    assert silent.state == "unknown" and silent.remaining == D("0.5")
    assert life.acknowledged(silent, Accepted("v-1"), START).state == "working"
    for done in (working, rejected):
        with pytest.raises(AssertionError):
            life.acknowledged(done, Accepted("v-1"), START)


def test_time_in_an_order_never_goes_back() -> None:
    order = life.filled(opened(), fill(opened(), 7, D("0.1")))
    assert life.filled(order, fill(order, 3, D("0.1"))).updated_at == START + 7


events = st.lists(
    st.one_of(
        st.sampled_from(["accepted", "rejected", "unknown", "cancelled", "expired"]),
        st.integers(1, 4000),
    ),
    max_size=14,
)


def step(order: Order, event: str | int, number: int) -> Order:
    """Do as the service does: answers count only while nothing else is known."""
    if isinstance(event, int):
        return life.filled(order, fill(order, number, D(event) / 10_000))
    if event in ("cancelled", "expired"):
        return life.ended(order, report(order, event))
    if order.state not in ("created", "unknown"):
        return order
    ack = {"accepted": Accepted("v"), "rejected": Rejected("no"), "unknown": Unknown("?")}[event]
    return life.acknowledged(order, ack, START)


@given(events)
def test_whatever_happens_filled_never_exceeds_qty_and_final_states_are_final(
    story: list[str | int],
) -> None:
    order, total = opened(), D(0)
    for number, event in enumerate(story):
        before = order
        try:
            order = step(order, event, number)
        except Conflict:
            assert order is before
            too_much = isinstance(event, int) and total + D(event) / 10_000 > D("0.5")
            assert before.done or too_much
            continue
        total += order.filled - before.filled
        assert not before.done or order is before
        assert order.version == before.version + (order is not before)
        assert 0 <= order.filled == total <= order.intent.qty
        assert (order.state == "filled") == (order.filled == order.intent.qty)
        assert order.done == (order.state in FINAL) and order.remaining >= 0
        assert order.paid == MONEY.multiply(order.filled, order.intent.price)


def money(order: Order, fills: list[Fill], instrument: Instrument) -> dict[str, int]:
    """Hold, settle each fill, cancel the rest, release: the balances that are left."""
    quote, base = instrument.quote.symbol, instrument.base.symbol
    balances: Any = {
        (life.cash(order), quote): 10**18,
        (life.cash(order), base): 10**18,
    }
    balances = ledger.post(balances, [life.hold(order, instrument)])
    for one in fills:
        order = life.filled(order, one)
        balances = ledger.post(balances, life.settlement(order, one, instrument))
    if not order.done:
        order = life.ended(order, report(order, "cancelled"))
    balances = ledger.post(balances, life.release(order, instrument))
    assert balances.get((life.held(order), quote), 0) == 0
    assert balances.get((life.held(order), base), 0) == 0
    return {
        "quote": balances[life.cash(order), quote] - 10**18,
        "base": balances[life.cash(order), base] - 10**18,
        "venue": sum(q for (name, _), q in balances.items() if name.startswith("external/")),
    }


@st.composite
def executions(draw: st.DrawFn) -> tuple[Order, list[Fill], Instrument]:
    instrument = draw(st.sampled_from([ETHER, COARSE]))
    side = draw(st.sampled_from(["buy", "sell"]))
    lots = draw(st.lists(st.integers(1, 10**6), max_size=6))
    rest = draw(st.integers(0, 10**6))
    qty = instrument.lot * max(1, sum(lots) + rest)
    limit = draw(st.decimals(1, 3000, places=2))
    order = opened(side=side, qty=qty, price=limit)
    slack = draw(st.lists(st.decimals(0, "0.99", places=2), min_size=6, max_size=6))
    fills, paid, charged = [], D(0), D(0)
    for number, (count, better) in enumerate(zip(lots, slack, strict=False)):
        price = limit - better if side == "buy" else limit + better
        paid += instrument.lot * count * price
        fee = away_from_zero(paid * D("0.001"), D("1e-8")) - charged
        charged += fee
        fills.append(fill(order, number, instrument.lot * count, price, fee))
    return order, fills, instrument


@given(executions())
def test_a_hold_is_spent_and_released_to_the_quantum(
    execution: tuple[Order, list[Fill], Instrument],
) -> None:
    order, fills, instrument = execution
    left = money(order, fills, instrument)
    paid = sum((one.notional for one in fills), D(0))
    fees = sum((one.fee for one in fills), D(0))
    traded = sum((one.qty for one in fills), D(0))
    quanta, unit = 10**instrument.quote.scale, 1 if order.intent.side == "buy" else -1
    assert left["base"] == unit * traded * 10**instrument.base.scale
    owed = -(unit * paid + fees) * quanta
    assert owed - 2 < left["quote"] <= owed  # against the customer, by less than two quanta


def test_an_instrument_holds_what_one_lot_costs() -> None:
    for one in DEFAULT.all:
        quantum = D(1).scaleb(-one.quote.scale)
        assert one.lot * one.tick % quantum == 0 and one.lot % D(1).scaleb(-one.base.scale) == 0


def test_a_sell_holds_the_asset_and_pays_its_fee_from_the_proceeds() -> None:
    order = opened(side="sell", qty=D(2))
    held = life.hold(order, ETHER)
    assert (held.amount.quanta, held.amount.asset.symbol) == (2 * 10**8, "ETH")
    one = fill(order, 1, D(2), D(2000), D(4))
    kinds = {
        t.id: (t.debit, t.credit) for t in life.settlement(life.filled(order, one), one, ETHER)
    }
    assert kinds == {
        "fill:w1.1:paid": ("paper-s1-1/hold", "external/venue-paper"),
        "fill:w1.1:got": ("external/venue-paper", "paper-s1-1/cash"),
        "fill:w1.1:fee": ("paper-s1-1/cash", "external/venue-paper"),
    }


def test_a_rejected_order_gives_everything_back() -> None:
    order = opened()
    gone = life.acknowledged(order, Rejected("no"), START)
    (back,) = life.release(gone, ETHER)
    held = life.hold(order, ETHER)
    assert (back.debit, back.credit, back.amount) == (held.credit, held.debit, held.amount)


def test_money_that_was_never_held_cannot_be_spent() -> None:
    order = opened()
    dear = fill(order, 1, D("0.5"), D(2500))
    moved = life.filled(order, dear)
    with pytest.raises(InsufficientFunds):
        ledger.post(
            {(life.held(order), "USDT"): life.hold(order, ETHER).amount.quanta},
            life.settlement(moved, dear, ETHER),
        )
