"""What the verification standard asks of the whole door, and no other test shows."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hydradesk.infra.db import Database, sql
from tests.doors import people
from tests.doors.conftest import Desk
from tests.doors.test_openapi import operations

SENSITIVE = re.compile(r"password|secret|token|api_?key|private|seed|session|signature", re.I)
RETURNS = re.compile(r"/auth/(?:oidc/\{[a-z_]+\}|whop)/(?:start|callback)$")
"""Where a browser comes by a link and comes back from an issuer: bound to a cookie and a state."""
BOUNDED = {"maxLength", "enum", "const", "pattern", "format"}


@pytest.fixture
async def desk(db: Database, app_db: Database, tmp_path: Path) -> Any:
    async with people.asking(db, app_db, tmp_path) as one:
        yield one


def unbounded(schema: Any, schemas: Any, at: str) -> list[str]:
    """Where a schema lets a text be as long as it likes."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    found = []
    if schema.get("type") == "string" and not BOUNDED & schema.keys():
        found.append(at)
    for several in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in schema.get(several, ()):
            found += unbounded(one, schemas, at)
    if isinstance(schema.get("items"), dict):
        found += unbounded(schema["items"], schemas, f"{at}[]")
    for name, one in schema.get("properties", {}).items():
        found += unbounded(one, schemas, f"{at}.{name}")
    return found


def test_the_checker_of_bounds_would_notice() -> None:
    loose, tight = {"type": "string"}, {"type": "string", "maxLength": 3}
    body = {"properties": {"a": {"$ref": "#/x/Loose"}, "b": {"items": {"anyOf": [tight, loose]}}}}
    assert unbounded(body, {"Loose": loose}, "") == [".a", ".b[]"]


async def test_every_text_that_is_sent_has_a_rule(desk: Desk) -> None:
    """The description is the documentation of what is valid: no text without one."""
    document = await desk.get("/openapi.json")
    schemas, found = document["components"]["schemas"], []
    for path, method, one in operations(document):
        where = f"{method.upper()} {path}"
        body = one.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            found += unbounded(body["schema"], schemas, where)
        for parameter in one.get("parameters", ()):
            if parameter["in"] == "query":
                found += unbounded(parameter["schema"], schemas, f"{where}?{parameter['name']}")
    assert found == []


async def test_nothing_secret_travels_in_an_address(desk: Desk) -> None:
    document = await desk.get("/openapi.json")
    assert SENSITIVE.search("access_token")
    for path, method, one in operations(document):
        for parameter in one.get("parameters", ()):
            named = parameter["in"] == "query" and SENSITIVE.search(parameter["name"])
            if named and not RETURNS.search(path):  # there `session` says cookie or token
                pytest.fail(f"{method} {path}: {parameter['name']}")


async def test_what_is_read_with_get_changes_nothing(desk: Desk) -> None:
    """Whatever changes something has a method that no link and no image can call."""
    seen = 0
    for path, method, one in operations(await desk.get("/openapi.json")):
        scope = one["x-scope"]
        if method == "get" and not RETURNS.search(path):
            assert scope.endswith(":read") or scope == "auth:public", path
            seen += 1
        if scope.endswith(":write"):
            assert method != "get", path
    assert seen > 20


async def test_nobody_is_there_before_somebody_was_made(desk: Desk) -> None:
    async with desk.house.databases.system.begin() as tx:
        for table in ("accounts_people", "accounts_sessions", "accounts_keys"):
            assert await sql(tx).scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    for name in ("admin", "root", "sa", "test", "guest"):
        body = {"email": f"{name}@example.org", "password": f"{name}{name}{name}"}
        reply = await desk.client.post("/api/auth/login", json=body)
        assert reply.status_code == 401, reply.text


async def test_nobody_is_asked_for_a_hint(desk: Desk) -> None:
    document = await desk.get("/openapi.json")
    for name, schema in document["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert not re.search(r"hint|question|maiden|pet", field), (name, field)


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/.git/HEAD", "/.env", "/.svn/entries", "/pyproject.toml"),
        *("/../pyproject.toml", "/..%2f..%2fapp.py", "/%2e%2e/%2e%2e/app.py", "/assets/../../app.py"),
        *("/static/app.py", "/app.py", "/etc/passwd", "//etc/passwd", "/assets/..%5c..%5capp.py"),
    ],
)  # fmt: skip
async def test_nothing_of_the_source_is_served(desk: Desk, path: str) -> None:
    reply = await desk.client.get(path)
    assert reply.status_code in (200, 404), reply.status_code
    if reply.status_code == 200:  # the page, which knows no such place
        assert reply.headers["content-type"].startswith("text/html")
    for word in ("[core]", "import ", "root:x", "[project]"):
        assert word not in reply.text
