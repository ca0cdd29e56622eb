"""A whole desk that asks who is calling, and somebody who is signed in at it."""

import hashlib
import hmac
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hydradesk.accounts.contracts import Issued, Person, Role
from hydradesk.app.wiring import House
from hydradesk.doors.gateway.app import build
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import MILLISECOND

BASE = "https://localhost:8000"
ACCESS, REFRESH, CSRF = "__Host-desk", "__Secure-desk-refresh", "__Host-desk-csrf"


class Gated:
    """A started house without --demo, and clients at its door."""

    def __init__(self, house: House) -> None:
        self.house, self.people = house, house.people
        self.app = build(house.door())
        self.clients: list[httpx2.AsyncClient] = []

    def client(self, ip: str = "127.0.0.1", **headers: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(ip, 1))
        one = httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers)
        self.clients.append(one)
        return one

    async def person(self, name: str = "alice", role: Role = "user") -> Person:
        now = self.house.clocks.wall.now()
        one = Person(
            id=PersonId(f"p-{name}"),
            name=name,
            role=role,
            referral_code=name.upper(),
            created_at=now,
        )
        async with self.house.databases.system.begin() as tx:
            await self.people.store.add(tx, one, now)
        return one

    async def issue(self, person: Person, *, twice: bool = True) -> Issued:
        async with self.house.databases.system.begin() as tx:
            sessions = self.people.keyring.sessions
            return await sessions.open(tx, person.id, "siws", proved_twice=twice)

    def bearer(self, issued: Issued, ip: str = "127.0.0.1") -> httpx2.AsyncClient:
        """A program's client."""
        return self.client(ip, Authorization=f"Bearer {issued.access.text()}")

    def page(self, issued: Issued, *, csrf: bool = True) -> httpx2.AsyncClient:
        """A page's client: cookies, and the header its scripts add."""
        one = self.client(**({"X-CSRF-Token": issued.csrf} if csrf else {}))
        one.cookies.set(ACCESS, issued.access.text(), domain="localhost.local")
        one.cookies.set(CSRF, issued.csrf, domain="localhost.local")
        one.cookies.set(REFRESH, issued.refresh.text(), domain="localhost.local", path="/api/auth")
        return one

    async def key(self, client: httpx2.AsyncClient, **wish: Any) -> tuple[dict[str, Any], str]:
        """An API key, made as people make them."""
        body = {"name": "bot", "kind": "bearer", "kinds": ["read", "trade"]} | wish
        reply = await client.post("/api/account/keys", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()["key"], reply.json()["secret"]

    def now_ms(self) -> int:
        return self.house.clocks.wall.now() // MILLISECOND

    async def audited(self, chain: str) -> list[tuple[str, bool]]:
        from sqlalchemy import select

        from hydradesk.infra.db import metadata, sql

        table = metadata.tables["accounts_audit"]
        async with self.house.databases.system.begin() as tx:
            query = select(table.c.action, table.c.ok).where(table.c.person == chain)
            found = await sql(tx).execute(query.order_by(table.c.seq))
            return [(str(action), bool(ok)) for action, ok in found]


def message(timestamp: int | str, method: str, target: str, body: bytes = b"") -> bytes:
    """What is signed, as docs/authentication.md says."""
    return f"{timestamp}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}".encode()


def hmac_headers(
    key: str, secret: str, timestamp: int | str, method: str, target: str, body: bytes = b""
) -> dict[str, str]:
    """The three headers of a request signed with a shared secret."""
    signed = message(timestamp, method, target, body)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-HD-Key": key, "X-HD-Timestamp": str(timestamp), "X-HD-Signature": signature}


def ed25519_headers(
    key: str, private: Ed25519PrivateKey, timestamp: int, method: str, target: str, body: bytes
) -> dict[str, str]:
    """The three headers of a request signed with a private key."""
    signature = private.sign(message(timestamp, method, target, body)).hex()
    return {"X-HD-Key": key, "X-HD-Timestamp": str(timestamp), "X-HD-Signature": signature}
