"""The candle tables: exact, idempotent, cut at the desk's clock, fast."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from sqlalchemy import text

from hydradesk.infra.db import Database, sql
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import SessionId
from hydradesk.kernel.time import DAY, MINUTE, SimClock, TimeNs
from hydradesk.market.contracts import BarClosed, Bars, Session, SessionProgress
from hydradesk.market.contracts.files import parse
from hydradesk.market.store import PARTITION_DDL, SqlMarketStore
from tests.market.conftest import BTC, DAY0, ETH, House, minute


def block(count: int, price_scale: int = 2) -> Bars:
    at = DAY0 + np.arange(count) * MINUTE
    price = np.arange(count) + 100_000
    return Bars(
        symbol=ETH,
        timeframe="1m",
        price_scale=price_scale,
        volume_scale=5,
        open_time=at,
        open=price,
        high=price + 3,
        low=price - 100,
        close=price + 1,
        volume=np.arange(count) * 1000,
    )


async def test_bars_come_back_exactly_and_canonically(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + DAY))
    bars = block(1200)
    async with house.db.begin() as tx:
        assert await house.store.add(tx, "exchange", [bars]) == 1200
    back = await house.store.between("exchange", ETH, "1m", TimeNs(DAY0), TimeNs(DAY0 + DAY))
    assert back == bars.candles()
    assert [str(one.open) for one in back] == [str(one.open) for one in bars.candles()]
    assert [str(one.volume) for one in back] == [str(one.volume) for one in bars.candles()]
    assert {type(one.open_time) for one in back} == {int}


async def test_extreme_numbers_survive(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + DAY))
    odd = msgspec.structs.replace(
        minute(0),
        open=Decimal("0.00000007"),
        high=Decimal(1000000),
        low=Decimal("0.00000001"),
        close=Decimal("71289585409.123456789"),
        volume=Decimal(0),
    )
    async with house.db.begin() as tx:
        await house.store.patch(tx, "exchange", [odd])
    (back,) = await house.store.before("exchange", ETH, "1m", TimeNs(DAY0 + DAY), 1)
    assert back == odd
    assert [str(back.open), str(back.high), str(back.volume)] == ["7E-8", "1000000", "0"]


async def test_the_same_bars_again_change_nothing(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + DAY))
    async with house.db.begin() as tx:
        await house.store.add(tx, "exchange", [block(10)])
        assert await house.store.add(tx, "exchange", [block(12, price_scale=1)]) == 2
    back = await house.store.before("exchange", ETH, "1m", TimeNs(DAY0 + DAY), 50)
    assert len(back) == 12 and back[0].open == 1000 and back[11].open == Decimal("10001.1")


async def test_nothing_of_the_future_is_shown(house: House) -> None:
    async with house.db.begin() as tx:
        await house.store.add(tx, "exchange", [block(10)])
    end = TimeNs(DAY0 + DAY)
    house.desk.jump(TimeNs(DAY0 + 5 * MINUTE - 1))
    assert len(await house.store.before("exchange", ETH, "1m", end, 50)) == 4
    assert len(await house.store.between("exchange", ETH, "1m", TimeNs(DAY0), end)) == 4
    house.desk.jump(TimeNs(DAY0 + 5 * MINUTE))
    assert len(await house.store.before("exchange", ETH, "1m", end, 50)) == 5
    assert len(await house.store.before("exchange", ETH, "1m", TimeNs(DAY0 + MINUTE), 50)) == 1


async def test_sources_never_mix(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + DAY))
    async with house.db.begin() as tx:
        await house.store.add(tx, "simulated", [block(3)])
    assert await house.store.before("exchange", ETH, "1m", TimeNs(DAY0 + DAY), 50) == []
    assert await house.store.before("simulated", BTC, "1m", TimeNs(DAY0 + DAY), 50) == []
    window = (TimeNs(DAY0), TimeNs(DAY0 + 2 * MINUTE))
    assert await house.store.count("simulated", ETH, "1m", *window) == 2


async def test_a_page_reaches_over_a_long_gap(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + 2000 * DAY))
    late = msgspec.structs.replace(block(2), open_time=block(2).open_time + 1500 * DAY)
    async with house.db.begin() as tx:
        await house.store.add(tx, "exchange", [block(3), late])
    back = await house.store.before("exchange", ETH, "1m", TimeNs(DAY0 + 2000 * DAY), 4)
    assert [(one.open_time - DAY0) // MINUTE for one in back] == [
        1,
        2,
        1500 * 1440,
        1500 * 1440 + 1,
    ]


async def test_each_year_has_its_partition_and_strays_have_one(db: Database) -> None:
    house = House(db)
    house.desk.jump(TimeNs(2**62))
    old = msgspec.structs.replace(minute(0), open_time=TimeNs(0))
    async with db.begin() as tx:
        await house.store.patch(tx, "exchange", [minute(0), old])
        where = text("SELECT open_time, tableoid::regclass::text FROM market_candles ORDER BY 1")
        rows = (await sql(tx).execute(where)).all()
    assert [name for _, name in rows] == ["market_candles_other", "market_candles_2024"]
    assert len(PARTITION_DDL) == 2040 - 2010 + 2


async def test_500_candles_are_read_from_anywhere(db: Database, shared: Path) -> None:
    name = "ETHUSDT-1m-2024.parquet"
    frame = pl.read_parquet(shared / "data/candles/binance_spot_1m" / name)[:200_000]
    bars = parse(frame, name, ETH, "1m").bars
    store = SqlMarketStore(db, SimClock(2**62))
    async with db.begin() as tx:
        await store.add(tx, "exchange", [bars])
    for number in range(60):
        end = TimeNs(int(bars.open_time[-1 - number * 500]))
        rows = await store.rows_before("exchange", ETH, "1m", end, 500)
        assert len(rows) == 500
        await asyncio.sleep(0)


def session(number: int) -> Session:
    return Session(
        id=SessionId(f"s{number:04}"),
        feed="replay",
        source="exchange",
        name="folder",
        start=TimeNs(DAY0),
        end=None,
    )


async def test_sessions_count_up_and_never_go_back(house: House) -> None:
    progress = SessionProgress(reached=TimeNs(DAY0), speed=60)
    async with house.db.begin() as tx:
        assert await house.store.last_session(tx) is None
        assert await house.store.next_session_id(tx) == "s0001"
        await house.store.begin_session(tx, session(1), progress, TimeNs(DAY0))
        assert await house.store.next_session_id(tx) == "s0002"
        further = msgspec.structs.replace(progress, reached=TimeNs(DAY0 + MINUTE), memory="x")
        await house.store.save_progress(tx, SessionId("s0001"), further)
        assert await house.store.last_session(tx) == (session(1), further)
    async with house.db.begin() as tx:
        with pytest.raises(Conflict):
            await house.store.save_progress(tx, SessionId("s0001"), progress)
    assert [topic for topic, _ in await house.facts()] == ["market.session_opened.v1"]


async def test_a_bar_and_its_fact_are_stored_together_or_not_at_all(house: House) -> None:
    house.desk.jump(TimeNs(DAY0 + DAY))
    candle = minute(0)
    fact = BarClosed(
        id="s0001.ETH-USDT.1m.0",
        at=candle.close_time,
        key=ETH,
        session=SessionId("s0001"),
        candle=candle,
        tradable=True,
    )
    with pytest.raises(RuntimeError):
        async with house.db.begin() as tx:
            await house.store.append(tx, "exchange", [fact], [])
            raise RuntimeError
    end = TimeNs(DAY0 + DAY)
    assert await house.store.before("exchange", ETH, "1m", end, 9) == []
    assert await house.facts() == []
    async with house.db.begin() as tx:
        await house.store.append(tx, "exchange", [fact], [])
    assert await house.store.before("exchange", ETH, "1m", end, 9) == [candle]
    ((topic, body),) = await house.facts()
    assert topic == "market.bar_closed.v1" and msgspec.json.decode(body, type=BarClosed) == fact
