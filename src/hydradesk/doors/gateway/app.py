"""The HTTP door: every room's routes under /api, health, metrics, the page."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse

from hydradesk import __version__
from hydradesk.doors.gateway import problems, stream
from hydradesk.doors.gateway.fast import FastLane
from hydradesk.doors.gateway.gate import Gate, Identify
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import Idempotency, IdempotencyStore
from hydradesk.doors.gateway.middleware import Entrance
from hydradesk.infra.health import Checks, HealthCheck
from hydradesk.infra.http import EXAMPLES, Page, Routes, view_schemas
from hydradesk.kernel.time import TimeNs

PAGE = Path(__file__).parent / "static"
SWAGGER_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
"""FastAPI's Swagger page starts itself with an inline script."""
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your own: sent again within a day, the write happens once.",
    "schema": {"type": "string", "maxLength": 128},
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


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
    hosts: frozenset[str] = LOOPBACK


def build(door: Door) -> FastAPI:
    """Assemble the door."""
    app = FastAPI(title="Hydradesk", version=__version__, openapi_url=None, docs_url=None)
    app.state.now = door.now
    problems.install(app)
    add_routes(app, [*door.routes, system_routes(door.checks)])
    stream.install(app, door.hub, door.identify)
    _describe(app)
    _health(app, door.checks)
    _page(app)
    app.add_middleware(Idempotency, store=door.idempotency)  # inside: it keeps plain answers
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    # Around everything, also around Starlette's own answer to a fault.
    short = {("POST", one.path): one for routes in door.routes for one in routes.short}
    inner = Gate(FastLane(app.build_middleware_stack(), short, door.now), door.identify)
    app.middleware_stack = Entrance(inner, door.new_id, door.hosts)
    return app


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
    for methods in document["paths"].values():
        for method, operation in methods.items():
            operation.get("responses", {}).pop("422", None)  # covered by 4XX, in our shape
            _show_example(operation)
            if method != "get":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
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
    return {"4XX": {"description": "Refused; see `code`.", "content": content}}


def _describe(app: FastAPI) -> None:
    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(msgspec.json.encode(describe(app)), media_type="application/json")

    @app.get("/api/docs/swagger", include_in_schema=False)
    async def swagger() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/api/openapi.json",
            title="Hydradesk API",
            swagger_js_url="/swagger/swagger-ui-bundle.js",
            swagger_css_url="/swagger/swagger-ui.css",
            swagger_favicon_url="/assets/favicon.svg",
        )
        page.headers["Content-Security-Policy"] = SWAGGER_POLICY
        return page


def _health(app: FastAPI, checks: Checks) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return Response(b'{"ok":true}', media_type="application/json")

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        items = await checks.run()
        status = 200 if all(one.ok for one in items) else 503
        return Response(msgspec.json.encode(items), status, media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
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
