"""What the verification standard asks of the whole door, and no other test shows."""

import base64
import hmac
import json
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
    assert not found, "\n".join(found)


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
        for table in ("accounts_people", "accounts_sessions", "accounts_api_keys"):
            assert await sql(tx).scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    for name in ("admin", "root", "sa", "test", "guest"):
        body = {"email": f"{name}@example.org", "password": f"{name}{name}{name}"}
        body |= {"captcha": await people.solved(desk)}  # type: ignore[dict-item]
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
        *("/../pyproject.toml", "/..%2f..%2fapp.py", "/%2e%2e/%2e%2e/app.py", "/static/../app.py"),
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


REGISTRATION = {"email": "ann@desk.example", "password": "a long way to Tipperary"}


async def signed_up(desk: Desk) -> dict[str, str]:
    """Register at the page; returns its cookies as they were set."""
    body = REGISTRATION | {"session": "cookie", "captcha": await people.solved(desk)}
    reply = await desk.client.post("/api/auth/register", json=body)
    assert reply.status_code == 201, reply.text
    set_by = [one.split("=", 1) for one in reply.headers.get_list("set-cookie")]
    return dict(set_by)


def header(cookies: dict[str, str]) -> dict[str, str]:
    pairs = (f"{name}={value.split(';')[0]}" for name, value in cookies.items())
    return {"Cookie": "; ".join(pairs)}


async def test_cookies_are_armoured(desk: Desk) -> None:
    cookies = await signed_up(desk)
    assert set(cookies) == {"__Host-desk", "__Secure-desk-refresh", "__Host-desk-csrf"}
    for name, value in cookies.items():
        words = {one.strip().lower() for one in value.split(";")[1:]}
        assert {"secure", "samesite=strict"} <= words, name
        assert ("httponly" in words) == (name != "__Host-desk-csrf")
        assert not any(one.startswith("domain") for one in words)
        if name.startswith("__Host-"):
            assert "path=/" in words


async def test_cookies_alone_write_nothing(desk: Desk) -> None:
    cookies = await signed_up(desk)
    mine, change = header(cookies), {"name": "Somebody Else"}
    desk.client.cookies.clear()
    before = (await desk.client.get("/api/account", headers=mine)).json()["name"]
    for extra in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}):
        reply = await desk.client.patch("/api/account", json=change, headers=mine | extra)
        assert (reply.status_code, reply.json()["code"]) == (403, "csrf_failed"), reply.text
    kept = (await desk.client.get("/api/account", headers=mine)).json()["name"]
    assert kept == before != "Somebody Else"
    good = {"X-CSRF-Token": cookies["__Host-desk-csrf"].split(";")[0]}
    reply = await desk.client.patch("/api/account", json=change, headers=mine | good)
    assert reply.status_code == 200 and reply.json()["name"] == "Somebody Else"


async def test_signing_out_clears_the_browser(desk: Desk) -> None:
    cookies = await signed_up(desk)
    desk.client.cookies.clear()
    csrf = {"X-CSRF-Token": cookies["__Host-desk-csrf"].split(";")[0]}
    reply = await desk.client.post("/api/auth/logout", headers=header(cookies) | csrf)
    assert reply.status_code == 204
    assert "cookies" in reply.headers["clear-site-data"]
    assert "storage" in reply.headers["clear-site-data"]
    gone = {one.split("=")[0]: one for one in reply.headers.get_list("set-cookie")}
    assert set(gone) == set(cookies)
    assert all("max-age=0" in one.lower() or "1970" in one for one in gone.values())
    after = await desk.client.get("/api/account", headers=header(cookies))
    assert after.status_code == 401


async def token_of(desk: Desk) -> str:
    who = await people.join(desk.house, "ann")
    return (await people.token(desk.house, who))["Authorization"].removeprefix("Bearer ")


async def accepted(desk: Desk, token: str) -> bool:
    reply = await desk.client.get("/api/account", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code in (200, 401), reply.text
    return bool(reply.status_code == 200)


async def test_a_token_changed_anywhere_is_refused(desk: Desk) -> None:
    token = await token_of(desk)
    assert await accepted(desk, token)
    for place in range(0, len(token), 3):
        other = "A" if token[place] != "A" else "B"
        assert not await accepted(desk, token[:place] + other + token[place + 1 :]), place
        assert not await accepted(desk, token[:place]) and not await accepted(desk, token + "A")


def rewritten(token: str, **changes: Any) -> list[str]:
    """The same claims under another header: unsigned, with the old signature, with an HMAC."""
    head, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(head + "==")) | changes
    new = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    mac = hmac.digest(b"", f"{new}.{claims}".encode(), "sha256")
    forged = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    return [f"{new}.{claims}.", f"{new}.{claims}.{signature}", f"{new}.{claims}.{forged}"]


async def test_a_token_of_another_algorithm_is_refused(desk: Desk) -> None:
    token = await token_of(desk)
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    for changes in (
        *({"alg": one} for one in ("none", "None", "HS256", "RS256", "ES256", "eddsa", "")),
        {"jwk": key},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"kid": "../../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
        {"crit": ["exp"]},
        {"typ": "JWT"},
    ):
        for forged in rewritten(token, **changes):
            assert not await accepted(desk, forged), changes
    assert await accepted(desk, token)
