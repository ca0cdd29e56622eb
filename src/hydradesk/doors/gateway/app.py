"""The HTTP door: every room's routes under /api, health, metrics, the page."""

import hmac
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse
from starlette.types import ASGIApp

from hydradesk import __version__
from hydradesk.doors.gateway import problems, stream
from hydradesk.doors.gateway.armour import LOOPBACK, Origins, host_of
from hydradesk.doors.gateway.fast import FastLane
from hydradesk.doors.gateway.gate import Gate, Identify
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import Idempotency, IdempotencyStore
from hydradesk.doors.gateway.limits import Limits
from hydradesk.doors.gateway.links import add_links
from hydradesk.doors.gateway.middleware import Entrance, Rules
from hydradesk.doors.gateway.proxy import Proxies
from hydradesk.infra.health import Checks, HealthCheck
from hydradesk.infra.http import EXAMPLES, Page, Routes, view_schemas
from hydradesk.infra.rates import Rates
from hydradesk.kernel.errors import Forbidden
from hydradesk.kernel.time import TimeNs

JSON = "application/json"
PAGE = Path(__file__).parent / "static"
SWAGGER = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Hydradesk API</title>
    <link rel="icon" type="image/svg+xml" href="/assets/favicon.svg" />
    <link rel="stylesheet" href="/swagger/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/swagger/swagger-ui-bundle.js"></script>
    <script src="/api/docs/start.js"></script>
  </body>
</html>
"""
SWAGGER_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
"""In a file of its own: the policy allows no inline script."""
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your own: sent again within a day, the write happens once.",
    "schema": {"type": "string", "maxLength": 128},
}


class Door(Struct, frozen=True, kw_only=True):
    """What the door needs from the house."""

    routes: Sequence[Routes]
    hub: Hub
    identify: Identify
    checks: Checks
    new_id: Callable[[], str]
    now: Callable[[], TimeNs]
    """The wall clock."""
    idempotency: IdempotencyStore
    rules: Rules | None = None
    """How the entrance behaves; None: loopback names only, nobody dropped."""
    rates: Rates | None = None
    """None: everybody as often as they like."""
    metrics_token: str | None = None
    """What a collector that is not on this machine sends as its bearer token."""


def build(door: Door) -> FastAPI:
    """Assemble the door."""
    app = FastAPI(title="Hydradesk", version=__version__, openapi_url=None, docs_url=None)
    app.state.now = door.now
    problems.install(app)
    add_routes(app, [*door.routes, system_routes(door.checks)])
    rules = door.rules or loopback_rules()
    app.state.origins = rules.origins
    app.state.rates = door.rates
    stream.install(app, door.hub, door.identify)
    _describe(app)
    _health(app, door.checks, Watchers(door.metrics_token))
    _page(app)
    app.add_middleware(Idempotency, store=door.idempotency)  # inside: it keeps plain answers
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    # Around everything, also around Starlette's own answer to a fault.
    short = {("POST", one.path): one for routes in door.routes for one in routes.short}
    app.state.inside = app.build_middleware_stack()
    inside: ASGIApp = FastLane(app.state.inside, short, door.now)
    if door.rates is not None:
        inside = Limits(inside, door.rates, rules.flood)
    app.middleware_stack = Entrance(Gate(inside, door.identify), door.new_id, rules)
    return app


def loopback_rules() -> Rules:
    """Return how a desk behaves that only this machine can reach."""
    return Rules(origins=Origins(LOOPBACK), hosts=LOOPBACK, proxies=Proxies())


def add_routes(app: FastAPI, routes: Sequence[Routes]) -> None:
    """Put every room's routes under /api."""
    for one in routes:
        app.include_router(one.router, prefix="/api", responses=_refusals())


def system_routes(checks: Checks) -> Routes:
    """Build the route that shows the desk's own health to the page."""
    api = Routes("/system", "system")

    well = HealthCheck(name="database", ok=True, detail="PostgreSQL 18.6, 1.4 ms")

    @api.add("GET", "", Page[HealthCheck], example=Page([well]), scope="market:read")
    async def read_system() -> Page[HealthCheck]:
        """The checks of `hydradesk doctor`, as they stand now."""
        return Page(await checks.run())

    return api


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, views included."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        routes=app.routes,
        description="One desk: market, signal, risk, order, fill and money.",
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, problem = msgspec.json.schema_components(
        [problems.Problem], ref_template="#/components/schemas/{name}"
    )
    schemas.update(view_schemas() | problem)
    every = dict[str, dict[str, Any]]()
    for methods in document["paths"].values():
        for method, operation in methods.items():
            every[operation["operationId"]] = operation
            operation.get("responses", {}).pop("422", None)  # covered by 4XX, in our shape
            _show_example(operation)
            if method != "get":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    add_links(every)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    return document


def _show_example(operation: dict[str, Any]) -> None:
    example = EXAMPLES.get(operation.get("operationId", ""))
    for status, reply in operation.get("responses", {}).items():
        if example is not None and status.startswith("2"):
            reply["content"]["application/json"]["example"] = example


def _refusals() -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    example = msgspec.to_builtins(problems.REFUSED)
    content = {"application/problem+json": {"schema": schema, "example": example}}
    away = {"schema": schema, "example": msgspec.to_builtins(problems.AWAY)}
    return {
        "4XX": {"description": "Refused; see `code`.", "content": content},
        "503": {
            "description": "A part of the desk is not there at the moment; ask again.",
            "content": {"application/problem+json": away},
        },
    }


def _describe(app: FastAPI) -> None:
    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(msgspec.json.encode(describe(app)), media_type="application/json")

    @app.get("/api/docs/swagger", include_in_schema=False)
    async def swagger() -> HTMLResponse:
        return HTMLResponse(SWAGGER)

    @app.get("/api/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(SWAGGER_START, media_type="text/javascript")


class Watchers:
    """Who may see how the desk is: this machine, who runs it, and who holds the token."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def admit(self, request: Request) -> bool:
        """Whether a request comes from one of them."""
        state = request.state
        ip = request.client.host if request.client else ""
        near = state.direct and ip in ("127.0.0.1", "::1") and host_of(state.host) in LOOPBACK
        if near or "desk:write" in state.principal.scopes:
            return True
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        return bool(self._token) and hmac.compare_digest(sent.encode(), str(self._token).encode())


def _health(app: FastAPI, checks: Checks, watchers: Watchers) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return Response(b'{"ok":true}', media_type=JSON)

    @app.get("/readyz", include_in_schema=False)
    async def ready(request: Request) -> Response:
        items = await checks.run()
        ok = all(one.ok for one in items)
        body = items if watchers.admit(request) else {"ok": ok}
        return Response(msgspec.json.encode(body), 200 if ok else 503, media_type=JSON)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not watchers.admit(request):
            raise Forbidden("measurements are for those who run the desk")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _page(app: FastAPI) -> None:
    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        """Serve the built page; a path it does not know is the page's own business."""
        file = (PAGE / path).resolve()
        if path.startswith("api/") or not (PAGE / "index.html").exists():
            detail = "there is no such route" if path.startswith("api/") else "run `make setup`"
            said = problems.problem(404, "not_found", detail, [], request.state.request_id)
            return problems.response(said)
        if path and file.is_relative_to(PAGE) and file.is_file():
            forever = "public, max-age=31536000, immutable" if path.startswith("assets/") else ""
            headers = {"Cache-Control": forever or "no-cache"}
            return FileResponse(file, headers=headers)
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})
