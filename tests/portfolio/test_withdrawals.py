"""Withdrawals: set aside at once, out after a delay, back when they end; nothing lost or twice."""

import asyncio
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydradesk.accounts.contracts import LOCAL, PersonChanged, private_name
from hydradesk.accounts.service.addresses import Screened
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Conflict, DeskError, Forbidden, Invalid, NotFound
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import DAY, HOUR, TimeNs
from hydradesk.ledger.contracts import InsufficientFunds
from hydradesk.portfolio.service.withdrawals import WithdrawalService
from hydradesk.portfolio.store import WithdrawalStore
from tests.accounts.trail import actions, entries
from tests.desk import ETH, House, bar, wish
from tests.portfolio.exits import ANN, BAD, BOB, NOW, ROOT, THERE, USDT, Exit
from tests.portfolio.test_service import closed


@pytest.fixture
async def exits(db: Database, app_db: Database) -> Exit:
    house = House(db)
    await house.open()
    one = Exit(house, app_db)
    for person in (ANN, BOB, ROOT):
        await one.join(person)
    return one


@pytest.fixture
async def to(exits: Exit) -> str:
    """An address of Ann's that may be used."""
    there = await exits.listed(ANN)
    exits.wall.advance(DAY)
    return there


async def test_it_is_set_aside_at_once_and_leaves_after_the_delay(exits: Exit, to: str) -> None:
    one = await exits.ask("w1", 500, to)
    assert (one.state, one.releases_at) == ("delayed", exits.wall.now() + HOUR)
    held = {"cash USDT": 99_500 * USDT, "withdrawal USDT": 500 * USDT}
    assert await exits.books() == held
    assert await exits.service.release() == 0 and await exits.books() == held
    exits.wall.advance(HOUR)
    assert await exits.service.release() == 1
    assert await exits.books() == {"cash USDT": 99_500 * USDT}
    assert await exits.state("w1") == "done" and await exits.house.totals() == {0}
    assert await exits.service.release() == 0
    with pytest.raises(Conflict):
        await exits.service.cancel(ANN, "w1")
    told = await actions(exits.house.db, ANN)
    assert told[-2:] == ["withdrawal.requested", "withdrawal.released"]
    assert THERE not in str([(one.before, one.after) for one in await entries(exits.house.db, ANN)])


async def test_what_is_taken_back_returns(exits: Exit, to: str) -> None:
    await exits.ask("w1", 500, to)
    with pytest.raises(NotFound):
        await exits.service.cancel(BOB, "w1")
    assert (await exits.service.cancel(ANN, "w1")).state == "cancelled"
    assert await exits.books() == {"cash USDT": 100_000 * USDT}
    with pytest.raises(Conflict):
        await exits.service.cancel(ANN, "w1")
    exits.wall.advance(DAY)
    assert await exits.service.release() == 0 and await exits.house.totals() == {0}


async def test_a_large_one_waits_for_somebody_else_to_decide(exits: Exit, to: str) -> None:
    assert (await exits.ask("w1", 10_000, to)).state == "pending"
    exits.wall.advance(DAY)
    assert await exits.service.release() == 0
    with pytest.raises(Forbidden):
        await exits.service.approve(ANN, "w1", "I am an administrator too")
    assert (await exits.service.approve(ROOT, "w1", "fine")).decided_by == ROOT
    with pytest.raises(Conflict):
        await exits.service.approve(ROOT, "w1", "fine")
    assert await exits.service.release() == 1
    await exits.ask("w2", 10_000, to)
    assert (await exits.service.reject(ROOT, "w2", "no")).state == "rejected"
    assert await exits.books() == {"cash USDT": 90_000 * USDT}
    with pytest.raises(Conflict):
        await exits.service.reject(ROOT, "w1", "too late")


async def test_an_approved_one_still_waits_out_its_delay(exits: Exit, to: str) -> None:
    await exits.ask("w1", 20_000, to)
    await exits.service.approve(ROOT, "w1", "fine")
    assert await exits.service.release() == 0
    assert (await exits.service.cancel(ANN, "w1")).state == "cancelled"
    assert await exits.books() == {"cash USDT": 100_000 * USDT}


async def test_the_same_request_again_is_the_same_withdrawal(exits: Exit, to: str) -> None:
    done = await exits.house.at_once(*(exits.ask("w1", 500, to) for _ in range(8)))
    assert {one.id for one in done} == {"w1"}
    assert (await exits.books())["withdrawal USDT"] == 500 * USDT
    with pytest.raises(Conflict):
        await exits.ask("w1", 501, to)
    bobs = await exits.listed(BOB)
    with pytest.raises(Conflict):
        await exits.ask("w1", 500, bobs, person=BOB)


async def test_limits_a_day_follow_the_kyc_level(exits: Exit, to: str) -> None:
    low = PersonId("p-low")
    await exits.join(low, 0)
    await exits.join(old := PersonId("p-old"), 2, kyc_expires_at=TimeNs(NOW - 1))
    for person in (low, old):
        there = await exits.listed(person)
        exits.wall.advance(DAY)
        with pytest.raises(Forbidden, match="at most 1000 a day"):
            await exits.ask("l0", 1_001, there, person=person)
        await exits.ask(f"{person}-1", 600, there, person=person)
        with pytest.raises(Forbidden, match="400 is left"):
            await exits.ask("l2", 401, there, person=person)
        done = await exits.house.at_once(
            *(exits.ask(f"{person}-r{n}", 300, there, person=person) for n in range(4))
        )
        assert sum(not isinstance(one, Exception) for one in done) == 1  # not all see 400 left
        await exits.service.cancel(person, f"{person}-1")
        await exits.ask(f"{person}-2", 600, there, person=person)
        exits.wall.advance(DAY)
        await exits.ask(f"{person}-3", 1_000, there, person=person)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"qty": D(0)}, Invalid),
        ({"qty": D(-1)}, Invalid),
        ({"qty": D("0.000000001")}, Invalid),
        ({"qty": D("1e30")}, Invalid),
        ({"asset": "DOGE"}, Invalid),
        ({"asset": "ETH"}, Invalid),  # the address is for USDT
        ({"address_id": "ad-nothing"}, NotFound),
        ({"person": LOCAL}, DeskError),
        ({"qty": D(100_001)}, InsufficientFunds),
    ],
)
async def test_what_is_wrong_changes_nothing(
    exits: Exit, to: str, change: Any, kind: type[DeskError]
) -> None:
    with pytest.raises(kind):
        await exits.ask("w1", 500, to, **change)
    assert await exits.books() == {"cash USDT": 100_000 * USDT}
    async with exits.house.db.begin() as tx:
        assert await WithdrawalStore().find(tx, "w1") is None


async def test_a_new_address_has_to_wait_and_is_nobody_elses(exits: Exit, to: str) -> None:
    new = await exits.listed(ANN, address=BAD)
    with pytest.raises(Conflict, match="may be used from"):
        await exits.ask("w1", 500, new)
    with pytest.raises(NotFound):
        await exits.ask("w1", 500, to, person=BOB)
    with pytest.raises(NotFound):
        await exits.addresses.remove(BOB, to)
    assert [one.id for one in await exits.addresses.of(BOB)] == []
    with pytest.raises(Conflict):
        await exits.listed(ANN)
    await exits.addresses.remove(ANN, to)
    with pytest.raises(NotFound):
        await exits.ask("w1", 500, to)


async def test_sanctions_are_looked_up_when_added_asked_and_let_out(exits: Exit, to: str) -> None:
    await exits.ask("w1", 500, to)
    exits.list.addresses = {THERE, BAD}
    with pytest.raises(Screened):
        await exits.listed(ANN, address=BAD)
    with pytest.raises(Forbidden):
        await exits.ask("w2", 500, to)
    told = await actions(exits.house.db, ANN)
    assert told[-2:] == ["-address.added", "-withdrawal.refused"]
    exits.wall.advance(HOUR)
    assert await exits.service.release() == 0 and await exits.state("w1") == "rejected"
    assert await exits.books() == {"cash USDT": 100_000 * USDT}


async def test_switched_off_nothing_new_begins(exits: Exit, to: str) -> None:
    await exits.ask("w1", 500, to)
    exits.switches.on = False
    with pytest.raises(Forbidden):
        await exits.ask("w2", 500, to)
    assert (await exits.service.cancel(ANN, "w1")).state == "cancelled"


async def test_a_withdrawal_is_no_loss(exits: Exit, to: str) -> None:
    house, ann = exits.house, await exits.house.trading.of(ANN)
    await house.profiles.change(ANN, {"daily_loss_max": D(100)}, raising=True)
    await exits.ask("w1", 5_000, to)
    exits.wall.advance(HOUR)
    now, _, start = await house.portfolio.worth(ann)
    assert now.equity == 100_000 and now.held == 5_000
    await exits.service.release()
    now, _, start = await house.portfolio.worth(ann)
    assert (now.equity, start.withdrawn, start.at_midnight) == (95_000, 5_000, 95_000)
    await house.placed_by(ann, private_name(ANN, ann, "w"), qty=D("0.1"))  # daily_loss lets pass
    await house.play(bar(0))
    await house.portfolio.on_bar(closed(0))
    (point,) = await house.portfolio.curve(ann, 10)
    assert point.withdrawn == 5_000
    house.clock.advance(DAY)  # the curve's last point is now before midnight
    await exits.ask("w2", 5_000, to)
    exits.wall.advance(HOUR)
    await exits.service.release()
    now, _, start = await house.portfolio.worth(ann)
    assert now.equity - start.at_midnight == 0 and start.withdrawn == 10_000


async def test_a_part_of_a_position_leaves_at_what_it_had_cost(exits: Exit) -> None:
    house, ann = exits.house, await exits.house.trading.of(ANN)
    await house.placed_by(ann, private_name(ANN, ann, "in"), qty=D(2))
    await house.play(bar(0))
    there = await exits.listed(ANN, "ETH")
    exits.wall.advance(DAY)
    before = (await house.portfolio.worth(ann))[1]
    await exits.ask("w1", "0.5", there, asset="ETH")
    (held,) = (await house.portfolio.worth(ann))[1]
    assert (held.qty, held.cost) == (D("1.5"), before[0].cost * 3 / 4)
    sell = wish(account=ann, id=private_name(ANN, ann, "out"), side="sell", qty=D(2))
    no = await house.execution.submit_wanted(sell, ETH)
    assert getattr(no, "rule", None) == "inventory"  # what is on its way out is not sold
    await exits.service.cancel(ANN, "w1")
    (held,) = (await house.portfolio.worth(ann))[1]
    assert (held.qty, held.cost) == (before[0].qty, before[0].cost)
    await exits.ask("w2", "0.5", there, asset="ETH")
    exits.wall.advance(HOUR)
    assert await exits.service.release() == 1
    _, (held,), start = await house.portfolio.worth(ann)
    assert start.withdrawn == D("0.5") * 2010 and held.qty == D("1.5")
    with pytest.raises(Conflict):
        await exits.ask("w3", "1.6", there, asset="ETH")
    assert await house.totals() == {0}


async def test_a_death_between_any_two_steps_loses_and_repeats_nothing(
    exits: Exit, to: str, app_db: Database
) -> None:
    def reborn() -> WithdrawalService:
        again = Exit(House(exits.house.db), app_db)
        again.house.session_id, again.house.prices = exits.house.session_id, exits.house.prices
        again.wall.advance(exits.wall.now() - again.wall.now())
        return again.service

    await exits.ask("w1", 20_000, to)
    await reborn().approve(ROOT, "w1", "fine")
    exits.wall.advance(HOUR)
    done = await exits.house.at_once(*(reborn().release() for _ in range(4)))
    assert sum(done) == 1, done
    assert await reborn().release() == 0
    assert await exits.books() == {"cash USDT": 80_000 * USDT}
    assert await exits.house.totals() == {0}


async def test_leaving_and_taking_back_at_once_is_one_of_the_two(exits: Exit, to: str) -> None:
    for number in range(6):
        await exits.ask(f"w{number}", 100, to)
        exits.wall.advance(HOUR)
        await exits.house.at_once(exits.service.release(), exits.service.cancel(ANN, f"w{number}"))
        assert await exits.state(f"w{number}") in ("done", "cancelled")
    assert "withdrawal USDT" not in await exits.books() and await exits.house.totals() == {0}


async def test_everybody_reads_their_own(exits: Exit, to: str) -> None:
    await exits.ask("w1", 100, to)
    assert [one.id for _, one in await exits.service.page(ANN, None, 10)] == ["w1"]
    assert list(await exits.service.page(BOB, None, 10)) == []
    assert [one.id for _, one in await exits.service.everybodys("delayed", None, 10)] == ["w1"]
    assert list(await exits.service.everybodys("pending", None, 10)) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "cancel", "approve", "reject", "release", "wait"]),
        st.integers(0, 5),
        st.integers(1, 60_000),
    ),
    max_size=25,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
async def test_no_money_is_made_or_lost_whatever_is_asked(
    exits: Exit, to: str, steps: list[tuple[str, int, int]]
) -> None:
    service, run = exits.service, RandomIds().new()
    for step, which, amount in steps:
        name = f"{run}-{which}"
        job: Any = {
            "ask": lambda n=name, a=amount: exits.ask(n, a, to),
            "cancel": lambda n=name: service.cancel(ANN, n),
            "approve": lambda n=name: service.approve(ROOT, n, "x"),
            "reject": lambda n=name: service.reject(ROOT, n, "x"),
            "release": service.release,
            "wait": lambda: asyncio.sleep(exits.wall.advance(HOUR) or 0),
        }[step]
        await exits.house.at_once(job())
        async with exits.house.db.begin() as tx:
            every = [one for _, one in await WithdrawalStore().page(tx, ANN, None, None, 500)]
        books = await exits.books()
        live = sum(one.qty for one in every if one.state in ("pending", "delayed", "approved"))
        gone = sum(one.qty for one in every if one.state == "done")
        assert all(quanta >= 0 for quanta in books.values())
        assert books.get("withdrawal USDT", 0) == live * USDT
        assert books.get("cash USDT", 0) == (100_000 - live - gone) * USDT
        assert await exits.house.totals() == {0}
    exits.wall.advance(DAY)


async def test_an_account_that_was_closed_meanwhile_still_gets_it_back(
    exits: Exit, to: str
) -> None:
    await exits.ask("w1", 500, to)
    old = await exits.house.trading.of(ANN)
    await exits.house.trading.reset(ANN)
    await exits.service.cancel(ANN, "w1")
    assert await exits.house.books(AccountId(old)) == {"cash USDT": 100_000 * USDT}


async def test_of_who_is_gone_only_amounts_stay(exits: Exit, to: str) -> None:
    await exits.ask("w1", 500, to)
    exits.wall.advance(HOUR)
    await exits.service.release()
    await exits.ask("w2", 600, to)
    gone = PersonChanged(
        id="x", at=NOW, key=ANN, person=ANN, role="user", status="erased", kyc="none", kyc_level=0
    )
    for _ in range(2):
        await exits.service.on_person(gone)
    rows = [one for _, one in await exits.service.page(ANN, None, 10)]
    assert [(one.state, one.qty, one.address) for one in rows] == [
        ("cancelled", 600, ""),
        ("done", 500, ""),
    ]
    assert await exits.books() == {"cash USDT": 99_500 * USDT}
