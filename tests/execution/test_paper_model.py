"""The paper venue's model, by hand and by property."""

from decimal import Decimal as D
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.execution.contracts import Resting
from hydradesk.execution.domain.paper import Event, Lapse, PaperTerms, Trade, serve
from hydradesk.kernel.ids import AccountId, OrderId
from hydradesk.kernel.time import MILLISECOND, MINUTE, TimeNs
from hydradesk.market.contracts import Candle, walk
from hydradesk.market.domain.instruments import DEFAULT
from tests.desk import ETH, START, bar

ETHER = DEFAULT.find("ETH-USDT")
TERMS = PaperTerms()
QUARTER = MINUTE // 4
BAR = bar()  # 2000, down to 1990, up to 2020, closes at 2010; volume 100


def rest(**changes: Any) -> Resting:
    asked: dict[str, Any] = {
        "client_id": OrderId("a"),
        "venue_id": "paper-1",
        "account": AccountId("me"),
        "symbol": ETH,
        "side": "buy",
        "type": "limit",
        "time_in_force": "gtc",
        "qty": D(1),
        "price": D(3000),
        "sent_at": TimeNs(START - MINUTE),
    }
    return Resting(**asked | changes)


def market(**changes: Any) -> Resting:
    return rest(type="market", **changes)


def met(*orders: Resting, candle: Candle = BAR) -> list[tuple[Any, ...]]:
    """What happened, as (order, qty, price, fee, quarter) or (order, why)."""
    _, events = serve(orders, candle, ETHER, TERMS)
    return [
        (one.order, one.reason[:3])
        if isinstance(one, Lapse)
        else (one.order, one.qty, one.price, one.fee, -(-(one.at - START) // QUARTER))
        for one in events
    ]


def test_a_market_buy_pays_half_the_spread_and_its_impact_rounded_up() -> None:
    # 2000 + half spread 0.1 + impact 2000 * 1 % * 1/100 = 0.2
    assert met(market()) == [("a", D(1), D("2000.3"), D("2.0003"), 1)]


def test_a_market_sell_is_the_mirror() -> None:
    assert met(market(side="sell", price=D(1))) == [("a", D(1), D("1999.7"), D("1.9997"), 1)]


def test_prices_are_rounded_to_the_tick_against_the_customer() -> None:
    odd = bar(open=D("2000.03"), high=D(2020), low=D(1990))
    # 2000.03 + 0.1000015 + 0.0200003 = 2000.1500018
    assert met(market(qty=D("0.1")), candle=odd)[0][2] == D("2000.16")
    assert met(market(qty=D("0.1"), side="sell", price=D(1)), candle=odd)[0][2] == D("1999.9")


def test_a_limit_waits_for_its_price() -> None:
    # 1990 + 0.0995 + 0.199 = 1990.2985: the second tick is the low, nearer to the open
    assert met(rest(price=D(1995))) == [("a", D(1), D("1990.3"), D("1.9903"), 2)]
    assert met(rest(side="sell", price=D(2015)))[0][2:] == (D("2019.69"), D("2.01969"), 3)
    assert met(rest(price=D(1989))) == [] == met(rest(side="sell", price=D(2021)))


def test_impact_stops_at_the_limit() -> None:
    assert met(rest(price=D("1990.15")))[0][2] == D("1990.15")
    assert met(rest(price=D("1990.09"))) == []  # half the spread is not bridged


def test_at_most_a_tenth_of_the_volume_trades_and_the_rest_is_carried() -> None:
    order = market(qty=D(15))
    changed, events = serve([order], BAR, ETHER, TERMS)
    assert [one.qty for one in events if isinstance(one, Trade)] == [D(10)]
    assert changed[0].remaining == D(5)
    again, more = serve(changed, bar(1), ETHER, TERMS)
    assert again[0].remaining == 0
    assert [(one.number, one.qty) for one in more if isinstance(one, Trade)] == [(2, D(5))]


def test_first_come_first_served() -> None:
    first, second = market(qty=D(8)), market(client_id=OrderId("b"), qty=D(8))
    assert [one[:2] for one in met(first, second)] == [("a", D(8)), ("b", D(2))]


def test_a_share_is_cut_to_whole_lots() -> None:
    assert met(market(), candle=bar(volume=D("0.0057")))[0][1] == D("0.0005")
    assert met(market(), candle=bar(volume=D("0.0009"))) == []
    assert met(market(), candle=bar(volume=D(0))) == []


def test_an_immediate_order_takes_what_there_is_and_lapses() -> None:
    assert met(market(qty=D(15), time_in_force="ioc")) == [
        ("a", D(10), D("2002.1"), D("20.021"), 1),
        ("a", "ioc"),
    ]
    assert met(rest(price=D(1995), time_in_force="ioc")) == [("a", "ioc")]
    assert [one[0] for one in met(market(time_in_force="ioc"))] == ["a"]


def test_all_or_nothing_is_all_or_nothing() -> None:
    assert met(market(qty=D(10), time_in_force="fok"))[0][1] == D(10)
    assert met(market(qty=D("10.0001"), time_in_force="fok")) == [("a", "fok")]


def test_an_order_takes_part_after_its_latency() -> None:
    first = walk(BAR)[0].at
    on_time, late = first - 50 * MILLISECOND, first - 50 * MILLISECOND + 1
    assert met(market(sent_at=TimeNs(on_time)))[0][4] == 1
    assert met(market(sent_at=TimeNs(late)))[0][4] == 2
    assert met(market(sent_at=TimeNs(START + MINUTE))) == []


def test_the_fees_of_many_parts_are_no_more_than_the_fee_of_the_whole() -> None:
    order, charged, flat = rest(qty=D("0.0021"), price=D("2000.11")), D(0), D(2000)
    for number in range(7):
        thin = bar(number, low=flat, high=flat, close=flat, volume=D("0.0031"))
        changed, events = serve([order], thin, ETHER, TERMS)
        charged += sum(one.fee for one in events if isinstance(one, Trade))
        order = changed[0]
    assert order.remaining == 0 and order.fills == 7
    whole = D("0.0021") * order.price * TERMS.fee_rate
    assert charged == whole.quantize(D("1e-8"), "ROUND_CEILING")


cents = st.integers(100_000, 300_000).map(lambda cents: D(cents) / 100)


@st.composite
def bars(draw: st.DrawFn) -> Candle:
    low, one, two, high = sorted(draw(st.lists(cents, min_size=4, max_size=4)))
    open_, close = draw(st.permutations([one, two]))
    volume = draw(st.decimals(0, 100, places=4))
    return bar(open=open_, high=high, low=low, close=close, volume=volume)


@st.composite
def queues(draw: st.DrawFn) -> list[Resting]:
    return [
        rest(
            client_id=OrderId(f"o{number}"),
            side=draw(st.sampled_from(["buy", "sell"])),
            qty=draw(st.decimals("0.0001", 30, places=4)),
            price=draw(cents),
            time_in_force=draw(st.sampled_from(["gtc", "gtc", "ioc", "fok"])),
            sent_at=TimeNs(START + draw(st.sampled_from([-MINUTE, 0, QUARTER, 2 * QUARTER]))),
        )
        for number in range(draw(st.integers(0, 5)))
    ]


@given(queues(), bars())
def test_no_order_fares_worse_than_it_asked_and_the_bar_is_not_drained(
    orders: list[Resting], candle: Candle
) -> None:
    changed, events = serve(orders, candle, ETHER, TERMS)
    by_id = {one.client_id: one for one in orders}
    trades = [one for one in events if isinstance(one, Trade)]
    assert sum((one.qty for one in trades), D(0)) <= candle.volume * TERMS.share
    for one in trades:
        order = by_id[one.order]
        assert one.qty > 0 == one.qty % ETHER.lot == one.price % ETHER.tick
        assert one.price <= order.price if order.side == "buy" else one.price >= order.price
        assert order.sent_at + TERMS.latency_ns <= one.at < candle.close_time
        assert one.fee >= 0
    for after in changed:
        mine = [one for one in trades if one.order == after.client_id]
        assert after.filled == sum(one.qty for one in mine) <= after.qty
        assert [one.number for one in mine] == list(range(1, after.fills + 1))
    traded = {one.order for one in trades}
    assert {one.client_id for one in changed} == traded
    for order in orders:
        if order.time_in_force == "fok" and order.client_id in traded:
            assert sum(one.qty for one in trades if one.order == order.client_id) == order.qty


@given(queues(), bars())
def test_the_same_orders_and_bar_give_the_same_events_in_time_order(
    orders: list[Resting], candle: Candle
) -> None:
    once, again = (serve(list(orders), candle, ETHER, TERMS) for _ in range(2))
    assert msgspec.json.encode(once) == msgspec.json.encode(again)
    times = [one.at for one in once[1]]
    assert times == sorted(times)


def ends(events: list[Event]) -> set[str]:
    return {one.order for one in events if isinstance(one, Lapse)}


@given(queues(), bars())
def test_an_immediate_order_never_survives_its_first_bar(
    orders: list[Resting], candle: Candle
) -> None:
    changed, events = serve(orders, candle, ETHER, TERMS)
    whole = {one.client_id for one in changed if one.remaining == 0}
    now = {one.client_id for one in orders if one.time_in_force != "gtc"}
    assert now <= ends(events) | whole and not ends(events) & whole
    assert ends(events) <= now


@given(queues(), bars())
def test_who_came_later_never_takes_from_who_came_first(
    orders: list[Resting], candle: Candle
) -> None:
    alone = serve(orders[:1], candle, ETHER, TERMS)[1]
    among = serve(orders, candle, ETHER, TERMS)[1]
    first = walk(candle)[0].at
    if orders and orders[0].sent_at + TERMS.latency_ns <= first:
        mine = [one for one in among if one.order == orders[0].client_id and one.at == first]
        assert mine == [one for one in alone if one.at == first]
