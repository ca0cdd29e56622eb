"""Text that means something elsewhere (SQL, HTML, headers, formulas, paths, templates, shells)
means nothing here: in every text of every body and query it is refused, or kept as it is.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hydradesk.infra.db import Database, metadata, sql
from tests.doors import people
from tests.doors.conftest import Desk
from tests.doors.test_openapi import operations

HOSTILE = [
    "' OR '1'='1",
    "x'; DROP TABLE accounts_people; --",
    "1; UPDATE accounts_people SET role = 'admin'",
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "x\r\nSet-Cookie: stolen=1",
    "=cmd|'/C calc'!A1",
    "../../../etc/passwd",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "$(touch /tmp/owned)`id`",
    "a\u0000b",
    "\u202egnp.exe",
    "\ud800",
]
ENDS_SESSIONS = {"logout", "logoutAll"}


@pytest.fixture
async def desk(db: Database, app_db: Database, tmp_path: Path) -> Any:
    async with people.asking(db, app_db, tmp_path) as one:
        yield one


class Document:
    """The description, and bodies that fit it."""

    def __init__(self, document: Any) -> None:
        self._schemas = document["components"]["schemas"]
        self.operations = operations(document)

    def known(self, schema: Any) -> Any:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def value(self, schema: Any) -> Any:
        """The plainest value that fits a schema."""
        schema = self.known(schema)
        if "example" in schema:
            return schema["example"]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self.value(schema[several][0])
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        properties = schema.get("properties", {})
        plain: dict[Any, Any] = {
            "integer": schema.get("minimum", 1),
            "number": schema.get("minimum", 1),
            "boolean": True,
            "null": None,
            "string": "x" * max(1, schema.get("minLength", 1)),
        }
        match schema.get("type"):
            case "object":
                return {name: self.value(one) for name, one in properties.items()}
            case "array":
                return [self.value(schema["items"])]
            case kind:
                return plain.get(kind, "x")

    def bodies(self, operation: Any) -> Iterator[tuple[str, Any]]:
        """Every body with one text made hostile, and where; and one with all of them."""
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return
        whole = self.value(content["schema"])
        for path in self._texts(content["schema"], whole, ()):
            for hostile in HOSTILE:
                yield hostile, replaced(whole, path, hostile)

    def _texts(self, schema: Any, value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        schema = self.known(schema)
        if isinstance(value, dict):
            for name, one in schema.get("properties", {}).items():
                inner = value.get(name, self.value(one))
                yield from self._texts(one, inner, (*path, name))
        elif isinstance(value, list):
            for place, one in enumerate(value[:1]):
                yield from self._texts(schema.get("items", {}), one, (*path, place))
        elif isinstance(value, str):
            yield path


def replaced(value: Any, path: tuple[Any, ...], new: str) -> Any:
    if not path:
        return new
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in path[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
    inner[path[-1]] = new
    return copy


async def state(desk: Desk) -> dict[str, Any]:
    """What no text may change: who may do what, and which tables there are."""
    async with desk.house.databases.system.begin() as tx:
        run = sql(tx).execute
        roles = await run(text("SELECT person, role FROM accounts_people ORDER BY person"))
        named = await run(text("SELECT schemaname, tablename FROM pg_tables ORDER BY 1, 2"))
        totals = await desk.house.ledger.totals(tx)
        return {"roles": roles.all(), "tables": named.all(), "totals": set(totals.values())}


def harmless(reply: Any, hostile: str) -> None:
    """The answer is JSON that no browser takes for anything else, and adds no header."""
    assert reply.status_code not in (500, 502), (reply.status_code, reply.text)
    assert "stolen" not in reply.headers.get("set-cookie", "")
    assert "\n" not in str(reply.headers.get("location", ""))
    if reply.content:
        kind = reply.headers["content-type"]
        assert not kind.startswith("text/html"), kind
        assert reply.headers["x-content-type-options"] == "nosniff"
    if reply.headers.get("content-type", "").startswith("application"):
        json.loads(reply.content) if "json" in reply.headers["content-type"] else None


def sent(body: Any) -> bytes:
    """JSON with escapes, in which also half a surrogate pair can be written."""
    return json.dumps(body).encode()


async def test_hostile_text_in_every_body(desk: Desk) -> None:
    document = Document(await desk.get("/openapi.json"))
    who = await people.join(desk.house, "ann", "admin")
    await people.join(desk.house, "bob")
    before, tried, kept = await state(desk), 0, 0
    for path, method, one in document.operations:
        me = await people.token(desk.house, who)
        for hostile, body in document.bodies(one):
            url = path.replace("{", "").replace("}", "")
            headers = me | {"Content-Type": "application/json"}
            reply = await desk.client.request(
                method.upper(), url, content=sent(body), headers=headers
            )
            assert reply.status_code != 500, (method, path, body)
            harmless(reply, hostile)
            tried += 1
            if reply.is_success and hostile in json.dumps(reply.json(), ensure_ascii=False):
                kept += 1
    assert tried > 200 and kept > 0
    assert await state(desk) == before


async def test_hostile_text_in_every_query_and_path(desk: Desk) -> None:
    document = Document(await desk.get("/openapi.json"))
    who = await people.join(desk.house, "ann", "admin")
    before, tried = await state(desk), 0
    for path, method, one in document.operations:
        me = await people.token(desk.house, who)
        names = [p["name"] for p in one.get("parameters", []) if p["in"] == "query"]
        inside = [p["name"] for p in one.get("parameters", []) if p["in"] == "path"]
        for hostile in HOSTILE[:-1]:  # half a surrogate cannot be written in an address
            for name in names:
                url = path.replace("{", "").replace("}", "")
                reply = await desk.client.request(
                    method.upper(), url, params={name: hostile}, headers=me
                )
                harmless(reply, hostile)
                tried += 1
            if inside:
                from urllib.parse import quote

                url = path
                for name in inside:
                    url = url.replace(f"{{{name}}}", quote(hostile, safe=""))
                harmless(await desk.client.request(method.upper(), url, headers=me), hostile)
                tried += 1
    assert tried > 200
    assert await state(desk) == before


async def test_hostile_text_is_kept_as_it_is(desk: Desk) -> None:
    """Where text is free it comes back verbatim: nothing was cut out, nothing encoded twice."""
    who = await people.join(desk.house, "ann")
    me = await people.token(desk.house, who)
    for hostile in HOSTILE[:5]:
        body = {"reason": hostile}
        admin = await people.token(desk.house, await people.join(desk.house, hostile[:3], "admin"))
        reply = await desk.client.post("/api/risk/halt", json=body, headers=admin)
        assert reply.status_code == 200, reply.text
        shown = (await desk.client.get("/api/risk/limits", headers=me)).json()
        assert shown["halt_reason"] == hostile
    assert metadata.tables["accounts_people"] is not None
