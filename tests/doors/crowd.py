"""A desk to which several people come at once; who they are is written on their token."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import uvicorn
from starlette.datastructures import Headers
from starlette.types import Scope
from websockets.asyncio.client import ClientConnection, connect

from hydradesk.accounts.contracts import PUBLIC, scopes_of
from hydradesk.app.wiring import House
from hydradesk.doors.gateway.app import build
from hydradesk.infra.http import Principal
from hydradesk.kernel.errors import Unauthenticated
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs


class Crowd:
    """People of this desk by name, and the door as they find it."""

    def __init__(self, house: House, **roles: str) -> None:
        self.house, self.roles = house, roles
        self.fresh = True
        self.app = build(msgspec.structs.replace(house.door(), identify=self.identify))
        self.port = 0

    async def identify(self, scope: Scope) -> Principal:
        name = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ")
        if not name:
            return Principal(scopes=PUBLIC)
        if name not in self.roles:
            return Principal(scopes=PUBLIC, refusal=Unauthenticated("who is that?"))
        person, role = PersonId(f"p-{name}"), self.roles[name]
        return Principal(
            person=person,
            account=await self.house.trading.of(person),
            role=role,
            scopes=scopes_of(role),
            session=f"s-{name}",
            fresh_until=TimeNs(2**62 if self.fresh else 0),
        )

    def client(self, name: str = "") -> httpx2.AsyncClient:
        """Somebody's HTTP client; nobody's without a name."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://localhost:8000",
            headers={"Authorization": f"Bearer {name}"} if name else {},
        )

    def listen(self, name: str = "") -> Any:
        """Somebody's socket."""
        headers = {"Authorization": f"Bearer {name}"} if name else {}
        return connect(f"ws://localhost:{self.port}/api/stream", additional_headers=headers)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Answer on a real socket for the length of the block."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            loop="none",
            ws="websockets-sansio",
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve(sockets=[listening]))
        async with asyncio.timeout(5):
            while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
                await asyncio.sleep(0.01)
        yield
        server.should_exit = True
        await running
        listening.close()


async def subscribe(client: ClientConnection, *topics: str) -> list[dict[str, Any]]:
    """Ask for topics; returns the answer to each."""
    await client.send(json.dumps({"op": "subscribe", "topics": topics}))
    return [await hear(client) for _ in topics]


async def hear(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        said: dict[str, Any] = json.loads(await client.recv())
        return said


async def rest(client: ClientConnection) -> list[dict[str, Any]]:
    """All that has come, until a heartbeat that was sent after it."""
    heard = []
    while (said := await hear(client))["type"] != "heartbeat":
        heard.append(said)
    return heard
