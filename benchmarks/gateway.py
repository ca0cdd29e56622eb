"""HTTP reads of a real desk: latency at 200 requests a second, and how many it can answer.

    python -m benchmarks.gateway [--json] [--rate 200] [--seconds 20]

The desk replays recorded candles at 60 on embedded PostgreSQL and trades by itself; some orders are
placed first. Open loop: requests are sent on a fixed schedule over kept-alive connections and timed
from when they were due, so that a stall counts for everyone who would have waited. Candles are
asked for as a browser does (gzip) and plainly; the page of a symbol and timeframe is read from the
database once a bar and then kept. Closed loop: 16 connections, each asks again at once; beside it,
in the same run, plain FastAPI routes that return the same objects from memory, in a process of
their own.

Limits: client, server and database share the machine; the peer touches no database and checks
nothing, and FastAPI's own encoding of a large body is most of what it does.
"""

import argparse
import asyncio
import json
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.running import Desk, child, desk, free_port, machine, quantiles, rounded, show

CANDLES = "/api/candles?symbol=ETH-USDT&timeframe=1m&limit=500"
ORDERS = "/api/orders?limit=50"
GOALS = {"candles_p95_ms_at_200": 50, "aim_p95_ms": 10, "orders_p95_ms": 5}
LINES, PLACED = 16, 60


class Line:
    """One kept-alive connection."""

    def __init__(self, port: int, path: str, gzip: bool) -> None:
        coding = "gzip" if gzip else "identity"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: {coding}\r\n\r\n"
        self._port, self._head = port, head.encode()

    async def open(self) -> "Line":
        """Connect."""
        self._in, self._out = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self) -> int:
        """Send the request, read the whole answer; return its size."""
        self._out.write(self._head)
        head = await self._in.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await self._in.readexactly(size)
        return size

    def close(self) -> None:
        """Hang up."""
        self._out.close()


async def lines(port: int, path: str, gzip: bool, count: int) -> list[Line]:
    """Open some connections."""
    return [await Line(port, path, gzip).open() for _ in range(count)]


async def open_loop(
    port: int, path: str, gzip: bool, rate: float, seconds: float
) -> dict[str, Any]:
    """Ask on schedule; each answer is timed from when its request was due."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    opened = await lines(port, path, gzip, 4 * LINES)
    for line in opened:
        free.put_nowait(line)
    taken: list[float] = []

    async def one(due: float) -> None:
        line = await free.get()
        await line.ask()
        taken.append((time.perf_counter() - due) * 1000)
        free.put_nowait(line)

    began, jobs = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        jobs.append(asyncio.create_task(one(due)))
    await asyncio.gather(*jobs)
    for line in opened:
        line.close()
    return quantiles(taken, 50, 95, 99)


async def closed_loop(port: int, path: str, gzip: bool, seconds: float) -> float:
    """Ask again and again; return requests a second."""
    opened = await lines(port, path, gzip, LINES)
    end, count = time.perf_counter() + seconds, 0

    async def again(line: Line) -> None:
        nonlocal count
        while time.perf_counter() < end:
            await line.ask()
            count += 1

    await asyncio.gather(*(again(line) for line in opened))
    for line in opened:
        line.close()
    return rounded(count / seconds)


def prepare(one: Desk, pages: Path) -> None:
    """Place some orders, and keep both pages for the peer to return."""
    for _ in range(PLACED):
        body = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.004"}
        url = f"http://127.0.0.1:{one.port}/api/orders"
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as reply:
            assert reply.status == 201
    (pages / "candles.json").write_text(json.dumps(one.get(CANDLES)))
    (pages / "orders.json").write_text(json.dumps(one.get(ORDERS)))


async def measure(one: Desk, peer: int, rate: float, seconds: float) -> dict[str, Any]:
    """Everything, one after the other."""
    before, asked = one.cpu(), rate * seconds
    figures: dict[str, Any] = {
        "candles_gzip_ms": await open_loop(one.port, CANDLES, True, rate, seconds)
    }
    spent = [(now - then) * 1000 / asked for now, then in zip(one.cpu(), before, strict=True)]
    figures["candles_gzip_cpu_ms"] = {"desk": rounded(spent[0]), "postgres": rounded(spent[1])}
    figures["candles_plain_ms"] = await open_loop(one.port, CANDLES, False, rate, seconds / 2)
    figures["orders_ms"] = await open_loop(one.port, ORDERS, False, rate / 4, seconds / 2)
    rates: dict[str, Any] = {}
    for turn in (1, 2):
        for name, path in (("candles", CANDLES), ("orders", ORDERS)):
            ours = await closed_loop(one.port, path, False, seconds / 8)
            theirs = await closed_loop(peer, f"/{name}", False, seconds / 8)
            kept = rates.setdefault(name, {"ours": 0.0, "plain_fastapi": 0.0})
            kept["ours"] = max(kept["ours"], ours)
            kept["plain_fastapi"] = max(kept["plain_fastapi"], theirs)
            kept["ratio"] = rounded(kept["ours"] / kept["plain_fastapi"])
        rates["rounds"] = turn
    return figures | {"requests_per_s": rates}


def main() -> None:
    """Start both servers, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "goals": GOALS}
    with desk(speed=60) as one, tempfile.TemporaryDirectory() as pages:
        time.sleep(2)
        prepare(one, Path(pages))
        port = free_port()
        peer = child("-m", "benchmarks.peers", "plain", str(port), pages)
        try:
            time.sleep(4)
            figures |= uvloop.run(measure(one, port, asked.rate, asked.seconds))
        finally:
            peer.kill()
            peer.wait()
    show(figures, asked.json)


if __name__ == "__main__":
    main()
