"""KYC end to end through the door: documents, cases, verdicts, expiry; nothing readable at rest."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.contracts.kyc import Case, Document, Verdict
from hydradesk.accounts.domain import kyc as rules
from hydradesk.accounts.domain.kyc import MAX_BYTES, checked, file_name
from hydradesk.accounts.service.kyc import KycService
from hydradesk.infra.db import sql
from hydradesk.kernel.errors import Conflict, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, TimeNs, rfc3339
from tests.accounts.offices import Desk
from tests.accounts.trail import actions, entries

PNG = b"\x89PNG\r\n\x1a\n" + b"an image of nobody"
JPEG = b"\xff\xd8\xff\xe0" + b"another"
PDF = b"%PDF-1.7\n" + b"a bill"
OK = {"approved": True, "level": 1, "reason": "all in order"}
NO = {"approved": False, "level": 0, "reason": "the photograph is blurred"}


async def upload(desk: Desk, body: bytes = PNG, **more: Any) -> Any:
    asked = {"kind": "passport", "name": "me.png", "type": "image/png", "status": 201} | more
    return await desk.ask(
        "POST",
        "/account/kyc/documents",
        status=asked["status"],
        params={"kind": asked["kind"], "name": asked["name"]},
        content=body,
        headers={"Content-Type": asked["type"]},
    )


async def pending(desk: Desk, level: int = 1, **more: Any) -> Person:
    alice = await desk.person(**more)
    desk.be(alice)
    await upload(desk)
    if level == 2:
        await upload(desk, PDF, kind="proof_of_address", name="bill.pdf", type="application/pdf")
    await desk.ask("POST", "/account/kyc", json={"level": level})
    return alice


async def staff(desk: Desk) -> Person:
    helper = await desk.person("helper", role="support")
    desk.be(helper)
    return helper


async def test_from_nobody_to_somebody_and_back(desk: Desk) -> None:
    alice = await pending(desk)
    own = await desk.ask("GET", "/account/kyc")
    assert (own["status"], own["level"], own["documents"][0]["name"]) == ("pending", 0, "me.png")
    helper = await staff(desk)
    (case,) = (await desk.ask("GET", "/admin/kyc"))["items"]
    assert (case["person"], case["wanted"], case["provider"]) == (alice.id, 1, "manual")
    said = await desk.ask("POST", f"/admin/kyc/{alice.id}/decision", json=OK)
    assert (said["status"], said["level"], said["decided_by"]) == ("approved", 1, helper.id)
    desk.be(alice)
    own = await desk.ask("GET", "/account/kyc")
    assert own["expires_at"] == rfc3339(desk.clock.now() + 365 * DAY)
    assert own["reason"] == "all in order"
    desk.clock.advance(365 * DAY)
    assert await desk.office.kyc.expire() == 1 and await desk.office.kyc.expire() == 0
    own = await desk.ask("GET", "/account/kyc")
    assert (own["status"], own["level"], own["expires_at"]) == ("expired", 0, None)
    assert await actions(desk.db, alice.id) == [
        "kyc.document_added",
        "kyc.submitted",
        "kyc.decided",
        "kyc.expired",
    ]
    decided = (await entries(desk.db, alice.id))[2]
    assert decided.actor == helper.id and "order" not in str(decided.after)


async def test_refused_one_may_try_again(desk: Desk) -> None:
    alice = await pending(desk)
    await staff(desk)
    said = await desk.ask("POST", f"/admin/kyc/{alice.id}/decision", json=NO)
    assert (said["status"], said["approved"]) == ("rejected", False)
    desk.be(alice)
    assert (await desk.ask("GET", "/account/kyc"))["reason"] == NO["reason"]
    assert (await desk.ask("POST", "/account/kyc", json={"level": 1}))["status"] == "pending"


async def test_documents_are_sealed_and_come_back_whole(desk: Desk) -> None:
    whole = PNG + os.urandom(700_000)  # three pieces
    alice = await desk.person()
    desk.be(alice)
    made = await upload(desk, whole, name="../../Pass port\u00fc.exe")
    assert (made["name"], made["size"]) == ("Pass port\u00fc.png", len(whole))
    async with desk.db.begin() as tx:
        kept = list(await sql(tx).scalars(text("SELECT sealed FROM accounts_kyc_parts")))
    assert len(kept) == 3 and not any("image of nobody" in one for one in kept)
    helper = await staff(desk)
    path = f"/admin/kyc/{alice.id}/documents/{made['id']}"
    reply = await desk.client.get(path)
    assert reply.status_code == 200 and reply.content == whole
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-disposition"] == (
        "attachment; filename=\"Pass port_.png\"; filename*=UTF-8''Pass%20port%C3%BC.png"
    )
    read = (await entries(desk.db, alice.id))[-1]
    assert (read.action, read.actor, read.target) == ("kyc.document_read", helper.id, made["id"])
    assert await desk.refused("GET", f"/admin/kyc/{helper.id}/documents/{made['id']}", 404)
    assert await desk.refused("GET", f"/admin/kyc/{alice.id}/documents/d-none", 404)


async def test_a_piece_put_elsewhere_does_not_open(desk: Desk) -> None:
    alice = await desk.person()
    desk.be(alice)
    made = await upload(desk, PNG + os.urandom(300_000))
    async with desk.db.begin() as tx:
        await sql(tx).execute(text("UPDATE accounts_kyc_parts SET n = 1 - n WHERE n < 0 OR n = 9"))
        await sql(tx).execute(text("UPDATE accounts_kyc_parts SET n = n + 10"))
        await sql(tx).execute(text("UPDATE accounts_kyc_parts SET n = 11 - n"))
    await staff(desk)
    assert await desk.refused("GET", f"/admin/kyc/{alice.id}/documents/{made['id']}", 422)


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (PNG, "image/jpeg"),
        (JPEG, "image/png"),
        (b"<svg onload=alert(1)>", "image/png"),
        (b"<html>", "text/html"),
        (b"MZ\x90\x00", "application/pdf"),
        (b"", "image/png"),
        (b" %PDF-1.7", "application/pdf"),
        (PDF, "application/octet-stream"),
    ],
)
async def test_a_file_is_what_it_is_said_to_be_or_refused(
    desk: Desk, body: bytes, type_: str
) -> None:
    alice = await desk.person()
    desk.be(alice)
    said = await upload(desk, body, type=type_, status=422)
    assert said["code"] == "invalid" and await actions(desk.db) == []


async def test_sizes_names_and_numbers_have_limits(desk: Desk) -> None:
    with pytest.raises(Invalid, match="at most"):
        checked(PNG + bytes(MAX_BYTES), "image/png")
    assert checked(PNG.ljust(MAX_BYTES, b"x"), "image/png; charset=x") == "image/png"
    alice = await desk.person()
    desk.be(alice)
    for _ in range(10):
        await upload(desk)
    assert (await upload(desk, status=409))["code"] == "conflict"
    for wrong in ({"kind": "selfie"}, {"name": ""}, {"name": "a\x00"}, {"name": "x" * 256}):
        assert (await upload(desk, status=422, **wrong))["code"] == "invalid"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("passport.PDF", "passport.png"),
        ("/etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\id.jpg", "id.png"),
        ('a"b;c\r\nX: y.png', "a_b_c_X_ y.png"),
        ("...", "document.png"),
        ("\u202egnp.exe", "gnp.png"),
        ("x" * 300, "x" * 96 + ".png"),
    ],
)
def test_names_are_only_names(given: str, kept: str) -> None:
    assert file_name(given, "image/png") == kept


async def test_what_cannot_be_asked_is_refused(desk: Desk) -> None:
    alice = await desk.person()
    desk.be(alice)
    ask = ("POST", "/account/kyc")
    assert await desk.refused(*ask, 422, json={"level": 1}) == "invalid"  # nothing shown
    await upload(desk, PDF, kind="proof_of_address", type="application/pdf")
    assert await desk.refused(*ask, 422, json={"level": 1}) == "invalid"
    await upload(desk)
    assert await desk.refused(*ask, 422, json={"level": 3}) == "invalid"
    await desk.ask(*ask, json={"level": 2})
    assert await desk.refused(*ask, 409, json={"level": 1}) == "conflict"
    assert (await upload(desk, status=409))["code"] == "conflict"


async def test_only_staff_decides_freshly_and_never_about_itself(desk: Desk) -> None:
    alice = await pending(desk)
    path = f"/admin/kyc/{alice.id}/decision"
    assert await desk.refused("POST", path, 403, json=OK) == "forbidden"
    assert await desk.refused("GET", "/admin/kyc", 403) == "forbidden"
    desk.be(await desk.person("helper", role="support"), fresh=False)
    assert await desk.refused("POST", path, 403, json=OK) == "step_up_required"
    desk.be(replace(alice, role="support"))
    assert await desk.refused("POST", path, 403, json=OK) == "forbidden"
    assert (await desk.stored(alice.id)).kyc == "pending"


async def test_a_decision_fits_the_case(desk: Desk) -> None:
    alice = await pending(desk)
    bob = await desk.person("bob")
    await staff(desk)
    path = f"/admin/kyc/{alice.id}/decision"
    past, later = rfc3339(desk.clock.now() - DAY), rfc3339(desk.clock.now() + DAY)
    for wrong in ({"level": 2}, {"level": 0}, {"expires_at": past}, {"expires_at": "soon"}):
        assert await desk.refused("POST", path, 422, json=OK | wrong) == "invalid"
    assert await desk.refused("POST", f"/admin/kyc/{bob.id}/decision", 404, json=OK)
    said = await desk.ask("POST", path, json=OK | {"expires_at": later})
    assert said["status"] == "approved"
    assert await desk.refused("POST", path, 409, json=NO) == "conflict"


async def test_two_who_decide_at_once(desk: Desk) -> None:
    alice = await pending(desk)
    await staff(desk)
    path = f"/admin/kyc/{alice.id}/decision"
    both = (desk.client.post(path, json=one) for one in (OK, NO))
    assert sorted(one.status_code for one in await asyncio.gather(*both)) == [200, 409]


async def test_asking_for_more_keeps_what_there_is(desk: Desk) -> None:
    alice = await pending(desk)
    await staff(desk)
    path = f"/admin/kyc/{alice.id}/decision"
    await desk.ask("POST", path, json=OK)
    desk.be(alice)
    assert await desk.refused("POST", "/account/kyc", 409, json={"level": 1}) == "conflict"
    await upload(desk, PDF, kind="proof_of_address", type="application/pdf")
    await desk.ask("POST", "/account/kyc", json={"level": 2})
    assert (await desk.stored(alice.id)).kyc_level == 1
    desk.be(await desk.ring.person("other", role="support"))
    said = await desk.ask("POST", path, json=NO)
    assert (said["status"], said["level"], said["approved"]) == ("approved", 1, False)


def test_an_approval_that_ends_while_more_is_asked_for() -> None:
    person = Person(
        id=PersonId("p-1"),
        name="x",
        kyc="pending",
        kyc_level=1,
        kyc_expires_at=TimeNs(5),
        created_at=TimeNs(0),
    )
    assert rules.lapsed(person, TimeNs(4)) is None
    after = rules.lapsed(person, TimeNs(5))
    assert after is not None and (after.kyc, after.kyc_level) == ("pending", 0)
    case = Case(person=person.id, wanted=2, submitted_at=TimeNs(1), provider="manual")
    refused = rules.decided(after, case, Verdict(approved=False, level=0), TimeNs(6), DAY)
    assert (refused.kyc, refused.kyc_level) == ("rejected", 0)
    with pytest.raises(Conflict):
        rules.decided(refused, case, Verdict(approved=True, level=1), TimeNs(6), DAY)


async def test_a_provider_decides_at_once_or_later(desk: Desk) -> None:
    class Company:
        name = "company"
        verdict: Verdict | None = None

        async def submit(self, case: Case, documents: list[Document]) -> Verdict | None:
            assert [one.kind for one in documents] == ["passport"]
            return self.verdict

        async def poll(self, case: Case) -> Verdict | None:
            return self.verdict

    company = Company()
    desk.office.kyc._provider = company  # type: ignore[assignment]
    alice = await pending(desk)
    await desk.office.kyc.poll()
    assert (await desk.stored(alice.id)).kyc == "pending"
    company.verdict = Verdict(approved=True, level=1)
    await desk.office.kyc.poll()
    assert (await desk.stored(alice.id)).kyc == "approved"
    bob = await pending_of(desk, "bob")
    assert (await desk.stored(bob.id)).kyc == "approved"
    last = (await entries(desk.db, bob.id))[-1]
    assert last.after["by"] == "provider:company"
    assert isinstance(desk.office.kyc, KycService)


async def pending_of(desk: Desk, name: str) -> Person:
    one = await desk.person(name)
    desk.be(one)
    await upload(desk)
    await desk.ask("POST", "/account/kyc", json={"level": 1})
    return one


async def test_who_is_on_the_list_waits_for_staff_and_is_not_approved(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text('name,aliases,addresses\n"Пётр Иванов","PETROV, Iván",0xAbC\n')
    desk.office.screening._file = file
    await desk.office.screening.load()
    alice = await desk.person("alice", email=None)
    await desk.ring.change(alice.id, name="Ivan Petrov")
    desk.be(alice)
    await upload(desk)
    await desk.ask("POST", "/account/kyc", json={"level": 1})
    await staff(desk)
    assert (await desk.ask("GET", f"/admin/kyc/{alice.id}"))["hit"] == "Пётр Иванов"
    path = f"/admin/kyc/{alice.id}/decision"
    assert await desk.refused("POST", path, 409, json=OK) == "sanctions_hit"
    assert (await desk.stored(alice.id)).kyc == "pending"
    assert (await actions(desk.db, alice.id))[-1] == "-kyc.decided"
    await desk.records.security.flush()
    events = await desk.records.security.page("sanctions_hit", None, 10)
    assert [one.severity for one in events] == ["critical", "critical"]
    assert (await desk.ask("POST", path, json=NO))["status"] == "rejected"


async def test_old_documents_are_forgotten_and_cases_stay(desk: Desk) -> None:
    alice = await pending(desk)
    await staff(desk)
    await desk.ask("POST", f"/admin/kyc/{alice.id}/decision", json=OK)
    bob = await pending_of(desk, "bob")
    desk.clock.advance(DAY)
    async with desk.db.begin() as tx:
        assert await desk.office.kyc_store.forget(tx, desk.clock.now()) == 1
        assert await desk.office.kyc_store.documents(tx, alice.id) == []
        assert len(await desk.office.kyc_store.documents(tx, bob.id)) == 1
        assert await desk.office.kyc_store.case(tx, alice.id) is not None
        kept = await sql(tx).scalar(text("SELECT count(*) FROM accounts_kyc_parts"))
    assert kept == 1


async def test_documents_outlive_a_rotation_of_the_key_that_seals_them(desk: Desk) -> None:
    alice = await desk.person()
    desk.be(alice)
    made = await upload(desk, PNG + os.urandom(300_000))
    await desk.ring.vault.rotate(data_key=True)
    assert await desk.ring.vault.reseal(desk.office.kyc_store) == 2
    assert await desk.ring.vault.reseal(desk.office.kyc_store) == 0
    await staff(desk)
    reply = await desk.client.get(f"/admin/kyc/{alice.id}/documents/{made['id']}")
    assert reply.status_code == 200 and reply.content.startswith(PNG)
