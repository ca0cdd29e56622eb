"""The paper venue asks its books only when something may rest, and never misses an order."""

from hydradesk.execution.domain.paper import PaperTerms
from hydradesk.execution.service.paper import PaperVenue
from hydradesk.execution.store.paper import PaperStore
from hydradesk.infra.db import Database
from hydradesk.kernel.ids import SessionId
from hydradesk.kernel.time import SECOND
from hydradesk.market.domain.instruments import DEFAULT
from tests.desk import BTC, House, bar

S1 = SessionId("s1")


async def test_it_is_quiet_until_an_order_comes_and_after_it_is_done(db: Database) -> None:
    house = House(db)
    await house.open()
    assert not await house.paper.on_bar(S1, bar(0))
    assert not await house.paper.on_bar(S1, bar(1))
    await house.placed(id="w1")
    assert not await house.paper.on_bar(S1, bar(2, BTC))
    assert await house.paper.on_bar(S1, bar(2))
    await house.execution.book("paper")
    assert (await house.stored("w1")).done
    assert not await house.paper.on_bar(S1, bar(3))


async def test_a_bar_told_again_says_that_there_may_be_reports(db: Database) -> None:
    house = House(db)
    await house.open()
    await house.placed(id="w1")
    assert await house.paper.on_bar(S1, bar(0))
    assert await house.paper.on_bar(S1, bar(0)), "its reports may not have been read"
    assert await house.execution.book("paper") == 1
    assert await house.execution.book("paper") == 0


async def test_a_new_life_looks_before_it_is_quiet(db: Database) -> None:
    house = House(db)
    await house.open()
    assert not await house.paper.on_bar(S1, bar(0))
    await house.placed(id="w1")
    reborn = PaperVenue(db, PaperStore(), DEFAULT, PaperTerms())
    assert await reborn.on_bar(S1, bar(1))


async def test_a_bar_told_again_after_a_death_does_not_fill_what_came_after_it(
    db: Database,
) -> None:
    house = House(db)
    await house.open()
    assert not await house.paper.on_bar(S1, bar(0))
    house.clock.advance(90 * SECOND)
    assert not await house.paper.on_bar(S1, bar(1))  # nothing rests: not noted as served
    await house.placed(id="w1")  # wanted before the bar closed, at the venue only now
    reborn = PaperVenue(db, PaperStore(), DEFAULT, PaperTerms())
    assert not await reborn.on_bar(S1, bar(1)), "the bar was over when the order came"
    await house.execution.book("paper")
    assert (await house.stored("w1")).state == "working"
    assert await reborn.on_bar(S1, bar(2))


async def test_a_replay_of_earlier_days_is_not_over(db: Database) -> None:
    house = House(db)
    await house.open()
    assert not await house.paper.on_bar(S1, bar(500))
    await house.open("s2")
    await house.placed(id="w1")
    assert await house.paper.on_bar(SessionId("s2"), bar(0))
