"""Starts and kills real desks, for the tests that need a whole house."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
READY_S = 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DeskProcess:
    """`hydradesk run` as its users start it, on one data folder."""

    demo = True
    """Without it the desk asks who is calling."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self._arguments, self._environment = arguments, environment
        self._process: subprocess.Popen[str] | None = None
        self.client = httpx2.Client(base_url=f"http://localhost:{self.port}", timeout=10)

    def start(self) -> float:
        """Start it and wait until it says that it is ready; returns seconds taken."""
        began = time.monotonic()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "hydradesk", "run", *(("--demo",) * self.demo)),
                *("--port", str(self.port)),
                *("--data-dir", str(self.data_dir), *self._arguments),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if "is ready" in line:
                return time.monotonic() - began
        raise AssertionError(f"the desk did not start: {''.join(lines)[-3000:]}")

    def kill(self) -> None:
        """kill -9: no farewell."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._close()

    def stop(self) -> int:
        """SIGTERM, and wait for the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=READY_S)
        self._close()
        return code

    def end(self) -> None:
        """Make sure that nothing of it is left, the database included."""
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
                return
            self.kill()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of one GET."""
        reply = self.client.get(path, params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def pages(self, path: str, **params: Any) -> list[Any]:
        """Every item of a list, page by page."""
        items, cursor = [], {}
        while True:
            page = self.get(path, **params, **cursor)
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}

    def _close(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        self._process.stdout.close()


@contextlib.contextmanager
def venue_process(url: str) -> Iterator[str]:
    """The paper venue in a process of its own, on its own database."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "hydradesk.app.venue", "--db", url, "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + READY_S
    while True:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{address}/terms").status_code == 200:
                break
        assert process.poll() is None and time.monotonic() < deadline, "the venue did not start"
        time.sleep(0.05)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)
