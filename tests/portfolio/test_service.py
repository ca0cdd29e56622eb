"""Paper accounts: opened, funded once, valued, reset, closed with their session."""

from decimal import Decimal as D

import pytest

from hydradesk.accounts.contracts import LOCAL
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import OrderId
from hydradesk.kernel.time import DAY, HOUR, MINUTE, TimeNs
from hydradesk.market.contracts import BarClosed, Session, SessionOpened
from hydradesk.portfolio.api import PortfolioReader
from tests.desk import BTC, DEPOSIT, ETH, START, House, bar

USDT = 10**8


@pytest.fixture
async def house(db: Database) -> House:
    one = House(db)
    await one.open()
    return one


def opened(name: str) -> SessionOpened:
    session = Session(id=name, feed="replay", source="exchange", name="test", start=START, end=None)
    return SessionOpened(id=f"{name}:1", at=START, key="session", session=session)


def closed(number: int) -> BarClosed:
    candle = bar(number)
    return BarClosed(
        id=f"b{number}", at=candle.close_time, key=ETH, session="s1", candle=candle, tradable=True
    )


async def test_a_session_has_one_account_with_play_money_however_often_told(house: House) -> None:
    for _ in range(3):
        await house.trading.on_session(opened("s1"))
    account = await house.trading.account(LOCAL)
    assert (account.id, account.number, account.deposit) == ("paper-s1-1", 1, DEPOSIT)
    assert await house.books() == {"cash USDT": 100_000 * USDT} and await house.totals() == {0}


async def test_before_a_session_there_is_no_account(db: Database) -> None:
    with pytest.raises(Unavailable):
        await House(db).trading.account(LOCAL)


async def test_a_new_session_closes_the_accounts_of_the_old(house: House) -> None:
    await house.open("s2")
    async with house.db.begin() as tx:
        old = await house.accounts.of_session(tx, "s1")
        open_ones = await house.accounts.open_ones(tx)
    assert [one.closed for one in old] == [True]
    assert [one.id for one in open_ones] == ["paper-s2-1"]


async def test_equity_is_cash_and_holds_and_positions(house: House) -> None:
    await house.placed(qty=D(2))
    await house.play(bar(0))  # bought at 2000.5 with a fee of 4.001, closes at 2010
    await house.placed(id=OrderId("r"), type="limit", price=D(1950))
    now, held, midnight = await house.portfolio.worth(house.me)
    assert now.exposure == 4020 and now.held == D("975.975")
    assert now.equity == 100_000 - 4001 - D("4.001") + 4020 and midnight.at_midnight == DEPOSIT
    assert [(one.symbol, one.qty, one.cost) for one in held] == [(ETH, D(2), D(4001))]
    reader = PortfolioReader(house.portfolio, house.prices, house.clock)
    view = await reader.view(await house.trading.account(LOCAL))
    assert view.equity == view.cash + view.held + view.exposure
    assert view.profit == view.realised + view.unrealised - view.fees == D("14.999")
    assert (view.profit_pct, view.day_profit) == (D("0.01"), D("14.999"))
    (row,) = await reader.positions(house.me)
    assert (row.average_price, row.value, row.unrealised) == (D("2000.5"), D(4020), D(19))
    assert row.unrealised_pct == D("0.47")


async def test_the_curve_has_one_point_a_minute_and_the_last_word_counts(house: House) -> None:
    for number in (0, 0, 1):
        await house.play(bar(number))
        await house.portfolio.on_bar(closed(number))
    house.prices.set(ETH, D(1), house.clock.now())
    await house.portfolio.on_bar(closed(1))
    curve = await house.portfolio.curve(house.me, 10)
    assert [one.at for one in curve] == [START + MINUTE, START + 2 * MINUTE]
    assert [one.equity for one in curve] == [DEPOSIT, DEPOSIT]
    assert await house.portfolio.curve(house.me, 1) == curve[1:]


async def test_the_days_loss_is_counted_from_midnight(house: House) -> None:
    await house.placed(qty=D(10))
    await house.play(bar(0))
    midnight = TimeNs(START // DAY * DAY + DAY)
    house.clock.advance(midnight - house.clock.now())
    house.prices.set(ETH, D(1900), midnight)
    async with house.db.begin() as tx:
        point = house.portfolio._point(await house.ledger.balances(tx, house.me), D(0), midnight)
        await house.portfolio_store.add_points(tx, {house.me: point})
    house.clock.advance(HOUR)
    house.prices.set(ETH, D(1800), house.clock.now())
    async with house.db.begin() as tx:
        now = await house.portfolio.exposure(tx, house.me, ETH)
    assert now.equity_at_midnight - now.equity == 1000 and now.position == 10


async def test_a_reset_opens_a_fresh_account_and_leaves_the_old_one_whole(house: House) -> None:
    await house.placed(qty=D(2))
    await house.play(bar(0))
    await house.placed(id=OrderId("r"), type="limit", price=D(1950))
    old = house.me
    fresh = await house.trading.reset(LOCAL)
    assert (fresh.id, fresh.number) == ("paper-s1-2", 2)
    assert (await house.stored("r")).state == "cancelled"
    assert await house.books(fresh.id) == {"cash USDT": 100_000 * USDT}
    books = await house.books(old)
    assert books == {"cash ETH": 2 * USDT, "cash USDT": 95_994_999_00000}
    assert await house.totals() == {0} and (await house.trading.account(LOCAL)).id == fresh.id
    again = House(house.db)
    assert (await again.trading.account(LOCAL)).id == fresh.id


async def test_two_resets_at_once_open_one_account(house: House) -> None:
    done = await house.at_once(house.trading.reset(LOCAL), house.trading.reset(LOCAL))
    async with house.db.begin() as tx:
        numbers = [one.number for one in await house.accounts.of_session(tx, "s1")]
    assert numbers in ([1, 2], [1, 2, 3])
    assert (await house.trading.account(LOCAL)).number == numbers[-1]
    assert len([one for one in done if not isinstance(one, Exception)]) == len(numbers) - 1


async def test_auto_trade_is_remembered(house: House) -> None:
    before = await house.trading.account(LOCAL)
    assert before.auto_trade
    for _ in range(2):
        assert not (await house.trading.set_auto_trade(LOCAL, wanted=False)).auto_trade
    assert (await House(house.db).trading.account(LOCAL)).version == before.version + 1
    assert not (await house.trading.reset(LOCAL)).auto_trade


async def test_a_price_of_one_symbol_is_enough(house: House) -> None:
    del house.prices.now[BTC]
    await house.placed()
    now, _, _ = await house.portfolio.worth(house.me)
    assert now.equity == DEPOSIT
