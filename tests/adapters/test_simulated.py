"""The invented market: deterministic, seamless, plausible."""

import hashlib
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

from hydradesk.adapters.simulated import SimulatedFeed
from hydradesk.adapters.simulated.paths import Paths
from hydradesk.infra.clock import DeskClock
from hydradesk.infra.db import Database
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SimClock, TimeNs
from hydradesk.market.contracts import TIMEFRAMES, WARM_UP_BARS, Bars
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.domain.resample import gaps
from hydradesk.market.service import MarketService, Setup
from hydradesk.market.service.warmup import warm_up
from hydradesk.market.store import SqlMarketStore

ETH = Symbol("ETH-USDT")
INSTRUMENT = DEFAULT.find(ETH)
DAY0 = 20_094


def digest() -> str:
    bars = Paths(INSTRUMENT, 7).minutes(DAY0, DAY0 + 3)
    return hashlib.sha256(
        b"".join(
            getattr(bars, name).tobytes()
            for name in ("open_time", "open", "high", "low", "close", "volume")
        )
    ).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = "from tests.adapters.test_simulated import digest; print(digest())"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": ":".join(sys.path)},
        ).stdout.strip()
        for number in (1, 2)
    }  # fmt: skip
    assert seen == {digest()}


def test_another_seed_or_symbol_gives_another_market() -> None:
    mine = Paths(INSTRUMENT, 7).minutes(DAY0, DAY0 + 1)
    other = Paths(INSTRUMENT, 8).minutes(DAY0, DAY0 + 1)
    assert not np.array_equal(mine.close[:100], other.close[:100])
    btc = Paths(DEFAULT.find("BTC-USDT"), 7).minutes(DAY0, DAY0 + 1)
    correlation = np.corrcoef(np.diff(mine.close[:1300]), np.diff(btc.close[:1300]))[0, 1]
    assert abs(correlation) < 0.2


def test_a_day_is_the_same_alone_and_among_others() -> None:
    paths = Paths(INSTRUMENT, 7)
    alone, among = paths.minutes(DAY0, DAY0 + 1), paths.minutes(DAY0 - 3, DAY0 + 3)
    inside = among.within(DAY0 * DAY, (DAY0 + 1) * DAY)
    assert alone.candles() == inside.candles()


@pytest.fixture(scope="module")
def days() -> Bars:
    return Paths(INSTRUMENT, 7).minutes(DAY0, DAY0 + 60)


def test_bars_are_possible_on_the_tick_and_without_a_seam(days: Bars) -> None:
    assert (days.high >= np.maximum(days.open, days.close)).all()
    assert (days.low <= np.minimum(days.open, days.close)).all()
    assert (days.low > 0).all() and (days.volume >= 0).all()
    follows = np.diff(days.open_time) == MINUTE
    assert np.abs(days.open[1:] - days.close[:-1])[follows].max() <= 1
    bar = days.part(0, 1).candles()[0]
    assert bar.open % INSTRUMENT.tick == 0 and bar.volume % INSTRUMENT.lot == 0


def test_it_looks_like_a_market(days: Bars) -> None:
    moves = np.diff(np.log(days.close))
    kurtosis = ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2
    assert kurtosis > 5  # jumps and regimes: fatter tails than a bell
    assert 0.2 < moves.std() * np.sqrt(1440 * 365) < 1.5  # yearly volatility
    size, volume = np.abs(moves), days.volume[1:]
    assert np.corrcoef(size, np.log1p(volume))[0, 1] > 0.2
    calm = np.corrcoef(size[:-1], size[1:])[0, 1]
    assert calm > 0.1  # wild minutes come together
    holes = gaps(days)
    assert 3 < len(holes) < 60 and max(end - start for start, end in holes) <= 5 * MINUTE
    hourly = [volume[days.open_time[1:] // HOUR % 24 == hour].mean() for hour in range(24)]
    assert max(hourly) > 1.5 * min(hourly)


async def test_it_brings_its_own_history_and_never_mixes(db: Database) -> None:
    feed = SimulatedFeed(DEFAULT.all)
    start = (await feed.open()).start
    store = SqlMarketStore(db, SimClock(start))
    await warm_up(db, store, feed, [one.symbol for one in DEFAULT.all], start)
    for timeframe in TIMEFRAMES:
        bars = await store.before("simulated", ETH, timeframe, start, WARM_UP_BARS)
        assert len(bars) == WARM_UP_BARS and bars[-1].close_time == start
        assert await store.before("exchange", ETH, timeframe, start, 1) == []
    day = (await store.before("simulated", ETH, "1d", start, 1))[0]
    hours = await store.before("simulated", ETH, "1h", start, 24)
    assert (day.close, day.volume) == (hours[-1].close, sum(one.volume for one in hours))


async def test_a_session_goes_on_where_it_was(db: Database) -> None:
    wall = SimClock(1)
    desk = DeskClock(wall)  # type: ignore[arg-type]
    store = SqlMarketStore(db, desk)

    async def sleep(seconds: float) -> None:
        wall.advance(int(seconds * 10**9) + 1)

    async def played(minutes: int) -> MarketService:
        setup = Setup(instruments=DEFAULT, sleep=sleep)
        market = MarketService(db, store, SimulatedFeed(DEFAULT.all), desk, wall, setup)
        await market.start()
        for _ in range(minutes):
            await market.step()
        return market

    await played(20)
    market = await played(20)
    assert market.session.id == "s0001" and market.session.source == "simulated"
    start = market.session.start
    expected = await first_minutes(start)
    stored = await store.between("simulated", ETH, "1m", start, TimeNs(start + 40 * MINUTE))
    assert stored == expected and stored[0].open % Decimal("0.01") == 0


async def first_minutes(start: TimeNs) -> list[object]:
    feed = SimulatedFeed(DEFAULT.all)
    await feed.open()
    bars = await feed.bars(start, TimeNs(start + 40 * MINUTE))
    return [one for one in bars if one.symbol == ETH]
