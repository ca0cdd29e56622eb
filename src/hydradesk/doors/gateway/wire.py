"""The server under the door: what it bears with before a request is one.

uvicorn bounds neither the size of a request's head nor the time it takes, and answers pings of a
client that never reads. Here a head has a size and a deadline, a source a number of connections.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from hydradesk.infra.origin import network_of

HEAD_BYTES = 32 * 1024
HEADERS = 100
HEAD_S = 10.0
KEEP_ALIVE_S = 30
GRACE_S = 5
"""How long open requests may take to end when the desk is told to stop."""
MESSAGE_BYTES = 64 * 1024
UNREAD_BYTES = 1024 * 1024
"""Pongs and closes waiting for a client that does not read."""
FRAGMENTS = 1_024
"""Frames that one message may come in."""
PING_S, PONG_S = 20.0, 20.0
"""A line that is silent for longer than both together is dead."""
log = logging.getLogger("hydradesk.wire")
log.setLevel(logging.ERROR)
"""What strangers send that is not HTTP is not worth a line each."""
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nconnection: close\r\n\r\n"
)
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


class Wire(Struct, frozen=True, kw_only=True):
    """How the server behaves."""

    per_source: int = 256
    """Connections of one address or household; behind proxies they are the proxies' business."""
    proxied: bool = False
    cert: Path | None = None
    key: Path | None = None
    head_s: float = HEAD_S
    ping_s: float = PING_S
    pong_s: float = PONG_S


class _Line(HttpToolsProtocol):
    """One connection until it is a WebSocket."""

    wire: Wire
    open: Counter[str]
    """Connections by source."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.logger = log
        self._head, self._fields, self._reading, self._upgraded = 0, 0, True, False
        self._source = network_of(self.client[0]) if self.client else ""
        self._deadline: asyncio.TimerHandle | None = None
        self.open[self._source] += 1
        if not self.wire.proxied and self.open[self._source] > self.wire.per_source:
            self._end(TOO_MANY)
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._reading:
            self._head += len(data)
        super().data_received(data)
        # What belongs to a body does not count: `_reading` ends with the head.
        if self._reading and self._head > HEAD_BYTES:
            self._end(TOO_LARGE)
        elif self._deadline is None and self._idle():
            self._wait_for_head()  # bytes that begin no request keep no line open

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._fields = 0
        if not self._reading:
            self._reading, self._head = True, 0
            self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > HEADERS or len(name) + len(value) > HEAD_BYTES:
            raise OverflowError  # the parser makes a 400 of it, we a 431
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        if self._fields > HEADERS or self._head > HEAD_BYTES:
            self._end(TOO_LARGE)
        else:
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        self._stop()
        self._reading = False
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop()
        self._upgraded = True
        super().handle_websocket_upgrade()

    def _idle(self) -> bool:
        """Whether no request is being read or worked on."""
        if self._upgraded or self.transport.is_closing():
            return False
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._stop()
        self._deadline = self.loop.call_later(self.wire.head_s, self._end, TOO_LATE)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        self.open[self._source] -= 1
        if self.open[self._source] <= 0:
            del self.open[self._source]

    def _end(self, answer: bytes) -> None:
        self._stop()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


class _Socket(WebSocketsSansIOProtocol):
    """One WebSocket."""

    open: Counter[str]

    def connection_lost(self, exc: Exception | None) -> None:
        source = network_of(self.client[0]) if self.client else ""
        self.open[source] -= 1
        if self.open[source] <= 0:
            del self.open[source]
        super().connection_lost(exc)

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()  # asks, and never reads what it is answered
        else:
            super().handle_ping()

    def handle_cont(self, event: Any) -> None:  # noqa: ANN401  (websockets' frame)
        if len(self.frames) >= FRAGMENTS:
            self._fail(1009)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._fail(1007)
                return
        super().send_receive_event_to_app()

    def _fail(self, code: int) -> None:
        self.frames = []
        if not self.close_sent:
            self.conn.send_close(code)
            self.handle_parser_exception()


def server(app: ASGIApp, wire: Wire) -> uvicorn.Config:
    """Return how uvicorn serves the door."""
    sources: Counter[str] = Counter()
    line = type("Line", (_Line,), {"wire": wire, "open": sources})
    socket = type("Socket", (_Socket,), {"open": sources})
    secure: dict[str, Any] = {}
    if wire.cert is not None:
        secure = {
            "ssl_certfile": wire.cert,
            "ssl_keyfile": wire.key,
            "ssl_context_factory": _context,
        }
    return uvicorn.Config(
        cast(Any, app),
        loop="none",
        http=line,
        ws=socket,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        lifespan="off",
        proxy_headers=False,  # gateway.proxy reads them, from those we trust
        ws_max_size=MESSAGE_BYTES,
        ws_ping_interval=wire.ping_s,
        ws_ping_timeout=wire.pong_s,
        ws_per_message_deflate=False,  # each message would be deflated anew for every client
        server_header=False,
        **secure,
    )


def _context(config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
