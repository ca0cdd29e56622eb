"""One message to 1,000 WebSocket clients, five times a second, beside FastAPI's way of doing it.

    python -m benchmarks.fanout [--json] [--clients 1000] [--seconds 20]

The desk's own stream (entrance, hub, queues, writer tasks) runs without a desk in a process of its
own and publishes a price every 0.2 s; so does the peer, a loop of `send_text` over all sockets. The
clients are in this process: raw protocols that look for the time of birth in the frame and note how
old it is. Both are measured in turn, twice, ABAB.

Limits: server and clients share the machine, and the clients' own work is in the figures: with two
busy cores they wait for a core, which is why CPU time per delivery stands beside. The kernel's part
is about 5 us a delivery (shared/performance.md §6).
"""

import argparse
import asyncio
import base64
import contextlib
import os
import resource
import socket
import time
from typing import Any

import psutil
import uvloop

from benchmarks.running import child, free_port, machine, quantiles, rounded, show

GOAL_P99_MS = 50
SETTLE_S = 2.0
SUBSCRIBE = b'{"op":"subscribe","topics":["prices"]}'
BORN = b'"born":'


class Listener(asyncio.Protocol):
    """One client: shakes hands, subscribes, then dates what comes."""

    def __init__(self, ages: list[int]) -> None:
        self._ages, self._rest, self._open = ages, b"", False
        self.lost = False
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401
        """Ask for a WebSocket."""
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take the frames: each of our messages holds its birth once, and nothing else does."""
        now = time.time_ns()
        data = self._rest + data
        if not self._open:
            _, end, data = data.partition(b"\r\n\r\n")
            self._open = bool(end)
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(SUBSCRIBE))
            self._transport.write(bytes((0x81, 0x80 | len(SUBSCRIBE))) + mask + masked)
        place = data.find(BORN)
        while place >= 0:
            end_of = data.find(b"}", place)
            if end_of < 0:
                break
            self._ages.append(now - int(data[place + len(BORN) : end_of]))
            place, data = data.find(BORN, end_of) - end_of, data[end_of:]
        self._rest = data[-256:]

    def connection_lost(self, exc: Exception | None) -> None:
        """A client that was dropped spoils the run."""
        self.lost = True


async def listen(port: int, clients: int, seconds: float, server: psutil.Process) -> dict[str, Any]:
    """Connect all, let them settle, then measure."""
    ages: list[int] = []
    loop = asyncio.get_running_loop()
    listeners = []
    for _ in range(clients):
        _, one = await loop.create_connection(lambda: Listener(ages), "127.0.0.1", port)
        listeners.append(one)
        await asyncio.sleep(0.001)
    await asyncio.sleep(SETTLE_S)
    ages.clear()
    before = server.cpu_times()
    await asyncio.sleep(seconds)
    after, heard = server.cpu_times(), list(ages)
    spent = after.user + after.system - before.user - before.system
    assert not any(one.lost for one in listeners), "a client was dropped"
    return {
        "deliveries": len(heard),
        "ms": quantiles([age / 1e6 for age in heard], 50, 95, 99),
        "server_cpu_us_per_delivery": rounded(spent * 1e6 / len(heard)),
    }


def run(kind: str, clients: int, seconds: float) -> dict[str, Any]:
    """Start one server, measure it, end it."""
    port = free_port()
    server = child("-m", "benchmarks.peers", kind, str(port))
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        return uvloop.run(listen(port, clients, seconds, psutil.Process(server.pid)))
    finally:
        server.kill()
        server.wait()


def main() -> None:
    """Measure both servers twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
    figures: dict[str, Any] = {"machine": machine(), "goal_p99_ms": GOAL_P99_MS}
    for turn in (1, 2):
        for kind in ("hub", "loop"):
            figures[f"{kind}_{turn}"] = run(kind, asked.clients, asked.seconds / 2)
    best = {
        kind: min(figures[f"{kind}_{turn}"]["ms"]["p99"] for turn in (1, 2))
        for kind in ("hub", "loop")
    }
    figures["best_p99_ms"] = best
    figures["peer_over_ours_p99"] = rounded(best["loop"] / best["hub"])
    show(figures, asked.json)


if __name__ == "__main__":
    main()
