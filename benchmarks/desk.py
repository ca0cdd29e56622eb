"""A whole desk: how fast it starts, replays, and how much memory it needs.

    python -m benchmarks.desk [--json] [--minutes 5] [--starts 5]

Start: process start to "is ready" on an existing folder, embedded PostgreSQL included, after a
clean stop. Throughput: desk minutes (two symbols, six timeframes, trading by itself on 5m) a second
at the highest speed, 3600, where the clock itself allows 60 a second; CPU time of the desk and of
PostgreSQL stands beside, because wall time is the neighbours' as much as ours. Memory: after some
minutes of replay at 60, the desk and every PostgreSQL process; PSS counts what they share once.

Limits: "make up" on a fresh machine is timed by hand; backends that end take their CPU time along.
"""

import argparse
import statistics
import time
from typing import Any

from benchmarks.running import Desk, folder, machine, rounded, show
from hydradesk.kernel.time import MINUTE, parse_time

GOALS = {"start_s": 5, "memory_mb": 700, "minutes_per_s": 50}
SETTLE_S, THROUGHPUT_S = 4, 20
MB = 1e6


def starts(one: Desk, times: int) -> dict[str, float]:
    """Start and stop, again and again, on one folder."""
    taken = []
    for _ in range(times):
        taken.append(one.start())
        one.stop()
    return {"median": rounded(statistics.median(taken)), "worst": rounded(max(taken))}


def throughput(one: Desk, seconds: float) -> dict[str, float]:
    """Replay as fast as it goes."""
    time.sleep(SETTLE_S)
    first, cpu, began = clock(one), one.cpu(), time.perf_counter()
    time.sleep(seconds)
    last, spent, took = clock(one), one.cpu(), time.perf_counter() - began
    minutes = (last - first) / MINUTE
    return {
        "minutes_per_s": rounded(minutes / took),
        "desk_cpu_ms_per_minute": rounded(1000 * (spent[0] - cpu[0]) / minutes),
        "postgres_cpu_ms_per_minute": rounded(1000 * (spent[1] - cpu[1]) / minutes),
    }


def clock(one: Desk) -> int:
    """Return the desk clock."""
    return parse_time(one.get("/api/feed")["clock"], "clock")


def memory(one: Desk) -> dict[str, float]:
    """Megabytes of the desk, of PostgreSQL, and of all."""
    ours, database = one.processes()
    parts = {"desk": ours, "postgres": database, "all": [*ours, *database]}
    full = {process.pid: process.memory_full_info() for process in parts["all"]}
    return {
        f"{name}_{kind}_mb": round(sum(getattr(full[p.pid], kind) for p in group) / MB)
        for name, group in parts.items()
        for kind in ("rss", "pss")
    }


def main() -> None:
    """Measure one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--starts", type=int, default=5)
    asked = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "goals": GOALS}
    with folder() as path:
        fast = Desk(path, 3600)
        try:
            figures["first_start_s"] = rounded(fast.start())
            figures["replay"] = throughput(fast, THROUGHPUT_S)
            fast.stop()
            figures["start_s"] = starts(fast, asked.starts)
        finally:
            fast.stop()
    with folder() as path:
        calm = Desk(path, 60)
        try:
            calm.start()
            time.sleep(asked.minutes * 60)
            figures["memory"] = memory(calm) | {"minutes": asked.minutes}
        finally:
            calm.stop()
    show(figures, asked.json)


if __name__ == "__main__":
    main()
