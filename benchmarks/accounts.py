"""What knowing people costs: authorised reads, sign-ins, and a neighbour who floods.

    python -m benchmarks.accounts [--json] [--seconds 20] [--rounds 2000]

A desk without --demo on embedded PostgreSQL. Reads: one kept-alive connection asks for the markets,
by turns as a stranger and with an access token, so that both meet the same load; the difference of
the medians is what the token costs. Sign-ins: one after the other, a wallet's (Ed25519, nonce to
session, both requests and the writes to the audit trail) and a password's (argon2id at its full
cost, off the event loop). Flood: a second desk with its limits as they come; one address sends
1,000 requests a second on a fixed schedule, another asks for candles ten times a second, and is
timed from when each was due, before and during.

Limits: client, server and database share the machine, so the flood's own client takes CPU from the
desk it floods.
"""

import argparse
import asyncio
import json
import time
from typing import Any

import uvloop
from solders.keypair import Keypair

from benchmarks.running import Desk, desk, machine, quantiles, rounded, show
from hydradesk.accounts.domain import siws
from hydradesk.accounts.domain.signin import SignInMessage

GOALS = {"authorised_adds_ms": 1, "wallet_sign_in_p95_ms": 100, "neighbour_p95_ms": 100}
FREE = '{"anonymous": "off", "user": "off"}'
PASSWORD = "a long one for measuring"
CANDLES = "/api/candles?symbol=ETH-USDT&timeframe=1m&limit=100"
FLOOD_LINES, FLOOD_RATE, NEIGHBOUR_RATE = 32, 1_000, 10


class Line:
    """One kept-alive connection, from an address of our choosing."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._port, self._address = port, address

    async def open(self) -> "Line":
        """Connect."""
        here = (self._address, 0)
        self._in, self._out = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=here
        )
        return self

    async def ask(self, path: str, body: Any = None, token: str = "") -> tuple[int, bytes]:  # noqa: ANN401
        """Send one request; return status and body."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        self._out.write(head.encode() + data)
        said = await self._in.readuntil(b"\r\n\r\n")
        size = int(said.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return int(said.split(b" ", 2)[1]), await self._in.readexactly(size)

    def close(self) -> None:
        """Hang up."""
        self._out.close()


async def register(line: Line, name: str) -> str:
    """Join by password; return an access token."""
    body = {"email": f"{name}@bench.example", "password": PASSWORD}
    status, said = await line.ask("/api/auth/register", body)
    assert status == 201, said
    return str(json.loads(said)["access_token"])


async def reads(line: Line, token: str, rounds: int) -> dict[str, Any]:
    """Ask by turns as a stranger and as somebody."""
    taken: dict[str, list[float]] = {"": [], token: []}
    for _ in range(rounds):
        for who, times in taken.items():
            began = time.perf_counter()
            status, _ = await line.ask("/api/markets", token=who)
            times.append((time.perf_counter() - began) * 1000)
            assert status == 200
    stranger, known = (quantiles(one, 50, 95) for one in taken.values())
    adds = rounded(known["p50"] - stranger["p50"])
    return {"anonymous_ms": stranger, "authorised_ms": known, "authorised_adds_ms": adds}


async def by_wallet(line: Line, key: Keypair) -> None:
    """One sign-in with Solana, as a wallet does it."""
    _, said = await line.ask("/api/auth/siws/nonce")
    offer = json.loads(said)
    fields = {name: offer[name] for name in ("domain", "statement", "uri", "version", "chain_id")}
    message = SignInMessage(
        address=str(key.pubkey()),
        nonce=offer["nonce"],
        issued_at=offer["issued_at"],
        expiration_time=offer["expires_at"],
        **fields,
    )
    text = siws.write(message)
    body = {"message": text, "signature": str(key.sign_message(text.encode()))}
    status, said = await line.ask("/api/auth/siws/verify", body)
    assert status == 200, said


async def sign_ins(line: Line, count: int) -> dict[str, Any]:
    """Time wallets, then passwords."""
    wallet, password = [], []
    keys = [Keypair.from_seed(n.to_bytes(32, "big")) for n in range(1, 11)]
    for number in range(count):
        began = time.perf_counter()
        await by_wallet(line, keys[number % len(keys)])
        wallet.append((time.perf_counter() - began) * 1000)
    for _ in range(count // 4):
        body = {"email": "ada@bench.example", "password": PASSWORD}
        began = time.perf_counter()
        status, said = await line.ask("/api/auth/login", body)
        password.append((time.perf_counter() - began) * 1000)
        assert status == 200, said
    return {
        "wallet_sign_in_ms": quantiles(wallet, 50, 95),
        "password_sign_in_ms": quantiles(password, 50, 95),
    }


async def neighbour(port: int, token: str, seconds: float) -> dict[str, float]:
    """Ask for candles on schedule from an address of its own."""
    line, taken = await Line(port, "127.0.0.2").open(), []
    began = time.perf_counter()
    for number in range(int(seconds * NEIGHBOUR_RATE)):
        due = began + number / NEIGHBOUR_RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        status, said = await line.ask(CANDLES, token=token)
        assert status == 200, said
        taken.append((time.perf_counter() - due) * 1000)
    line.close()
    return quantiles(taken, 50, 95, 99)


async def flood(port: int, seconds: float) -> dict[str, float]:
    """Send 1,000 requests a second from one address; return what was answered."""
    counts = {"answered": 0, "refused": 0}
    began = time.perf_counter()

    async def one(share: int) -> None:
        line = await Line(port).open()
        for number in range(share, int(seconds * FLOOD_RATE), FLOOD_LINES):
            await asyncio.sleep(max(0.0, began + number / FLOOD_RATE - time.perf_counter()))
            status, _ = await line.ask(CANDLES)
            counts["refused" if status == 429 else "answered"] += 1
        line.close()

    await asyncio.gather(*(one(share) for share in range(FLOOD_LINES)))
    took = time.perf_counter() - began
    return {name: rounded(count / took) for name, count in counts.items()}


async def flooded(one: Desk, seconds: float) -> dict[str, Any]:
    """How the neighbour fares, alone and beside a flood."""
    line = await Line(one.port, "127.0.0.2").open()
    token = await register(line, "neighbour")
    line.close()
    await neighbour(one.port, token, 2)
    alone = await neighbour(one.port, token, seconds / 2)
    before = one.cpu()[0]
    beside, sent = await asyncio.gather(
        neighbour(one.port, token, seconds), flood(one.port, seconds)
    )
    cpu = rounded((one.cpu()[0] - before) / seconds)
    figures = {"alone_ms": alone, "beside_flood_ms": beside, "flood_per_s": sent}
    return {"neighbour": figures | {"desk_cpu_cores": cpu}}


async def known(one: Desk, rounds: int) -> dict[str, Any]:
    """Reads and sign-ins, without limits."""
    line = await Line(one.port).open()
    token = await register(line, "ada")
    await reads(line, token, 200)
    figures = await reads(line, token, rounds) | await sign_ins(line, 200)
    line.close()
    return figures


def main() -> None:
    """Start a desk for each half, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=2_000)
    asked = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "goals": GOALS}
    quiet = {"HYDRADESK_CAPTCHA_DIFFICULTY": "0"}
    free = quiet | {"HYDRADESK_RATE_LIMITS": FREE, "HYDRADESK_FLOOD_PER_S": "0"}
    with desk(60, demo=False, **free) as one:
        figures |= uvloop.run(known(one, asked.rounds))
    with desk(60, demo=False, **quiet) as one:
        figures |= uvloop.run(flooded(one, asked.seconds))
    show(figures, asked.json)


if __name__ == "__main__":
    main()
