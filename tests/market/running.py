"""A market in a process of its own, to be killed: python -m tests.market.running URL FOLDER."""

import asyncio
import sys
from pathlib import Path

from hydradesk.adapters.recordings import RecordingsFeed
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.service import MarketService, Setup
from hydradesk.market.store import SqlMarketStore


async def run(url: str, folder: str) -> None:
    """Replay as fast as it goes until killed."""
    db, wall = Database(url), SystemClock()
    desk = DeskClock(wall)
    feed = RecordingsFeed(Path(folder), [one.symbol for one in DEFAULT.all])
    store = SqlMarketStore(db, desk)
    setup = Setup(instruments=DEFAULT, speed=3600)
    market = MarketService(db, store, feed, desk, wall, setup)
    await market.start()
    sys.stdout.write("running\n")
    sys.stdout.flush()
    await market.run()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
