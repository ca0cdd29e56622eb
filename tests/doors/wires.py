"""A door on a real uvicorn, and bytes sent to it by hand."""

import asyncio
import base64
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from hydradesk.doors.gateway.wire import Wire, server

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Served:
    """A listening server and its port."""

    def __init__(self, port: int, uvicorn_server: uvicorn.Server) -> None:
        self.port, self.server, self._lines = port, uvicorn_server, list[Line]()

    async def line(self, **more: Any) -> "Line":
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port, **more))
        self._lines.append(line)
        return line

    async def socket(self) -> "Line":
        """A WebSocket after its handshake."""
        line = await self.line()
        line.send(handshake(self.port))
        head = await line.head()
        assert head.startswith("HTTP/1.1 101"), head
        return line

    async def ask(self, path: str = "/healthz", **more: Any) -> str:
        line = await self.line(**more)
        line.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        try:
            return await line.rest()
        finally:
            line.close()

    async def well(self) -> None:
        """Return as soon as a stranger is answered."""
        async with asyncio.timeout(10):
            while "200 OK" not in await self.ask():  # noqa: ASYNC110  (it would not say)
                await asyncio.sleep(0.01)

    async def hang_up(self) -> None:
        for line in self._lines:
            line.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(line.writer.wait_closed(), 1)


class Line:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> str:
        async with asyncio.timeout(10):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def rest(self) -> str:
        """Everything until the other side hangs up."""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                return (await self.reader.read(-1)).decode("latin-1")
        return ""

    async def frame(self) -> tuple[int, bytes]:
        async with asyncio.timeout(10):
            first, second = await self.reader.readexactly(2)
            length = second & 127
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(length)

    async def ends(self) -> int | None:
        """The code of the close frame; None when the line just ended."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                opcode, data = await self.frame()
                if opcode == CLOSE:
                    return int.from_bytes(data[:2], "big") if data else 1005
        return None

    def close(self) -> None:
        self.writer.close()


def handshake(port: int, extra: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /api/stream HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"{extra}\r\n"
    ).encode()


def frame(
    data: bytes, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    """One frame as a client writes it, or as it must not."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    if len(data) < 126:
        head = struct.pack("!BB", first, bit | len(data))
    elif len(data) < 65536:
        head = struct.pack("!BBH", first, bit | 126, len(data))
    else:
        head = struct.pack("!BBQ", first, bit | 127, len(data))
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(one ^ mask[n & 3] for n, one in enumerate(data))


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, **wire: Any) -> AsyncIterator[Served]:
    """Serve an app as the desk does."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = server(app, Wire(**wire))
    one = uvicorn.Server(config)
    running = asyncio.create_task(one._serve(sockets=[listening]))
    async with asyncio.timeout(10):
        while not one.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
    served = Served(listening.getsockname()[1], one)
    yield served
    await served.hang_up()
    one.should_exit = True
    await running
    listening.close()


def trusting(cert: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cert)
