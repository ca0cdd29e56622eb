"""The front of the door: proxies, pages, bodies, time, the log."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Scope

from hydradesk.doors.gateway.armour import Origins
from hydradesk.doors.gateway.bodies import DEEPEST, MAX_BODY, too_deep
from hydradesk.doors.gateway.proxy import Proxies
from hydradesk.infra.db import Database
from hydradesk.infra.http import Principal
from hydradesk.infra.logs import ACCESS
from hydradesk.kernel.ids import PersonId
from tests.doors.fronts import Front

FORWARDED = [
    # peer, headers, client, scheme, direct
    ("203.0.113.7", {"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https"}, "203.0.113.7", 0),
    ("10.0.0.1", {}, "10.0.0.1", 0),
    ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9"}, "198.51.100.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "6.6.6.6, 198.51.100.9"}, "198.51.100.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "6.6.6.6, 198.51.100.9, 10.0.0.2"}, "198.51.100.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "127.0.0.1, 198.51.100.9"}, "198.51.100.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "10.9.9.9"}, "10.9.9.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9, unknown"}, "10.0.0.1", 0),
    ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9, <script>"}, "10.0.0.1", 0),
    ("10.0.0.1", {"X-Forwarded-For": "[2001:db8::1]:443"}, "2001:db8::1", 0),
    ("10.0.0.1", {"X-Forwarded-For": "::ffff:198.51.100.9"}, "198.51.100.9", 0),
    ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https"}, "1.1.1.1", 1),
    ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https, http"}, "1.1.1.1", 0),
    ("10.0.0.1", {"Forwarded": "for=6.6.6.6;proto=https"}, "10.0.0.1", 0),
]


@pytest.mark.parametrize(("peer", "headers", "client", "secure"), FORWARDED)
def test_only_trusted_proxies_are_believed(
    peer: str, headers: dict[str, str], client: str, secure: int
) -> None:
    scope = asked(peer, headers)
    Proxies("10.0.0.0/8, ::1").resolve(scope)
    assert scope["client"][0] == client and (scope["scheme"] == "https") == bool(secure)
    assert scope["state"]["direct"] == (peer != "10.0.0.1")


def test_the_standard_header_is_read_when_the_proxy_sets_it() -> None:
    proxies = Proxies("10.0.0.0/8", "forwarded")
    said = 'for="[2001:db8:cafe::17]:4711";proto=http, For=198.51.100.9;Proto=https;host="a.org"'
    scope = asked("10.0.0.1", {"Forwarded": said, "X-Forwarded-For": "6.6.6.6"})
    proxies.resolve(scope)
    assert scope["client"][0] == "198.51.100.9" and scope["scheme"] == "https"
    assert scope["state"]["host"] == "a.org"
    scope = asked("10.0.0.1", {"Forwarded": "for=_hidden"})
    proxies.resolve(scope)
    assert scope["client"][0] == "10.0.0.1"


def asked(peer: str, headers: dict[str, str]) -> Scope:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (peer, 1), "scheme": "http", "headers": raw}


async def test_names_come_from_trusted_proxies_only_and_well_formed(db: Database) -> None:
    one = Front(db, proxies=Proxies("10.0.0.0/8"))
    for ip, given, kept in (
        ("10.0.0.1", "abcdef-123456", True),
        ("203.0.113.7", "abcdef-123456", False),
        ("10.0.0.1", "short", False),
        ("10.0.0.1", "x" * 65, False),
        ("10.0.0.1", "abc def ghi jkl", False),
    ):
        async with one.client(ip) as client:
            reply = await client.get("/api/markets", headers={"X-Request-Id": given})
            assert (reply.headers["x-request-id"] == given) == kept, (ip, given)


async def test_https_is_remembered_by_browsers(db: Database) -> None:
    one = Front(db, proxies=Proxies("10.0.0.0/8"))
    async with one.client("10.0.0.1") as client:
        plain = await client.get("/api/markets")
        secure = await client.get("/api/markets", headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in plain.headers
    assert "max-age=31536000" in secure.headers["strict-transport-security"]


async def test_answers_of_the_api_are_kept_nowhere(db: Database) -> None:
    async with Front(db).client() as client:
        reply = await client.get("/api/markets", headers={"X-Me": "ada"})
        assert reply.headers["cache-control"] == "no-store"
        assert "'unsafe" not in reply.headers["content-security-policy"]
        swagger = await client.get("/api/docs/swagger")
        assert "'unsafe" not in swagger.headers["content-security-policy"]
        assert swagger.headers["content-type"] == "text/html; charset=utf-8"
        start = await client.get("/api/docs/start.js")
        assert start.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:5173"}, 200),
        ({"Origin": "https://app.example.org"}, 200),
        ({"Origin": "https://app.example.org.evil.example"}, 403),
        ({"Origin": "http://app.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_writes_of_foreign_pages_need_to_be_listed(
    db: Database, headers: dict[str, str], status: int
) -> None:
    hosts = frozenset({"localhost", "desk.example.org"})
    one = Front(db, origins=Origins(hosts, frozenset({"https://app.example.org"})))
    async with one.client() as client:
        reply = await client.post("/api/orders", headers=headers)
    assert reply.status_code == status and one.reached == (status == 200)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://desk.example.org", 200),
        ("http://desk.example.org", 403),
        ("https://desk.example.org:444", 403),
    ],
)
async def test_our_own_page_is_known_by_scheme_name_and_port(
    db: Database, origin: str, status: int
) -> None:
    async with Front(db).client(base="https://desk.example.org") as client:
        reply = await client.post("/api/orders", headers={"Origin": origin})
    assert reply.status_code == status


async def test_a_listed_page_may_read_with_credentials_and_no_other(db: Database) -> None:
    listed = frozenset({"https://app.example.org"})
    one = Front(db, origins=Origins(frozenset({"localhost"}), listed))
    async with one.client() as client:
        for origin, known in (("https://app.example.org", True), ("https://evil.example", False)):
            ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            for reply in (
                await client.get("/api/markets", headers={"Origin": origin}),
                await client.options("/api/orders", headers=ask),
            ):
                assert reply.headers["vary"] == "Origin"
                allowed = reply.headers.get("access-control-allow-origin")
                assert allowed == (origin if known else None)
                assert ("access-control-allow-credentials" in reply.headers) == known
                policy = "cross-origin" if known else "same-origin"
                assert reply.headers["cross-origin-resource-policy"] == policy
            assert reply.status_code == 204
            assert ("access-control-allow-methods" in reply.headers) == known


async def test_measurements_are_for_this_machine_and_those_who_run_the_desk(db: Database) -> None:
    one = Front(db, metrics_token="a token of ours", proxies=Proxies("10.0.0.0/8"))
    one.people["boss"] = Principal(person=PersonId("b"), scopes=frozenset({"desk:write"}))
    bearer = {"Authorization": "Bearer a token of ours"}
    for ip, base, headers, seen in (
        ("127.0.0.1", "http://localhost:8000", {}, True),
        ("127.0.0.1", "http://desk.example.org", {}, False),
        ("203.0.113.7", "http://localhost:8000", {}, False),
        ("203.0.113.7", "http://localhost:8000", bearer, True),
        ("203.0.113.7", "http://localhost:8000", {"Authorization": "Bearer x"}, False),
        ("203.0.113.7", "http://localhost:8000", {"X-Me": "boss"}, True),
        ("10.0.0.1", "http://localhost:8000", {"X-Forwarded-For": "127.0.0.1"}, False),
    ):
        async with one.client(ip, base) as client:
            assert (await client.get("/metrics", headers=headers)).status_code == (
                200 if seen else 403
            )
            ready = await client.get("/readyz", headers=headers)
            assert ready.status_code == 200 and ("secret detail" in ready.text) == seen


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_depth_is_counted_outside_strings_only() -> None:
    assert not too_deep(nested(DEEPEST)) and too_deep(nested(DEEPEST + 1))
    assert not too_deep(b"[" + b",".join([b"[[1]]"] * 1000) + b"]")
    assert not too_deep(json.dumps({"a": "[" * 500 + '\\"{' * 90}).encode())
    assert too_deep(b'{"a": "\\\\", "b": ' + nested(DEEPEST) + b"}")
    assert too_deep(b'{"a":' * 40 + b"1" + b"}" * 40) and too_deep(b"[" * 50_000)
    for hostile in (b'"\\' * 20_000, b'["' * 20_000, b'\\"' * 20_000, b"[]{}" * 15_000 + b"["):
        too_deep(hostile[:MAX_BODY])  # ends


async def test_a_body_too_deep_too_large_or_too_slow_is_refused(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Front(db)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    async with one.client() as client:
        deep = await client.post("/api/orders", content=nested(DEEPEST + 1))
        assert (deep.status_code, deep.json()["code"]) == (422, "invalid")
        large = await client.post("/api/orders", content=b" " * (MAX_BODY + 1))
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
        path = "/api/account/kyc/documents"
        assert (await client.post(path, content=b" " * (MAX_BODY + 1))).status_code == 405
        huge = await client.post(path, content=b" " * (6 * 1024 * 1024))
        assert huge.status_code == 413
        monkeypatch.setattr("hydradesk.doors.gateway.bodies.BODY_S", 0.01)
        slow = await client.post("/api/orders", content=slowly())
        assert (slow.status_code, slow.json()["code"]) == (408, "request_timeout")
        assert (await client.get(f"/api/markets?x={'y' * 9000}")).status_code == 414
        assert (await client.request("BREW", "/api/orders")).status_code == 405
    assert one.reached == 0


async def test_a_read_ends_when_its_time_is_up_and_a_write_goes_on(db: Database) -> None:
    one = Front(db, read_s=0.01, write_s=0.01)
    gate = asyncio.Event()
    one.wait = gate.wait
    async with one.client() as client:
        read = await client.get("/api/markets")
        assert (read.status_code, read.json()["code"]) == (503, "timeout")
        writing = asyncio.create_task(client.post("/api/orders"))
        await asyncio.sleep(0.1)
        assert one.reached == 0
        gate.set()
        write = await writing
        assert (write.status_code, write.json()["code"]) == (504, "timeout")
    assert one.reached == 1


async def test_the_log_names_who_and_what_and_no_secret(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Front(db, log="all")
    monkeypatch.setattr(ACCESS, "handler", logging.FileHandler(tmp_path / "access.log"))
    async with one.client() as client:
        query = "symbol=ETH-USDT&access_token=hush&code=hush2"
        await client.get(f"/api/markets?{query}", headers={"X-Me": "ada", "Cookie": "hush3"})
        await client.get("/api/markets")
    assert not (tmp_path / "access.log").read_text()  # written together, a moment later
    ACCESS.flush()
    line, second = map(json.loads, (tmp_path / "access.log").read_text().splitlines())
    assert ACCESS.handler is not None
    ACCESS.handler.close()
    assert second["person"] is None and line["at"] <= second["at"]
    assert line["person"] == "ada" and line["route"].endswith("/markets") and line["status"] == 200
    assert line["query"] == "symbol=ETH-USDT&access_token=…&code=…" and "hush" not in str(line)
    assert line["bytes"] > 0 and line["ms"] >= 0 and line["request_id"] and line["ip"]
