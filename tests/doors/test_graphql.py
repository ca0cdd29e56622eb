"""GraphQL reads what REST reads, as the same caller, and no more than is good."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hydradesk.app import front
from hydradesk.app.settings import Settings
from hydradesk.doors.gateway import app as door
from hydradesk.doors.gateway.graph import DEEPEST, MAX_COST, MAX_ROOTS
from hydradesk.infra.rates import Rates, rules_of
from tests.doors.conftest import Desk
from tests.doors.crowd import Crowd

ORDER = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}


@pytest.fixture
async def crowd(desk: Desk) -> AsyncIterator[Crowd]:
    yield Crowd(desk.house, ann="user", eve="user", pro="pro", boss="admin")


async def asked(client: Any, query: str, **more: Any) -> Any:
    reply = await client.post("/api/graphql", json={"query": query} | more)
    assert reply.status_code == 200, reply.text
    return reply.json()


READS = {
    "markets": ("/api/markets", "{ markets { items { symbol base quote } } }"),
    "candles": (
        "/api/candles?symbol=ETH-USDT&timeframe=1m&limit=3",
        '{ candles(symbol: "ETH-USDT", timeframe: "1m", limit: 3)'
        " { items { open_time close volume } next } }",
    ),
    "signals": ("/api/signals?limit=5", "{ signals(limit: 5) { items { id symbol } next } }"),
    "patterns": ("/api/patterns", "{ patterns { next } }"),
    "orders": ("/api/orders", "{ orders { items { id symbol state qty } next } }"),
    "trades": ("/api/trades", "{ trades { items { symbol qty price } } }"),
    "positions": ("/api/positions", "{ positions { items { symbol qty } } }"),
    "portfolio": ("/api/portfolio", "{ portfolio { equity cash } }"),
    "me": ("/api/auth/me", "{ me { scopes } }"),
}


def chosen(query: Any, found: Any) -> Any:
    """What of REST's answer the other one asked for."""
    if isinstance(query, dict):
        return {key: chosen(one, found[key]) for key, one in query.items()}
    if isinstance(query, list):
        return [chosen(query[0], one) for one in found] if query else found
    return found


@pytest.mark.parametrize("who", ["", "ann", "pro", "boss"])
async def test_every_field_says_what_its_route_says_to_the_same_caller(
    desk: Desk, crowd: Crowd, who: str
) -> None:
    await desk.minutes(5)
    async with crowd.client("ann") as ann:
        assert (await ann.post("/api/orders", json=ORDER)).status_code == 201
    async with crowd.client(who) as client:
        for name, (path, query) in READS.items():
            rest = await client.get(path)
            compare(name, rest.status_code, rest.json(), await asked(client, query))


def compare(name: str, status: int, rest: Any, said: Any) -> None:
    if status == 200:
        found = said["data"][name]
        assert said["errors"] == [] and chosen(found, rest) == found, name
        if "items" in found:
            assert len(rest["items"]) == len(found["items"])
        return
    (error,) = said["errors"]
    assert said["data"][name] is None and error["path"] == [name]
    extensions = error["extensions"]
    assert (extensions["status"], extensions["code"]) == (status, rest["code"])


async def test_a_person_sees_his_own_orders_and_a_stranger_none(crowd: Crowd) -> None:
    query = "{ orders { items { id symbol } } }"
    async with crowd.client("ann") as ann, crowd.client("eve") as eve, crowd.client() as nobody:
        assert (await ann.post("/api/orders", json=ORDER)).status_code == 201
        assert len((await asked(ann, query))["data"]["orders"]["items"]) == 1
        assert (await asked(eve, query))["data"]["orders"]["items"] == []
        said = await asked(nobody, "{ orders { items { id } } markets { items { symbol } } }")
    assert said["data"]["orders"] is None and len(said["data"]["markets"]["items"]) > 1
    assert said["errors"][0]["extensions"]["code"] == "unauthenticated"


async def test_variables_aliases_and_fragments_work(desk: Desk) -> None:
    await desk.minutes(3)
    query = """
      query Two($s: String!, $n: Integer) {
        eth: candles(symbol: $s, timeframe: "1m", limit: $n) { ...Bars }
        btc: candles(symbol: "BTC-USDT", timeframe: "1m", limit: 1) { ...Bars }
      }
      fragment Bars on CandlePage { items { close } }
    """
    said = await asked(desk.client, query, variables={"s": "ETH-USDT", "n": 2})
    assert [len(said["data"][one]["items"]) for one in ("eth", "btc")] == [2, 1]
    wrong = await asked(desk.client, query, variables={"s": "NOPE", "n": 2})
    assert wrong["data"]["eth"] is None and wrong["errors"][0]["path"] == ["eth"]
    assert wrong["errors"][0]["extensions"]["status"] in (404, 422)


def deep(depth: int) -> str:
    return "{" + "a{" * depth + "b" + "}" * depth + "}"


HOSTILE = {
    "no query": ("{", "Syntax"),
    "a mutation": ("mutation { markets { next } }", "only reads"),
    "a subscription": ("subscription { markets { next } }", "only reads"),
    "too deep": (deep(DEEPEST), f"at most {DEEPEST}"),
    "deep by fragments": (
        "{ ...A0 } "
        + " ".join(f"fragment A{n} on Query {{ x {{ ...A{n + 1} }} }}" for n in range(9)),
        f"at most {DEEPEST}",
    ),
    "a fragment in itself": ("{ ...A } fragment A on Query { ...A }", "itself"),
    "fragments that double": (
        "{ ...A0 } "
        + " ".join(f"fragment A{n} on Query {{ ...A{n + 1} ...A{n + 1} }}" for n in range(60))
        + " fragment A60 on Query { markets { next } }",
        "at most",
    ),
    "many aliases": (
        "{" + " ".join(f"a{n}: markets {{ next }}" for n in range(MAX_ROOTS + 1)) + "}",
        "aliases",
    ),
    "many tokens": ("{ markets { next " + "next " * 1_000 + "} }", "token"),
    "dear": (
        "{" + " ".join(f'c{n}: candles(symbol: "ETH-USDT", timeframe: "1m", limit: 1000) {{ next }}'
        for n in range(3)) + "}",
        f"at most {MAX_COST}",
    ),
    "dear by number": ("{ orders(limit: " + "9" * 300 + ") { next } }", f"at most {MAX_COST}"),
    "dear by variable": (
        "query($n: Integer) { orders(limit: $n) { next } }",
        f"at most {MAX_COST}",
    ),
    "an unknown field": ("{ markets { secrets } }", "secrets"),
    "an unknown argument": ('{ candles(symbol: "x", timeframe: "1m", sql: "1") { next } }', "sql"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_too_much_or_wrong_is_refused_whole(desk: Desk, name: str) -> None:
    query, words = HOSTILE[name]
    reply = await desk.client.post("/api/graphql", json={"query": query})
    said = reply.json()
    assert (reply.status_code, said["code"]) == (422, "invalid"), said
    assert words in said["detail"] and said["errors"][0]["field"] == "query"
    assert "Traceback" not in reply.text and "hydradesk." not in reply.text


@pytest.mark.parametrize(
    "body",
    [
        [{"query": "{ markets { next } }"}],
        {"query": ["{ markets { next } }"]},
        {"query": "{ markets { next } }", "extensions": {}},
        {"query": ""},
        {"query": "x" * 16_001},
        {"query": "{ markets { next } }", "variables": []},
    ],
)
async def test_one_query_a_request(desk: Desk, body: Any) -> None:
    assert (await desk.client.post("/api/graphql", json=body)).status_code == 422


async def test_the_schema_is_for_those_who_are_signed_in(crowd: Crowd) -> None:
    introspect = {"query": "{ __schema { queryType { name } } }"}
    async with crowd.client() as nobody, crowd.client("ann") as ann:
        refused = await nobody.post("/api/graphql", json=introspect)
        assert refused.status_code == 422 and "sign in" in refused.json()["detail"]
        assert (await nobody.get("/api/graphql/schema")).status_code == 403
        said = await asked(ann, introspect["query"])
        assert said["data"]["__schema"]["queryType"]["name"] == "Query"
        text = await ann.get("/api/graphql/schema")
        assert text.status_code == 200 and "type OrderPage" in text.text
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "mutation" not in text.text.lower()


async def test_cost_is_counted_and_limited(desk: Desk) -> None:
    rates = Rates(rules_of({"demo": {"graphql": "100/day"}}))
    built = door.build(msgspec.structs.replace(desk.house.door(), rates=rates))
    desk.client._transport.app = built  # type: ignore[attr-defined]
    query = {"query": "{ orders(limit: 30) { next } }"}
    codes = [(await desk.client.post("/api/graphql", json=query)).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    refused = await desk.client.post("/api/graphql", json=query)
    assert refused.json()["code"] == "limited" and int(refused.headers["retry-after"]) > 1


async def test_an_administrator_can_switch_it_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = desk.house.people.records.features
    monkeypatch.setattr(features, "enabled", lambda name: name != "graphql")
    terms = front.graphql(Settings(), features)
    assert terms.require is not None
    reply = await desk.client.post("/api/graphql", json={"query": "{ markets { next } }"})
    assert (reply.status_code, reply.json()["code"]) == (403, "feature_off")
