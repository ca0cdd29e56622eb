"""From an order at the door to a signed message at somebody's server, with the desk's own parts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hydradesk.doors.webhooks import domain
from hydradesk.doors.webhooks.store import SealedSecrets
from hydradesk.infra.db import Database, sql
from tests.doors import people
from tests.doors.conftest import Desk
from tests.doors.webhooks.targets import Server, serving
from tests.doors.webhooks.test_domain import accepts

ORDER = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5", "client_id": "mine"}


@pytest.fixture
async def target() -> AsyncIterator[Server]:
    async with serving() as one:
        yield one


@pytest.fixture
async def desk(
    db: Database, app_db: Database, tmp_path: Path, target: Server
) -> AsyncIterator[Desk]:
    hosts = frozenset({f"127.0.0.1:{target.port}"})
    async with people.asking(db, app_db, tmp_path, webhook_local_hosts=hosts) as one:
        yield one


class Ann:
    """Somebody at the door."""

    def __init__(self, desk: Desk, me: dict[str, str]) -> None:
        self._desk, self._me = desk, me

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        reply = await self._desk.client.request(method, f"/api{path}", json=body, headers=self._me)
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    async def subscribe(self, target: Server, *events: str) -> Any:
        body = {"url": f"http://127.0.0.1:{target.port}/", "events": list(events)}
        made = await self.ask("POST", "/webhooks/subscriptions", body, 201)
        await self._desk.house.bus.drain()
        return made

    async def send(self) -> None:
        """Let the desk tell and send what there is."""
        await self._desk.house.quiesce()
        await self._desk.house.hooks.sender.start_due()
        await self._desk.house.hooks.sender.settle()


async def ann(desk: Desk, *, fresh: bool = True, name: str = "ann") -> Ann:
    who = await people.join(desk.house, name, "pro")
    return Ann(desk, await people.token(desk.house, who, fresh=fresh))


async def test_an_order_is_told_signed_and_as_the_api_shows_it(desk: Desk, target: Server) -> None:
    me = await ann(desk)
    made = await me.subscribe(target, "orders", "fills", "positions")
    await me.ask("POST", "/orders", ORDER, 201)
    await desk.minutes(2)
    await me.send()
    while len(target.seen) < 3:
        await me.send()
    key = domain.read_secret(made["secret"])
    told: dict[str, Any] = {}
    for request in target.seen:
        at = int(request.headers["webhook-timestamp"])
        assert accepts(key, request.headers, request.body, at)
        said = json.loads(request.body)
        told[said["type"]] = said["data"]
    assert {"orders.moved", "fills.made"} <= set(told)
    order = await me.ask("GET", "/orders/mine")
    assert set(told["orders.moved"]) == set(order) and told["orders.moved"]["id"] == "mine"
    (trade,) = (await me.ask("GET", "/trades"))["items"]
    assert told["fills.made"] == trade
    rows = await me.ask("GET", "/webhooks/deliveries?limit=2")
    assert len(rows["items"]) == 2 and rows["next"]
    assert {one["state"] for one in rows["items"]} <= {"delivered", "pending"}


async def test_a_subscription_through_the_door(desk: Desk, target: Server) -> None:
    me = await ann(desk)
    made = await me.subscribe(target, "orders")
    one = f"/webhooks/subscriptions/{made['subscription']['id']}"
    assert await me.ask("GET", one) == made["subscription"]
    assert "secret" not in json.dumps(await me.ask("GET", "/webhooks/subscriptions"))
    changed = await me.ask("PATCH", one, {"events": ["security"], "description": "<b>mine</b>"})
    assert changed["events"] == ["security"] and changed["description"] == "<b>mine</b>"
    sent = await me.ask("POST", f"{one}/test", status=201)
    await me.send()
    assert [json.loads(r.body)["type"] for r in target.seen] == ["test.ping"]
    await me.ask("POST", f"/webhooks/deliveries/{sent['id']}/replay")
    await me.send()
    assert [r.headers["webhook-id"] for r in target.seen] == [sent["id"]] * 2
    rotated = await me.ask("POST", f"{one}/rotate")
    assert rotated["secret"] != made["secret"] and rotated["secret"].startswith("whsec_")
    await me.ask("DELETE", one, status=204)
    assert (await me.ask("GET", one, status=404))["code"] == "not_found"
    for body in (
        {"url": "https://10.0.0.1/", "events": ["orders"]},
        {"url": "http://example.com/", "events": ["orders"]},
    ):
        refused = await me.ask("POST", "/webhooks/subscriptions", body, 422)
        assert refused["code"] == "target_refused" and refused["errors"][0]["field"] == "url"
    await me.ask("POST", "/webhooks/subscriptions", {"url": "x", "events": []}, 422)
    stale = await ann(desk, fresh=False, name="stale")
    theirs = await stale.subscribe(target, "orders")
    path = f"/webhooks/subscriptions/{theirs['subscription']['id']}"
    assert (await stale.ask("POST", f"{path}/rotate", status=403))["code"] == "step_up_required"
    await me.ask("GET", path, status=404)
    await me.ask("DELETE", path, status=404)


async def test_ones_own_security_is_told_and_nobody_elses(desk: Desk, target: Server) -> None:
    me, other = await ann(desk), await ann(desk, name="bob")
    await me.subscribe(target, "security")
    wish = {"name": "robot", "kind": "bearer", "kinds": ["read"]}
    await me.ask("POST", "/account/keys", wish, 201)
    await other.ask("POST", "/account/keys", wish, 201)
    await me.send()
    told = [json.loads(one.body) for one in target.seen]
    actions = [one["data"]["action"] for one in told]
    assert actions.count("api_key.created") == 1
    assert {one["type"] for one in told} == {"security.noted"}


async def test_secrets_are_sealed_and_sealed_anew_after_a_rotation(
    desk: Desk, target: Server
) -> None:
    me = await ann(desk)
    made = await me.subscribe(target, "orders")
    one = f"/webhooks/subscriptions/{made['subscription']['id']}"
    await me.ask("POST", f"{one}/rotate")
    vault = desk.house.people.keyring.vault
    await vault.rotate(data_key=True)
    assert await vault.reseal(SealedSecrets()) == 2 and await vault.reseal(SealedSecrets()) == 0
    async with desk.house.databases.system.begin() as tx:
        query = text("SELECT secret || previous FROM webhooks_subscriptions")
        assert "whsec_" not in str(await sql(tx).scalar(query))
    await me.ask("POST", f"{one}/test", status=201)
    await me.send()
    (request,) = target.seen
    at = int(request.headers["webhook-timestamp"])
    assert accepts(domain.read_secret(made["secret"]), request.headers, request.body, at)
