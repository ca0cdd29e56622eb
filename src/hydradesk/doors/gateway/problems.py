"""Every refusal leaves as RFC 9457 problem details; this is the only place that says how."""

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from hydradesk.kernel import errors

STATUS: dict[type[errors.DeskError], int] = {
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Limited: 429,
    errors.Unavailable: 503,
}
CODES_422 = frozenset({"risk_refused"})

log = structlog.get_logger("gateway")


class FieldError(Struct, frozen=True):
    """What is wrong with one input, and what would pass."""

    field: str
    message: str
    fix: str


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was refused. `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError]
    request_id: str
    rule: str | UnsetType = UNSET
    """Which rule of Guardian refused; with code risk_refused."""
    receipt_id: str | UnsetType = UNSET


REFUSED = Problem(
    type="urn:hydradesk:problem:risk_refused",
    title="Unprocessable Content",
    status=422,
    code="risk_refused",
    detail="at most 25000 USDT a trade, this is 241337.0",
    errors=[
        FieldError("qty", "at most 25000 USDT a trade, this is 241337.0", "use at most 10.2584")
    ],
    request_id="0f8e2c",
    rule="order_size",
    receipt_id="o-7d1f.1",
)
"""What a refusal looks like, for the API's description."""

AWAY = Problem(
    type="urn:hydradesk:problem:unavailable",
    title="Service Unavailable",
    status=503,
    code="unavailable",
    detail="there is no price for ETH-USDT yet",
    errors=[],
    request_id="0f8e2d",
)
"""What the desk says when a part of it is not there."""


def install(app: FastAPI) -> None:
    """Answer every kind of error with the one handler."""
    for kind in (
        errors.DeskError,
        RequestValidationError,
        HTTPException,
        DBAPIError,
        PoolTimeoutError,
        ConnectionError,
        TimeoutError,
        UnicodeEncodeError,
        Exception,
    ):
        app.add_exception_handler(kind, handle)


def response(
    problem: Problem, extra: dict[str, Any] | None = None, retry_after_s: int = 1
) -> Response:
    """Encode a problem; `extra` are further members, as RFC 9457 allows."""
    body = msgspec.json.encode(msgspec.to_builtins(problem) | (extra or {}))
    headers = {"Retry-After": str(retry_after_s)} if problem.status in (429, 503) else {}
    return Response(body, problem.status, headers, media_type="application/problem+json")


async def give(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer from outside the routes; a WebSocket that is not open yet gets it too."""
    if scope["type"] == "http":
        await answer(scope, receive, send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        start = {"status": answer.status_code, "headers": answer.raw_headers}
        await send({"type": "websocket.http.response.start"} | start)
        await send({"type": "websocket.http.response.body", "body": answer.body})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})


def problem(
    status: int, code: str, detail: str, fields: list[FieldError], request_id: str
) -> Problem:
    """Build the one shape."""
    return Problem(
        type=f"urn:hydradesk:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=fields,
        request_id=request_id,
    )


async def handle(request: Request, error: Exception) -> Response:
    """Answer an error, whatever it is."""
    if isinstance(error, UnicodeEncodeError):  # all we write ourselves can be encoded
        error = errors.Invalid("a text has half a character in it", fix="send whole ones")
    status, code, detail, fields = _explain(error)
    if status == 500:
        log.error("request.failed", path=request.url.path, exc_info=error)
    request_id = getattr(request.state, "request_id", "")
    said = problem(status, code, detail, fields, request_id)
    wait = getattr(error, "retry_after_s", 1)
    return response(said, getattr(error, "extra", None), wait)


def _explain(error: Exception) -> tuple[int, str, str, list[FieldError]]:
    match error:
        case errors.DeskError():
            status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 422)
            named = [FieldError(error.field, str(error), error.fix or "")] if error.field else []
            return status, error.code, str(error), named
        case RequestValidationError():
            return 422, errors.Invalid.code, "the request does not fit the schema", _fields(error)
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            return error.status_code, phrase.lower().replace(" ", "_"), str(error.detail), []
        case DBAPIError() if not _is_away(error):
            return 500, "internal", "a fault on our side; quote the request id", []
        case DBAPIError() | PoolTimeoutError() | ConnectionError() | TimeoutError():
            return 503, "unavailable", "the database is not answering; try again in a moment", []
        case _:
            return 500, "internal", "a fault on our side; quote the request id", []


def _is_away(error: DBAPIError) -> bool:
    """Whether the server is gone or going, rather than refusing what we asked of it."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state.startswith(("08", "53", "57P"))


def _fields(error: RequestValidationError) -> list[FieldError]:
    return [
        FieldError(
            _name(one),
            str(one["msg"]),
            _fix(one),
        )
        for one in error.errors()
    ]


def _name(one: dict[str, Any]) -> str:
    where, *path = one["loc"]
    broken = one["type"] == "json_invalid"  # then the path is a position in the text
    return str(where) if broken or not path else ".".join(str(part) for part in path)


def _fix(one: dict[str, Any]) -> str:
    """Say what would pass, from what the validator knows."""
    limits = one.get("ctx") or {}
    known = {
        "missing": "send it",
        "extra_forbidden": "leave it out",
        "string_type": "send it as a string",
        "json_invalid": f"send JSON: {limits.get('error')}",
        "model_attributes_type": "send a JSON object with Content-Type: application/json",
        "literal_error": f"use {limits.get('expected')}",
        "string_pattern_mismatch": f"match {limits.get('pattern')}",
    }
    kind = str(one["type"])
    bounds = ", ".join(f"{name} {value}" for name, value in limits.items())
    return known.get(kind) or f"{kind.replace('_', ' ')}: {bounds or 'see the API description'}"
