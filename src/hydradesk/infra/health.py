"""Checks of the desk's own parts: one list for `doctor`, /readyz and the page."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct
from prometheus_client import Gauge
from sqlalchemy import text

from hydradesk.infra.db import Database, sql

HEALTHY = Gauge("hydradesk_healthy", "1 while the part works", ["part"])
LAG = Gauge("hydradesk_loop_lag_seconds", "How late the event loop woke us, worst of a minute")
MIN_FREE = 512 * 1024 * 1024
MAX_LAG_S = 0.25


class HealthCheck(Struct, frozen=True, kw_only=True):
    """One part of the desk and how it is."""

    name: str
    ok: bool
    detail: str


Probe = Callable[[], Awaitable[HealthCheck]]


class Checks:
    """Every probe; a probe that fails or hangs is itself the answer."""

    def __init__(self, probes: dict[str, Probe]) -> None:
        self._probes = probes

    async def run(self) -> list[HealthCheck]:
        """Ask all parts at once, for at most two seconds each."""
        checks = await asyncio.gather(*(self._ask(name) for name in self._probes))
        for check in checks:
            HEALTHY.labels(check.name).set(check.ok)
        return list(checks)

    async def _ask(self, name: str) -> HealthCheck:
        try:
            return await asyncio.wait_for(self._probes[name](), 2)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is this part's state)
            return HealthCheck(name=name, ok=False, detail=f"{type(error).__name__}: {error}"[:200])


def database(db: Database) -> Probe:
    """Ask the database for its version and measure the answer."""

    async def probe() -> HealthCheck:
        began = time.perf_counter()
        async with db.begin() as tx:
            version = await sql(tx).scalar(text("SHOW server_version"))
        took = (time.perf_counter() - began) * 1000
        return HealthCheck(name="database", ok=True, detail=f"PostgreSQL {version}, {took:.1f} ms")

    return probe


def disk(folder: Path) -> Probe:
    """Look at the free space of the data folder."""

    async def probe() -> HealthCheck:
        free = shutil.disk_usage(folder).free
        detail = f"{free / 1e9:.1f} GB free in {folder}"
        return HealthCheck(name="disk", ok=free > MIN_FREE, detail=detail)

    return probe


class LoopLag:
    """How late the event loop runs: the worst wake-up of the last minute."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    async def run(self, every_s: float = 0.25) -> None:
        """Sleep and measure until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(every_s)
            now = time.perf_counter()
            self._seen = [one for one in self._seen if one[0] > now - 60]
            self._seen.append((now, max(0.0, now - began - every_s)))
            LAG.set(self.worst())

    def worst(self) -> float:
        """Seconds."""
        return max((lag for _, lag in self._seen), default=0.0)

    async def probe(self) -> HealthCheck:
        """Answer for the checks."""
        lag = self.worst()
        return HealthCheck(name="loop", ok=lag < MAX_LAG_S, detail=f"worst lag {lag * 1000:.0f} ms")
