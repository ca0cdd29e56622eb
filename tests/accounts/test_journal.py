"""Notes: durable when answered, the same by both ways in, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest
from starlette.types import Scope

from hydradesk.accounts.api.journal import Journal, routes
from hydradesk.accounts.contracts import SCOPES_OF
from hydradesk.accounts.store.journal import JournalStore
from hydradesk.doors.gateway.app import Door, build
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import IdempotencyStore
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.infra.group import GroupCommit
from hydradesk.infra.health import Checks
from hydradesk.infra.http import Principal
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import SimClock

ROLES = {"ann": "user", "bob": "user"}


async def identify(scope: Scope) -> Principal:
    """Believe the header: who really calls is another test's business."""
    name = dict(scope["headers"]).get(b"x-me", b"").decode()
    role = ROLES.get(name, "anonymous")
    return Principal(person=PersonId(name) if name else None, role=role, scopes=SCOPES_OF[role])


@pytest.fixture
async def door(db: Database, app_db: Database) -> AsyncIterator[httpx2.AsyncClient]:
    wall, ids, store = SimClock(10**18), RandomIds(), JournalStore()
    journal = Journal(GroupCommit(db, store.add), db, app_db)
    app = build(
        Door(
            routes=[routes(journal, ids, wall)],
            hub=Hub(wall),
            identify=identify,
            checks=Checks({}),
            new_id=ids.new,
            now=wall.now,
            idempotency=IdempotencyStore(db, wall, "boot"),
        )
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    client = httpx2.AsyncClient(transport=transport, base_url="http://localhost/api/account")
    yield client
    await client.aclose()


SHORT: dict[str, str] = {}
LONG = {"Idempotency-Key": "k-1"}
WAYS = pytest.mark.parametrize("way", [SHORT, LONG], ids=["short", "through the router"])


async def write(door: httpx2.AsyncClient, way: dict[str, str], me: str = "ann", **body: Any) -> Any:
    content = msgspec.json.encode(body)
    headers = {"x-me": me, "content-type": "application/json"} | way
    return await door.post("/journal", content=content, headers=headers)


async def notes(door: httpx2.AsyncClient, me: str = "ann", **query: Any) -> Any:
    reply = await door.get("/journal", headers={"x-me": me}, params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


@WAYS
async def test_a_note_is_kept_and_answered_the_same_both_ways(
    door: httpx2.AsyncClient, way: dict[str, str]
) -> None:
    reply = await write(door, way, text="wait for the retest", symbol="ETH-USDT", id="n1")
    assert reply.status_code == 201 and reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert (await notes(door))["items"] == [reply.json()]
    assert (await notes(door, "bob"))["items"] == []


@WAYS
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 2_001}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": 5}, "text"),
        ({}, "text"),
        ({"text": "x", "colour": "red"}, "colour"),
        ({"text": "x", "symbol": "<b>"}, "symbol"),
        ({"text": "x", "id": "../up"}, "id"),
    ],
)
async def test_what_does_not_fit_is_named(
    door: httpx2.AsyncClient, way: dict[str, str], body: dict[str, Any], field: str
) -> None:
    reply = await write(door, way, **body)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    said = reply.json()["errors"][0]
    assert field in said["field"] + said["message"]
    assert (await notes(door))["items"] == []


@WAYS
async def test_broken_json_and_strangers_are_refused(
    door: httpx2.AsyncClient, way: dict[str, str]
) -> None:
    headers = {"x-me": "ann"} | way
    for content in (b"{", b"", b"\xff", b"[" * 5_000):
        reply = await door.post("/journal", content=content, headers=headers | {"k": "1"})
        assert reply.status_code in (422, 409), reply.text
    reply = await write(door, way | {"Idempotency-Key": "k-2"} if way else way, me="", text="x")
    assert reply.status_code == 401 and reply.json()["code"] == "unauthenticated"
    assert reply.headers["content-type"] == "application/problem+json"


async def test_the_same_id_again_is_the_same_note(door: httpx2.AsyncClient) -> None:
    first = await write(door, SHORT, text="first", id="n1")
    again = await write(door, SHORT, text="other words", id="n1")
    assert again.json() == first.json()
    other = await write(door, SHORT, "bob", text="mine", id="n1")
    assert other.json()["text"] == "mine"
    assert len((await notes(door))["items"]) == 1


async def test_many_at_once_are_all_kept_and_paged_newest_first(door: httpx2.AsyncClient) -> None:
    replies = await asyncio.gather(*(write(door, SHORT, text=str(n)) for n in range(120)))
    assert {reply.status_code for reply in replies} == {201}
    seen, cursor = [], None
    while True:
        page = await notes(door, limit=50, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 120 and len(set(seen)) == 120


async def test_a_note_is_forgotten_by_its_writer_alone(door: httpx2.AsyncClient) -> None:
    await write(door, SHORT, text="x", id="n1")
    assert (await door.delete("/journal/n1", headers={"x-me": "bob"})).status_code == 404
    assert (await door.delete("/journal/n1", headers={"x-me": "ann"})).status_code == 204
    assert (await door.delete("/journal/n1", headers={"x-me": "ann"})).status_code == 404
