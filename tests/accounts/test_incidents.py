"""Playbooks act: what is found by itself or opened by hand is contained, written down and told."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlalchemy import text

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.domain.incidents import FROM_ONE, REFUSALS, WINDOW_NS, report
from hydradesk.accounts.service.captcha import FrontDefence
from hydradesk.app.remedies import Desk as RemedyDesk
from hydradesk.app.remedies import HouseRemedies
from hydradesk.infra.db import Database, sql
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import OrderId, PersonId
from tests.accounts.offices import Desk
from tests.accounts.trail import actions
from tests.desk import House


class Scene:
    """An office with everything that playbooks reach for."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.house = desk, House(desk.db)
        self.defence = FrontDefence(desk.ring.shared, desk.clock)
        doing = RemedyDesk(self.stop, self.house.risk.halt, self.house.ledger)
        self.remedies = HouseRemedies(
            desk.db, desk.records.keeper, desk.ring.keyring, self.defence, doing
        )
        self.service = desk.office.incidents
        self.service.remedies = self.remedies

    async def stop(self, person: PersonId) -> str:
        account = await self.house.trading.set_auto_trade(person, wanted=False)
        ended = await self.house.execution.cancel_all(account.id)
        return f"{len(ended)} orders cancelled"

    async def attack(self, ip: str, times: int, names: int) -> None:
        """Refused sign-ins from one address."""
        token = ORIGIN.set(Origin(actor="anonymous", ip=ip))
        try:
            for number in range(times):
                self.desk.records.security.note("sign_in_refused", f"{ip}-{number % names}")
        finally:
            ORIGIN.reset(token)
        await self.desk.records.security.flush()

    async def halted(self) -> str | None:
        async with self.desk.db.begin() as tx:
            return await self.house.reservations.halt(tx)

    async def signed_in_at(self, ip: str, person: Person) -> None:
        token = ORIGIN.set(Origin(actor=person.id, ip=ip))
        try:
            await self.desk.ring.open(person)
        finally:
            ORIGIN.reset(token)

    async def open_sessions(self, person: Person) -> int:
        return len(await self.desk.ring.sessions.of_person(person.id))


@pytest.fixture
async def scene(desk: Desk) -> Scene:
    return Scene(desk)


async def test_stuffing_is_seen_contained_and_told(scene: Scene) -> None:
    ada, bob = await scene.desk.person("ada"), await scene.desk.person("bob")
    await scene.signed_in_at("203.0.113.66", ada)  # they had the right password for one
    await scene.signed_in_at("198.51.100.7", bob)
    await scene.attack("203.0.113.66", REFUSALS, 30)
    await scene.attack("198.51.100.7", FROM_ONE - 1, 1)  # somebody who forgot theirs
    (incident,) = await scene.service.look()
    assert (incident.playbook, incident.state) == ("credential_stuffing", "contained")
    assert incident.opened_by == "system"
    assert scene.defence.is_locked("203.0.113.66") and not scene.defence.is_locked("198.51.100.7")
    assert (await scene.open_sessions(ada), await scene.open_sessions(bob)) == (0, 1)
    assert [one.step for one in incident.steps] == [
        "detected",
        "proof of work demanded",
        "source locked",
        "session closed",
        "told",
    ]
    assert await scene.service.look() == []  # the same events do not open another
    desk = scene.desk
    assert await actions(desk.db, "desk") == ["incident.opened", "incident.contained"]
    await desk.records.security.flush()
    noted = await desk.records.security.page("sign_in_refused", None, 100)
    assert {one.incident for one in noted} == {incident.id}
    async with desk.db.begin() as tx:
        query = "SELECT count(*) FROM outbox WHERE topic = 'accounts.incident_moved.v1'"
        assert await sql(tx).scalar(text(query)) == incident.version


@pytest.mark.parametrize(
    ("times", "names"), [(REFUSALS - 1, 30), (REFUSALS, 9)], ids=["few", "one who forgot"]
)
async def test_forgetting_is_no_attack(scene: Scene, times: int, names: int) -> None:
    await scene.attack("203.0.113.66", times, names)
    assert await scene.service.look() == []


async def test_old_refusals_do_not_count(scene: Scene) -> None:
    await scene.attack("203.0.113.66", REFUSALS, 30)
    scene.desk.clock.advance(WINDOW_NS + 1)
    assert await scene.service.look() == []


async def leaked(scene: Scene) -> tuple[Person, str]:
    """Somebody with a session, an order that rests and a key."""
    from hydradesk.accounts.service.keys import Wish

    await scene.house.open()
    ada = await scene.desk.person("ada")
    account = await scene.house.trading.account(ada.id)
    scene.house.me = account.id
    await scene.house.placed(type="limit", price=D(1900))
    await scene.desk.ring.open(ada)
    async with scene.desk.db.begin() as tx:
        wish = Wish(name="bot", kind="bearer", kinds=("read", "trade"))
        key, _ = await scene.desk.ring.keys.make(tx, ada, wish)
    return ada, key.id


async def test_a_leaked_key_is_revoked_and_its_owner_stops_trading(scene: Scene) -> None:
    ada, key = await leaked(scene)
    scene.desk.records.security.note("key_leaked", key, {"seen": "twelve networks"}, "critical")
    await scene.desk.records.security.flush()
    (incident,) = await scene.service.look()
    steps = {one.step: one.detail for one in incident.steps}
    assert "key deleted" in steps and "1 orders cancelled" in steps["trading stopped"]
    assert await scene.desk.ring.keys.of_person(ada.id) == []
    assert await scene.open_sessions(ada) == 0
    assert (await scene.house.stored("w1")).state == "cancelled"
    assert OrderId("w1") and await scene.service.look() == []


async def test_an_administrator_opens_and_closes(scene: Scene) -> None:
    ada, key = await leaked(scene)
    desk = scene.desk
    desk.be(ada)
    body: dict[str, Any] = {"playbook": "key_leak", "subject": key, "reason": "on a paste site"}
    assert await desk.refused("POST", "/admin/incidents", 403, json=body) == "forbidden"
    root = await desk.person("root", role="admin")
    desk.be(root, fresh=False)
    assert await desk.refused("POST", "/admin/incidents", 403, json=body) == "step_up_required"
    desk.be(root)
    for wrong in ({"playbook": "dance"}, {"subject": "<b>"}, {"reason": ""}, {"subject": ""}):
        assert await desk.refused("POST", "/admin/incidents", 422, json=body | wrong) == "invalid"
    made = await desk.ask("POST", "/admin/incidents", status=201, json=body)
    assert made["state"] == "contained" and made["opened_by"] == root.id
    assert made["report"].startswith(f"# Incident {made['id']}: key leak")
    assert "| key deleted |" in made["report"]
    again = await desk.ask("POST", "/admin/incidents", status=201, json=body)
    assert "nothing to revoke" in [one["step"] for one in again["steps"]]
    page = await desk.ask("GET", "/admin/incidents", params={"limit": 1})
    assert len(page["items"]) == 1 and page["next"]
    closed = await desk.ask("POST", f"/admin/incidents/{made['id']}/close")
    assert closed["state"] == "closed" and closed["closed_at"]
    assert await desk.refused("POST", f"/admin/incidents/{made['id']}/close", 409) == "conflict"
    assert await desk.refused("POST", "/admin/incidents/i-none/close", 404) == "not_found"


async def test_a_leak_of_the_signing_key_signs_with_the_next(scene: Scene) -> None:
    incident = await scene.service.open("key_leak", "signing", "laptop stolen")
    assert [one.step for one in incident.steps] == ["detected", "signing key rotated", "told"]


async def test_books_that_do_not_hold_halt_trading(scene: Scene, owner: Database) -> None:
    await scene.house.open()
    assert await scene.service.look_at_books() is None and await scene.halted() is None
    await scene.service.open("key_leak", "signing", "something to audit")
    async with owner.begin() as tx:
        for statement in (
            "ALTER TABLE accounts_audit DISABLE TRIGGER USER",
            "UPDATE accounts_audit SET body = body || ' ' WHERE seq = 1",
            "ALTER TABLE accounts_audit ENABLE TRIGGER USER",
            "UPDATE ledger_balances SET quanta = quanta + 1 WHERE book = 'paper-s1-1/cash'",
        ):
            await sql(tx).execute(text(statement))
    incident = await scene.service.look_at_books()
    assert incident is not None and incident.state == "contained"
    checked = [one.detail for one in incident.steps if one.step == "checked"]
    assert len(checked) == 2 and "row 1: changed" in checked[0] and "1 of USDT" in checked[1]
    assert incident.id in (await scene.halted() or "")
    assert await scene.service.look_at_books() is None  # one is open


async def test_a_remedy_that_fails_is_written_down_and_does_not_stop_the_next(
    scene: Scene,
) -> None:
    async def away(ip: str, until: int, reason: str) -> None:
        raise Unavailable("the shared store is away")

    scene.remedies.lock_source = away  # type: ignore[method-assign]
    ada = await scene.desk.person("ada")
    await scene.signed_in_at("203.0.113.66", ada)
    await scene.attack("203.0.113.66", REFUSALS, 30)
    (incident,) = await scene.service.look()
    steps = [one.step for one in incident.steps]
    assert "failed: source locked" in steps and "session closed" in steps
    assert await scene.open_sessions(ada) == 0
    assert "the shared store is away" in report(incident)
