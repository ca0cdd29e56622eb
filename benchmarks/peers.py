"""The servers that gateway and fanout measure, each a process of its own.

    python -m benchmarks.peers plain PORT FOLDER     FastAPI routes that return FOLDER/*.json
    python -m benchmarks.peers loop PORT             FastAPI, one send_text after the other
    python -m benchmarks.peers insert PORT URL       FastAPI: token, schema, one INSERT each
    python -m benchmarks.peers hub PORT              the desk's own stream: hub, queues, entrance

`loop` and `hub` tell their sockets a price five times a second, with its time of birth in it.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import jwt
import uvicorn
import uvloop
from fastapi import Depends, FastAPI, Header, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field

from hydradesk.doors.gateway import stream
from hydradesk.doors.gateway.app import loopback_rules
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.middleware import Entrance
from hydradesk.infra.clock import RandomIds, SystemClock

EVERY_S = 0.2


def plain(folder: Path) -> FastAPI:
    """Routes as FastAPI's tutorial writes them: return the objects, let it encode them."""
    app = FastAPI(openapi_url=None)
    for file in folder.glob("*.json"):
        body = json.loads(file.read_text())

        async def route(limit: int = 50, body: Any = body) -> Any:  # noqa: ANN401
            return body

        app.get(f"/{file.stem}")(route)
    return app


SECRET = "a secret of the benchmark, long enough for HS256"


class Note(BaseModel):
    """The body of the peer's POST: the same as the desk's journal takes."""

    text: str = Field(min_length=1, max_length=2_000)
    symbol: str | None = Field(default=None, max_length=32)


def insert(url: str) -> FastAPI:
    """A durable POST as FastAPI's tutorial writes it: a token, a model, one INSERT each."""
    app, pools, opening = FastAPI(openapi_url=None), list[Any](), asyncio.Lock()

    def person(authorization: Annotated[str, Header()]) -> str:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"])
        return str(claims["sub"])

    @app.post("/journal", status_code=201)
    async def write(note: Note, me: Annotated[str, Depends(person)]) -> Note:
        async with opening:
            if not pools:
                pools.append(await asyncpg.create_pool(url, min_size=16, max_size=16))
        await pools[0].execute(
            "INSERT INTO peer_notes (person, at, text, symbol) VALUES ($1, $2, $3, $4)",
            me,
            time.time_ns(),
            note.text,
            note.symbol,
        )
        return note

    return app


def price() -> dict[str, Any]:
    """One message of the size of the desk's."""
    at = "2025-06-24T00:00:00.000000Z"
    return {
        "symbol": "ETH-USDT",
        "price": "2412.34",
        "at": at,
        "state": "fresh",
        "born": time.time_ns(),
    }


def loop() -> tuple[FastAPI, Any]:
    """Broadcast as FastAPI's tutorial does."""
    app, sockets = FastAPI(openapi_url=None), set[WebSocket]()

    @app.websocket("/api/stream")
    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        sockets.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(socket)

    async def broadcast() -> None:
        seq = 0
        while True:
            await asyncio.sleep(EVERY_S)
            seq += 1
            data = price()
            message = {
                "type": "delta",
                "topic": "prices",
                "seq": seq,
                "ts": data["at"],
                "data": data,
            }
            text = json.dumps(message, separators=(",", ":"))
            for socket in list(sockets):
                await socket.send_text(text)

    return app, broadcast


def hub() -> tuple[FastAPI, Any]:
    """The desk's stream without the desk."""
    app, house = FastAPI(openapi_url=None), Hub(SystemClock())
    house.provide("prices", house.recent)
    stream.install(app, house)
    app.add_middleware(Entrance, new_id=RandomIds().new, rules=loopback_rules())

    async def publish() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            house.publish("prices", price())

    return app, publish


async def serve(app: FastAPI, port: int, work: Any) -> None:  # noqa: ANN401
    """Run a server as the desk runs its own, and what it tells."""
    config = uvicorn.Config(
        app,
        port=port,
        loop="none",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        lifespan="off",
        backlog=2048,
    )
    jobs = [uvicorn.Server(config).serve(), *([work()] if work else [])]
    await asyncio.gather(*jobs)


def main() -> None:
    """Serve until killed."""
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "plain":
        app, work = plain(Path(sys.argv[3])), None
    elif kind == "insert":
        app, work = insert(sys.argv[3]), None
    else:
        app, work = loop() if kind == "loop" else hub()
    uvloop.run(serve(app, port, work))


if __name__ == "__main__":
    main()
