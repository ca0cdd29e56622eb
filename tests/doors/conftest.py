"""The whole desk behind its door, on a feed made by hand; time moves a minute when asked."""

from collections.abc import AsyncIterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hydradesk.accounts.contracts import LOCAL
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.app import build
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.market.contracts import Candle
from tests.market.conftest import BTC, ETH, ListFeed, minute

MINUTES = 600


def bars() -> list[Candle]:
    """Ten hours of two symbols, with volume enough to trade."""
    return [
        Candle(
            symbol=symbol,
            timeframe="1m",
            open_time=one.open_time,
            open=one.open,
            high=one.high,
            low=one.low,
            close=one.close,
            volume=D(100),
        )
        for number in range(MINUTES)
        for symbol, price in ((BTC, 30_000), (ETH, 2_000))
        for one in (minute(number, symbol, price),)
    ]


class Desk:
    """A started house and a client at its door."""

    def __init__(self, house: House) -> None:
        self.house, self.app = house, build(house.door())
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")

    async def minutes(self, count: int = 1) -> None:
        """Play the feed on."""
        for _ in range(count):
            assert await self.house.market.step()

    async def get(self, path: str, **more: Any) -> Any:
        reply = await self.client.get(f"/api{path}", **more)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def books(self) -> dict[Any, int]:
        async with self.house.databases.system.begin() as tx:
            me = await self.house.trading.of(LOCAL)
            return await self.house.ledger.balances(tx, me)


@pytest.fixture
async def desk(db: Database, app_db: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    wall = SystemClock()
    settings = Settings(data_dir=tmp_path, speed=3600, auto_trade=False, feed="replay", demo=True)
    clocks = Clocks(DeskClock(wall), wall)
    house = House(settings, Databases(app_db, db), clocks, Outsiders(ListFeed(bars()), None))
    await house.bus.load()
    await house.market.start()
    one = Desk(house)
    await one.minutes(1)
    yield one
    await one.client.aclose()
