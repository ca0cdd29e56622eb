"""A yes leaves a reservation behind; a no leaves only its receipt; a halt outlives us."""

import asyncio
from decimal import Decimal as D

import msgspec
import pytest
from sqlalchemy import select

from hydradesk.infra.bus import Bus, Consumer
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import OrderId, ReservationId
from hydradesk.risk.contracts import Approved, Halted, Intent, Refused, Verdict
from hydradesk.risk.domain import RiskBook
from hydradesk.risk.store import RiskStore, reservations
from tests.desk import ETH, LIMITS, House, bar, intent


@pytest.fixture
async def house(db: Database) -> House:
    one = House(db)
    await one.open()
    return one


async def judge(house: House, wanted: Intent) -> Verdict:
    async with house.db.begin() as tx:
        return await house.risk.judge(tx, wanted)


async def consume(house: House, yes: Approved) -> None:
    async with house.db.begin() as tx:
        await house.reservations.consume(tx, yes)


async def approved(house: House, **changes: object) -> Approved:
    verdict = await judge(house, intent(account=house.me, **changes))
    assert isinstance(verdict, Approved), verdict
    return verdict


async def test_a_yes_is_used_once(house: House) -> None:
    yes = await approved(house)
    await consume(house, yes)
    with pytest.raises(Conflict):
        await consume(house, yes)


async def test_a_yes_used_from_eight_sides_at_once_is_used_once(house: House) -> None:
    yes = await approved(house)
    done = await house.at_once(*(consume(house, yes) for _ in range(8)))
    assert sum(one is None for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 7


@pytest.mark.parametrize("change", [{"id": OrderId("w2")}, {"qty": D(9)}, {"price": D(2001)}])
async def test_a_yes_counts_for_its_own_intent_only(house: House, change: dict[str, D]) -> None:
    yes = await approved(house)
    other = msgspec.structs.replace(yes.intent, **change)
    with pytest.raises(Conflict):
        await consume(house, Approved(other, yes.reservation, yes.checks))
    await consume(house, yes)


async def test_a_yes_that_nobody_gave_counts_for_nothing(house: House) -> None:
    with pytest.raises(Conflict):
        await consume(house, Approved(intent(), ReservationId("w1.1"), ()))


async def test_a_no_holds_nothing_and_leaves_a_receipt(house: House) -> None:
    verdict = await judge(house, intent(account=house.me, qty=D(40)))
    assert isinstance(verdict, Refused) and verdict.rule == "order_size"
    assert house.book.in_flight(house.me) == ()
    rows = await house.risk.judgements(house.me, None, 10)
    assert [one.id for _, one in rows] == [verdict.receipt]
    assert rows[0][1].intent == verdict.intent and not rows[0][1].approved


async def test_the_same_intent_again_has_a_receipt_of_its_own(house: House) -> None:
    for _ in range(2):
        await judge(house, intent(account=house.me, qty=D(40)))
    rows = await house.risk.judgements(house.me, None, 10)
    assert [one.id for _, one in rows] == ["w1.2", "w1.1"]
    assert [one.id for _, one in await house.risk.judgements(house.me, rows[0][0], 10)] == ["w1.1"]


async def test_what_is_in_flight_counts(house: House) -> None:
    await approved(house, id=OrderId("a"), qty=D(24))
    await approved(house, id=OrderId("b"), qty=D(20))
    verdict = await judge(house, intent(account=house.me, id=OrderId("c"), qty=D("1.0001")))
    assert isinstance(verdict, Refused) and verdict.rule == "gross_exposure"
    await approved(house, id=OrderId("d"), qty=D(1))


async def test_a_reservation_counts_only_once_it_has_committed(house: House) -> None:
    with pytest.raises(ZeroDivisionError):
        async with house.db.begin() as tx:
            assert isinstance(await house.risk.judge(tx, intent(account=house.me)), Approved)
            raise ZeroDivisionError
    assert house.book.in_flight(house.me) == ()
    await approved(house)
    assert [one.remaining for one in house.book.in_flight(house.me)] == [D("0.5")]


async def test_orders_in_parallel_never_pass_a_limit_together(house: House) -> None:
    results = await house.at_once(*(house.order(id=OrderId(f"p{i}"), qty=D(10)) for i in range(12)))
    refused = [one for one in results if isinstance(one, Refused)]
    assert len(refused) == 12 - 4, results  # four at 20,200 are within 90,000, a fifth is not
    assert {one.rule for one in refused} <= {"gross_exposure", "cash"}
    assert sum(one.notional for one in house.book.in_flight(house.me)) <= LIMITS.gross_max


async def reloaded(house: House) -> RiskBook:
    fresh = RiskBook()
    async with house.db.begin() as tx:
        await RiskStore(fresh).load(tx)
    return fresh


async def test_a_restarted_book_equals_what_committed(house: House) -> None:
    await house.placed(id=OrderId("rests"), type="limit", price=D(1900))
    await house.placed(id=OrderId("half"), qty=D(15))
    await house.placed(id=OrderId("gone"), type="limit", price=D(1900))
    await house.execution.cancel(OrderId("gone"), house.me)
    await house.play(bar(0))  # ten of fifteen: a tenth of the volume
    assert (await house.stored("half")).filled == D(10)
    before = sorted(house.book.in_flight(house.me), key=repr)
    assert [one.remaining for one in before] == [D("0.5"), D(5)]
    assert sorted((await reloaded(house)).in_flight(house.me), key=repr) == before


async def test_a_yes_that_no_order_used_is_dropped_by_a_restart(house: House) -> None:
    await approved(house)
    assert (await reloaded(house)).in_flight(house.me) == ()
    async with house.db.begin() as tx:
        assert await sql(tx).scalar(select(reservations.c.remaining)) == 0


async def test_a_halt_survives_a_restart_and_lets_reductions_pass(house: House) -> None:
    await house.placed(id=OrderId("in"))
    await house.play(bar(0))
    await house.risk.halt("storm")
    again = House(house.db)
    again.clock.advance(house.clock.now() - again.clock.now())
    again.prices.now = house.prices.now
    await again.risk.start()
    refused = await again.order(id=OrderId("no"))
    assert isinstance(refused, Refused) and refused.rule == "halted" and "storm" in refused.detail
    await again.placed(id=OrderId("out"), side="sell")
    await again.risk.resume()
    assert (await again.risk.standing(again.me, ETH)).halted is None
    await again.placed(id=OrderId("yes"))


async def test_a_halt_by_another_process_is_heard(house: House) -> None:
    bus = Bus(house.db, [Consumer("risk").on(Halted, house.risk.on_halted)], [])
    async with house.db.begin() as tx:  # `hydradesk halt` writes no more than this
        await RiskStore(RiskBook()).set_halt(tx, "from outside", house.clock.now())
    await bus.drain()
    assert isinstance(await house.order(), Refused)
    async with house.db.begin() as tx:
        await RiskStore(RiskBook()).set_halt(tx, None, house.clock.now())
    await bus.drain()
    await house.placed()


async def test_halting_twice_is_one_fact(house: House) -> None:
    heard: list[str] = []

    async def hear(fact: Halted) -> None:
        heard.append(f"{fact.version} {fact.halted} {fact.reason}")

    bus = Bus(house.db, [Consumer("test").on(Halted, hear)], [])
    for reason in ("storm", "storm", "flood"):
        await house.risk.halt(reason)
    await house.risk.resume()
    await house.risk.resume()
    await bus.drain()
    assert heard == ["1 True storm", "2 True flood", "3 False "]


async def test_two_halts_at_once_follow_each_other(house: House) -> None:
    async with house.db.begin() as tx:
        await house.reservations.set_halt(tx, "one", house.clock.now())
        second = asyncio.create_task(house.risk.halt("two"))
        done, _ = await asyncio.wait({second}, timeout=0.1)
        assert not done
    await second
    async with house.db.begin() as tx:
        assert await house.reservations.halt(tx) == "two"
