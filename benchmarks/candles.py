"""Importing a year of 1m candles, and reading 500 of them, on a fresh embedded PostgreSQL.

python -m benchmarks.candles [--json] [--data FOLDER]
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from hydradesk.infra.db import Database, metadata
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, SimClock, TimeNs, parse_time
from hydradesk.market.store import SqlMarketStore
from hydradesk.market.store.importing import import_file

ETH = Symbol("ETH-USDT")
READS = 400


async def measure(url: str, file: Path) -> dict[str, Any]:
    """Import once, import again, read pages from all over the year."""
    db = Database(url)
    async with db.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    begin = time.perf_counter()
    report = await import_file(db, file)
    took = time.perf_counter() - begin
    begin = time.perf_counter()
    again = await import_file(db, file)
    took_again = time.perf_counter() - begin
    assert report.changed and not again.changed
    store = SqlMarketStore(db, SimClock(2**62))
    start, reads = parse_time("2024-02-01"), []
    for number in range(READS):
        end = TimeNs(start + number * 997 * MINUTE)
        begin = time.perf_counter()
        rows = await store.rows_before("exchange", ETH, "1m", end, 500)
        reads.append((time.perf_counter() - begin) * 1000)
        assert len(rows) == 500
    await db.close()
    rows_in = report.loaded["1m"].rows
    quantiles = statistics.quantiles(reads, n=100)
    return {
        "rows": rows_in,
        "rows_with_longer_bars": sum(one.rows for one in report.loaded.values()),
        "import_s": round(took, 2),
        "rows_per_s": round(rows_in / took),
        "import_again_s": round(took_again, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "read_500_ms": {"p50": round(quantiles[49], 2), "p95": round(quantiles[94], 2)},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    default = os.environ.get("HYDRADESK_TEST_DATA", "../shared")
    parser.add_argument("--data", type=Path, default=Path(default) / "data")
    options = parser.parse_args()
    file = options.data / "candles/binance_spot_1m/ETHUSDT-1m-2024.parquet"
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    server = PostgresServer(folder)
    server.start()
    try:
        result = asyncio.run(measure(server.url, file))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
