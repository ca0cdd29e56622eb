"""The WebSocket end of the hub: reads subscriptions, writes messages, drops who does not read."""

import asyncio
import contextlib
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from fastapi import FastAPI, WebSocket
from msgspec import Struct
from starlette.websockets import WebSocketDisconnect

from hydradesk.doors.gateway.gate import Identify
from hydradesk.doors.gateway.hub import STRANGER, Client, Hub
from hydradesk.doors.gateway.topics import CHANGED, inside
from hydradesk.infra.rates import Flood
from hydradesk.kernel.errors import DeskError

MAX_TOPICS = 200
MAX_MESSAGE = 16 * 1024
MESSAGES_PER_S, MESSAGES_AT_ONCE = 20.0, 200.0
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008
LOOK_AGAIN_S = 30.0
"""How long a connection may go on after its owner was signed out elsewhere, at most."""


class Request(Struct, frozen=True, forbid_unknown_fields=True, rename={"after": "from"}):
    """What a client may say."""

    op: Literal["subscribe", "unsubscribe"]
    topics: list[str]
    after: dict[str, int] = {}


def install(app: FastAPI, hub: Hub, identify: Identify | None = None) -> None:
    """Serve /api/stream; `identify` is asked again from time to time whether they still may."""

    @app.websocket("/api/stream")
    async def stream(socket: WebSocket) -> None:
        if not _same_origin(socket):
            await socket.close(POLICY_VIOLATION, "this page may not connect here")
            return
        await socket.accept()
        client = Client(getattr(socket.state, "principal", STRANGER))
        hub.clients.add(client)
        tasks = {
            asyncio.create_task(_read(socket, client, hub)),
            asyncio.create_task(_write(socket, client)),
            asyncio.create_task(_watch(socket, client, identify)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hub.leave(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
                await asyncio.wait_for(_part(socket, client, hub), 1)


async def _read(socket: WebSocket, client: Client, hub: Hub) -> None:
    bucket = Flood(MESSAGES_PER_S, MESSAGES_AT_ONCE)
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if bucket.drops(""):
                client.end("you say too much at once: say many topics in one message")
                return
            await _obey(message.get("text"), client, hub)


async def _watch(socket: WebSocket, client: Client, identify: Identify | None) -> None:
    """Return when the client has to go. A writer that is stuck cannot notice by itself."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):
                await client.overflow.wait()
        if client.dropped is not None:
            return
        if not client.overflow.is_set() and _once_only(socket, client):
            continue
        client.overflow.clear()
        if identify is not None and client.me.person is not None:
            now = await identify(socket.scope)
            if now.refusal is not None or now.person != client.me.person:
                client.end("you are signed out: sign in and connect again")
            elif (now.role, now.scopes) != (client.me.role, client.me.scopes):
                client.end(CHANGED)


def _once_only(socket: WebSocket, client: Client) -> bool:
    """Whether what it came with counts once, like a key's signature: shown again it is refused.

    Such a connection ends when its key is revoked, which we are told.
    """
    shown = socket.headers.get("authorization", "").lower()
    return client.me.key is not None and not shown.startswith("bearer ")


async def _obey(text: str | None, client: Client, hub: Hub) -> None:
    try:
        if text is None:
            raise msgspec.ValidationError("a message is text, not bytes")
        if len(text) > MAX_MESSAGE:
            raise msgspec.ValidationError(f"a message has at most {MAX_MESSAGE} characters")
        request = msgspec.json.decode(text, type=Request)
    except (msgspec.MsgspecError, UnicodeError) as error:
        fix = 'send {"op": "subscribe", "topics": ["signals"]}'
        client.offer(hub.said("error", None, {"message": str(error), "fix": fix}))
        return
    for topic in request.topics:
        if not hub.known(topic) and request.op == "unsubscribe":
            continue
        if not hub.known(topic):
            fix = "see the list of topics in the documentation"
            detail = {"message": f"there is no topic {topic[:64]!r}", "fix": fix}
            client.offer(hub.said("error", topic[:64], detail))
        else:
            await _turn(client, hub, topic, request)


async def _turn(client: Client, hub: Hub, topic: str, request: Request) -> None:
    """Begin or stop to hear one topic that there is."""
    try:
        name = inside(topic, client.me)
    except DeskError as error:
        if request.op == "subscribe":
            _refuse(client, hub, topic, error)
        return
    if request.op == "unsubscribe":
        hub.unsubscribe(client, name)
    elif len(client.topics) >= MAX_TOPICS and name not in client.topics:
        detail = {"message": f"at most {MAX_TOPICS} topics", "fix": "unsubscribe from some"}
        client.offer(hub.said("error", topic, detail))
    else:
        try:
            await hub.subscribe(client, name, request.after.get(topic))
        except DeskError as error:
            hub.unsubscribe(client, name)
            _refuse(client, hub, topic, error)


def _refuse(client: Client, hub: Hub, topic: str, error: DeskError) -> None:
    fix = error.fix or "try again in a moment"
    said = {"message": str(error), "fix": fix, "code": error.code}
    client.offer(hub.said("error", topic, said))


async def _write(socket: WebSocket, client: Client) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            for text in await client.take():
                await socket.send_text(text)


async def _part(socket: WebSocket, client: Client, hub: Hub) -> None:
    if client.dropped is not None:
        await socket.send_text(hub.said("bye", None, {"reason": client.dropped}))
        code = POLICY_VIOLATION if client.over else TRY_AGAIN_LATER
        await socket.close(code, client.dropped)
    else:
        await socket.close()


def _same_origin(socket: WebSocket) -> bool:
    """A browser says where its page came from; programs say nothing and are let in."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    asked = socket.scope.get("state", {}).get("host") or socket.headers.get("host")
    if urlsplit(origin).netloc == asked:
        return True
    origins = getattr(socket.app.state, "origins", None)
    return origins is not None and origins.is_listed(origin)
