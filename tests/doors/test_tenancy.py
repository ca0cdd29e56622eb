"""Many people at one door: everybody finds their own things, and nobody anybody else's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from hydradesk.accounts.contracts import Person, PersonChanged
from hydradesk.doors.gateway import stream
from hydradesk.doors.gateway.app import describe
from hydradesk.doors.gateway.topics import CLASS_OF, CLASSES, SCOPES
from hydradesk.infra.http import TRADING
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from tests.doors.conftest import Desk
from tests.doors.crowd import Crowd, hear, rest, subscribe

BUY = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5", "client_id": "mine"}
LIMIT = BUY | {"type": "limit", "price": "1900", "client_id": "rests"}
OWN = ("orders", "trades", "positions", "portfolio", "risk")


@pytest.fixture
async def crowd(desk: Desk) -> AsyncIterator[Crowd]:
    yield Crowd(desk.house, ann="user", bob="pro", eve="premium")


async def test_two_people_trade_under_the_same_names_and_see_their_own(
    desk: Desk, crowd: Crowd
) -> None:
    async with crowd.client("ann") as ann, crowd.client("bob") as bob:
        for who, qty in ((ann, "0.5"), (bob, "0.7")):
            for order in (BUY | {"qty": qty}, LIMIT):
                for _ in range(2):  # the same again is the same order
                    reply = await who.post("/api/orders", json=order)
                    assert reply.status_code == 201, reply.text
                    assert reply.json()["id"] == order["client_id"]
        await desk.minutes(1)
        for who, qty in ((ann, "0.5"), (bob, "0.7")):
            orders = (await who.get("/api/orders")).json()["items"]
            assert [one["id"] for one in orders] == ["rests", "mine"]
            assert (await who.get("/api/orders/mine")).json()["filled"] == qty
            (trade,) = (await who.get("/api/trades")).json()["items"]
            assert (trade["id"], trade["order_id"], trade["qty"]) == ("mine.1", "mine", qty)
            assert (await who.get("/api/trades.csv")).text.count("\r\n") == 2
            (position,) = (await who.get("/api/positions")).json()["items"]
            assert position["qty"] == qty
            judged = (await who.get("/api/risk/judgements")).json()["items"]
            assert [one["id"] for one in judged] == ["rests.1", "mine.1"]
            assert {one["qty"] for one in judged} == {qty, "0.5"}
        accounts = {(await who.get("/api/portfolio")).json()["account"] for who in (ann, bob)}
        assert accounts == {"paper-s0001-p-ann-1", "paper-s0001-p-bob-1"}
    assert (await desk.get("/orders"))["items"] == []  # nor does whoever sits at the machine


async def test_what_is_anothers_is_not_there(desk: Desk, crowd: Crowd) -> None:
    async with crowd.client("ann") as ann, crowd.client("eve") as eve:
        await ann.post("/api/orders", json=LIMIT)
        account = (await ann.get("/api/portfolio")).json()["account"]
        for name in ("rests", f"{account}~rests", f"{account}~rests.1", "RESTS"):
            for method in ("GET", "DELETE"):
                reply = await eve.request(method, f"/api/orders/{name}")
                assert reply.status_code == 404, reply.text
        assert (await eve.delete("/api/orders")).json()["items"] == []
        assert (await eve.post("/api/positions/ETH-USDT/close")).status_code == 404
        assert (await eve.post("/api/portfolio/reset")).status_code == 200
        assert (await ann.get("/api/orders/rests")).json()["state"] == "working"
        assert (await ann.get("/api/portfolio")).json()["account"] == account
        key = {"Idempotency-Key": "the-same"}
        one = await ann.post("/api/orders", json=LIMIT | {"client_id": None}, headers=key)
        two = await eve.post("/api/orders", json=LIMIT | {"client_id": None}, headers=key)
        assert two.status_code in (201, 409), "a key of one person's must not answer another"
        assert two.json().get("id") != one.json()["id"]


async def test_every_route_about_one_thing_of_ones_own_hides_it_from_others(
    desk: Desk, crowd: Crowd
) -> None:
    things = {"/api/orders/{order_id}": ("order_id", "rests")}
    async with crowd.client("ann") as ann, crowd.client("eve") as eve:
        await ann.post("/api/orders", json=LIMIT)
        seen = set()
        for path, methods in describe(crowd.app)["paths"].items():
            scope = str(methods.get("get", {}).get("x-scope", "")).partition(":")[0]
            if "{" not in path or scope not in TRADING:
                continue
            name, value = things[path]  # a new one belongs into the table above
            seen.add(path)
            for who, status in ((ann, 200), (eve, 404)):
                reply = await who.get(path.replace("{" + name + "}", value))
                assert reply.status_code == status, (path, reply.text)
        assert seen == set(things)


async def test_strangers_look_at_the_market_only(crowd: Crowd) -> None:
    async with crowd.client() as nobody, crowd.client("mallory") as unknown:
        for path in ("/api/orders", "/api/trades.csv", "/api/portfolio", "/api/signals"):
            for who in (nobody, unknown):
                assert (await who.get(path)).status_code == 401, path
        assert (await nobody.get("/api/markets")).status_code == 200


async def test_auto_trade_comes_with_a_membership(crowd: Crowd) -> None:
    async with crowd.client("ann") as ann, crowd.client("bob") as bob:
        refused = await ann.patch("/api/portfolio", json={"auto_trade": True})
        assert refused.status_code == 403 and refused.json()["code"] == "membership_required"
        assert (await ann.patch("/api/portfolio", json={"auto_trade": False})).status_code == 200
        reply = await bob.patch("/api/portfolio", json={"auto_trade": True})
        assert reply.json()["auto_trade"] is True
        assert (await ann.get("/api/portfolio")).json()["auto_trade"] is False


async def heard(crowd: Crowd, client: ClientConnection) -> list[dict[str, Any]]:
    crowd.house.hub.heartbeat()
    return await rest(client)


async def test_nobody_hears_of_anothers_orders(desk: Desk, crowd: Crowd) -> None:
    async with (
        crowd.served(),
        crowd.listen("ann") as ann,
        crowd.listen("bob") as bob,
        crowd.client("ann") as hers,
        crowd.client("bob") as his,
    ):
        for who in (ann, bob):
            answers = await subscribe(who, *OWN)
            assert [one["type"] for one in answers] == ["snapshot"] * 5
            assert [one["topic"] for one in answers] == list(OWN)  # never whose it is
        await hers.post("/api/orders", json=BUY)
        await his.post("/api/orders", json=BUY | {"qty": "0.7"})
        await desk.minutes(1)
        await crowd.house.bus.drain()
        for _ in range(3):
            await crowd.house.publisher._publish_worth()
        for who, qty in ((ann, "0.5"), (bob, "0.7")):
            said = await heard(crowd, who)
            assert {one["topic"] for one in said} == set(OWN)
            rows = {one["topic"]: one["data"] for one in said}
            assert rows["orders"]["qty"] == rows["trades"]["qty"] == qty
            assert rows["positions"]["qty"] == rows["risk"]["qty"] == qty
            assert {one["data"]["id"] for one in said if one["topic"] == "orders"} == {"mine"}
            name = "ann" if qty == "0.5" else "bob"
            assert rows["portfolio"]["account"] == f"paper-s0001-p-{name}-1"
            other = "bob" if name == "ann" else "ann"
            assert f"p-{other}" not in str(said)
            seqs = [one["seq"] for one in said if one["topic"] == "orders"]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))  # dense for each person


async def test_strangers_hear_the_market_only(crowd: Crowd) -> None:
    async with crowd.served(), crowd.listen() as nobody, crowd.listen("mallory") as unknown:
        for who in (nobody, unknown):
            for topic, scope in SCOPES.items():
                name = f"{topic}:ETH-USDT:1m" if topic in ("candles", "indicators") else topic
                (answer,) = await subscribe(who, name)
                open_to_all = scope == "market:read"
                assert answer["type"] == ("snapshot" if open_to_all else "error"), answer
                if not open_to_all:
                    assert answer["data"]["code"] == "unauthenticated", answer
        for topic in ("orders@p-ann", "orders@local", "signals@premium", "orders:p-ann"):
            (answer,) = await subscribe(nobody, topic)
            assert answer["type"] == "error", topic


async def test_a_reset_is_followed_without_asking_again(desk: Desk, crowd: Crowd) -> None:
    async with crowd.served(), crowd.listen("ann") as ann, crowd.client("ann") as hers:
        await subscribe(ann, "orders")
        await hers.post("/api/portfolio/reset")
        await hers.post("/api/orders", json=LIMIT)
        await crowd.house.bus.drain()
        said = await heard(crowd, ann)
        assert {one["data"]["id"] for one in said} == {"rests"}


async def test_who_is_signed_out_is_cut_off_at_once(crowd: Crowd) -> None:
    async with crowd.served(), crowd.listen("ann") as ann, crowd.listen("bob") as bob:
        await subscribe(ann, "orders")
        await subscribe(bob, "orders")
        assert crowd.house.hub.end("s-ann", "you signed out elsewhere") == 1
        bye = await hear(ann)
        assert (bye["type"], bye["data"]) == ("bye", {"reason": "you signed out elsewhere"})
        with pytest.raises(ConnectionClosed) as closed:
            await hear(ann)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
        assert crowd.house.hub.end("p-bob", "suspended") == 1
        assert (await hear(bob))["data"] == {"reason": "suspended"}


@pytest.mark.parametrize(
    ("change", "said"),
    [({"bob": "user"}, "connect again"), ({}, "signed out")],
    ids=["another role", "no session"],
)
async def test_who_they_are_is_asked_again(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(stream, "LOOK_AGAIN_S", 0.05)
    async with crowd.served(), crowd.listen("bob") as bob, crowd.listen() as nobody:
        await subscribe(bob, "orders")
        await subscribe(nobody, "prices")
        await asyncio.sleep(0.2)
        crowd.roles = change
        bye = await hear(bob)
        assert bye["type"] == "bye" and said in bye["data"]["reason"]
        assert (await subscribe(nobody, "feed"))[0]["type"] == "snapshot"  # nothing to lose


async def test_a_session_that_ended_is_looked_at_at_once(crowd: Crowd) -> None:
    async with crowd.served(), crowd.listen("bob") as bob, crowd.listen("ann") as ann:
        await subscribe(bob, "orders")
        await subscribe(ann, "orders")
        crowd.house.people.keyring.endings._forget(PersonId("p-ann"), "s-ann")  # still signed in
        del crowd.roles["bob"]
        crowd.house.people.keyring.endings._forget(PersonId("p-bob"), "another-session")
        assert (await subscribe(bob, "feed"))[0]["type"] == "snapshot"
        crowd.house.people.keyring.endings._forget(PersonId("p-bob"), "s-bob")
        bye = await hear(bob)
        assert bye["type"] == "bye" and "signed out" in bye["data"]["reason"]
        assert (await subscribe(ann, "feed"))[0]["type"] == "snapshot"


async def test_a_change_of_role_is_heard_of_at_once(crowd: Crowd) -> None:
    def changed(role: Any, status: Any = "active") -> PersonChanged:
        return PersonChanged(
            id="x",
            at=TimeNs(0),
            key="p-bob",
            person=PersonId("p-bob"),
            role=role,
            status=status,
            kyc="none",
            kyc_level=0,
        )

    async with crowd.served(), crowd.listen("bob") as bob, crowd.listen("ann") as ann:
        await subscribe(bob, "orders")
        await subscribe(ann, "orders")
        crowd.house.publisher._person_changed(changed("pro"))  # something else about him
        assert (await subscribe(bob, "feed"))[0]["type"] == "snapshot"
        crowd.house.publisher._person_changed(changed("pro", "suspended"))
        assert (await hear(bob))["type"] == "bye"
        assert (await subscribe(ann, "feed"))[0]["type"] == "snapshot"


def test_signals_are_made_once_for_each_membership_not_for_each_client() -> None:
    assert CLASSES == ("user", "pro", "premium")
    assert CLASS_OF == {
        "user": "user",
        "pro": "pro",
        "premium": "premium",
        "support": "premium",
        "admin": "premium",
        "service": "premium",
        "demo": "premium",
    }


async def test_raising_a_limit_needs_a_fresh_proof_and_lowering_none(crowd: Crowd) -> None:
    async with crowd.client("ann") as ann, crowd.client("bob") as bob:
        before = (await ann.get("/api/risk/profile")).json()
        most = before["platform"]["order_max"]
        crowd.fresh = False
        low = await ann.put("/api/risk/profile", json={"order_max": "100"})
        assert low.status_code == 200 and low.json()["limits"]["order_max"] == "100"
        assert (await ann.get("/api/risk/limits")).json()["order_max"] == "100"
        for change in ({"order_max": "101"}, {"order_max": None}, {"order_max": most}):
            refused = await ann.put("/api/risk/profile", json=change)
            assert refused.json()["code"] == "step_up_required", refused.text
        crowd.fresh = True
        high = await ann.put("/api/risk/profile", json={"order_max": most})
        assert high.json()["limits"]["order_max"] == most
        assert high.json()["sources"]["order_max"] == "own"
        for wrong in ("25000.01", "0", "-1", "NaN", "1e3", "", "9" * 65):
            refused = await ann.put("/api/risk/profile", json={"order_max": wrong})
            assert refused.status_code == 422, wrong
            assert refused.json()["errors"][0]["field"] == "order_max"
        assert (await bob.get("/api/risk/profile")).json()["own"] == {}


async def test_only_who_runs_the_desk_halts_everybody(desk: Desk, crowd: Crowd) -> None:
    crowd.roles["root"] = "admin"
    async with (
        crowd.client("ann") as ann,
        crowd.client("bob") as bob,
        crowd.client("root") as root,
    ):
        halted = await ann.post("/api/risk/halt", json={"reason": "calm down"})
        assert halted.json()["halted"] and halted.json()["halt_reason"] == "calm down"
        refused = await ann.post("/api/orders", json=BUY)
        assert refused.json()["code"] == "risk_refused" and refused.json()["rule"] == "halted"
        assert (await bob.post("/api/orders", json=BUY)).status_code == 201
        await root.post("/api/risk/halt", json={"reason": "fire"})
        assert (await bob.post("/api/risk/resume")).json()["halt_reason"] == "fire"
        assert (await bob.post("/api/orders", json=LIMIT)).json()["rule"] == "halted"
        assert not (await root.post("/api/risk/resume")).json()["halted"]
        assert (await bob.post("/api/orders", json=LIMIT)).status_code == 201
        assert (await ann.get("/api/risk/limits")).json()["halt_reason"] == "calm down"
        assert not (await ann.post("/api/risk/resume")).json()["halted"]
    halted = await desk.client.post("/api/risk/halt", json={})  # with --demo as ever
    assert halted.json()["halted"]


async def test_the_platforms_limits_are_an_administrators(crowd: Crowd) -> None:
    crowd.roles["root"] = "admin"
    async with crowd.client("ann") as ann, crowd.client("root") as root:
        assert (await ann.get("/api/admin/limits")).status_code == 403
        assert (await ann.put("/api/admin/limits", json={})).status_code == 403
        now = (await root.get("/api/admin/limits")).json()
        assert now["order_max"] == "25000" and isinstance(now["rates"], dict)
        crowd.fresh = False
        refused = await root.put("/api/admin/limits", json={"order_max": "10"})
        assert refused.json()["code"] == "step_up_required"
        crowd.fresh = True
        assert (await root.put("/api/admin/limits", json={"order_max": "10"})).status_code == 200
        assert (await ann.get("/api/risk/profile")).json()["limits"]["order_max"] == "2.5"
        for wrong in ("0", "-1", "1e3", "x"):
            refused = await root.put("/api/admin/limits", json={"gross_max": wrong})
            assert refused.json()["errors"][0]["field"] == "gross_max", wrong
        assert (await root.put("/api/admin/limits", json={"risk_per_trade": "2"})).is_error


async def joined(desk: Desk, *names: str) -> None:
    """Let people exist, identified to the highest level."""
    async with desk.house.databases.system.begin() as tx:
        for name in names:
            new = Person(
                id=PersonId(f"p-{name}"),
                name=name,
                referral_code=name,
                kyc="approved",
                kyc_level=2,
                created_at=TimeNs(0),
            )
            await desk.house.people.store.add(tx, new, TimeNs(0))


async def test_withdrawals_over_http(desk: Desk, crowd: Crowd) -> None:
    crowd.roles |= {"root": "admin", "sue": "support"}
    await joined(desk, "ann", "eve", "root")
    address = {"asset": "USDT", "address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}
    async with (
        crowd.client("ann") as ann,
        crowd.client("eve") as eve,
        crowd.client("root") as root,
        crowd.client("sue") as sue,
    ):
        crowd.fresh = False
        body = {"asset": "USDT", "qty": "20000", "address_id": "ad-1"}
        for path, sent in (("account/addresses", address), ("portfolio/withdrawals", body)):
            refused = await ann.post(f"/api/{path}", json=sent)
            assert refused.json()["code"] == "step_up_required", refused.text
        crowd.fresh = True
        added = await ann.post("/api/account/addresses", json=address)
        assert added.status_code == 201, added.text
        body["address_id"] = added.json()["id"]
        waits = await ann.post("/api/portfolio/withdrawals", json=body)
        assert waits.status_code == 409 and waits.json()["errors"][0]["field"] == "address_id"
        await desk.house.exits.addresses.remove(PersonId("p-ann"), body["address_id"])
        desk.house.exits.addresses._delay_ns = -1  # as if a day had passed
        body["address_id"] = (await ann.post("/api/account/addresses", json=address)).json()["id"]
        key = {"Idempotency-Key": "once"}
        asked = await ann.post("/api/portfolio/withdrawals", json=body, headers=key)
        assert asked.status_code == 201 and asked.json()["state"] == "pending", asked.text
        one = f"/api/portfolio/withdrawals/{asked.json()['id']}"
        assert (await eve.delete(one)).status_code == 404
        assert (await eve.get("/api/portfolio/withdrawals")).json()["items"] == []
        assert (await eve.get("/api/account/addresses")).json()["items"] == []
        gone = await eve.delete(f"/api/account/addresses/{body['address_id']}")
        assert gone.status_code == 404
        (row,) = (await ann.get("/api/portfolio/withdrawals")).json()["items"]
        assert row == asked.json()
        (row,) = (await sue.get("/api/admin/withdrawals?state=pending")).json()["items"]
        assert (row["person"], row["value"]) == ("p-ann", "20000")
        decide = f"/api/admin/withdrawals/{row['id']}/approve"
        for who in (ann, eve, sue):
            assert (await who.post(decide, json={"reason": "x"})).status_code == 403
        assert (await root.post(decide, json={"reason": "a\nb"})).status_code == 422
        agreed = await root.post(decide, json={"reason": "seen"})
        assert (agreed.json()["state"], agreed.json()["decided_by"]) == ("approved", "p-root")
        assert (await ann.get("/api/portfolio")).json()["held"] == "20000"
        assert (await ann.delete(one)).json()["state"] == "cancelled"
        portfolio = (await ann.get("/api/portfolio")).json()
        assert (portfolio["cash"], portfolio["profit"]) == ("100000", "0")
