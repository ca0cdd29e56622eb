"""People change what they say of themselves; the trail says that, and not what."""

import asyncio

import pytest

from tests.accounts.offices import Desk
from tests.accounts.trail import actions, entries

HOSTILE = (
    "<script>alert(1)</script>",
    "'; DROP TABLE accounts_people; --",
    "{{7*7}} ${7*7} %0d%0aSet-Cookie: a=b",
    "O'Brien & Söhne \U0001f9d1\u200d\U0001f680"[:17],
)


async def test_a_stranger_has_no_account(desk: Desk) -> None:
    desk.be(None)
    for method, path in (("GET", "/account"), ("PATCH", "/account"), ("GET", "/account/audit")):
        assert await desk.refused(method, path, 401, json={}) == "unauthenticated"


async def test_one_sees_oneself(desk: Desk) -> None:
    alice = await desk.person(email="alice@desk.example")
    desk.be(alice)
    said = await desk.ask("GET", "/account")
    assert said["id"] == alice.id and said["email"] == "alice@desk.example"
    assert said["preferences"]["theme"] == "system" and said["kyc"] == "none"
    assert "whop_id" not in said and "version" not in said


async def test_what_is_left_out_stays(desk: Desk) -> None:
    alice = await desk.person(email="alice@desk.example", email_verified=True)
    desk.be(alice)
    change = {"risk_level": "aggressive", "preferences": {"theme": "dark", "sounds": True}}
    said = await desk.ask("PATCH", "/account", json=change)
    assert said["risk_level"] == "aggressive" and said["name"] == "alice"
    assert said["preferences"] == {
        "theme": "dark",
        "symbol": "ETH-USDT",
        "timeframe": "5m",
        "sounds": True,
    }
    assert (said["email"], said["email_verified"]) == ("alice@desk.example", True)
    (entry,) = await entries(desk.db, alice.id)
    assert entry.action == "person.profile_changed" and entry.actor == alice.id
    assert entry.before == {"risk_level": "balanced", "theme": "system", "sounds": False}
    assert entry.after == {"risk_level": "aggressive", "theme": "dark", "sounds": True}


async def test_nothing_changed_is_nothing_recorded(desk: Desk) -> None:
    alice = await desk.person()
    desk.be(alice)
    await desk.ask("PATCH", "/account", json={})
    await desk.ask("PATCH", "/account", json={"name": "alice", "preferences": {"theme": "system"}})
    assert await actions(desk.db) == [] and (await desk.stored(alice.id)).version == 1


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_text_and_nothing_else(desk: Desk, name: str) -> None:
    alice = await desk.person()
    desk.be(alice)
    if "\u200d" in name:
        assert await desk.refused("PATCH", "/account", 422, json={"name": name}) == "invalid"
        return
    assert (await desk.ask("PATCH", "/account", json={"name": name}))["name"] == name
    (entry,) = await entries(desk.db, alice.id)
    assert entry.after == {"name": "changed"} and entry.before == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 65},
        {"name": "a\u202eb"},
        {"name": "a\x00b"},
        {"name": "a\nb"},
        {"name": ["a"]},
        {"email": "no address"},
        {"email": "a@b@c.example"},
        {"email": f"{'a' * 250}@b.example"},
        {"risk_level": "reckless"},
        {"preferences": {"theme": "pink"}},
        {"preferences": {"symbol": "<b>"}},
        {"preferences": {"timeframe": "7m"}},
        {"preferences": {"role": "admin"}},
        {"role": "admin"},
        {"status": "active"},
        {"kyc": "approved"},
        {"id": "p-bob"},
    ],
)
async def test_what_nobody_may_say_is_refused_and_changes_nothing(
    desk: Desk, change: dict[str, object]
) -> None:
    alice = await desk.person()
    desk.be(alice)
    assert await desk.refused("PATCH", "/account", 422, json=change) == "invalid"
    assert await desk.stored(alice.id) == alice and await actions(desk.db) == []


async def test_a_bolder_risk_level_needs_a_fresh_proof_a_calmer_one_does_not(desk: Desk) -> None:
    alice = await desk.person(email="alice@desk.example", risk_level="balanced")
    desk.be(alice, fresh=False)
    bold = {"risk_level": "aggressive"}
    assert await desk.refused("PATCH", "/account", 403, json=bold) == "step_up_required"
    calm = await desk.client.patch("/account", json={"risk_level": "conservative"})
    assert (calm.status_code, calm.json()["risk_level"]) == (200, "conservative")
    desk.be(alice, fresh=True)
    done = await desk.client.patch("/account", json=bold)
    assert (done.status_code, done.json()["risk_level"]) == (200, "aggressive")


async def test_a_new_address_needs_a_fresh_proof_and_is_not_proved_itself(desk: Desk) -> None:
    alice = await desk.person(email="alice@desk.example", email_verified=True)
    desk.be(alice, fresh=False)
    new = {"email": "Alice@OTHER.example"}
    assert await desk.refused("PATCH", "/account", 403, json=new) == "step_up_required"
    desk.be(alice)
    said = await desk.ask("PATCH", "/account", json=new)
    assert (said["email"], said["email_verified"]) == ("Alice@other.example", False)
    (entry,) = await entries(desk.db, alice.id)
    assert entry.after == {"email": "changed"}


async def test_an_address_is_one_persons_however_fast_two_ask(desk: Desk) -> None:
    alice, bob = await desk.person("alice"), await desk.person("bob")

    async def want(person: object) -> int:
        desk.be(person)  # type: ignore[arg-type]
        reply = await desk.client.patch("/account", json={"email": "one@desk.example"})
        return reply.status_code

    first = asyncio.create_task(want(alice))
    await asyncio.sleep(0)
    assert sorted([await first, await want(bob)]) == [200, 409]
    assert sorted(await actions(desk.db)) == ["person.profile_changed"]


async def test_one_reads_ones_own_trail_and_no_others(desk: Desk) -> None:
    alice, bob = await desk.person("alice"), await desk.person("bob")
    for level in ("aggressive", "balanced", "conservative"):
        desk.be(alice)
        await desk.ask("PATCH", "/account", json={"risk_level": level})
    desk.be(bob)
    await desk.ask("PATCH", "/account", json={"risk_level": "aggressive"})
    desk.be(alice)
    page = await desk.ask("GET", "/account/audit", params={"limit": 2})
    assert [one["seq"] for one in page["items"]] == [3, 2]
    assert page["items"][0]["after"] == {"risk_level": "conservative"}
    rest = await desk.ask("GET", "/account/audit", params={"limit": 2, "cursor": page["next"]})
    assert [one["seq"] for one in rest["items"]] == [1] and rest["next"] is None
    assert {one["chain"] for one in page["items"] + rest["items"]} == {alice.id}
    assert await desk.refused("GET", "/account/audit?cursor=WyJ4Il0", 422) == "invalid"


async def test_one_does_not_learn_from_where_staff_works(desk: Desk) -> None:
    alice, root = await desk.person("alice"), await desk.person("root", role="admin")
    desk.be(root)
    said = {"reason": "asked by telephone"}
    await desk.ask("POST", f"/admin/people/{alice.id}/sign-out", json=said)
    desk.be(alice)
    await desk.ask("PATCH", "/account", json={"risk_level": "aggressive"})
    mine, theirs = (await desk.ask("GET", "/account/audit"))["items"]
    assert (mine["ip"], theirs["ip"]) == ("127.0.0.1", None)
    assert theirs["actor"] == root.id and theirs["via"] == "" and "reason" not in theirs["after"]
