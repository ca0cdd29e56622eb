"""Accounts: signing in, what a token costs, an abusive client, small durable writes.

    python -m benchmarks.accounts [--json] [--seconds S]

Signing in: whole round trips one after the other over one connection: nonce, signature, verify
with a Solana wallet; e-mail and password (argon2id, default cost).
Token: GET /api/markets with and without one, in turn; the difference of the medians.
Abuse: one client asks 1,000 times a second from an address of its own while another reads 20 times
a second; the other's p95, alone and beside it.
Writes: 64 connections POST notes, as fast as they are answered, first to a plain FastAPI server
that checks a token and a model and inserts (the peer), then to the desk's journal; same PostgreSQL,
same run.
Each server has core 0; load and PostgreSQL have the rest.
"""

import argparse
import asyncio
import json
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
from solders.keypair import Keypair

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
ABUSE = 1_000
"""Requests a second of the abusive client."""
OFTEN = "1000000/minute"
LIMITS = json.dumps({"anonymous": {"auth": OFTEN, "sign_in": OFTEN}, "pro": "off"})
"""Strangers may sign in as often as they like, and look at the market as by default."""


def create_admin(one: Desk) -> None:
    """Make the one person who signs in by password."""
    command = [sys.executable, "-m", "hydradesk", "users", "create", "--admin"]
    command += ["--email", "ada@example.com", "--data-dir", str(one.data_dir)]
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, capture_output=True)


async def wallet(client: httpx2.AsyncClient, times: int) -> dict[str, Any]:
    """Sign in with wallets, each for the first time and once more."""
    whole, verify = [], []
    key = Keypair()
    for number in range(times):
        key = Keypair() if number % 2 == 0 else key  # every wallet signs in twice
        began = time.perf_counter()
        offer = (await client.get("/auth/siws/nonce")).json()
        text = message(offer, str(key.pubkey()))
        body = {"message": text, "signature": str(key.sign_message(text.encode()))}
        middle = time.perf_counter()
        reply = await client.post("/auth/siws/verify", json=body)
        assert reply.status_code == 200, reply.text
        whole.append(time.perf_counter() - began)
        verify.append(time.perf_counter() - middle)
    return {"round_trip_ms": _ms(whole), "verify_ms": _ms(verify)}


def message(offer: dict[str, Any], address: str) -> str:
    """Write what a wallet shows and signs."""
    lines = [
        f"{offer['domain']} wants you to sign in with your Solana account:",
        address,
        "",
        *([offer["statement"], ""] if offer.get("statement") else []),
        f"URI: {offer['uri']}",
        f"Version: {offer['version']}",
        f"Chain ID: {offer['chain_id']}",
        f"Nonce: {offer['nonce']}",
        f"Issued At: {offer['issued_at']}",
        f"Expiration Time: {offer['expires_at']}",
    ]
    return "\n".join(lines)


async def password(client: httpx2.AsyncClient, times: int) -> tuple[str, dict[str, Any]]:
    """Sign in by password; returns the last token too."""
    took, token = [], ""
    for _ in range(times):
        began = time.perf_counter()
        body = {"email": "ada@example.com", "password": PASSWORD}
        reply = await client.post("/auth/login", json=body)
        assert reply.status_code == 200, reply.text
        took.append(time.perf_counter() - began)
        token = reply.json()["access_token"]
    return token, _ms(took)


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


async def token_cost(client: httpx2.AsyncClient, token: str, times: int) -> dict[str, Any]:
    """GET as a stranger and as somebody, in turn."""
    took: dict[str, list[float]] = {"anonymous": [], "authorised": []}
    for number in range(times + 50):
        source = {"X-Forwarded-For": f"198.51.{number % 100}.{number // 100}"}
        headers = {"anonymous": source, "authorised": {"Authorization": f"Bearer {token}"} | source}
        for who, sent in headers.items():
            began = time.perf_counter()
            reply = await client.get("/markets", headers=sent)
            assert reply.status_code == 200, reply.text
            if number >= 50:
                took[who].append(time.perf_counter() - began)
    found: dict[str, Any] = {f"{who}_ms": _ms(values) for who, values in took.items()}
    difference = found["authorised_ms"]["p50"] - found["anonymous_ms"]["p50"]
    return found | {"difference_ms": rounded(difference)}


async def beside_abuse(base: str, token: str, seconds: float) -> dict[str, Any]:
    """The p95 of somebody who reads 20 times a second, alone and beside an abusive client."""
    async with httpx2.AsyncClient(base_url=base, timeout=30) as calm:
        alone = await _reads(calm, token, seconds)
        abuser = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.accounts", "--abuse", base, str(seconds + 2),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await asyncio.sleep(1)
        beside = await _reads(calm, token, seconds)
        said, _ = await abuser.communicate()
    return {"alone_ms": _ms(alone), "beside_ms": _ms(beside), "abuser": json.loads(said)}


async def _reads(client: httpx2.AsyncClient, token: str, seconds: float) -> list[float]:
    took, ends = [], time.perf_counter() + seconds
    while time.perf_counter() < ends:
        began = time.perf_counter()
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "198.51.100.7"}
        reply = await client.get("/markets", headers=headers)
        assert reply.status_code == 200, reply.text
        took.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.0, 0.05 - took[-1]))
    return took


class Asker(asyncio.Protocol):
    """One connection that sends the same request again when it is answered, or when told."""

    def __init__(self, request: bytes, *, closed: bool) -> None:
        self.request, self.closed = request, closed
        self.answers: dict[bytes, int] = {}
        self.took: list[float] = []
        self.transport: asyncio.Transport | None = None
        self.began = 0.0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  (asyncio's)
        """Begin."""
        self.transport = transport
        if self.closed:
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
        if self.closed:
            self.ask()


async def abuse(base: str, seconds: float) -> dict[str, int]:
    """Ask ABUSE times a second over 20 connections; returns the answers by status."""
    where = httpx2.URL(base)
    request = (
        f"GET /api/markets HTTP/1.1\r\nHost: localhost:{where.port}\r\n"
        "X-Forwarded-For: 203.0.113.9\r\n\r\n"
    ).encode()
    askers = await _connect(where.port or 0, request, 20, closed=False)
    began, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        while sent < now * ABUSE:
            askers[sent % 20].ask()
            sent += 1
        await asyncio.sleep(0.005)
    return _answers(askers)


async def _connect(port: int, request: bytes, count: int, *, closed: bool) -> list[Asker]:
    loop = asyncio.get_running_loop()
    made = []
    for _ in range(count):
        _, asker = await loop.create_connection(
            lambda: Asker(request, closed=closed), "127.0.0.1", port
        )
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
    askers = await _connect(port, request, CONNECTIONS, closed=True)
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
    """Everything, in one run."""
    base = f"http://localhost:{one.port}/api"
    async with httpx2.AsyncClient(base_url=base, timeout=30) as client:
        token, by_password = await password(client, 40)
        return {
            "wallet": await wallet(client, 200),
            "password_ms": by_password,
            "token": await token_cost(client, token, 1_000),
            "abuse": await beside_abuse(base, token, seconds),
            "writes": await both_write(one, await service(client, token), seconds),
        }


def main() -> None:
    """Run the desk with accounts, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--abuse", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.abuse:
        print(json.dumps(uvloop.run(abuse(asked.abuse[0], float(asked.abuse[1])))))
        return
    settings = {
        "HYDRADESK_TRUSTED_PROXIES": "127.0.0.1,::1",
        "HYDRADESK_RATE_LIMITS": LIMITS,
        "HYDRADESK_CAPTCHA_DIFFICULTY": "0",
    }
    with folder() as path:
        one = Desk(path, 60, **settings)
        one.demo = False
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
