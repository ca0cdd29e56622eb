"""One session of one feed: paced, stored, told, continued."""

import asyncio
from decimal import Decimal

import msgspec
import pytest

from hydradesk.infra.clock import SystemClock
from hydradesk.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import HOUR, MINUTE, SECOND, TimeNs
from hydradesk.market.contracts import BarClosed, Candle, SessionOpened, StreamChanged, Tick
from hydradesk.market.service import FeedStatus, Listeners, MarketService
from tests.market.conftest import BTC, DAY0, ETH, House, ListFeed, minute


def both(count: int) -> list[Candle]:
    return [minute(n, symbol) for n in range(count) for symbol in (ETH, BTC)]


async def play(market: MarketService, minutes: int) -> None:
    for _ in range(minutes):
        assert await market.step()


def bars_of(facts: list[tuple[str, str]]) -> list[BarClosed]:
    topic = "market.bar_closed.v1"
    return [msgspec.json.decode(body, type=BarClosed) for kind, body in facts if kind == topic]


async def test_a_minute_is_four_ticks_growing_bars_and_one_stored_bar(house: House) -> None:
    market = house.market(ListFeed(both(2)))
    ticks: list[Tick] = []
    grown: list[Candle] = []
    market.listeners = Listeners(on_tick=ticks.append, on_open_bar=grown.append)
    await market.start()
    assert house.desk.now() == DAY0 and market.last(ETH) is None
    await market.step()
    eth = [tick for tick in ticks if tick.symbol == ETH]
    assert [int(tick.price) for tick in eth] == [2000, 1999, 2002, 2001]
    assert [(tick.at - DAY0) / SECOND for tick in eth] == [15, 30, 45, pytest.approx(60)]
    ones = [bar for bar in grown if bar.symbol == ETH and bar.timeframe == "1m"]
    assert [(bar.high, bar.low, bar.close, bar.volume) for bar in ones] == [
        (2000, 2000, 2000, Decimal("0.375")),
        (2000, 1999, 1999, Decimal("0.75")),
        (2002, 1999, 2002, Decimal("1.125")),
        (2002, 1999, 2001, Decimal("1.5")),
    ]
    assert {bar.timeframe for bar in grown} == {"1m", "5m", "15m", "1h", "4h", "1d"}
    assert house.desk.now() == DAY0 + MINUTE == market.reached
    price = market.last(ETH)
    assert price is not None and (price.price, price.state) == (2001, "fresh")
    stored = await house.store.before("exchange", ETH, "1m", house.desk.now(), 9)
    assert stored == [minute(0)]


async def test_facts_come_in_one_order_shortest_timeframe_first(house: House) -> None:
    market = house.market(ListFeed(both(60)))
    await market.start()
    await play(market, 60)
    facts = await house.facts()
    assert facts[0][0] == "market.session_opened.v1"
    last_hour = [one for one in bars_of(facts) if one.at == DAY0 + HOUR]
    assert [(one.candle.timeframe, one.key) for one in last_hour] == [
        (timeframe, symbol) for timeframe in ("1m", "5m", "15m", "1h") for symbol in (ETH, BTC)
    ]
    assert last_hour[0].id == f"s0001.ETH-USDT.1m.{(DAY0 + 59 * MINUTE) // 10**6}"
    assert all(one.tradable for one in bars_of(facts))
    hour = last_hour[6].candle
    assert (hour.open, hour.close, hour.volume) == (2000, Decimal("2001.59"), 90)
    assert await house.store.before("exchange", ETH, "1h", house.desk.now(), 9) == [hour]


async def test_time_is_paced_and_waits_for_everyone(house: House) -> None:
    market = house.market(ListFeed(both(10)))
    await market.start()
    begun, quiet = house.wall.now(), house.quiet
    await play(market, 10)
    assert house.wall.now() - begun == pytest.approx(10 * SECOND, abs=1000)  # at 60 to 1
    assert house.quiet - quiet == 10


async def test_a_slow_desk_runs_slower_and_skips_nothing(house: House) -> None:
    market = house.market(ListFeed(both(5)))

    async def slow() -> None:
        house.wall.advance(3 * SECOND)

    await market.start()
    market._setup.quiesce = slow
    begun = house.wall.now()
    await play(market, 5)
    assert house.wall.now() - begun >= 15 * SECOND
    assert len(bars_of(await house.facts())) == 12  # five minutes and one of 5m, twice


async def test_a_new_speed_counts_at_once(house: House) -> None:
    house.wall = SystemClock()  # type: ignore[assignment]
    market = house.market(ListFeed(both(10)), speed=0.1, sleep=asyncio.sleep)
    await market.start()  # ten wall minutes for a desk minute
    task = asyncio.create_task(market.step())
    await asyncio.sleep(0.05)
    assert not task.done()
    await market.set_speed(3600)
    await asyncio.wait_for(task, 2)
    assert market.status().speed == 3600 and market.reached == DAY0 + MINUTE


@pytest.mark.parametrize("speed", [0, -1, 3601, float("nan"), float("inf")])
async def test_a_speed_out_of_range_is_refused(house: House, speed: float) -> None:
    market = house.market(ListFeed(both(1)))
    await market.start()
    with pytest.raises(Invalid) as refused:
        await market.set_speed(speed)
    assert refused.value.field == "speed" and market.status().speed == 60


async def test_paused_time_stands_until_resumed(house: House) -> None:
    market = house.market(ListFeed(both(3)))
    await market.start()
    await play(market, 1)
    await market.pause()
    task = asyncio.create_task(market.step())
    await asyncio.sleep(0.01)
    house.wall.advance(HOUR)
    await asyncio.sleep(0.01)
    assert not task.done() and house.desk.now() == DAY0 + MINUTE
    assert market.status().paused
    await market.resume()
    await asyncio.wait_for(task, 2)
    assert house.desk.now() == DAY0 + 2 * MINUTE


async def test_the_end_of_the_recording_is_an_end(house: House) -> None:
    market = house.market(ListFeed(both(2)))
    seen: list[FeedStatus] = []
    market.listeners = Listeners(on_feed=seen.append)
    await market.start()
    await play(market, 2)
    assert not await market.step() and not await market.step()
    assert market.status().ended and seen[-1].ended
    again = house.market(ListFeed(both(2)))
    await again.start()
    assert again.status().ended and again.session.id == "s0001"
    longer = house.market(ListFeed(both(3)))
    await longer.start()
    assert not longer.status().ended
    await play(longer, 1)


async def test_a_restart_continues_the_session_without_loss_or_double(house: House) -> None:
    first = house.market(ListFeed(both(130)))
    await first.start()
    await play(first, 70)
    await first.set_speed(90)
    task = asyncio.create_task(first.step())
    task.cancel()  # dies in the middle of a minute
    await asyncio.gather(task, return_exceptions=True)
    second = house.market(ListFeed(both(130)))
    await second.start()
    assert second.session.id == "s0001" and second.status().speed == 90
    price = second.last(ETH)
    assert price is not None and price.price == Decimal("2001.69")
    await play(second, 60)
    facts = await house.facts()
    assert [kind for kind, _ in facts].count("market.session_opened.v1") == 1
    hours = [one.candle for one in bars_of(facts) if one.candle.timeframe == "1h"]
    assert [(one.symbol, one.volume) for one in hours] == [(ETH, 90), (BTC, 90)] * 2
    minutes = [one.candle for one in bars_of(facts) if one.candle.timeframe == "1m"]
    assert minutes == both(130)
    assert second.status().streams[0].bars == 130


async def test_another_feed_opens_another_session(house: House) -> None:
    await house.market(ListFeed(both(2))).start()
    other = ListFeed(both(2))
    other.name = "other folder"
    market = house.market(other)
    await market.start()
    assert market.session.id == "s0002"


async def test_a_seek_opens_a_new_session_and_rewinds_nothing(house: House) -> None:
    market = house.market(ListFeed(both(60)))
    await market.start()
    await play(market, 30)
    await market.seek(TimeNs(DAY0 + 10 * MINUTE + 17 * SECOND))
    assert market.session.id == "s0002" and house.desk.now() == DAY0 + 10 * MINUTE
    assert market.status().streams[0].bars == 0
    await play(market, 1)
    facts = await house.facts()
    opened = [body for kind, body in facts if kind == "market.session_opened.v1"]
    second = msgspec.json.decode(opened[1], type=SessionOpened)
    assert (second.session.id, second.session.start) == ("s0002", DAY0 + 10 * MINUTE)
    assert bars_of(facts)[-1].session == "s0002"
    await market.restart()
    assert market.session.id == "s0003" and market.session.start == DAY0 + 10 * MINUTE


async def test_a_seek_interrupts_a_wait(house: House) -> None:
    house.wall = SystemClock()  # type: ignore[assignment]
    market = house.market(ListFeed(both(60)), speed=0.1, sleep=asyncio.sleep)
    await market.start()
    task = asyncio.create_task(market.run())
    await asyncio.sleep(0.01)
    await asyncio.wait_for(market.seek(TimeNs(DAY0 + 5 * MINUTE)), 2)
    assert market.session.id == "s0002" and market.reached == DAY0 + 5 * MINUTE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_hour_joins_the_minutes_before_a_seek(house: House) -> None:
    market = house.market(ListFeed(both(60)))
    await market.start()
    await play(market, 30)
    await market.seek(TimeNs(DAY0 + 30 * MINUTE))
    await play(market, 30)
    hour = (await house.store.before("exchange", ETH, "1h", house.desk.now(), 1))[0]
    assert hour.volume == 90 and hour.open == 2000


@pytest.mark.parametrize("to", [DAY0 - 1, DAY0 + 2 * MINUTE])
async def test_a_seek_out_of_range_names_the_range(house: House, to: int) -> None:
    market = house.market(ListFeed(both(2)))
    await market.start()
    with pytest.raises(Invalid) as refused:
        await market.seek(TimeNs(to))
    assert refused.value.field == "to" and "2024-06-26T00:00:00Z to" in str(refused.value.fix)
    assert market.session.id == "s0001"


async def test_a_missing_bar_is_a_gap_and_the_other_symbol_goes_on(house: House) -> None:
    candles = [one for one in both(12) if (one.symbol, one.open_time) != (BTC, DAY0 + 4 * MINUTE)]
    market = house.market(ListFeed(candles))
    await market.start()
    await play(market, 12)
    facts = await house.facts()
    changed = [
        msgspec.json.decode(body, type=StreamChanged)
        for kind, body in facts
        if kind == "market.stream_changed.v1"
    ]
    assert [(one.key, one.stream.state) for one in changed] == [(BTC, "stale"), (BTC, "fresh")]
    assert "1 bar is missing" in changed[0].stream.reason
    assert [one.id for one in changed] == ["s0001.BTC-USDT.stream.1", "s0001.BTC-USDT.stream.2"]
    untradable = [one.candle for one in bars_of(facts) if not one.tradable]
    assert [(one.symbol, one.timeframe) for one in untradable] == [(BTC, "1m")] * 3
    five = [one.candle for one in bars_of(facts) if one.candle.timeframe == "5m"]
    assert [(one.symbol, one.volume) for one in five][:2] == [(ETH, Decimal("7.5")), (BTC, 6)]
    assert market.status().streams[1].gaps == 1


async def test_silence_makes_a_stream_stale_and_the_price_says_so(house: House) -> None:
    market = house.market(ListFeed([minute(n) for n in range(6)] + [minute(0, BTC)]))
    await market.start()
    await play(market, 6)
    eth, btc = market.last(ETH), market.last(BTC)
    assert eth is not None and eth.state == "fresh"
    assert btc is not None and btc.state == "stale" and btc.at == DAY0 + MINUTE


async def test_controls_a_feed_cannot_obey_are_conflicts(house: House) -> None:
    feed = ListFeed(both(2))
    market = house.market(feed)
    await market.start()
    feed.kind = "live"
    for action in (market.pause, market.resume, market.restart):
        with pytest.raises(Conflict):
            await action()
    with pytest.raises(Conflict):
        await market.seek(TimeNs(DAY0))


async def test_strange_symbols_and_early_questions_have_answers(house: House) -> None:
    market = house.market(ListFeed(both(2)))
    with pytest.raises(Unavailable):
        market.status()
    await market.start()
    with pytest.raises(NotFound):
        market.last(Symbol("DOGE-USDT"))


async def test_a_database_that_fails_mid_minute_costs_nothing(house: House) -> None:
    market = house.market(ListFeed(both(5)))
    await market.start()
    await play(market, 2)
    saved = house.store.save_progress

    async def broken(*_: object) -> None:
        raise ConnectionError("gone")

    house.store.save_progress = broken  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await market.step()
    house.store.save_progress = saved  # type: ignore[method-assign]
    await play(market, 3)
    minutes = [one.candle for one in bars_of(await house.facts()) if one.candle.timeframe == "1m"]
    assert minutes == both(5)
    assert market.status().streams[0].bars == 5 and not market.status().streams[0].duplicates


async def test_the_run_loop_says_why_it_waits_and_recovers(house: House) -> None:
    feed = ListFeed(both(3))
    market = house.market(feed)
    await market.start()
    answer = feed.bars

    async def away(start: TimeNs, end: TimeNs) -> list[Candle]:
        raise Unavailable("the disk is away")

    feed.bars = away  # type: ignore[method-assign]
    task = asyncio.create_task(market.run())
    await asyncio.sleep(0.05)
    assert "the disk is away" in market.status().trouble
    feed.bars = answer  # type: ignore[method-assign]
    for _ in range(100):
        await asyncio.sleep(0.02)
        if market.status().ended:
            break
    assert market.status().ended and market.status().trouble == ""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await market.close()
    assert feed.closed
