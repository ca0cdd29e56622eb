"""kill -9 at random points: no bar and no fact is lost or doubled."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from hydradesk.infra.bus import Bus, Consumer
from hydradesk.infra.db import Database
from hydradesk.infra.outbox import read_after
from hydradesk.kernel.time import MINUTE, SimClock
from hydradesk.market.contracts import BarClosed
from hydradesk.market.store import SqlMarketStore
from tests.market.conftest import ETH

KILLS = int(os.environ.get("HYDRADESK_KILLS", "4"))


def killed_after(url: str, folder: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "tests.market.running", url, str(folder)]
    paths = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(command, env=paths, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"running\n"
    time.sleep(seconds)
    process.kill()
    process.wait()
    process.stdout.close()


async def test_a_killed_market_goes_on_without_loss_or_double(
    db: Database, postgres: str, shared: Path
) -> None:
    seed = random.randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    for _ in range(KILLS):
        killed_after(postgres, shared / "data/candles", dice.uniform(0.1, 1.2))
    await Bus(db, [Consumer("nobody")], []).drain()
    async with db.begin() as tx:
        facts = await read_after(tx, 0, 100_000)
        session, progress = await SqlMarketStore(db, SimClock(2**62)).last_session(tx) or (
            None,
            None,
        )
    assert session is not None and progress is not None and session.id == "s0001"
    bars = [
        msgspec.json.decode(one.body, type=BarClosed)
        for one in facts
        if one.topic == "market.bar_closed.v1"
    ]
    played = (progress.reached - session.start) // MINUTE
    assert played > 2 * KILLS
    assert len({one.id for one in bars}) == len(bars)
    for timeframe, minutes in (("1m", 1), ("5m", 5), ("1h", 60)):
        mine = [one.candle for one in bars if (one.key, one.candle.timeframe) == (ETH, timeframe)]
        assert len(mine) == played // minutes
        starts = [session.start + n * minutes * MINUTE for n in range(len(mine))]
        assert [one.open_time for one in mine] == starts
        store = SqlMarketStore(db, SimClock(2**62))
        stored = await store.between("exchange", ETH, timeframe, session.start, progress.reached)  # type: ignore[arg-type]
        assert stored == mine
    assert [one.topic for one in facts].count("market.session_opened.v1") == 1
