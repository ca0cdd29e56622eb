"""Orders over HTTP: what is right is done once, what is wrong names field and fix."""

import uuid
from typing import Any

from tests.doors.conftest import Desk

PLAIN = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
LIMIT = PLAIN | {"type": "limit", "price": "1990"}
FORTY = "1234567890" * 4


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in PLAIN.items() if key != name}


WRONG: list[tuple[dict[str, Any], str]] = [
    (PLAIN | {"symbol": "DOGE-USDT"}, "symbol"),
    (PLAIN | {"symbol": ""}, "symbol"),
    (PLAIN | {"symbol": "E" * 40}, "symbol"),
    (PLAIN | {"symbol": "ETH\u0000"}, "symbol"),
    (PLAIN | {"side": "hold"}, "side"),
    (PLAIN | {"type": "stop"}, "type"),
    (PLAIN | {"qty": "-1"}, "qty"),
    (PLAIN | {"qty": "0"}, "qty"),
    (PLAIN | {"qty": "NaN"}, "qty"),
    (PLAIN | {"qty": "Infinity"}, "qty"),
    (PLAIN | {"qty": "1e400"}, "qty"),
    (PLAIN | {"qty": "1e-9"}, "qty"),
    (PLAIN | {"qty": FORTY + "1"}, "qty"),
    (PLAIN | {"qty": FORTY}, "qty"),
    (PLAIN | {"qty": "0." + "0" * 38 + "1"}, "qty"),
    (PLAIN | {"qty": "9" * 65}, "qty"),
    (PLAIN | {"qty": ""}, "qty"),
    (PLAIN | {"qty": 0.5}, "qty"),
    (PLAIN | {"qty": None}, "qty"),
    (PLAIN | {"qty": {"a": 1}}, "qty"),
    (PLAIN | {"qty": "0.00015"}, "qty"),
    (PLAIN | {"qty": "0.0024"}, "qty"),
    (PLAIN | {"price": "2000"}, "price"),
    (PLAIN | {"type": "limit"}, "price"),
    (LIMIT | {"price": "1990.005"}, "price"),
    (LIMIT | {"price": "-1990"}, "price"),
    (LIMIT | {"price": "0"}, "price"),
    (LIMIT | {"price": "NaN"}, "price"),
    (LIMIT | {"price": FORTY, "qty": FORTY}, "qty"),
    (LIMIT | {"qty": "0.0001"}, "qty"),
    (PLAIN | {"time_in_force": "day"}, "time_in_force"),
    (PLAIN | {"client_id": "x" * 65}, "client_id"),
    (PLAIN | {"client_id": "a:b"}, "client_id"),
    (PLAIN | {"client_id": ""}, "client_id"),
    (PLAIN | {"venue": "nowhere"}, "venue"),
    (PLAIN | {"leverage": 10}, "leverage"),
    (without("symbol"), "symbol"),
    (without("qty"), "qty"),
]


async def test_what_is_wrong_names_field_and_fix_and_changes_nothing(desk: Desk) -> None:
    before = await desk.books()
    for request, field in WRONG:
        reply = await desk.client.post("/api/orders", json=request)
        said = reply.json()
        assert reply.status_code in (404, 422), (request, reply.text)
        assert reply.headers["content-type"] == "application/problem+json"
        assert [one["field"] for one in said["errors"]] == [field], (request, said)
        assert said["errors"][0]["fix"] and said["errors"][0]["message"], (request, said)
        assert await desk.books() == before, request
    assert (await desk.get("/orders"))["items"] == []


async def test_what_is_no_order_at_all_is_refused(desk: Desk) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[]", b"null", b'{"qty": "\xff"}', b"7"):
        reply = await desk.client.post("/api/orders", content=body, headers=headers)
        assert reply.status_code in (400, 422), (body, reply.text)
        assert reply.json()["code"] in ("invalid", "bad_request"), body


async def test_a_lone_surrogate_is_refused(desk: Desk) -> None:
    body = b'{"symbol": "\\ud800", "side": "buy", "type": "market", "qty": "0.5"}'
    headers = {"Content-Type": "application/json"}
    reply = await desk.client.post("/api/orders", content=body, headers=headers)
    assert reply.status_code in (404, 422) and reply.json()["errors"][0]["field"] == "symbol"


async def test_an_order_is_placed_filled_and_shown_everywhere(desk: Desk) -> None:
    reply = await desk.client.post("/api/orders", json=PLAIN | {"symbol": "ethusdt"})
    order = reply.json()
    assert reply.status_code == 201 and order["state"] == "working", order
    assert (order["symbol"], order["origin"], order["signal_id"]) == ("ETH-USDT", "manual", None)
    await desk.minutes(1)
    order = await desk.get(f"/orders/{order['id']}")
    assert (order["state"], order["filled"]) == ("filled", "0.5")
    (trade,) = (await desk.get("/trades"))["items"]
    assert trade["order_id"] == order["id"] and trade["price"] == order["average_price"]
    (position,) = (await desk.get("/positions"))["items"]
    assert (position["symbol"], position["qty"]) == ("ETH-USDT", "0.5")
    (judged,) = (await desk.get("/risk/judgements"))["items"]
    assert judged["approved"] and judged["order_id"] == order["id"]
    portfolio = await desk.get("/portfolio")
    assert portfolio["fees"] == trade["fee"] and portfolio["paper"] is True
    csv = (await desk.client.get("/api/trades.csv")).text.splitlines()
    assert csv[0].startswith("id,order_id,") and csv[1].startswith(trade["id"]) and len(csv) == 2


async def test_a_client_id_names_one_order(desk: Desk) -> None:
    mine = LIMIT | {"client_id": "mine-1"}
    first, again = [(await desk.client.post("/api/orders", json=mine)) for _ in range(2)]
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    for change in ({"qty": "0.6"}, {"price": "1991"}, {"side": "sell"}, {"time_in_force": "ioc"}):
        reply = await desk.client.post("/api/orders", json=mine | change)
        assert reply.status_code == 409, (change, reply.text)
        assert reply.json()["errors"][0]["field"] == "client_id"
    assert len((await desk.get("/orders"))["items"]) == 1


async def test_guardians_no_names_rule_and_receipt(desk: Desk) -> None:
    reply = await desk.client.post("/api/orders", json=PLAIN | {"qty": "90"})
    said = reply.json()
    assert reply.status_code == 422 and said["code"] == "risk_refused"
    assert said["rule"] == "order_size" and said["errors"][0]["fix"]
    (judged,) = (await desk.get("/risk/judgements"))["items"]
    assert judged["id"] == said["receipt_id"] and not judged["approved"]


async def test_cancelling(desk: Desk) -> None:
    orders = [(await desk.client.post("/api/orders", json=LIMIT)).json() for _ in range(3)]
    one = f"/api/orders/{orders[0]['id']}"
    reply = await desk.client.delete(one)
    assert reply.status_code == 200 and reply.json()["state"] == "cancelled"
    assert (await desk.client.delete(one)).status_code == 409
    assert (await desk.client.delete("/api/orders/nothing")).status_code == 404
    ended = (await desk.client.delete("/api/orders")).json()
    assert [row["id"] for row in ended["items"]] == [row["id"] for row in orders[1:]]
    assert (await desk.get("/orders?status=open"))["items"] == []
    assert len((await desk.get("/orders?status=done"))["items"]) == 3


async def test_pages_of_orders_are_newest_first_and_whole(desk: Desk) -> None:
    for number in range(5):
        await desk.client.post("/api/orders", json=LIMIT | {"client_id": f"n{number}"})
    names, cursor = [], ""
    while True:
        page = await desk.get(f"/orders?limit=2&symbol=ETHUSDT{cursor}")
        names += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert names == ["n4", "n3", "n2", "n1", "n0"]
    assert (await desk.get("/orders?symbol=BTC-USDT"))["items"] == []


async def test_closing_a_position_once(desk: Desk) -> None:
    assert (await desk.client.post("/api/positions/ETH-USDT/close")).status_code == 404
    await desk.client.post("/api/orders", json=PLAIN)
    await desk.minutes(1)
    reply = await desk.client.post("/api/positions/ETH-USDT/close")
    assert reply.status_code == 201 and reply.json()["origin"] == "close"
    await desk.minutes(1)
    (position,) = (await desk.get("/positions"))["items"]
    assert position["qty"] == "0" and position["average_price"] is None


async def test_an_order_sent_again_after_our_death_is_the_same_order(desk: Desk) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = await desk.client.post("/api/orders", json=LIMIT, headers=key)
    async with desk.house.databases.system.begin() as tx:  # as if the answer was never kept
        from sqlalchemy import text

        from hydradesk.infra.db import sql

        await sql(tx).execute(text("DELETE FROM gateway_idempotency"))
    again = await desk.client.post("/api/orders", json=LIMIT, headers=key)
    assert "idempotent-replay" not in again.headers and again.json() == first.json()
    assert len((await desk.get("/orders"))["items"]) == 1
