"""A ring of keys for each test, or a whole desk around it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from tests.accounts.sessions.house import Gated
from tests.accounts.sessions.ring import Ring
from tests.doors.conftest import bars
from tests.market.conftest import ListFeed


@pytest.fixture
async def ring(db: Database, app_db: Database, tmp_path: Path) -> Ring:
    one = Ring(db, app_db, tmp_path)
    await one.keyring.start()
    return one


@pytest.fixture
async def gated(db: Database, app_db: Database, tmp_path: Path) -> AsyncIterator[Gated]:
    wall = SystemClock()
    settings = Settings(data_dir=tmp_path, speed=3600, auto_trade=False, feed="replay")
    clocks = Clocks(DeskClock(wall), wall)
    house = House(settings, Databases(app_db, db), clocks, Outsiders(ListFeed(bars()), None))
    await house.people.start()
    await house.bus.load()
    await house.market.start()
    assert await house.market.step()
    one = Gated(house)
    yield one
    for client in one.clients:
        await client.aclose()
