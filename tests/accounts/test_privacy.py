"""Data comes out whole and without secrets, goes away whole, and the rest still proves."""

import csv
import io
import zipfile
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.service.privacy import FORMULA
from hydradesk.accounts.store.personal import SECRET, without
from hydradesk.app.personal import GOES, LINKED, NEITHER, STAYS, UNSHOWN, kinds
from hydradesk.infra.db import Database, metadata, sql
from hydradesk.kernel.time import DAY
from tests.accounts.offices import Desk
from tests.accounts.test_kyc import upload
from tests.accounts.trail import actions, entries
from tests.desk import House

NAME, MAIL = "Ada Q. Zebra", "ada.zebra@desk.example"


def test_every_table_about_people_is_thought_of() -> None:
    theirs = {one.name for one in metadata.sorted_tables if one.info.get("tenant")}
    planned = [*GOES, *UNSHOWN, *STAYS, *NEITHER]
    assert theirs <= set(planned) and len(set(planned)) == len(planned)
    assert {one.table.name for one in LINKED}.isdisjoint(theirs)


def test_nothing_that_looks_secret_is_shown() -> None:
    for one in kinds():
        for column in one.table.columns:
            words = {"secret", "sealed", "digest", "hash", "salt", "csrf", "seed", "token"}
            assert column.name in SECRET or not words & set(column.name.split("_")), column
    node = {"a": [{"secret": 1, "b": {"digest": 2, "c": 3}}]}
    assert without(node, SECRET) == {"a": [{"b": {"c": 3}}]}


async def somebody(desk: Desk, **more: Any) -> Person:
    """Somebody with a session, a document, notes and a trail."""
    ada = await desk.person("ada", email=MAIL, whop_id="whop-1", **more)
    ada = await desk.ring.change(ada.id, name=NAME)
    await desk.ring.open(ada)
    desk.be(ada)
    await upload(desk)
    await desk.ask("POST", "/account/kyc", json={"level": 1})
    await desk.ask("PATCH", "/account", json={"risk_level": "aggressive"})
    async with desk.db.begin() as tx:
        note = "INSERT INTO accounts_journal (person, id, at, text) VALUES (:p, 'n', 1, '=1+1')"
        await sql(tx).execute(text(note), {"p": ada.id})
    return ada


async def exported(desk: Desk) -> dict[str, str]:
    reply = await desk.client.get("/account/export")
    assert reply.status_code == 200 and reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_everything_comes_out_in_two_formats_without_secrets(desk: Desk) -> None:
    ada = await somebody(desk)
    bob = await desk.person("bob", email="bob@desk.example")
    files = await exported(desk)
    assert {name.rpartition(".")[0] for name in files} == {"about", *(one.name for one in kinds())}
    profile = msgspec.json.decode(files["profile.json"])
    assert profile[0]["body"]["name"] == NAME and profile[0]["body"]["email"] == MAIL
    sessions = msgspec.json.decode(files["sessions.json"])
    assert len(sessions) == 1 and "csrf" not in sessions[0] and sessions[0]["method"] == "siws"
    trail = [one["body"]["action"] for one in msgspec.json.decode(files["audit.json"])]
    assert trail == ["kyc.document_added", "kyc.submitted", "person.profile_changed"]
    rows = list(csv.DictReader(io.StringIO(files["journal.csv"])))
    assert rows[0]["text"] == "'=1+1" and "=1+1"[0] in FORMULA
    assert all(bob.id not in body and "bob@" not in body for body in files.values())
    async with desk.db.begin() as tx:
        hidden = list(await sql(tx).scalars(text("SELECT csrf FROM accounts_sessions")))
        hidden += list(await sql(tx).scalars(text("SELECT digest FROM accounts_refresh_tokens")))
        hidden += list(await sql(tx).scalars(text("SELECT sealed FROM accounts_kyc_parts")))
    assert len(hidden) == 3
    assert all(one not in body for one in hidden for body in files.values())
    assert (await actions(desk.db, ada.id))[-1] == "person.exported"


async def everywhere(owner: Database, *words: str) -> list[str]:
    """Tables whose rows, whatever their columns, hold one of the words."""
    found = []
    async with owner.begin() as tx:
        for table in metadata.sorted_tables:
            for word in words:
                query = f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE :word"
                if await sql(tx).scalar(text(query), {"word": f"%{word}%"}):
                    found.append(f"{table}: {word}")
    return found


async def test_who_leaves_is_nowhere_and_the_trail_still_proves(
    desk: Desk, owner: Database
) -> None:
    ada = await somebody(desk)
    desk.records.security.note("sign_in_refused", ada.id)
    await desk.records.security.flush()
    await desk.records.keeper.anchor()
    words = (NAME, MAIL, "127.0.0.1", "whop-1", "=1+1", "python-httpx")
    assert await everywhere(owner, NAME) and await everywhere(owner, "127.0.0.1")
    before = len(await entries(desk.db, ada.id))
    await desk.ask("DELETE", "/account", status=202, json={"confirm": NAME})
    assert await everywhere(owner, *words) == []
    left = await desk.stored(ada.id)
    assert (left.status, left.email, left.kyc, left.whop_id) == ("erased", None, "none", None)
    done = await entries(desk.db, ada.id)
    assert len(done) > before and done[-1].action == "person.erased"
    async with desk.db.begin() as tx:
        for table in (
            *(one for one in GOES if one in metadata.tables),
            *UNSHOWN,
            "accounts_refresh_tokens",
            "accounts_kyc_parts",
        ):
            assert await sql(tx).scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    proof = await desk.records.keeper.verify()
    assert proof.ok and proof.entries >= before + 1
    again = await desk.person("new", email=MAIL, whop_id="whop-1")  # both are free again
    assert again.id != ada.id


async def test_money_is_conserved_when_its_owner_leaves(desk: Desk) -> None:
    house = House(desk.db)
    await house.open()
    ada = await desk.person("ada")
    account = await house.trading.account(ada.id)
    house.me = account.id
    await house.placed(type="limit", price=D(1900))
    books, totals = await house.books(), await house.totals()
    desk.be(ada)
    files = await exported(desk)
    assert len(msgspec.json.decode(files["orders.json"])) == 1
    assert [one["kind"] for one in msgspec.json.decode(files["transfers.json"])] == [
        "deposit",
        "hold",
    ]
    assert '"quanta": "95095000000"' in files["transfers.json"]
    await desk.ask("DELETE", "/account", status=202, json={"confirm": ada.id})
    assert await house.books() == books and await house.totals() == totals == {0}
    assert (await desk.records.keeper.verify()).ok


@pytest.mark.parametrize(
    ("body", "status"),
    [({"confirm": "somebody else"}, 422), ({}, 422), ({"confirm": NAME, "now": True}, 422)],
)
async def test_nobody_leaves_by_accident(desk: Desk, body: dict[str, Any], status: int) -> None:
    ada = await somebody(desk)
    assert await desk.refused("DELETE", "/account", status, json=body) == "invalid"
    desk.be(ada, fresh=False)
    asked = {"confirm": NAME}
    assert await desk.refused("DELETE", "/account", 403, json=asked) == "step_up_required"
    assert (await desk.stored(ada.id)).status == "active"


async def test_the_last_administrator_stays(desk: Desk) -> None:
    root = await desk.person("root", role="admin")
    desk.be(root)
    body = {"confirm": root.id}
    assert await desk.refused("DELETE", "/account", 409, json=body) == "conflict"
    other = await desk.person("other", role="admin")
    await desk.ask("DELETE", "/account", status=202, json=body)
    desk.be(replace(other))
    assert await desk.refused("DELETE", "/account", 409, json={"confirm": other.id})


async def test_what_was_kept_long_enough_is_forgotten(desk: Desk) -> None:
    ada = await somebody(desk)
    desk.be(await desk.person("helper", role="support"))
    said = {"approved": False, "level": 0, "reason": "blurred"}
    await desk.ask("POST", f"/admin/kyc/{ada.id}/decision", json=said)
    desk.records.security.note("limit_storm")
    await desk.records.security.flush()
    assert await desk.office.privacy.forget() == {"audit": 0, "events": 0, "kyc": 0}
    desk.clock.advance(31 * DAY)
    assert await desk.office.privacy.forget() == {"audit": 0, "events": 0, "kyc": 1}
    desk.clock.advance(60 * DAY)
    assert await desk.office.privacy.forget() == {"audit": 0, "events": 1, "kyc": 0}
    desk.clock.advance(275 * DAY)
    gone = await desk.office.privacy.forget()
    assert gone["audit"] == 4 and (await desk.records.keeper.verify()).ok
    assert await actions(desk.db, "desk") == ["privacy.forgotten"] * 3
