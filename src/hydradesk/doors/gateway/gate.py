"""Who is calling: settled once for each request, before anything else looks at it."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hydradesk.infra.http import Principal
from hydradesk.infra.origin import ORIGIN, Origin

Identify = Callable[[Scope], Awaitable[Principal]]
"""Never raises: what is wrong with the credentials is the principal's `refusal`."""
AGENT_KEPT = 200
SIGNED = b"x-hd-signature"
"""Whoever sends it signed the body too: it is read before we know whose it is."""


class Gate:
    """ASGI: puts the caller on the request's state, and where the work comes from in ORIGIN."""

    def __init__(self, app: ASGIApp, identify: Identify) -> None:
        self._app, self._identify = app, identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] in ("http", "websocket"):
            state = scope.setdefault("state", {})
            if scope["type"] == "http" and SIGNED in dict(scope["headers"]):
                state["body"], receive = await _read(receive)
            principal = await self._identify(scope)
            state["principal"] = principal
            ORIGIN.set(_origin(principal, scope, str(state.get("request_id", ""))))
        await self._app(scope, receive, send)


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body, which the entrance limits, and a channel that gives it again."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += bytes(message.get("body", b""))
        more = bool(message.get("more_body"))
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return body, again


def _origin(principal: Principal, scope: Scope, request_id: str) -> Origin:
    via = principal.role
    if principal.session is not None:
        via = f"session:{principal.session}"
    elif principal.key is not None:
        via = f"key:{principal.key}"
    return Origin(
        actor=principal.person or "anonymous",
        via=via,
        ip=(scope.get("client") or ("", 0))[0],
        request_id=request_id,
        agent=Headers(scope=scope).get("user-agent", "")[:AGENT_KEPT],
    )
