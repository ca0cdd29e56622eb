"""Bodies, before anybody parses them: how large, how slow, how deep."""

import asyncio
import re

from starlette.types import Message, Receive, Scope

MAX_BODY = 64 * 1024
MAX_UPLOAD = 5 * 1024 * 1024 + 1024
UPLOADS = frozenset({"/api/account/kyc/documents"})
DEEPEST = 32
BODY_S, UPLOAD_S = 10.0, 60.0
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A JSON string, also one that never ends: looked at once, whatever it holds."""
SQUARE = bytes.maketrans(b"{}", b"[]")
OTHERS = bytes(one for one in range(256) if one not in b"[]{}")


def most(scope: Scope) -> int:
    """Return how many bytes a route takes."""
    return MAX_UPLOAD if scope["path"] in UPLOADS else MAX_BODY


def announced(scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str, str] | None:
    """Return status, code and detail when the announced length is wrong already."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 10 or int(length) > most(scope):
        return 413, "too_large", f"a request body has at most {most(scope)} bytes"
    return None


async def read(
    scope: Scope, headers: dict[bytes, bytes], receive: Receive
) -> tuple[Receive, tuple[int, str, str] | None]:
    """Read a write's body whole and return a channel that gives it again, or what is wrong."""
    empty = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or empty:
        return receive, None
    upload = scope["path"] in UPLOADS
    try:
        async with asyncio.timeout(UPLOAD_S if upload else BODY_S):
            body = await _whole(receive, most(scope))
    except TimeoutError:
        return receive, (408, "request_timeout", "the body took too long to arrive")
    if body is None:
        return receive, (413, "too_large", f"a request body has at most {most(scope)} bytes")
    if not upload and too_deep(body):
        return receive, (422, "invalid", f"JSON is nested at most {DEEPEST} levels here")
    return _again(body, receive), None


def too_deep(body: bytes) -> bool:
    """Whether brackets nest deeper than anything here does, or never close."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    left = STRINGS.sub(b"", body).translate(SQUARE, OTHERS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
        if not left:
            return False
    return True


async def _whole(receive: Receive, limit: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunk = bytes(message.get("body", b""))
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
