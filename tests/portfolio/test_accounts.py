"""Many people on one desk: each has one paper account a session, whatever happens at once."""

import asyncio
from decimal import Decimal as D

import pytest

from hydradesk.accounts.contracts import (
    LOCAL,
    AccountChanged,
    PersonChanged,
    private_name,
    public_name,
)
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import AccountId, PersonId, SessionId
from tests.desk import DEPOSIT, House, bar
from tests.portfolio.test_service import closed, opened

ANN, BOB = PersonId("p-ann"), PersonId("p-bob")
USDT = 10**8


@pytest.fixture
async def house(db: Database) -> House:
    one = House(db)
    await one.open()
    return one


async def test_who_comes_first_gets_an_account_of_their_own(house: House) -> None:
    ann, bob = await house.trading.account(ANN), await house.trading.account(BOB)
    assert (ann.id, bob.id) == ("paper-s1-p-ann-1", "paper-s1-p-bob-1")
    assert (ann.person, ann.deposit, ann.auto_trade) == (ANN, DEPOSIT, False)
    assert await house.books(ann.id) == {"cash USDT": 100_000 * USDT}
    assert await house.trading.of(LOCAL) == "paper-s1-1" and await house.totals() == {0}


async def test_fifty_first_requests_at_once_open_one_account(house: House) -> None:
    other = House(house.db)  # another process
    asked = [one.trading.of(ANN) for one in (house, other) for _ in range(25)]
    assert set(await asyncio.gather(*asked)) == {"paper-s1-p-ann-1"}
    async with house.db.begin() as tx:
        assert len(await house.accounts.of_session(tx, SessionId("s1"))) == 2
    assert await house.books("paper-s1-p-ann-1") == {"cash USDT": 100_000 * USDT}


async def test_it_is_remembered_until_somebody_changes_it(house: House) -> None:
    await house.trading.of(ANN)
    house.trading._db = None  # type: ignore[assignment]  # a question to the database would fail
    first = await house.trading.account(ANN)
    house.trading._db = house.db
    elsewhere = House(house.db)
    fresh = await elsewhere.trading.reset(ANN)
    fact = AccountChanged(id="x", at=first.opened_at, key=fresh.id, account=fresh)
    await house.trading.on_account(fact)
    assert await house.trading.of(ANN) == fresh.id == "paper-s1-p-ann-2"


async def test_a_new_session_has_successors_for_everybody_who_had_one(house: House) -> None:
    await house.trading.of(ANN)
    await house.trading.set_auto_trade(BOB, wanted=True)
    await house.open("s2")
    async with house.db.begin() as tx:
        rows = {one.id: one.auto_trade for one in await house.accounts.open_ones(tx)}
    assert rows == {"paper-s2-1": True, "paper-s2-p-ann-1": False, "paper-s2-p-bob-1": True}
    assert await house.trading.of(ANN) == "paper-s2-p-ann-1" and await house.totals() == {0}


async def test_a_request_may_come_before_the_desk_has_heard_of_its_session(house: House) -> None:
    await house.trading.of(ANN)
    house.session_id = SessionId("s2")
    assert await house.trading.of(ANN) == "paper-s2-p-ann-1"
    with pytest.raises(Unavailable):
        await house.trading.of(LOCAL)
    await house.trading.on_session(opened("s2"))
    assert await house.trading.of(ANN) == "paper-s2-p-ann-1"
    assert await house.trading.of(LOCAL) == "paper-s2-1"
    await house.trading.on_session(opened("s1"))  # told again: it is over
    assert await house.trading.of(LOCAL) == "paper-s2-1"


async def test_sessions_and_requests_at_once(house: House) -> None:
    people = [PersonId(f"p-{number}") for number in range(12)]
    await asyncio.gather(*(house.trading.of(one) for one in people))
    house.session_id = SessionId("s2")
    asked = [house.trading.of(one) for one in people]
    done = await house.at_once(*asked[:6], house.trading.on_session(opened("s2")), *asked[6:])
    assert [one for one in done if isinstance(one, Exception)] == []
    async with house.db.begin() as tx:
        rows = await house.accounts.open_ones(tx)
    assert sorted(one.person for one in rows) == sorted([LOCAL, *people])
    assert {one.session for one in rows} == {"s2"} and await house.totals() == {0}


async def test_two_people_may_call_their_orders_the_same(house: House) -> None:
    for person in (LOCAL, ANN, BOB):
        account = await house.trading.of(person)
        await house.placed_by(account, private_name(person, account, "mine"))
    async with house.db.begin() as tx:
        live = await house.orders.live(tx)
    assert [one.id for one in live] == [
        "mine",
        "paper-s1-p-ann-1~mine",
        "paper-s1-p-bob-1~mine",
    ]
    assert {public_name(one.id) for one in live} == {"mine"}


async def test_the_curve_of_who_holds_nothing_costs_nothing(house: House) -> None:
    ann, bob = await house.trading.of(ANN), await house.trading.of(BOB)
    await house.placed_by(ann, private_name(ANN, ann, "in"))
    for number in range(3):
        await house.play(bar(number))
        await house.portfolio.on_bar(closed(number))
    assert len(await house.portfolio.curve(ann, 10)) == 3
    assert await house.portfolio.curve(bob, 10) == []
    await house.placed_by(ann, private_name(ANN, ann, "out"), side="sell")
    for number in range(3, 6):
        await house.play(bar(number))
        await house.portfolio.on_bar(closed(number))
    curve = await house.portfolio.curve(ann, 10)
    assert len(curve) == 4 and curve[-1].exposure == 0  # the last word, then silence
    assert len(await house.portfolio.curve(house.me, 10)) == 6
    now, _, _ = await house.portfolio.worth(ann)
    assert now.equity == curve[-1].equity != D(100_000)


async def test_who_is_no_member_any_more_no_longer_trades_signals(house: House) -> None:
    await house.trading.set_auto_trade(ANN, wanted=True)
    for role, wanted in (("premium", True), ("user", False)):
        fact = PersonChanged(
            id=role,
            at=bar(0).open_time,
            key=ANN,
            person=ANN,
            role=role,  # type: ignore[arg-type]
            status="active",
            kyc="none",
            kyc_level=0,
        )
        await house.trading.on_person(fact)
        assert (await house.trading.account(ANN)).auto_trade is wanted


async def test_who_is_erased_has_no_account(house: House) -> None:
    account = await house.trading.of(ANN)
    await house.placed_by(account, private_name(ANN, account, "r"), type="limit", price=D(1900))
    fact = PersonChanged(
        id="gone",
        at=bar(0).open_time,
        key=ANN,
        person=ANN,
        role="user",
        status="erased",
        kyc="none",
        kyc_level=0,
    )
    for _ in range(2):
        await house.trading.on_person(fact)
    async with house.db.begin() as tx:
        assert [one.person for one in await house.accounts.open_ones(tx)] == [LOCAL]
    assert (await house.stored("paper-s1-p-ann-1~r")).state == "cancelled"
    assert await house.books(AccountId(account)) == {"cash USDT": 100_000 * USDT}
