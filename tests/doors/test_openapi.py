"""The API is described whole, and what it answers is what it describes.

jsonschema is not a dependency: `faults` checks the subset of JSON Schema that msgspec emits.
"""

import json
import re
from typing import Any

import pytest

from hydradesk.accounts.contracts import DEMO_SCOPES
from tests.doors.conftest import Desk

METHODS = {"get", "post", "put", "patch", "delete"}
KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
DECIMAL = r"-?\d+(\.\d+)?"
KNOWN = {
    *("$ref", "type", "anyOf", "enum", "properties", "required", "items", "prefixItems"),
    *("title", "description", "default", "format", "additionalProperties", "maxItems", "minItems"),
}


def faults(value: Any, schema: dict[str, Any], components: dict[str, Any], at: str) -> list[str]:
    """Say where a value leaves its schema; a word of JSON Schema that we do not know is a fault."""
    if "$ref" in schema:
        return faults(value, components[schema["$ref"].rpartition("/")[2]], components, at)
    if "anyOf" in schema:
        each = [faults(value, one, components, at) for one in schema["anyOf"]]
        return [] if not all(each) else min(each, key=len)
    found = plain_faults(value, schema, at)
    if not found and isinstance(value, dict):
        return object_faults(value, schema, components, at)
    if not found and isinstance(value, list):
        return list_faults(value, schema, components, at)
    return found


def plain_faults(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    kind, found = schema.get("type"), []
    if schema.keys() - KNOWN:
        found.append(f"{at}: cannot check {schema.keys() - KNOWN}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    boolean = isinstance(value, bool) and kind not in ("boolean", None)
    if boolean or not isinstance(value, KINDS.get(kind or "", object)):
        found.append(f"{at}: {value!r} is no {kind}")
    elif schema.get("format") == "decimal" and not re.fullmatch(DECIMAL, value):
        found.append(f"{at}: {value!r} is no decimal")
    return found


def object_faults(value: Any, schema: Any, components: Any, at: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    for name, one in value.items():
        rest = schema.get("additionalProperties", not known)
        if name in known:
            found += faults(one, known[name], components, f"{at}.{name}")
        elif isinstance(rest, dict):
            found += faults(one, rest, components, f"{at}.{name}")
        elif not rest:
            found.append(f"{at}: nobody described {name}")
    return found


def list_faults(value: Any, schema: Any, components: Any, at: str) -> list[str]:
    found, fixed = [], schema.get("prefixItems", [])
    for number, one in enumerate(value):
        each = fixed[number] if number < len(fixed) else schema.get("items", {})
        found += faults(one, each or {}, components, f"{at}[{number}]")
    return found


def test_the_checker_itself_would_notice() -> None:
    thing = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    listed = {"type": "array", "items": {"$ref": "#/x/Thing"}}
    assert faults([{"a": "x"}], listed, {"Thing": thing}, "") == []
    for wrong in ([{}], [{"a": 1}], [{"a": None}], [{"a": "x", "b": 1}], {}, ["x"]):
        assert faults(wrong, listed, {"Thing": thing}, ""), wrong
    either = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert not faults(None, either, {}, "") and faults(True, either, {}, "")
    assert faults("1,5", {"type": "string", "format": "decimal"}, {}, "")
    assert faults(1, {"multipleOf": 2}, {}, "")


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if method in METHODS
    ]


async def test_every_operation_is_named_told_and_described(desk: Desk) -> None:
    document = await desk.get("/openapi.json")
    every = operations(document)
    names = [one["operationId"] for _, _, one in every]
    assert len(set(names)) == len(names) > 25
    for path, method, one in every:
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z][A-Za-z0-9]+", one["operationId"]), where
        assert one.get("description") and one.get("tags"), where
        refused = one["responses"]["4XX"]["content"]["application/problem+json"]
        assert refused["schema"]["$ref"].endswith("/Problem"), where
        good = [r for status, r in one["responses"].items() if status.startswith(("2", "303"))]
        assert len(good) == 1, where
        if path.endswith(("/documents/{document}", "/account/export")):
            (kind,) = good[0]["content"]
            assert good[0]["content"][kind]["schema"]["format"] == "binary", where
        elif path == "/api/graphql/schema":
            assert good[0]["content"]["text/plain"]["schema"], where
        elif "csv" not in path and not {"204", "303"} & one["responses"].keys():
            assert good[0]["content"]["application/json"]["schema"], where
        for parameter in one.get("parameters", ()):
            assert parameter["schema"], where
        body = one.get("requestBody", {}).get("content", {}).get("application/json")
        assert body is None or body["schema"], where


async def test_every_reference_leads_somewhere(desk: Desk) -> None:
    document = await desk.get("/openapi.json")
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in document["components"]["schemas"], name


async def test_examples_are_true(desk: Desk) -> None:
    document = await desk.get("/openapi.json")
    components = document["components"]["schemas"]
    for path, _, one in operations(document):
        for response in one["responses"].values():
            for content in response.get("content", {}).values():
                if "example" in content:
                    assert not faults(content["example"], content["schema"], components, path)


async def everything(desk: Desk) -> None:
    """Make a desk that has something to show on every page."""
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
    assert (await desk.client.post("/api/orders", json=order)).status_code == 201
    await desk.client.post("/api/orders", json=order | {"qty": "90"})
    resting = order | {"type": "limit", "price": "1990", "client_id": "rests"}
    await desk.client.post("/api/orders", json=resting)
    await desk.minutes(70)


@pytest.fixture
async def full(desk: Desk) -> Desk:
    await everything(desk)
    return desk


async def test_every_page_answers_as_described(full: Desk) -> None:
    document = await full.get("/openapi.json")
    components = document["components"]["schemas"]
    signals = (await full.get("/signals"))["items"]
    values = {"order_id": "rests", "signal_id": signals[0]["id"] if signals else "none"}
    seen, filled = [], []
    for path, method, one in operations(document):
        if (
            method != "get"
            or "csv" in path
            or path == "/api/graphql/schema"
            or (path.endswith("{signal_id}") and not signals)
        ):
            continue
        if one["x-scope"] not in DEMO_SCOPES:  # test_schemathesis signs in for these
            continue
        if "200" not in one["responses"] or "{issuer}" in path:  # tests/accounts/test_federation
            continue
        wanted = {"symbol": "ETH-USDT", "timeframe": "1m"}
        names = {p["name"] for p in one.get("parameters", ()) if p["in"] == "query"}
        query = {name: value for name, value in wanted.items() if name in names}
        reply = await full.client.get(path.format(**values), params=query)
        assert reply.status_code == 200, (path, reply.text)
        schema = one["responses"]["200"]["content"]["application/json"]["schema"]
        assert faults(reply.json(), schema, components, path) == []
        seen.append(path)
        if reply.json().get("items", True):
            filled.append(path)
    assert len(seen) >= 17
    empty = set(seen) - set(filled)
    assert empty <= {"/api/patterns", "/api/signals", "/api/signals/stats"}, empty


async def test_writes_answer_as_described(full: Desk) -> None:
    document = await full.get("/openapi.json")
    components = document["components"]["schemas"]
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
    for method, path, real, body in (
        ("post", "/api/orders", "/api/orders", order),
        ("post", "/api/positions/{symbol}/close", "/api/positions/ETH-USDT/close", None),
        ("delete", "/api/orders/{order_id}", "/api/orders/rests", None),
        ("delete", "/api/orders", "/api/orders", None),
        ("post", "/api/risk/halt", "/api/risk/halt", {"reason": "storm"}),
        ("post", "/api/risk/resume", "/api/risk/resume", None),
        ("patch", "/api/portfolio", "/api/portfolio", {"auto_trade": True}),
        ("post", "/api/portfolio/reset", "/api/portfolio/reset", None),
    ):
        reply = await full.client.request(method.upper(), real, json=body)
        assert reply.is_success, (real, reply.text)
        content = document["paths"][path][method]["responses"][str(reply.status_code)]["content"]
        schema = content["application/json"]["schema"]
        assert faults(reply.json(), schema, components, real) == []
    refused = await full.client.post("/api/risk/halt", json={"reason": "a\u0000b"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "reason"
    problem = {"$ref": "#/components/schemas/Problem"}
    assert faults(refused.json(), problem, components, "problem") == []


async def test_far_times_and_foreign_cursors_are_refused_by_name(desk: Desk) -> None:
    candles = "/api/candles?symbol=ETH-USDT&timeframe=1m"
    for path, field in (
        (f"{candles}&from=9999-12-31", "from"),
        (f"{candles}&to=0001-01-01", "to"),
        (f"{candles}&cursor=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ", "cursor"),
        ("/api/orders?cursor=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ", "cursor"),
        ("/api/trades?limit=501", "limit"),
        ("/api/orders?status=maybe", "status"),
    ):
        reply = await desk.client.get(path)
        assert reply.status_code == 422, (path, reply.text)
        assert reply.json()["errors"][0]["field"] == field
