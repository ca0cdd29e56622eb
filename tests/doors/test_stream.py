"""The stream over real sockets: uvicorn on one side, the websockets client on the other."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from hydradesk.doors.gateway import hub as hub_module
from hydradesk.doors.gateway import stream
from hydradesk.doors.gateway.hub import Hub
from hydradesk.infra.clock import SystemClock
from hydradesk.kernel.errors import NotFound


class Served:
    """A hub behind a real server."""

    def __init__(self) -> None:
        self.hub, self.app = Hub(SystemClock()), FastAPI()
        self.hub.provide("patterns", self.hub.recent)
        self.hub.provide("candles", self.refuse)
        stream.install(self.app, self.hub)
        self.port = 0

    async def refuse(self, topic: str) -> object:
        raise NotFound("no such symbol", fix="use ETH-USDT")

    def open(self, **more: Any) -> Any:
        return connect(f"ws://localhost:{self.port}/api/stream", **more)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    one = Served()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    one.port = listening.getsockname()[1]
    config = uvicorn.Config(
        one.app,
        loop="none",
        ws="websockets-sansio",
        log_config=None,
        lifespan="off",
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve(sockets=[listening]))
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
    yield one
    server.should_exit = True
    await running
    listening.close()


async def tell(client: ClientConnection, message: Any) -> None:
    await client.send(message if isinstance(message, str | bytes) else json.dumps(message))


async def hear(client: ClientConnection, count: int = 1) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        return [json.loads(await client.recv()) for _ in range(count)]


async def subscribed(client: ClientConnection) -> int:
    await tell(client, {"op": "subscribe", "topics": ["patterns"]})
    (snapshot,) = await hear(client)
    assert (snapshot["type"], snapshot["topic"]) == ("snapshot", "patterns")
    return int(snapshot["seq"])


async def test_subscribe_hear_unsubscribe(served: Served) -> None:
    async with served.open() as client:
        seq = await subscribed(client)
        served.hub.publish("patterns", {"n": 1})
        (delta,) = await hear(client)
        assert (delta["type"], delta["seq"], delta["data"]) == ("delta", seq + 1, {"n": 1})
        await tell(client, {"op": "unsubscribe", "topics": ["patterns"]})
        await tell(client, {"op": "subscribe", "topics": ["nothing"]})
        await hear(client)
        served.hub.publish("patterns", {"n": 2})
        served.hub.heartbeat()
        assert (await hear(client))[0]["type"] == "heartbeat"


async def test_resume_where_the_line_broke(served: Served) -> None:
    async with served.open() as client:
        seq = await subscribed(client)
    for number in range(3):
        served.hub.publish("patterns", number)
    async with served.open() as client:
        await tell(
            client, {"op": "subscribe", "topics": ["patterns"], "from": {"patterns": seq + 1}}
        )
        assert [m["data"] for m in await hear(client, 2)] == [1, 2]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        '{"op": "shout", "topics": []}',
        '{"op": "subscribe"}',
        '{"op": "subscribe", "topics": "patterns"}',
        '{"op": "subscribe", "topics": ["patterns"], "extra": 1}',
        '{"op": "subscribe", "topics": ["patterns"], "from": {"patterns": "x"}}',
        '{"op": "subscribe", "topics": ["patterns"], "from": {"patterns": 1e400}}',
        '{"op": "subscribe", "topics": ["' + "x" * 20_000 + '"]}',
        b'{"op": "subscribe", "topics": ["patterns"]}',
        '{"op": "subscribe", "topics": ["nothing"]}',
        '{"op": "subscribe", "topics": ["patterns:x"]}',
        '{"op": "subscribe", "topics": ["candles:DOGE:1m"]}',
    ],
)
async def test_nonsense_is_answered_and_the_line_stays_open(
    served: Served, message: str | bytes
) -> None:
    async with served.open() as client:
        await tell(client, message)
        (answer,) = await hear(client)
        assert answer["type"] == "error" and answer["data"]["message"] and answer["data"]["fix"]
        await subscribed(client)


async def test_too_many_topics_are_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_TOPICS", 1)
    served.hub.provide("orders", served.hub.recent)
    async with served.open() as client:
        await tell(client, {"op": "subscribe", "topics": ["patterns", "orders", "patterns"]})
        kinds = [(m["type"], m["topic"]) for m in await hear(client, 3)]
        assert kinds == [("snapshot", "patterns"), ("error", "orders"), ("snapshot", "patterns")]


async def test_a_message_beyond_the_servers_limit_ends_the_line(served: Served) -> None:
    async with served.open() as client:
        await tell(client, "x" * (65 * 1024))
        with pytest.raises(websockets.ConnectionClosed):
            await hear(client)
    async with served.open() as client:
        await subscribed(client)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "null"])
async def test_a_foreign_page_does_not_listen(served: Served, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with served.open(origin=origin):
            pass
    assert refused.value.response.status_code == 403 and not served.hub.clients


async def test_our_own_page_listens(served: Served) -> None:
    async with served.open(origin=f"http://localhost:{served.port}") as client:
        await subscribed(client)


async def test_who_hangs_up_is_forgotten(served: Served) -> None:
    async with served.open() as client:
        await subscribed(client)
        assert len(served.hub.clients) == 1
    async with asyncio.timeout(5):
        while served.hub.clients:  # noqa: ASYNC110  (the hub does not announce it)
            await asyncio.sleep(0.01)


async def test_a_client_that_never_reads_is_dropped_while_fifty_others_hear_all(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 256 * 1024)
    deaf = await asyncio.get_running_loop().run_in_executor(None, handshake, served.port)
    others = [await served.open().__aenter__() for _ in range(50)]
    heard = [0] * len(others)

    async def listen(number: int) -> None:
        async for _ in others[number]:
            heard[number] += 1

    for client in others:
        await subscribed(client)
    listening = [asyncio.create_task(listen(number)) for number in range(len(others))]
    count, payload = 300, "x" * 30_000
    try:
        async with asyncio.timeout(30):
            for number in range(count):
                served.hub.publish("patterns", {"n": number, "payload": payload})
                await asyncio.sleep(0.002)
            while min(heard) < count or len(served.hub.clients) > len(others):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        deaf.close()
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in others))
    assert heard == [count] * len(others)


def handshake(port: int) -> socket.socket:
    """A client that subscribes, and from then on never reads."""
    line = socket.create_connection(("127.0.0.1", port), timeout=5)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.sendall(
        f"GET /api/stream HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b"101" in line.recv(1024)
    text = b'{"op": "subscribe", "topics": ["patterns"]}'
    line.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    return line
