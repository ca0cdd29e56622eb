"""Recorded candles as a feed."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from hydradesk.adapters.recordings import RecordingsFeed
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SimClock, TimeNs, parse_time
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, WARM_UP_BARS
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.service import MarketService, Setup
from hydradesk.market.service.warmup import warm_up
from hydradesk.market.store import SqlMarketStore

ETH, BTC = Symbol("ETH-USDT"), Symbol("BTC-USDT")
Feed = Callable[[], RecordingsFeed]


@pytest.fixture
def feed(shared: Path) -> RecordingsFeed:
    return RecordingsFeed(shared / "data/candles", [ETH, BTC])


async def test_the_default_start_is_seven_days_before_the_common_end(feed: RecordingsFeed) -> None:
    span = await feed.open()
    assert span.start == parse_time("2025-06-24") and span.end == parse_time("2025-07-01")
    assert span.first == parse_time("2025-01-01")  # BTC has no earlier minutes


async def test_minutes_come_by_time_then_symbol(feed: RecordingsFeed) -> None:
    await feed.open()
    start = parse_time("2025-06-24T23:59:00Z")
    bars = await feed.bars(start, TimeNs(start + 2 * MINUTE))  # over midnight
    assert [(one.symbol, one.open_time - start) for one in bars] == [
        (ETH, 0),
        (BTC, 0),
        (ETH, MINUTE),
        (BTC, MINUTE),
    ]
    assert bars == await feed.bars(start, TimeNs(start + 2 * MINUTE))


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
async def test_history_covers_the_warm_up(feed: RecordingsFeed, timeframe: str) -> None:
    await feed.open()
    end = parse_time("2025-06-24")
    blocks = [one async for one in feed.history(ETH, timeframe, end, WARM_UP_BARS)]  # type: ignore[arg-type]
    length = LENGTH[timeframe]  # type: ignore[index]
    first = min(int(one.open_time[0]) for one in blocks)
    last = max(int(one.open_time[-1]) + LENGTH[one.timeframe] for one in blocks)
    assert (first, last) == (end - WARM_UP_BARS * length, end)


async def test_2000_bars_of_everything_are_there(feed: RecordingsFeed, db: Database) -> None:
    start = (await feed.open()).start
    store = SqlMarketStore(db, SimClock(start))
    new = await warm_up(db, store, feed, [ETH, BTC], start)
    assert new >= 2 * 6 * WARM_UP_BARS
    for timeframe in TIMEFRAMES:
        bars = await store.before("exchange", BTC, timeframe, start, WARM_UP_BARS)
        assert len(bars) == WARM_UP_BARS and bars[-1].close_time == start
        assert {b.open_time - a.open_time for a, b in itertools.pairwise(bars)} == {
            LENGTH[timeframe]
        }
    assert await warm_up(db, store, feed, [ETH, BTC], start) == 0


async def test_a_warm_up_leaves_the_loop_free(feed: RecordingsFeed, db: Database) -> None:
    start = (await feed.open()).start
    store = SqlMarketStore(db, SimClock(start))
    turns = 0

    async def watch() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    watcher = asyncio.create_task(watch())
    await warm_up(db, store, feed, [ETH, BTC], TimeNs(start - 40 * DAY))
    watcher.cancel()
    assert turns > 200, turns  # others ran between any two of its steps


async def test_a_real_day_plays_and_its_hours_are_the_exchanges(
    feed: RecordingsFeed, db: Database
) -> None:
    wall = SystemClock()
    desk = DeskClock(wall)
    store = SqlMarketStore(db, desk)

    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    clock = SimClock()
    setup = Setup(instruments=DEFAULT, sleep=lambda s: no_wait(clock.advance(int(s * 1e9) + 1)))  # type: ignore[arg-type,func-returns-value]
    market = MarketService(db, store, feed, desk, clock, setup)
    await market.start()
    for _ in range(180):
        await market.step()
    built = await store.before("exchange", ETH, "1h", desk.now(), 3)
    (theirs,) = [one async for one in feed.history(ETH, "1h", desk.now(), 3)]
    assert built == theirs.candles() and built[-1].close_time == parse_time("2025-06-24") + 3 * HOUR
    assert [one.state for one in market.status().streams] == ["fresh", "fresh"]


def test_an_empty_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no 1m recording of ETH-USDT"):
        asyncio.run(RecordingsFeed(tmp_path, [ETH]).open())


def write(path: Path, times: list[int], **columns: list[object]) -> None:
    frame = {
        "open_time": times,
        **{name: ["1"] * len(times) for name in ("open", "high", "low", "close", "volume")},
        **columns,
    }
    pl.DataFrame(frame).write_csv(path)


async def test_files_join_and_a_malformed_one_is_a_gap(tmp_path: Path) -> None:
    t0 = 20_000 * DAY // 10**6
    write(tmp_path / "ETHUSDT-1m-a.csv", [t0, t0 + 60_000])
    write(tmp_path / "ETHUSDT-1m-b.csv", [t0 + 60_000, t0 + 120_000])
    write(tmp_path / "ETHUSDT-1m-c.csv", [t0 + 180_000], close=["x"])
    write(tmp_path / "ETHUSDT-1m-d.csv", [t0 + 240_000])
    (tmp_path / "ETHUSDT-1m-e.parquet").write_text("not parquet")
    feed = RecordingsFeed(tmp_path, [ETH])
    span = await feed.open()
    start = TimeNs(t0 * 10**6)
    assert (span.first, span.end) == (start, start + 5 * MINUTE)
    bars = await feed.bars(start, TimeNs(start + HOUR))
    assert [(one.open_time - start) // MINUTE for one in bars] == [0, 1, 2, 4]
