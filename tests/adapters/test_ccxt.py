"""A live feed against a server that speaks Binance's protocol, well and badly."""

import os
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from hydradesk.adapters.ccxt import CcxtFeed
from hydradesk.adapters.recordings import Recorder, RecordingsFeed
from hydradesk.adapters.simulated import SimulatedFeed
from hydradesk.infra.clock import DeskClock
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SECOND, SimClock, TimeNs, parse_time
from hydradesk.market.contracts import LENGTH, TIMEFRAMES, Candle
from hydradesk.market.contracts.files import parse
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.domain.resample import resample
from hydradesk.market.service import Collector, MarketService, Setup, choose
from hydradesk.market.store import SqlMarketStore
from tests.adapters.binance_server import Binance, serving

ETH, BTC = Symbol("ETH-USDT"), Symbol("BTC-USDT")
NOW = parse_time("2025-06-10T12:00:30Z")


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[tuple[str, str], list[Candle]]:
    found: dict[tuple[str, str], list[Candle]] = {}
    for symbol in (ETH, BTC):
        name = symbol.replace("-", "")
        path = shared / f"data/candles/binance_spot_1m/{name}-1m-2025.parquet"
        bars = parse(pl.read_parquet(path), path.name, symbol, "1m").bars
        near = bars.within(NOW - 4 * DAY, NOW + DAY)
        for timeframe in TIMEFRAMES:
            longer = resample(near, timeframe) if timeframe != "1m" else near
            found[name, timeframe] = longer.candles()
    return found


@pytest.fixture
async def exchange(recorded: dict[tuple[str, str], list[Candle]]) -> Binance:
    exchange = Binance(SimClock(NOW))
    exchange.bars = recorded  # type: ignore[assignment]
    return exchange


@pytest.fixture
async def url(exchange: Binance) -> AsyncIterator[str]:
    async with serving(exchange) as url:
        yield url


@pytest.fixture
async def feed(exchange: Binance, url: str) -> AsyncIterator[CcxtFeed]:
    feed = CcxtFeed([ETH, BTC], exchange.clock, url=url, timeout=0.5)
    yield feed
    exchange.fault = ""
    await feed.close()


class Live:
    """A market on a live feed whose wall clock the test moves."""

    def __init__(self, db: Database, feed: CcxtFeed | Recorder, wall: SimClock) -> None:
        self.wall, self.desk = wall, DeskClock(wall)  # type: ignore[arg-type]
        self.store = SqlMarketStore(db, self.desk)
        setup = Setup(instruments=DEFAULT, sleep=self.sleep, poll=20)
        self.market = MarketService(db, self.store, feed, self.desk, wall, setup)

    async def sleep(self, seconds: float) -> None:
        self.wall.advance(int(seconds * SECOND))

    async def until(self, at: int) -> list[str]:
        """Step until the wall shows `at`; returns the troubles met."""
        troubles = []
        while self.wall.now() < at:
            try:
                await self.market.step()
            except Unavailable as error:
                troubles.append(str(error))
                self.wall.advance(2 * SECOND)
        return troubles


@pytest.fixture
async def live(db: Database, feed: CcxtFeed, exchange: Binance) -> Live:
    return Live(db, feed, exchange.clock)


async def test_history_comes_in_pages_and_is_exact(feed: CcxtFeed, exchange: Binance) -> None:
    await feed.open()
    exchange.asked.clear()
    blocks = [one async for one in feed.history(ETH, "1m", NOW, 2040)]
    found = [bar for block in blocks for bar in block.candles()]
    end = NOW // MINUTE * MINUTE
    known = [one for one in exchange.bars["ETHUSDT", "1m"] if one.close_time <= end]
    assert found == known[-2040:] and exchange.asked == ["klines"] * 3


async def test_only_closed_bars_are_told(feed: CcxtFeed) -> None:
    await feed.open()
    start = TimeNs(NOW // MINUTE * MINUTE - 2 * MINUTE)
    bars = await feed.bars(start, TimeNs(start + 10 * MINUTE))
    assert [(one.symbol, one.open_time - start) for one in bars] == [
        (ETH, 0),
        (BTC, 0),
        (ETH, MINUTE),
        (BTC, MINUTE),
    ]


async def test_filters_and_prices_are_the_exchanges(feed: CcxtFeed, exchange: Binance) -> None:
    await feed.open()
    eth, btc = feed.filtered(DEFAULT.all)
    assert (eth.tick, eth.lot, eth.min_notional) == (Decimal("0.01"), Decimal("0.0001"), 5)
    assert btc.tick == Decimal("0.1")
    tick = (await feed.ticks())[0]
    past = [one for one in exchange.bars["ETHUSDT", "1m"] if one.open_time < NOW]
    assert (tick.symbol, tick.price, tick.at) == (ETH, past[-1].close, NOW)


@pytest.mark.parametrize("fault", ["duplicates", "disorder"])
async def test_doubled_and_disordered_answers_are_put_right(
    feed: CcxtFeed, exchange: Binance, fault: str
) -> None:
    await feed.open()
    start = TimeNs(NOW // MINUTE * MINUTE - 5 * MINUTE)
    good = await feed.bars(start, NOW)
    exchange.fault = fault
    assert await feed.bars(start, NOW) == good


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("429", "slow down"),
        ("418", "slow down"),
        ("500", "in trouble"),
        ("503", "in trouble"),
        ("silent", "did not answer"),
        ("garbage", "in trouble"),
        ("malformed", "malformed bar"),
    ],
)
async def test_every_trouble_is_unavailable(
    feed: CcxtFeed, exchange: Binance, fault: str, what: str
) -> None:
    await feed.open()
    exchange.fault = fault
    with pytest.raises(Unavailable, match=what):
        await feed.bars(TimeNs(NOW - 5 * MINUTE), NOW)


async def test_retry_after_is_kept_without_asking(feed: CcxtFeed, exchange: Binance) -> None:
    await feed.open()
    exchange.fault = "429"
    with pytest.raises(Unavailable):
        await feed.ticks()
    exchange.fault = ""
    asked = len(exchange.asked)
    exchange.clock.advance(6 * SECOND)
    with pytest.raises(Unavailable, match="left alone"):
        await feed.ticks()
    assert len(exchange.asked) == asked
    exchange.clock.advance(SECOND)
    assert await feed.ticks()


async def test_waits_double_while_trouble_lasts(feed: CcxtFeed, exchange: Binance) -> None:
    await feed.open()
    exchange.fault = "500"
    asked = []
    for second in range(40):
        before = len(exchange.asked)
        with pytest.raises(Unavailable):
            await feed.ticks()
        asked += [second] if len(exchange.asked) > before else []
        exchange.clock.advance(SECOND)
    assert asked == [0, 1, 3, 7, 15, 31]


async def test_a_live_hour_is_warm_exact_and_fresh(live: Live, exchange: Binance) -> None:
    await live.market.start()
    start = live.market.session.start
    assert start == NOW // MINUTE * MINUTE and live.market.session.feed == "live"
    assert len(await live.store.before("exchange", ETH, "1m", start, 2000)) == 2000
    assert await live.until(NOW + HOUR) == []
    stored = await live.store.between("exchange", BTC, "1m", start, NOW + HOUR)  # type: ignore[arg-type]
    theirs = [
        one
        for one in exchange.bars["BTCUSDT", "1m"]
        if start <= one.open_time and one.close_time <= live.market.reached
    ]
    assert stored == theirs and len(stored) >= 59
    hours = await live.store.before("exchange", ETH, "1h", exchange.clock.now(), 1)
    assert hours[0] in exchange.bars["ETHUSDT", "1h"] and hours[0].open_time >= start - HOUR
    status = live.market.status()
    assert [(one.state, one.gaps) for one in status.streams] == [("fresh", 0)] * 2
    price = live.market.last(ETH)
    assert (
        price is not None
        and price.state == "fresh"
        and exchange.clock.now() - price.at < 30 * SECOND
    )
    assert live.market.open_bar(ETH, "1h") is not None


async def test_silence_goes_stale_and_nothing_is_lost(live: Live, exchange: Binance) -> None:
    await live.market.start()
    await live.until(NOW + 5 * MINUTE)
    exchange.fault = "503"
    troubles = await live.until(NOW + 15 * MINUTE)
    assert troubles and [one.state for one in live.market.status().streams] == ["stale"] * 2
    exchange.fault = ""
    assert len(await live.until(NOW + 26 * MINUTE)) <= 60
    status = live.market.status()
    assert [(one.state, one.gaps) for one in status.streams] == [("fresh", 0)] * 2
    stored = await live.store.between(
        "exchange", ETH, "1m", live.market.session.start, live.market.reached
    )
    assert len(stored) == (live.market.reached - live.market.session.start) // MINUTE


async def test_a_late_candle_is_a_gap_and_then_a_backfill(live: Live, exchange: Binance) -> None:
    await live.market.start()
    late = TimeNs(NOW // MINUTE * MINUTE + 3 * MINUTE)
    exchange.hidden.add(("BTCUSDT", late))
    await live.until(NOW + 6 * MINUTE)
    btc = live.market.status().streams[1]
    assert (btc.gaps, btc.backfilled) == (1, 0)
    exchange.hidden.clear()
    await live.until(NOW + 10 * MINUTE)
    eth, btc = live.market.status().streams
    assert (btc.gaps, btc.backfilled, btc.state, eth.gaps) == (1, 1, "fresh", 0)
    assert len(await live.store.between("exchange", BTC, "1m", late, TimeNs(late + MINUTE))) == 1


async def test_a_restart_plays_what_was_missed(
    db: Database, feed: CcxtFeed, exchange: Binance
) -> None:
    first = Live(db, feed, exchange.clock)
    await first.market.start()
    await first.until(NOW + 3 * MINUTE)
    exchange.clock.advance(HOUR)
    second = Live(db, feed, exchange.clock)
    await second.market.start()
    assert second.market.session.id == "s0001"
    await second.until(exchange.clock.now() + MINUTE)
    start = second.market.session.start
    stored = await second.store.between("exchange", ETH, "1m", start, second.market.reached)
    assert len(stored) == (second.market.reached - start) // MINUTE > 60


async def test_a_live_day_becomes_a_recording(
    db: Database, feed: CcxtFeed, exchange: Binance, tmp_path: Path
) -> None:
    live = Live(db, Recorder(feed, tmp_path), exchange.clock)
    await live.market.start()
    await live.until(NOW + 10 * MINUTE)
    again = Live(db, Recorder(feed, tmp_path), exchange.clock)  # a restart goes on with the file
    await again.market.start()
    await again.until(NOW + 14 * MINUTE)
    assert sorted(os.listdir(tmp_path)) == [
        "BTCUSDT-1m-2025-06-10.parquet",
        "ETHUSDT-1m-2025-06-10.parquet",
    ]
    replay = RecordingsFeed(tmp_path, [ETH, BTC])
    span = await replay.open()
    assert span.first == live.market.session.start and span.end == again.market.reached
    bars = await replay.bars(span.first, span.end)
    theirs = [one for one in exchange.bars["ETHUSDT", "1m"] if span.first <= one.open_time]
    mine = [one for one in bars if one.symbol == ETH]
    assert mine == theirs[: len(mine)] and len(mine) >= 12


async def test_the_collector_counts_differences(
    db: Database, feed: CcxtFeed, exchange: Binance
) -> None:
    live = Live(db, feed, exchange.clock)
    await live.market.start()
    await live.until(NOW + 20 * MINUTE)
    collector = Collector(db, live.store, feed, DEFAULT, exchange.clock)
    await collector.collect("15m")
    tally = collector.tallies["15m"]
    assert (tally.compared, tally.differences, tally.added) == (2, 0, 0)
    exchange.bars = dict(exchange.bars)
    exchange.bars["ETHUSDT", "15m"] = [
        type(one)(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "volume": Decimal(1)})
        for one in exchange.bars["ETHUSDT", "15m"]
    ]
    await collector.collect("15m")
    assert (tally.compared, tally.differences) == (4, 1)
    assert "ETH-USDT 15m" in tally.last_difference and "x 1" in tally.last_difference
    exchange.fault = "500"
    await collector.collect("15m")
    assert tally.failures == 2


async def test_the_collector_has_a_job_for_each_timeframe(
    db: Database, feed: CcxtFeed, exchange: Binance
) -> None:
    store = SqlMarketStore(db, exchange.clock)
    collector = Collector(db, store, feed, DEFAULT, exchange.clock)
    collector.start()
    jobs = {job.id: job.trigger for job in collector._scheduler.get_jobs()}
    collector.stop()
    assert set(jobs) == {f"collect.{timeframe}" for timeframe in LENGTH}
    from datetime import UTC, datetime

    noon = datetime(2025, 6, 10, 12, 1, tzinfo=UTC)
    fires = {name: str(trigger.get_next_fire_time(None, noon)) for name, trigger in jobs.items()}
    assert fires["collect.1m"] == "2025-06-10 12:01:15+00:00"
    assert fires["collect.5m"] == "2025-06-10 12:05:15+00:00"
    assert fires["collect.4h"] == "2025-06-10 16:00:15+00:00"
    assert fires["collect.1d"] == "2025-06-11 00:00:15+00:00"


async def test_auto_takes_the_first_feed_that_opens(
    feed: CcxtFeed, exchange: Binance, shared: Path, tmp_path: Path
) -> None:
    recordings = RecordingsFeed(shared / "data/candles", [ETH, BTC])
    simulated = SimulatedFeed(DEFAULT.all)
    chosen = await choose([feed, recordings, simulated])
    assert chosen.feed is feed and chosen.reasons == ("live (binance): chosen",)
    exchange.fault = "silent"
    slow = CcxtFeed([ETH, BTC], exchange.clock, url=feed._url, timeout=30)
    chosen = await choose([slow, recordings, simulated], patience=0.3)
    assert chosen.feed is recordings and "no answer within 0.3 s" in chosen.reasons[0]
    nowhere = CcxtFeed([ETH], exchange.clock, url="http://127.0.0.1:9", timeout=1)
    empty = RecordingsFeed(tmp_path, [ETH])
    chosen = await choose([nowhere, empty, simulated])
    assert chosen.feed is simulated and "no 1m recording" in chosen.reasons[1]
    with pytest.raises(Unavailable, match="no feed could be opened"):
        await choose([empty])
