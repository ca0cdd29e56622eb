"""What happens to every request: who asks, how often, a name, limits, armour, a measure, a log."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl

from msgspec import Struct
from prometheus_client import Counter, Histogram
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hydradesk.doors.gateway import bodies, problems
from hydradesk.doors.gateway.armour import Headers, Origins, dressed, host_of
from hydradesk.doors.gateway.proxy import Proxies
from hydradesk.infra.logs import ACCESS
from hydradesk.infra.origin import network_of
from hydradesk.infra.rates import Flood

MAX_URL = 8 * 1024
READ_S, WRITE_S = 20.0, 60.0
"""How long a read is worked on; how long a caller waits for a write, which goes on."""
REQUESTS = Counter("hydradesk_http_requests", "Requests answered", ["method", "route", "status"])
DROPPED = Counter("hydradesk_http_dropped", "Requests refused before they were looked at", ["why"])
SECONDS = Histogram(
    "hydradesk_http_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
SLOW_S = 0.25
"""Unless everything is logged, a GET that went well within this is only counted."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HARMLESS = frozenset(
    {"symbol", "timeframe", "limit", "from", "to", "cursor", "status", "side", "kind", "state"}
)
"""Query parameters whose values are logged; of every other only the name."""
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

Refused = tuple[int, str, str]
"""Status, code, detail."""


class Rules(Struct, frozen=True, kw_only=True):
    """How the entrance behaves."""

    origins: Origins
    hosts: frozenset[str]
    proxies: Proxies
    flood: Flood | None = None
    """None: nobody is dropped."""
    locked: Callable[[str], bool] = lambda ip: False
    """Whether an address was shut out by an incident."""
    log: Literal["notable", "all"] = "notable"
    read_s: float = READ_S
    write_s: float = WRITE_S


class Entrance:
    """ASGI, outermost: what it refuses costs next to nothing."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str], rules: Rules) -> None:
        self._app, self._new_id, self._rules = app, new_id, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        self._rules.proxies.resolve(scope)
        source = (scope.get("client") or ("", 0))[0]
        why = self._dropped(source)
        if why is not None:
            DROPPED.labels(why).inc()
            await _drop(scope, receive, send, self._new_id())
            return
        headers = dict(scope["headers"])
        request_id = self._name(scope, headers)
        scope["state"]["request_id"] = request_id
        refusal = self._refusal(scope, headers)
        if scope["type"] == "http":
            await self._http(scope, receive, send, refusal)
        elif refusal is None:
            await self._app(scope, receive, send)
        else:
            answer = problems.response(problems.problem(*refusal, [], request_id))
            await problems.give(answer, scope, receive, send)

    def _dropped(self, source: str) -> str | None:
        if self._rules.locked(source):
            return "locked"
        flood = self._rules.flood
        return "flood" if flood is not None and flood.drops(network_of(source)) else None

    def _name(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """The name a trusted proxy gave the request, else a new one."""
        given = headers.get(b"x-request-id", b"")
        if not scope["state"]["direct"] and REQUEST_ID.fullmatch(given):
            return given.decode()
        return self._new_id()

    async def _http(
        self, scope: Scope, receive: Receive, send: Send, refusal: Refused | None
    ) -> None:
        seen = _Seen(scope, send, self._rules.origins.allowed(dict(scope["headers"])))
        try:
            await self._answer(scope, receive, seen.send, refusal)
        finally:
            seen.over(self._rules.log)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, refusal: Refused | None
    ) -> None:
        headers = dict(scope["headers"])
        asked = self._rules.origins.preflight(scope, headers) if refusal is None else None
        if asked is not None:
            answer = Response(status_code=204)
            answer.raw_headers = [one for one in asked if one[0].startswith(b"access-control-")]
            await answer(scope, receive, send)
            return
        if refusal is None:
            receive, refusal = await bodies.read(scope, headers, receive)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self._timed(scope, receive, send)
        else:
            await self._patient(scope, receive, send)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads end when their time is up."""
        try:
            async with asyncio.timeout(self._rules.read_s):
                await self._app(scope, receive, send)
        except TimeoutError:
            await _refuse(
                (503, "timeout", "that took too long; ask for less"), scope, receive, send
            )

    async def _patient(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Writes are never cut off in the middle: only the waiting ends."""
        late: list[asyncio.Task[None]] = []

        async def sending(message: Message) -> None:
            if not late:
                await send(message)

        def tire() -> None:
            detail = "still being worked on; look whether it happened, or repeat with the same key"
            said = (504, "timeout", detail)
            late.append(asyncio.ensure_future(_refuse(said, scope, receive, send)))

        timer = asyncio.get_running_loop().call_later(self._rules.write_s, tire)
        try:
            await self._app(scope, receive, sending)
        finally:
            timer.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> Refused | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URL:
            return 414, "uri_too_long", f"an address has at most {MAX_URL} bytes"
        if host_of(scope["state"]["host"]) not in self._rules.hosts:
            # A foreign name for our address is how DNS rebinding begins.
            return 421, "wrong_host", "this desk has another name"
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return 422, "invalid", "an address has no NUL"
        return self._unwanted(scope, headers) if scope["type"] == "http" else None

    def _unwanted(self, scope: Scope, headers: dict[bytes, bytes]) -> Refused | None:
        if scope["method"] not in METHODS:
            return 405, "method_not_allowed", "there is no such method here"
        if self._rules.origins.is_forged(scope, headers):
            return 403, "foreign_origin", "a page from elsewhere may not change anything here"
        return bodies.announced(scope, headers)


class _Seen:
    """One answer: dresses it as it starts, and measures it."""

    def __init__(self, scope: Scope, send: Send, cors: Headers) -> None:
        self._scope, self._send, self._cors = scope, send, cors
        self._began = time.perf_counter()
        self.status, self.started, self.bytes = 500, False, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.started:  # a refusal after the answer had begun: let the line break
                raise TimeoutError
            self.status, self.started = message["status"], True
            name = (b"x-request-id", self._scope["state"]["request_id"].encode())
            names = {one for one, _ in self._cors}
            kept = [one for one in message["headers"] if one[0] not in names or one[0] == b"vary"]
            message["headers"] = dressed([*kept, *self._cors], self._scope, [name])
        else:
            self.bytes += len(message.get("body", b""))
        await self._send(message)

    def over(self, keep: str) -> None:
        """Count and, if it matters, log."""
        took = time.perf_counter() - self._began
        scope, method = self._scope, self._scope["method"]
        route = getattr(scope.get("route"), "path", "unmatched")
        known = method if method in METHODS else "other"
        REQUESTS.labels(known, route, str(self.status)).inc()
        SECONDS.labels(route).observe(took)
        if keep == "all" or method != "GET" or self.status >= 400 or took > SLOW_S:
            me = scope["state"].get("principal")
            ACCESS.write(
                method=known,
                route=route,
                path=scope["path"][:200],
                query=_query(scope["query_string"]),
                status=self.status,
                ms=round(took * 1000, 2),
                bytes=self.bytes,
                person=me.person if me is not None else None,
                ip=(scope.get("client") or ("", 0))[0],
                request_id=scope["state"]["request_id"],
            )


async def _refuse(said: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    problem = problems.problem(*said, [], scope["state"]["request_id"])
    await problems.response(problem)(scope, receive, send)


async def _drop(scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
    """The shortest answer there is."""
    detail = b"too many requests from your network"
    body = (
        b'{"type":"urn:hydradesk:problem:limited","title":"Too Many Requests","status":429,'
        b'"code":"limited","detail":"%b","errors":[],"request_id":"%b"}'
    ) % (detail, request_id.encode())
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
    ]
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    else:
        await send({"type": "websocket.close", "code": 1008})


def _query(raw: bytes) -> str:
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)[:20]
    return "&".join(f"{k[:40]}={v[:40] if k in HARMLESS else '…'}" for k, v in pairs)
