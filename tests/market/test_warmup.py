"""The bars before a session."""

from hydradesk.kernel.time import DAY, SimClock, TimeNs
from hydradesk.market.service.warmup import warm_up
from hydradesk.market.store import SqlMarketStore
from tests.market.conftest import DAY0, ETH, House, ListFeed, minute
from tests.market.test_store import block


async def test_blocks_that_cut_a_bar_or_overlap_are_joined(house: House) -> None:
    minutes = block(1440)
    feed = ListFeed([minute(1440)])
    feed.past = [minutes.part(0, 100), minutes.part(90, 777), minutes.part(777, 1440)]
    start = TimeNs(DAY0 + DAY)
    new = await warm_up(house.db, house.store, feed, [ETH], start)
    assert new == 1440 + 288 + 96 + 24 + 6 + 1
    store = SqlMarketStore(house.db, SimClock(start))
    (day,) = await store.before("exchange", ETH, "1d", start, 5)
    assert int(day.volume * 10**5) == int(minutes.volume.sum())
    assert len(await store.before("exchange", ETH, "1h", start, 50)) == 24


async def test_nothing_known_is_nothing_stored(house: House) -> None:
    start = TimeNs(DAY0)
    assert await warm_up(house.db, house.store, ListFeed([minute(0)]), [ETH], start) == 0
