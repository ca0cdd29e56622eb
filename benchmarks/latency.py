"""How long a user waits: closed bar to Signal on the socket, order to acknowledgement.

    python -m benchmarks.latency [--json] [--seconds 60] [--orders 600]

A real desk on embedded PostgreSQL replays recorded candles. Bars: from the instant a minute begins
to be stored (all its prices are known) to a WebSocket client having the new Signal, which is sent
after the Signal has committed; at speed 600, so that there are enough of them. Orders: POSTs over
one kept-alive loopback connection until the 201, twenty a second, while the desk replays at 60 and
trades by itself; and `ExecutionService.submit` inside the desk for the same orders. Then again back
to back: over a hundred orders a second of one account, which all fill when the next bar closes,
once a second, so that some orders wait for their account's fills to be booked.

Limits: client and desk share the machine; each order waits for three commits, so fsync time is the
floor; one client says nothing about queues.
"""

import argparse
import asyncio
import http.client
import json
import time
from pathlib import Path
from typing import Any

import websockets

from benchmarks.running import Desk, desk, machine, quantiles, show
from hydradesk.kernel.time import parse_time

RATE = 20.0
"""Orders a second of the calm run: more than a person or a strategy of minutes places."""
GOALS = {"bar_to_signal_p99_ms": 100, "intent_to_ack_p99_ms": 25}


def stamps(file: Path) -> list[tuple[str, int, int]]:
    """Read what the desk noted; the desk has ended."""
    return [
        (kind, key, value) for kind, key, value in map(json.loads, file.read_text().splitlines())
    ]


async def listen(port: int, seconds: float) -> list[tuple[int, int]]:
    """Return (desk time of the bar, wall time of receipt) for every new signal."""
    heard: list[tuple[int, int]] = []
    async with websockets.connect(f"ws://127.0.0.1:{port}/api/stream") as socket:
        await socket.send(json.dumps({"op": "subscribe", "topics": ["signals"]}))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = await asyncio.wait_for(socket.recv(), 1)
            except TimeoutError:
                continue
            now = time.time_ns()
            message = json.loads(text)
            if message["type"] == "delta" and message["data"]["status"] == "active":
                heard.append((parse_time(message["data"]["at"], "at"), now))
    return heard


def bars(seconds: float) -> dict[str, Any]:
    """Closed bar to signal on the socket."""
    with desk(speed=600, module="benchmarks.stamped", HYDRADESK_STAMPS="/dev/null") as warm:
        file = warm.data_dir.with_name("stamps")
        warm.stop()
        one = Desk(warm.data_dir, 600, "benchmarks.stamped", HYDRADESK_STAMPS=str(file))
        one.start()
        time.sleep(3)
        heard = asyncio.run(listen(one.port, seconds))
        one.stop()
        begun = {key: wall for kind, key, wall in stamps(file) if kind == "bar"}
    taken = [(received - begun[at]) / 1e6 for at, received in heard if at in begun]
    return {"signals": len(taken), **quantiles(taken, 50, 95, 99)}


def orders(count: int, rate: float | None) -> dict[str, Any]:
    """POST /api/orders until 201, and submit() inside; back to back without a rate."""
    with desk(speed=60, module="benchmarks.stamped", HYDRADESK_STAMPS="/dev/null") as warm:
        file = warm.data_dir.with_name("stamps")
        warm.stop()
        one = Desk(warm.data_dir, 60, "benchmarks.stamped", HYDRADESK_STAMPS=str(file))
        one.start()
        time.sleep(3)
        taken, began = [], one.cpu()
        connection = http.client.HTTPConnection("127.0.0.1", one.port)
        for number in range(count + 50):
            body = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.004"}
            if rate is not None:
                time.sleep(1 / rate)
            start = time.perf_counter()
            connection.request(
                "POST", "/api/orders", json.dumps(body), {"Content-Type": "application/json"}
            )
            reply = connection.getresponse()
            text = reply.read()
            if number >= 50:
                taken.append((time.perf_counter() - start) * 1000)
            assert reply.status == 201, text
        spent = [
            (now - then) * 1000 / (count + 50) for now, then in zip(one.cpu(), began, strict=True)
        ]
        one.stop()
        inside = [value / 1e6 for kind, _, value in stamps(file) if kind == "submit"][-count:]
    return {
        "http_ms": quantiles(taken, 50, 95, 99),
        "submit_ms": quantiles(inside, 50, 95, 99),
        "cpu_ms_per_order": {"desk": round(spent[0], 2), "postgres": round(spent[1], 2)},
    }


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--orders", type=int, default=600)
    asked = parser.parse_args()
    figures = {
        "machine": machine(),
        "goals": GOALS,
        "bar_to_signal_ms": bars(asked.seconds),
        "intent_to_ack": orders(asked.orders, RATE),
        "intent_to_ack_back_to_back": orders(asked.orders, None),
    }
    show(figures, asked.json)


if __name__ == "__main__":
    main()
