"""What happens to every HTTP request: a name, a size limit, a host check, a measure, a log."""

import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hydradesk.doors.gateway import problems

MAX_BODY = 1024 * 1024
REQUESTS = Counter("hydradesk_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "hydradesk_http_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
SLOW_S = 0.25
"""A GET that went well within this is counted but not logged: the page asks all day."""
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'",
    ),
]

log = structlog.get_logger("access")


class Entrance:
    """Names, limits and measures each request, and logs those that matter.

    Plain ASGI; only a body of unknown length is read before it is passed on.
    """

    def __init__(self, app: ASGIApp, new_id: Callable[[], str], hosts: frozenset[str]) -> None:
        self._app, self._new_id, self._hosts = app, new_id, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        headers = dict(scope["headers"])
        refusal = self._refusal(scope, headers, request_id)
        if refusal is None and b"transfer-encoding" in headers:
            body = await _whole(receive)
            refusal = _too_large(request_id) if body is None else None
            receive = _again(body or b"", receive)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.detail})
            return
        await self._http(scope, receive, send, refusal)

    async def _http(
        self, scope: Scope, receive: Receive, send: Send, refusal: problems.Problem | None
    ) -> None:
        began = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                name = scope["state"]["request_id"].encode()
                said = {header for header, _ in message["headers"]}
                extra = [(b"x-request-id", name), *(one for one in SECURITY if one[0] not in said)]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        try:
            if refusal is None:
                await self._app(scope, receive, sending)
            else:
                await problems.response(refusal)(scope, receive, sending)
        finally:
            took = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "unmatched")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(route).observe(took)
            if scope["method"] != "GET" or status >= 400 or took > SLOW_S:
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=round(took * 1000, 2),
                    request_id=scope["state"]["request_id"],
                )

    def _refusal(
        self, scope: Scope, headers: dict[bytes, bytes], request_id: str
    ) -> problems.Problem | None:
        host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0]
        if host not in self._hosts:  # a foreign name for a loopback address: DNS rebinding
            detail = f"this desk answers to {', '.join(sorted(self._hosts))}"
            return problems.problem(421, "wrong_host", detail, [], request_id)
        if scope["type"] == "http" and _is_forged(scope, headers, self._hosts):
            detail = "a page from elsewhere may not change anything here"
            return problems.problem(403, "foreign_origin", detail, [], request_id)
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return problems.problem(422, "invalid", "an address has no NUL", [], request_id)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return _too_large(request_id)
        return None


def _is_forged(scope: Scope, headers: dict[bytes, bytes], hosts: frozenset[str]) -> bool:
    """A browser says whose page asks for a change; programs say nothing and are let in."""
    origin = headers.get(b"origin")
    if origin is None or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return False
    return origin.decode("latin-1").rpartition("//")[2].rsplit(":", 1)[0] not in hosts


def _too_large(request_id: str) -> problems.Problem:
    detail = f"a request body has at most {MAX_BODY} bytes"
    return problems.problem(413, "too_large", detail, [], request_id)


async def _whole(receive: Receive) -> bytes | None:
    """The body, or None when it is too large."""
    body, more = b"", True
    while more:
        message = await receive()
        body += bytes(message.get("body", b""))
        more = bool(message.get("more_body"))
        if len(body) > MAX_BODY:
            return None
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A channel that gives a body that was read already, then goes on as before."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
