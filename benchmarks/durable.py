"""Small durable writes: token, validation, one insert, beside a plain FastAPI server.

    python -m benchmarks.durable [--json] [--seconds S]

64 connections POST notes, as fast as they are answered, first to a plain FastAPI server that
checks a token and a model and inserts (the peer), then to the desk's journal (`infra/group.py`,
`doors/gateway/fast.py`): same PostgreSQL, same run. Each server has core 0; load and PostgreSQL
have what is left. The desk replays a market meanwhile, at the market's own pace.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from typing import Any

import asyncpg
import httpx2
import jwt
import psutil
import uvloop

from benchmarks import peers
from benchmarks.running import (
    Desk,
    child,
    folder,
    free_port,
    fsync,
    machine,
    quantiles,
    rounded,
    show,
)
from hydradesk.infra.postgres import PostgresServer

PASSWORD = "correct horse battery staple"
NOTE = b'{"text":"chased the breakout; wait for the retest","symbol":"ETH-USDT"}'
CONNECTIONS = 64


def create_admin(one: Desk) -> None:
    """Make the one person who signs in by password."""
    command = [sys.executable, "-m", "hydradesk", "users", "create", "--admin"]
    command += ["--email", "ada@example.com", "--data-dir", str(one.data_dir)]
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, capture_output=True)


async def admin(client: httpx2.AsyncClient) -> str:
    """Sign in as the administrator; return the token."""
    reply = await client.post(
        "/auth/login", json={"email": "ada@example.com", "password": PASSWORD}
    )
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


async def service(client: httpx2.AsyncClient, token: str) -> str:
    """Make somebody without limits, a machine; return their token."""
    bot = {"email": "bot@example.com", "password": PASSWORD}
    made = await client.post("/auth/register", json=bot)
    assert made.status_code == 201, made.text
    admin = {"Authorization": f"Bearer {token}"}
    proved = await client.post("/auth/step-up", json={"password": PASSWORD}, headers=admin)
    assert proved.status_code == 200, proved.text
    change = {"role": "service", "reason": "benchmark"}
    path = f"/admin/people/{made.json()['person']['id']}"
    changed = await client.patch(path, json=change, headers=admin)
    assert changed.status_code == 200, changed.text
    reply = await client.post("/auth/login", json=bot)
    return str(reply.json()["access_token"])


class Asker(asyncio.Protocol):
    """One connection that sends the same request again when it is answered."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.answers: dict[bytes, int] = {}
        self.took: list[float] = []
        self.transport: asyncio.Transport | None = None
        self.began = 0.0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  (asyncio's)
        """Begin."""
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Send."""
        assert self.transport is not None
        self.began = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Count an answer: small ones come whole."""
        for part in data.split(b"HTTP/1.1 ")[1:]:
            self.answers[part[:3]] = self.answers.get(part[:3], 0) + 1
        self.took.append(time.perf_counter() - self.began)
        self.ask()


async def _connect(port: int, request: bytes, count: int) -> list[Asker]:
    loop = asyncio.get_running_loop()
    made = []
    for _ in range(count):
        _, asker = await loop.create_connection(lambda: Asker(request), "127.0.0.1", port)
        made.append(asker)
    return made


def _answers(askers: list[Asker]) -> dict[str, int]:
    total: dict[str, int] = {}
    for asker in askers:
        for status, count in asker.answers.items():
            total[status.decode()] = total.get(status.decode(), 0) + count
    return total


async def writes(port: int, path: str, token: str, seconds: float, process: int) -> dict[str, Any]:
    """POST notes in a closed loop; rate, latency and CPU of the server."""
    request = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(NOTE)}\r\n\r\n"
    ).encode() + NOTE
    server = psutil.Process(process)
    askers = await _connect(port, request, CONNECTIONS)
    await asyncio.sleep(1.5)
    before, cpu = sum(_answers(askers).values()), sum(server.cpu_times()[:2])
    for asker in askers:
        asker.took.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    answers, used = _answers(askers), sum(server.cpu_times()[:2]) - cpu
    done = sum(answers.values()) - before
    assert set(answers) == {"201"}, answers
    latency = _ms([one for asker in askers for one in asker.took])
    for asker in askers:
        assert asker.transport is not None
        asker.transport.abort()
    return {
        "per_second": round(done / took),
        "latency_ms": latency,
        "server_cpu_us_each": rounded(used / done * 1e6),
    }


async def _peer_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS peer_notes"
        " (n bigserial PRIMARY KEY, person text, at bigint, text text, symbol text)"
    )
    await connection.close()


async def both_write(one: Desk, token: str, seconds: float) -> dict[str, Any]:
    """The peer, then the desk."""
    url = PostgresServer(one.data_dir).url.replace("+asyncpg", "")
    await _peer_table(url)
    port = free_port()
    server = child("-m", "benchmarks.peers", "insert", str(port), url)
    try:
        os.sched_setaffinity(server.pid, {0})
        await _until(port)
        known = jwt.encode({"sub": "ada"}, peers.SECRET, algorithm="HS256")
        plain = await writes(port, "/journal", known, seconds, server.pid)
    finally:
        server.kill()
        server.wait()
    assert one.process is not None
    ours = await writes(one.port, "/api/account/journal", token, seconds, one.process.pid)
    ratio = rounded(ours["per_second"] / plain["per_second"])
    return {"fastapi": plain, "desk": ours, "ratio": ratio}


async def _until(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise SystemExit("the peer did not start")


def _ms(seconds: list[float]) -> dict[str, float]:
    return quantiles([one * 1e3 for one in seconds], 50, 95, 99)


async def measure(one: Desk, seconds: float) -> dict[str, Any]:
    """Both, in one run."""
    base = f"http://localhost:{one.port}/api"
    async with httpx2.AsyncClient(base_url=base, timeout=30) as client:
        token = await service(client, await admin(client))
    return await both_write(one, token, seconds)


def main() -> None:
    """Run the desk, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    asked = parser.parse_args()
    with folder() as path:
        one = Desk(path, 1, demo=False, HYDRADESK_CAPTCHA_DIFFICULTY="0")
        create_admin(one)
        try:
            one.start()
            assert one.process is not None
            os.sched_setaffinity(one.process.pid, {0})
            figures = uvloop.run(measure(one, asked.seconds))
        finally:
            one.stop()
    show({"machine": machine(), "fsync_ms": fsync(), **figures}, asked.json)


if __name__ == "__main__":
    main()
