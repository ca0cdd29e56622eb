"""A door with a few routes and rules that a test changes."""

from collections.abc import Callable
from typing import Any

import httpx2
from starlette.types import Scope

from hydradesk.doors.gateway.app import Door, build
from hydradesk.doors.gateway.armour import Origins
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import IdempotencyStore
from hydradesk.doors.gateway.middleware import Rules
from hydradesk.doors.gateway.proxy import Proxies
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.infra.health import Checks, HealthCheck
from hydradesk.infra.http import Page, Principal, Routes
from hydradesk.kernel.errors import Unauthenticated
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import SimClock

READ = frozenset({"market:read"})
STRANGER = Principal(scopes=READ)
ADA = Principal(person=PersonId("ada"), role="user", session="s-1", scopes=READ)


class Front:
    """A door with a few routes, callers named by a header, and rules that a test changes."""

    def __init__(self, db: Database, **changes: Any) -> None:
        self.people = {"": STRANGER, "ada": ADA}
        self.routes, self.reached = Routes("", "try"), 0
        add = self.routes.add
        add("GET", "/markets", Page[str], scope="market:read")(self.markets)
        add("POST", "/orders", Page[str], scope="market:read")(self.orders)
        add("POST", "/auth/login", Page[str], scope="market:read")(self.login)
        self.wait: Callable[[], Any] | None = None
        rates = changes.pop("rates", None)
        token = changes.pop("metrics_token", None)
        hosts = frozenset({"localhost", "127.0.0.1", "[::1]", "desk.example.org"})
        known = {"origins": Origins(hosts), "hosts": hosts, "proxies": Proxies()}
        wall, ids = SimClock(10**18), RandomIds()
        self.hub = Hub(wall)
        self.app = build(
            Door(
                routes=[self.routes],
                hub=self.hub,
                identify=self.identify,
                checks=Checks({"fine": self.fine}),
                new_id=ids.new,
                now=wall.now,
                idempotency=IdempotencyStore(db, wall, "boot"),
                rules=Rules(**(known | changes)),
                rates=rates,
                metrics_token=token,
            )
        )

    def client(self, ip: str = "203.0.113.7", base: str = "http://localhost:8000") -> Any:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(ip, 1))
        return httpx2.AsyncClient(transport=transport, base_url=base)

    async def identify(self, scope: Scope) -> Principal:
        return self.people[dict(scope["headers"]).get(b"x-me", b"").decode()]

    async def fine(self) -> HealthCheck:
        return HealthCheck(name="fine", ok=True, detail="secret detail")

    async def markets(self) -> Page[str]:
        if self.wait is not None:
            await self.wait()
        return Page(["ETH-USDT"])

    async def orders(self) -> Page[str]:
        if self.wait is not None:
            await self.wait()
        self.reached += 1
        return Page([])

    async def login(self, wrong: bool = False) -> Page[str]:
        self.reached += 1
        if wrong:
            raise Unauthenticated("no")
        return Page(["a token that is shown once"])


async def times(client: Any, count: int, path: str = "/api/markets", **more: Any) -> list[int]:
    method = more.pop("method", "GET")
    return [(await client.request(method, path, **more)).status_code for _ in range(count)]
