"""A write sent twice with the same Idempotency-Key happens once and is answered twice.

Source: the IETF draft "The Idempotency-Key HTTP Header Field". A key belongs to who sent it: the
same word of somebody else is another key. Answers that hold a secret are not kept; asked again,
the desk says that the write happened, and not what it answered.
"""

import hashlib
import re

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, select, update
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hydradesk.doors.gateway import problems
from hydradesk.doors.gateway.limits import payer
from hydradesk.infra.db import Database, insert_new, metadata, sql
from hydradesk.infra.http import Principal
from hydradesk.kernel.time import DAY, Clock

KEPT_NS = DAY
SECRETS = re.compile(
    r"/api/auth/"
    r"|/api/account/(keys|totp|recovery-codes|passkeys)"
    r"|/api/webhooks/subscriptions(/[^/]+/rotate)?$"
)
"""Routes whose answers hold something that is shown once: tokens, keys, seeds, codes."""
MAX_KEY = 128

kept = Table(
    "gateway_idempotency",
    metadata,
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("boot", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", BigInteger),
    Column("media_type", String),
    Column("body", LargeBinary),
)


class Answer(msgspec.Struct, frozen=True):
    """A finished answer to give again."""

    status: int
    media_type: str
    body: bytes


class IdempotencyStore:
    """Remembers answers for a day.

    `boot` names this run of the desk: what a dead run left half done is done again.
    """

    def __init__(self, db: Database, clock: Clock, boot: str) -> None:
        self._db, self._clock, self._boot = db, clock, boot

    async def forget(self) -> None:
        """Drop what is older than a day."""
        async with self._db.begin() as tx:
            await sql(tx).execute(delete(kept).where(kept.c.at < self._clock.now() - KEPT_NS))

    async def begin(self, key: str, fingerprint: str) -> Answer | str | None:
        """Claim a key. Returns its earlier answer, a reason for refusal, or None: go ahead."""
        row = {"fingerprint": fingerprint, "boot": self._boot, "at": self._clock.now()}
        async with self._db.begin() as tx:
            if await insert_new(tx, kept, key=key, **row):
                return None
            mine = kept.c.key == key
            known = (await sql(tx).execute(select(kept).where(mine).with_for_update())).one()
            if known.fingerprint != fingerprint:
                return "this Idempotency-Key was used for another request"
            if known.status is not None:
                return Answer(known.status, known.media_type, known.body)
            if known.boot == self._boot:
                return "a request with this Idempotency-Key is still being worked on"
            await sql(tx).execute(update(kept).where(mine).values(boot=self._boot))
        return None

    async def finish(self, key: str, answer: Answer) -> None:
        """Remember the answer; a fault on our side is forgotten, so that it can be retried."""
        mine = kept.c.key == key
        async with self._db.begin() as tx:
            if answer.status >= 500:
                await sql(tx).execute(delete(kept).where(mine))
            else:
                values = msgspec.structs.asdict(answer)
                await sql(tx).execute(update(kept).where(mine).values(**values))


class Idempotency:
    """ASGI: stands in front of every write that carries a key."""

    def __init__(self, app: ASGIApp, store: IdempotencyStore) -> None:
        self._app, self._store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        if len(key) > MAX_KEY:
            detail = f"an Idempotency-Key has at most {MAX_KEY} characters"
            await _refuse(422, "invalid", detail, scope, receive, send)
            return
        body = await _read(receive)
        key, who = _own(scope, key)
        parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], who, body)
        known = await self._store.begin(key, hashlib.sha256(b"\n".join(parts)).hexdigest())
        if known is None:
            await self._run(scope, body, send, key)
        elif isinstance(known, Answer):
            headers = [(b"content-type", known.media_type.encode()), (b"idempotent-replay", b"1")]
            start = {"type": "http.response.start", "status": known.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": known.body})
        else:
            await _refuse(409, "idempotency_conflict", known, scope, receive, send)

    async def _run(self, scope: Scope, body: bytes, send: Send, key: str) -> None:
        status, media_type, chunks, shown_once = 500, "", list[bytes](), False
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def sending(message: Message) -> None:
            nonlocal status, media_type, shown_once
            if message["type"] == "http.response.start":
                status, headers = message["status"], dict(message["headers"])
                media_type = headers.get(b"content-type", b"").decode()
                marked = b"no-store" in headers.get(b"cache-control", b"")
                secret = marked or b"set-cookie" in headers or SECRETS.match(scope["path"])
                shown_once = bool(secret) and status < 400
            else:
                chunks.append(message.get("body", b""))
                if not message.get("more_body"):  # remembered before the caller hears of it
                    answer = Answer(status, media_type, b"".join(chunks))
                    if shown_once:
                        answer = _done(scope["state"]["request_id"])
                    await self._store.finish(key, answer)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            await self._store.finish(key, Answer(500, "", b""))
            raise


def _done(request_id: str) -> Answer:
    """What is answered instead of a secret that was shown once, and is kept nowhere."""
    detail = "this was done already; what it answered is shown only once"
    said = problems.problem(409, "shown_once", detail, [], request_id)
    return Answer(409, "application/problem+json", msgspec.json.encode(said))


async def _refuse(
    status: int, code: str, detail: str, scope: Scope, receive: Receive, send: Send
) -> None:
    field = problems.FieldError("Idempotency-Key", detail, "use a new key for a new request")
    said = problems.problem(status, code, detail, [field], scope["state"]["request_id"])
    await problems.response(said)(scope, receive, send)


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return None
    key = dict(scope["headers"]).get(b"idempotency-key", b"").decode("latin-1")
    return key or None


def _own(scope: Scope, key: str) -> tuple[str, bytes]:
    """The key as it is stored, and whose it is: an API key's, a person's, else a source's."""
    me: Principal = scope["state"]["principal"]
    who = payer(me, "", (scope.get("client") or ("", 0))[0]).encode()
    return hashlib.sha256(who + b"\n" + key.encode()).hexdigest(), who


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
