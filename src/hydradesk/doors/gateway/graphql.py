"""POST /api/graphql: reads, several at once, over the same routes as REST."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from hydradesk.accounts.contracts import Feature
from hydradesk.doors.gateway.limits import payer, tier_of
from hydradesk.infra.http import Caller, Principal, Routes
from hydradesk.infra.rates import Rates
from hydradesk.kernel.errors import Forbidden, Limited

Asked = dict[str, Any]


class GraphqlView(Struct, frozen=True, kw_only=True):
    """What was found, and why something was not."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] = []


class GraphqlQuery(BaseModel):
    """One query; several in one request are not taken."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=16_000)
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(default=None, max_length=100, alias="operationName")


class Terms(Struct, frozen=True, kw_only=True):
    """Who may do what with GraphQL."""

    require: Callable[[Feature], None] | None = None
    """Raises when an administrator has switched it off."""
    introspection: bool = False
    """Whether strangers may read the schema."""


EXAMPLE = GraphqlView(data={"markets": {"items": [{"symbol": "ETH-USDT"}]}})


def graphql_routes(terms: Terms) -> Routes:
    """Build the routes; the schema is derived when the first query comes."""
    api = Routes("/graphql", "graphql")
    known: dict[str, Any] = {}
    making = asyncio.Lock()

    async def graph(app: FastAPI) -> Any:  # noqa: ANN401  (graph.Graph, imported late)
        async with making:
            if "graph" not in known:
                known["graph"] = await asyncio.to_thread(_derive, app)
        return known["graph"]

    def shows(me: Principal) -> bool:
        return terms.introspection or me.person is not None

    @api.add("POST", "", GraphqlView, scope="market:read", example=EXAMPLE)
    async def query_graphql(me: Caller, request: Request, body: GraphqlQuery) -> GraphqlView:
        """Read several things at once; fields are named and filtered as in REST."""
        _allowed(terms)
        here = await graph(request.app)
        asked = body.variables or {}
        document, cost = here.judge(body.query, body.operation_name, asked)
        await _pay(request.app.state.rates, me, request.scope, cost)
        said = await here.answer(
            document, _asker(request), body.operation_name, asked, introspection=shows(me)
        )
        return GraphqlView(**said)

    @api.raw(
        "GET",
        "/schema",
        scope="market:read",
        response_class=PlainTextResponse,
        responses={200: {"content": {"text/plain": {"example": "type Query {\n  me: Me\n}\n"}}}},
    )
    async def read_graphql_schema(me: Caller, request: Request) -> Response:
        """The schema as text."""
        _allowed(terms)
        if not shows(me):
            raise Forbidden("the schema is for those who are signed in")
        return PlainTextResponse((await graph(request.app)).text)

    return api


def _allowed(terms: Terms) -> None:
    if terms.require is not None:
        terms.require("graphql")


def _derive(app: FastAPI) -> Any:  # noqa: ANN401
    # A tenth of a second that only those pay who use it.
    from hydradesk.doors.gateway.app import describe  # noqa: PLC0415
    from hydradesk.doors.gateway.graph import Graph  # noqa: PLC0415

    return Graph(describe(app))


async def _pay(rates: Rates | None, me: Principal, scope: Scope, cost: int) -> None:
    if rates is None:
        return
    who = payer(me, "graphql", (scope.get("client") or ("", 0))[0])
    verdict = await rates.hit(tier_of(me), "graphql", who, cost)
    if not verdict.allowed:
        error = Limited(f"this costs {cost}, and {verdict.left} is left for now")
        error.retry_after_s = verdict.again_s
        raise error


def _asker(request: Request) -> Callable[[str, dict[str, str]], Any]:
    """Ask routes of this app as the same caller, with no network between."""
    from hydradesk.doors.gateway.graph import decoded  # noqa: PLC0415

    inside = request.app.state.inside

    async def ask(path: str, query: dict[str, str]) -> Any:  # noqa: ANN401
        status, chunks = 500, list[bytes]()
        scope = _scope(request.scope, path, urlencode(query).encode())

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                chunks.append(message.get("body", b""))

        await inside(scope, receive, send)
        return decoded(status, b"".join(chunks))

    return ask


def _scope(outer: Scope, path: str, query: bytes) -> Scope:
    return {
        "type": "http",
        "app": outer["app"],
        "asgi": outer["asgi"],
        "http_version": outer["http_version"],
        "method": "GET",
        "scheme": outer["scheme"],
        "path": path,
        "raw_path": path.encode(),
        "root_path": outer.get("root_path", ""),
        "query_string": query,
        "headers": [],
        "client": outer.get("client"),
        "server": outer.get("server"),
        "state": dict(outer["state"]),
    }
