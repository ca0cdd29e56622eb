"""The same day replayed in two processes gives the same facts, byte for byte."""

import asyncio
import hashlib
import time
from pathlib import Path

import asyncpg

from hydradesk.infra.postgres import PostgresServer
from tests.flow.desk_process import DeskProcess

MINUTES = 240


def facts(folder: Path, shared: Path, hash_seed: str) -> list[str]:
    """Replay from one fixed minute as fast as it goes; return the fact log by `pos`."""
    desk = DeskProcess(
        folder,
        *("--feed", "replay", "--recordings", str(shared / "data" / "candles")),
        *("--start", "2025-06-24T00:00:00Z", "--speed", "3600"),
        PYTHONHASHSEED=hash_seed,
        HYDRADESK_AUTO_TIMEFRAME="1m",
    )
    try:
        desk.start()
        while desk.get("/api/feed")["clock"] < "2025-06-24T04:00:00Z":
            time.sleep(0.5)
        desk.client.post("/api/feed", json={"action": "pause"})
        log = asyncio.run(_log(PostgresServer(folder).url))
        assert desk.stop() == 0
        return log
    finally:
        desk.end()


async def _log(url: str) -> list[str]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    rows = await connection.fetch(
        "SELECT pos, topic, body FROM outbox WHERE pos IS NOT NULL ORDER BY pos"
    )
    await connection.close()
    assert [row["pos"] for row in rows] == list(range(1, len(rows) + 1)), "pos is not dense"
    return [f"{row['topic']} {row['body']}" for row in rows]


def test_two_processes_tell_the_same_story(open_folder: Path, shared: Path) -> None:
    one = facts(open_folder / "one", shared, "1")
    two = facts(open_folder / "two", shared, "2")
    length = min(len(one), len(two))
    assert length > 5 * MINUTES
    kinds = {line.split(" ", 1)[0] for line in one[:length]}
    assert {"execution.order_filled.v1", "signals.signal_ended.v1"} <= kinds, "nothing was traded"
    different = next((i for i in range(length) if one[i] != two[i]), None)
    assert different is None, f"fact {different}:\n{one[different or 0]}\n{two[different or 0]}"
    assert _hash(one[:length]) == _hash(two[:length])


def _hash(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
