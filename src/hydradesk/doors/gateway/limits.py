"""How much of the desk one caller may use: tiers by class of request, after we know who it is.

Headers: draft-ietf-httpapi-ratelimit-headers-10.
"""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hydradesk.accounts.contracts import ENTITLEMENTS
from hydradesk.doors.gateway import problems
from hydradesk.infra.http import Principal
from hydradesk.infra.origin import network_of
from hydradesk.infra.rates import Flood, Rates, Verdict

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "anonymous": {
        "data": "120/minute",
        "trading": "20/minute",
        "auth": "60/minute",
        "sign_in": "10/minute",
        "admin": "20/minute",
        "upload": "5/minute",
        "graphql": "2000/minute",
    },
    "user": {
        "data": "1000/minute",
        "trading": "100/minute",
        "auth": "60/minute",
        "sign_in": "10/minute",
        "admin": "300/minute",
        "upload": "20/minute",
        "graphql": "20000/minute",
    },
    "pro": {
        "data": "3000/minute",
        "trading": "300/minute",
        "auth": "60/minute",
        "sign_in": "10/minute",
        "admin": "300/minute",
        "upload": "20/minute",
        "graphql": "60000/minute",
    },
    "service": {"sign_in": "10/minute"},
    "demo": {},
}
"""Requests by tier and class; graphql counts cost. What is not named has no limit."""
PROVES = (
    "verify", "memo", "login", "register", "factor", "step-up", "token", "callback",
)  # fmt: skip
"""Last words of the routes under /auth at which somebody proves who he is."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
UNLIMITED = frozenset({"service", "demo"})


def class_of(method: str, path: str) -> str:
    """Return which limit counts for a request."""
    if path.startswith("/api/auth/"):
        proves = path.rpartition("/")[2] in PROVES
        return "sign_in" if proves and (method == "POST" or path.endswith("callback")) else "auth"
    if path.startswith("/api/admin/"):
        return "admin"
    if path == "/api/account/kyc/documents" and method == "POST":
        return "upload"
    return "data" if method in READS or path == "/api/graphql" else "trading"


def tier_of(me: Principal) -> str:
    """Return whose limits count."""
    known = ENTITLEMENTS.get(me.role)
    return known.tier if known is not None else "anonymous"


def payer(me: Principal, kind: str, ip: str) -> str:
    """Return on whose account a request goes: the key's, the person's, else the source's.

    Sign-ins always go on the source's: who guesses is nobody yet.
    """
    if kind == "sign_in" or (me.key is None and me.person is None):
        return f"ip:{network_of(ip)}"
    return f"key:{me.key}" if me.key is not None else f"person:{me.person}"


class Limits:
    """ASGI: refuses who asks too often, and tells everybody else what is left."""

    def __init__(self, app: ASGIApp, rates: Rates, flood: Flood | None) -> None:
        self._app, self._rates, self._flood = app, rates, flood

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        me: Principal = scope["state"]["principal"]
        ip = (scope.get("client") or ("", 0))[0]
        kind = class_of(scope.get("method", "GET"), scope["path"])
        tier = tier_of(me)
        if tier in UNLIMITED and self._flood is not None:
            self._flood.wave_through(network_of(ip))
        verdict = await self._rates.hit(tier, kind, payer(me, kind, ip))
        if verdict.rule is None:
            await self._app(scope, receive, send)
            return
        headers = said(kind, verdict)
        if not verdict.allowed:
            await refuse(scope, receive, send, headers, verdict.again_s)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await self._app(scope, receive, sending)


def said(kind: str, verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """Return the two headers of the draft."""
    rule = verdict.rule
    assert rule is not None
    policy = f'"{kind}";q={rule.amount};w={rule.get_expiry()}'
    left = f'"{kind}";r={verdict.left};t={verdict.again_s}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    headers: list[tuple[bytes, bytes]],
    again_s: int,
) -> None:
    """Answer 429, also to a WebSocket that asks to be opened."""
    detail = f"too many requests; again in {again_s} s"
    problem = problems.problem(429, "limited", detail, [], scope["state"].get("request_id", ""))
    answer = problems.response(problem, None, again_s)
    answer.raw_headers.extend(headers)
    await problems.give(answer, scope, receive, send)
