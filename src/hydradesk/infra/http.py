"""What every router shares: who is calling, typed views encoded once, opaque page cursors."""

import base64
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec import Struct

from hydradesk.kernel.errors import DeskError, Forbidden, Invalid, Unauthenticated, Unavailable
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import TimeNs

T = TypeVar("T")
Handler = Callable[..., Awaitable[Any]]


class Page(Struct, Generic[T], frozen=True):
    """One page of a list; pass `next` back as `cursor` for the following one."""

    items: Sequence[T]
    next: str | None = None


class Principal(Struct, frozen=True, kw_only=True):
    """The caller of a request, as the gateway's gate established it; anybody may be anonymous."""

    person: PersonId | None = None
    """None: nobody we know."""
    account: AccountId = AccountId("")
    """The person's paper account in the running session; empty: none (yet)."""
    role: str = "anonymous"
    """user, pro, premium, support, admin, service; `anonymous`, or `demo` without sign-in."""
    scopes: frozenset[str] = frozenset()
    """What the role allows, narrowed to what the key in use was made for."""
    session: str | None = None
    """The signed-in session; None with an API key."""
    key: str | None = None
    """The API key used; None with a session."""
    fresh_until: TimeNs = TimeNs(0)
    """Until when, on the wall clock, a second proof of identity counts (step-up)."""
    refusal: DeskError | None = None
    """What was wrong with the credentials sent; routes that need any raise it."""


class StepUp(Forbidden):
    """The caller may, once they prove again who they are (HTTP 403)."""

    code = "step_up_required"


async def caller(request: Request) -> Principal:
    """Return who is calling."""
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(caller)]
"""The type of a handler's parameter for who is calling."""
TRADING = frozenset({"orders", "portfolio", "risk", "withdrawals"})
"""Scopes, up to the colon, that are about a paper account."""


def guarding(scope: str, *, step_up: bool = False) -> Callable[[Principal, TimeNs], None]:
    """Build a check that refuses callers without a scope, or without a fresh proof."""
    family = scope.partition(":")[0]

    def check(me: Principal, now: TimeNs) -> None:
        if scope not in me.scopes:
            if me.refusal is not None:
                raise me.refusal
            if me.person is None:
                raise Unauthenticated("sign in first", fix="sign in, or send an API key")
            raise Forbidden(f"this needs the scope {scope}")
        proved = me.fresh_until >= now or (me.key is not None and family == "withdrawals")
        if step_up and not proved:  # a key that may withdraw was made with a fresh proof
            raise StepUp("prove again that it is you", fix="POST /api/auth/step-up, then repeat")
        if family in TRADING and not me.account:
            raise Unavailable("the desk is still opening its paper account", fix="ask again soon")

    return check


def requires(scope: str, *, step_up: bool = False) -> Callable[[Request], Awaitable[None]]:
    """Build the same as a dependency. A coroutine: FastAPI would run a function in a thread."""
    check = guarding(scope, step_up=step_up)

    async def dependency(request: Request) -> None:
        check(request.state.principal, request.app.state.now())

    return dependency


class Fast(Struct, frozen=True, kw_only=True):
    """A small durable write that the gateway may answer without going through its router."""

    path: str
    guard: Callable[[Principal, TimeNs], None]
    decode: Callable[[bytes], Any]
    handler: Callable[[Principal, Any], Awaitable[Any]]
    status: int


VIEWS: dict[str, object] = {}
"""Every view type by schema name, for the OpenAPI document."""
_SCHEMAS = "#/components/schemas/"


BODIES: dict[str, Any] = {}
"""Schemas of the bodies of fast routes, for the same document."""
EXAMPLES: dict[str, object] = {}
"""Example answers by operation id; FastAPI would drop what is null in them."""


class Routes:
    """An APIRouter whose handlers return msgspec structs, encoded once."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.router = APIRouter(prefix=prefix, tags=[tag])
        self.short: list[Fast] = []
        """Those of them that have a short way."""

    def add(  # noqa: PLR0913  (what a route is)
        self,
        method: str,
        path: str,
        view: object,
        *,
        scope: str,
        step_up: bool = False,
        status: int = 200,
        example: object = None,
        said: dict[str, Any] | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler; its name becomes the operation id, its docstring the description.

        Args:
            method: GET, POST …
            path: below the prefix.
            view: the type of what the handler returns, for the schema.
            scope: what the caller must be allowed; see docs/authorisation.md.
            step_up: whether they must have proved lately who they are.
            status: of a success.
            example: an instance of `view`, shown in the document.
            said: further members of the operation in the document.
        """
        content: dict[str, Any] = {"schema": {"$ref": f"{_SCHEMAS}{_register(view)}"}}

        def register(handler: Handler) -> Handler:
            if example is not None:
                EXAMPLES[_camel(handler.__name__)] = msgspec.to_builtins(example)

            @functools.wraps(handler)
            async def encoded(*args: Any, **kwargs: Any) -> Response:
                result = await handler(*args, **kwargs)
                if isinstance(result, Response):
                    return result
                body = msgspec.json.encode(result)
                return Response(body, status, media_type="application/json")

            encoded.__signature__ = inspect.signature(handler)  # type: ignore[attr-defined]
            self.router.add_api_route(
                path,
                encoded,
                methods=[method],
                status_code=status,
                response_model=None,
                response_class=Response,
                operation_id=_camel(handler.__name__),
                responses={status: {"description": "OK", "content": {"application/json": content}}},
                **_guarded(scope, step_up, said),
            )
            return handler

        return register

    def fast(
        self, path: str, body: type[Struct], view: object, *, scope: str, example: object
    ) -> Callable[[Callable[[Principal, Any], Awaitable[Any]]], None]:
        """Register a POST of a msgspec body that answers 201, also for the short way."""
        decode = _decoder(body)
        (reference,), components = msgspec.json.schema_components(
            [body], ref_template=f"{_SCHEMAS}{{name}}"
        )
        BODIES.update(components)
        content = {"application/json": {"schema": reference}}

        def register(handler: Callable[[Principal, Any], Awaitable[Any]]) -> None:
            async def ordinary(me: Caller, request: Request) -> Any:  # noqa: ANN401  (a view)
                return await handler(me, decode(await request.body()))

            ordinary.__name__, ordinary.__doc__ = handler.__name__, handler.__doc__
            said = {"requestBody": {"required": True, "content": content}}
            self.add("POST", path, view, scope=scope, status=201, example=example, said=said)(
                ordinary
            )
            self.short.append(
                Fast(
                    path=f"/api{self.router.prefix}{path}",
                    guard=guarding(scope),
                    decode=decode,
                    handler=handler,
                    status=201,
                )
            )

        return register

    def raw(
        self, method: str, path: str, *, scope: str, step_up: bool = False, **more: Any
    ) -> Callable[[Handler], Handler]:
        """Register a handler that answers with a Response of its own: files, redirects."""

        def register(handler: Handler) -> Handler:
            self.router.add_api_route(
                path,
                handler,
                methods=[method],
                operation_id=_camel(handler.__name__),
                response_model=None,
                **{"response_class": Response} | more | _guarded(scope, step_up),
            )
            return handler

        return register


def _guarded(scope: str, step_up: bool, more: dict[str, Any] | None = None) -> dict[str, Any]:
    said = {"x-scope": scope} | ({"x-step-up": True} if step_up else {}) | (more or {})
    return {"dependencies": [Depends(requires(scope, step_up=step_up))], "openapi_extra": said}


def _decoder(body: type[Struct]) -> Callable[[bytes], Any]:
    decoder = msgspec.json.Decoder(body)

    def decode(sent: bytes) -> Any:  # noqa: ANN401  (a `body`)
        try:
            return decoder.decode(sent)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            field = path.strip(".`") or "body"
            raise Invalid(message, field=field, fix="see the API description") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(
                "the body is not JSON", field="body", fix=f"send JSON: {error}"
            ) from error

    return decode


def encode_cursor(*parts: str | int) -> str:
    """Pack where a page ended."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def decode_cursor(cursor: str | None, kinds: tuple[type, ...]) -> list[Any] | None:
    """Unpack a cursor; Invalid for one we never gave."""
    if cursor is None:
        return None
    try:
        body = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        parts = msgspec.json.decode(body, type=list[str | int])
        if tuple(type(part) for part in parts) != kinds or not all(map(_storable, parts)):
            raise ValueError(parts)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Invalid(
            "the cursor is not one of ours", field="cursor", fix="pass `next` of the last page"
        ) from error
    return parts


def _storable(part: str | int) -> bool:
    """Whether the database can compare with it: 64 bits, no NUL."""
    return "\0" not in part if isinstance(part, str) else -(2**63) <= part < 2**63


def view_schemas() -> dict[str, Any]:
    """Return the JSON schemas of all registered views, for #/components/schemas."""
    template = f"{_SCHEMAS}{{name}}"
    _, components = msgspec.json.schema_components(VIEWS.values(), ref_template=template)
    views = {_public(name): _published(schema) for name, schema in components.items()}
    return views | BODIES


def _register(view: object) -> str:
    (reference,), _ = msgspec.json.schema_components([view], ref_template="{name}")
    name = _public(str(reference["$ref"]))
    VIEWS[name] = view
    return name


def _public(name: str) -> str:
    """Return what outsiders call it: OrderView is their Order, Page_OrderView_ their OrderPage."""
    if name.startswith("Page_"):
        return f"{_public(name.removeprefix('Page_').removesuffix('_'))}Page"
    return name.removesuffix("View")


def _published(node: Any) -> Any:  # noqa: ANN401  (JSON)
    """Rewrite references to public names, drop titles: they repeat ours; no field is left out."""
    if isinstance(node, list):
        return [_published(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: one for key, one in node.items() if key != "title" or not isinstance(one, str)}
    if "$ref" in kept:
        kept["$ref"] = _SCHEMAS + _public(kept["$ref"].removeprefix(_SCHEMAS))
    if "properties" in kept:
        kept["required"] = list(kept["properties"])
    return {key: _published(one) for key, one in kept.items()}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)
