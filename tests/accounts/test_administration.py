"""Staff looks at people and the trail, changes roles, and never itself."""

import asyncio
from typing import Any

import pytest

from hydradesk.accounts.contracts import Person
from hydradesk.app.office import Office
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import HOUR, SECOND, rfc3339
from tests.accounts.offices import Desk
from tests.accounts.trail import actions, entries

STAFF_READS = ("/admin/people", "/admin/people/p-alice", "/admin/audit", "/admin/audit/verify")
ADMIN_READS = ("/admin/features", "/admin/security-events", "/admin/overview")
WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", "/admin/people/p-alice", {"role": "admin", "reason": "x"}),
    ("POST", "/admin/people/p-alice/sign-out", {"reason": "x"}),
    ("PUT", "/admin/features/graphql", {"enabled": False}),
)


@pytest.mark.parametrize("role", ["user", "pro", "premium", "service"])
async def test_people_who_are_no_staff_are_refused(desk: Desk, role: Any) -> None:
    alice = await desk.person(role=role)
    desk.be(alice)
    for path in STAFF_READS + ADMIN_READS:
        assert await desk.refused("GET", path, 403) == "forbidden"
    for method, path, body in WRITES:
        assert await desk.refused(method, path, 403, json=body) == "forbidden"
    assert await actions(desk.db) == [] and await desk.stored(alice.id) == alice


async def test_support_reads_people_and_trail_and_changes_nobody(desk: Desk) -> None:
    await desk.person()
    helper = await desk.person("helper", role="support")
    desk.be(helper)
    for path in STAFF_READS:
        await desk.ask("GET", path)
    for path in ADMIN_READS:
        assert await desk.refused("GET", path, 403) == "forbidden"
    for method, path, body in WRITES:
        assert await desk.refused(method, path, 403, json=body) == "forbidden"


async def test_writes_need_a_fresh_proof(desk: Desk) -> None:
    await desk.person()
    desk.be(await desk.person("root", role="admin"), fresh=False)
    for method, path, body in WRITES:
        assert await desk.refused(method, path, 403, json=body) == "step_up_required"
    assert await actions(desk.db) == []


async def test_people_are_found_and_paged(desk: Desk) -> None:
    everybody: list[Person] = []
    for name, mail in (("ann", "ann@desk.example"), ("bob", "b_b@desk.example"), ("cy", None)):
        desk.ring.clock.advance(SECOND)
        everybody.append(await desk.person(name, email=mail))
    root = await desk.person("root", role="admin")
    desk.be(root)
    await desk.ring.open(everybody[0])

    async def found(**query: Any) -> list[str]:
        page = await desk.ask("GET", "/admin/people", params=query)
        return [one["person"]["name"] for one in page["items"]]

    assert await found(query="ANN") == ["ann"] == await found(query="p-ann")
    assert await found(query="desk.example") == ["bob", "ann"]
    assert await found(query="b_b") == ["bob"] and await found(query="b%") == []
    assert await found(query="' OR 1=1 --") == []
    assert await found(role="admin") == ["root"] and await found(status="suspended") == []
    first = await desk.ask("GET", "/admin/people", params={"limit": 3})
    rest = await desk.ask("GET", "/admin/people", params={"limit": 3, "cursor": first["next"]})
    names = [one["person"]["name"] for one in first["items"] + rest["items"]]
    assert sorted(names) == ["ann", "bob", "cy", "root"] and rest["next"] is None
    ann = await desk.ask("GET", "/admin/people/p-ann")
    assert (ann["sessions"], ann["credentials"]) == (1, 0)
    assert ann["last_seen_at"] == rfc3339(desk.clock.now())
    assert await desk.refused("GET", "/admin/people/p-nobody", 404) == "not_found"
    assert await desk.refused("GET", "/admin/people?cursor=x", 422) == "invalid"
    assert await desk.refused("GET", "/admin/people?role=king", 422) == "invalid"


async def test_a_change_is_made_recorded_and_ends_sessions(desk: Desk) -> None:
    alice, root = await desk.person(), await desk.person("root", role="admin")
    await desk.ring.open(alice)
    await desk.ring.open(alice)
    desk.be(root)
    said = {"status": "suspended", "reason": "chargeback, call 14:00"}
    changed = await desk.ask("PATCH", "/admin/people/p-alice", json=said)
    assert changed["person"]["status"] == "suspended" and changed["sessions"] == 0
    entry = (await entries(desk.db, alice.id))[-1]
    assert (entry.action, entry.actor, entry.target) == ("person.changed", root.id, alice.id)
    assert entry.before == {"role": "user", "status": "active"}
    assert entry.after == {"role": "user", "status": "suspended", "sessions_closed": 2}
    assert "chargeback" not in str(entry)  # why is personal, and kept beside the chain
    back = {"status": "active", "role": "support", "reason": "settled"}
    changed = await desk.ask("PATCH", "/admin/people/p-alice", json=back)
    assert (changed["person"]["status"], changed["person"]["role"]) == ("active", "support")
    before = await actions(desk.db, alice.id)
    await desk.ask("PATCH", "/admin/people/p-alice", json=back)  # changes nothing
    assert await actions(desk.db, alice.id) == before


async def test_nobody_changes_themselves_or_whom_there_is_not(desk: Desk) -> None:
    root = await desk.person("root", role="admin")
    gone = await desk.person("gone", status="erased")
    desk.be(root)
    for change in ({"role": "user"}, {"status": "suspended"}):
        body = change | {"reason": "x"}
        assert await desk.refused("PATCH", f"/admin/people/{root.id}", 403, json=body)
        assert await desk.refused("PATCH", f"/admin/people/{gone.id}", 409, json=body) == "conflict"
        assert await desk.refused("PATCH", "/admin/people/p-none", 404, json=body) == "not_found"
    assert await desk.stored(root.id) == root and await actions(desk.db) == []
    for wrong in (
        {"role": "king", "reason": "x"},
        {"status": "erased", "reason": "x"},
        {"role": "pro"},
        {"role": "pro", "reason": ""},
        {"role": "pro", "reason": "a\x00b"},
        {"role": "pro", "reason": "x", "email": "a@b.example"},
    ):
        assert await desk.refused("PATCH", f"/admin/people/{gone.id}", 422, json=wrong) == "invalid"


async def test_two_administrators_at_once_change_one_after_the_other(desk: Desk) -> None:
    alice = await desk.person()
    desk.be(await desk.person("root", role="admin"))
    wishes = [{"role": role, "reason": "x"} for role in ("pro", "premium", "support", "service")]
    asked = (desk.client.patch(f"/admin/people/{alice.id}", json=wish) for wish in wishes)
    assert [one.status_code for one in await asyncio.gather(*asked)] == [200] * 4
    done = await entries(desk.db, alice.id)
    assert [one.before["role"] for one in done] == ["user", *(e.after["role"] for e in done[:-1])]
    assert (await desk.stored(alice.id)).version == 5


async def test_signing_somebody_out(desk: Desk) -> None:
    alice, root = await desk.person(), await desk.person("root", role="admin")
    await desk.ring.open(alice)
    desk.be(root)
    body = {"reason": "lost telephone"}
    said = await desk.ask("POST", "/admin/people/p-alice/sign-out", json=body)
    assert said == {"closed": 1}
    assert (await entries(desk.db, alice.id))[-1].after == {"sessions": 1}
    assert await desk.refused("POST", "/admin/people/p-no/sign-out", 404, json=body)


async def test_the_trail_is_searched_and_proved(desk: Desk) -> None:
    alice, root = await desk.person(), await desk.person("root", role="admin")
    desk.be(alice)
    for level in ("aggressive", "balanced"):
        await desk.ask("PATCH", "/account", json={"risk_level": level})
        desk.ring.clock.advance(HOUR)
    desk.be(root)
    await desk.ask("PUT", "/admin/features/graphql", json={"enabled": False})

    async def found(**query: Any) -> list[tuple[str, str]]:
        page = await desk.ask("GET", "/admin/audit", params=query)
        return [(one["chain"], one["action"]) for one in page["items"]]

    profile = ("p-alice", "person.profile_changed")
    assert await found() == [("desk", "feature.set"), profile, profile]
    assert await found(chain="p-alice") == [profile] * 2 == await found(actor="p-alice")
    assert await found(action="feature.") == [("desk", "feature.set")]
    assert await found(action="feature_") == [] and await found(chain="p-bob") == []
    cut = rfc3339(desk.clock.now() - HOUR)
    assert await found(to=cut) == [profile] and len(await found(**{"from": cut})) == 2
    first = await desk.ask("GET", "/admin/audit", params={"limit": 1})
    rest = await desk.ask("GET", "/admin/audit", params={"limit": 9, "cursor": first["next"]})
    assert [one["action"] for one in rest["items"]] == ["person.profile_changed"] * 2
    assert first["items"][0]["ip"] == "127.0.0.1"
    assert await desk.refused("GET", "/admin/audit?from=yesterday", 422) == "invalid"
    proof = await desk.ask("GET", "/admin/audit/verify")
    assert proof["ok"] and proof["entries"] == 3 and proof["broken"] is None


async def test_switches_are_set_by_administrators(desk: Desk) -> None:
    root = await desk.person("root", role="admin")
    desk.be(root)
    known = (await desk.ask("GET", "/admin/features"))["items"]
    assert {one["name"]: one["enabled"] for one in known} == dict.fromkeys(
        ("sign_up", "withdrawals", "webhooks", "graphql", "auto_trade"), True
    )
    said = await desk.ask("PUT", "/admin/features/sign_up", json={"enabled": False})
    assert not said["enabled"] and said["changed_by"] == root.id
    assert not desk.records.features.enabled("sign_up")
    body = {"enabled": True}
    assert await desk.refused("PUT", "/admin/features/leverage", 404, json=body) == "not_found"
    assert await desk.refused("PUT", "/admin/features/sign_up", 422, json={}) == "invalid"
    assert await actions(desk.db, "desk") == ["feature.set"]


async def test_events_and_the_overview(desk: Desk) -> None:
    alice, root = await desk.person(kyc="pending"), await desk.person("root", role="admin")
    await desk.person("gone", status="erased")
    await desk.ring.open(alice)
    for number in range(3):
        desk.records.security.note("sign_in_refused", alice.id, {"try": number})
    desk.records.security.note("csrf_refused", severity="info")
    await desk.records.security.flush()
    desk.be(root)
    page = await desk.ask("GET", "/admin/security-events", params={"kind": "sign_in_refused"})
    assert [one["detail"]["try"] for one in page["items"]] == [2, 1, 0]
    first = await desk.ask("GET", "/admin/security-events", params={"limit": 1})
    assert first["items"][0]["kind"] == "csrf_refused" and first["next"]
    assert await desk.refused("GET", "/admin/security-events?kind=rain", 422) == "invalid"
    seen = await desk.ask("GET", "/admin/overview")
    assert seen == {
        "people": 2,
        "people_by_role": {"user": 1, "admin": 1},
        "active_sessions": 1,
        "kyc_pending": 1,
        "withdrawals_pending": 0,
        "security_events_24h": 4,
        "halted": False,
    }
    assert isinstance(desk.office, Office) and PersonId(alice.id)
