"""Whop's page, its webhooks, and one-time codes of the command line."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import (
    CredentialsInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.domain import standard_webhooks
from hydradesk.accounts.service.enrolment import EnrolmentService
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.accounts.store.credentials import EnrolmentStore
from hydradesk.kernel.errors import DeskError, Invalid
from hydradesk.kernel.time import HOUR, MINUTE, SECOND, TimeNs
from tests.accounts.federation import WHSEC, Federation
from tests.accounts.room import Room


async def whop_person(federation: Federation, name: str = "user_1") -> Any:
    federation.served.user = {"sub": name, "name": "Whopper"}
    return (await federation.around("whop")).person


async def role(federation: Federation, person: Any) -> str:
    return (await federation.room.person(person.id)).role


async def test_a_membership_follows_whops_word(federation: Federation) -> None:
    person = await whop_person(federation)
    assert person.whop_id == "user_1" and person.role == "user"
    for number, (kind, product, expected) in enumerate(
        [
            ("membership.activated", "prod_pro", "pro"),
            ("membership.went_valid", "prod_best", "premium"),
            ("membership.deactivated", "prod_best", "pro"),
            ("payment.succeeded", "prod_best", "pro"),
            ("membership.activated", "prod_unknown", "pro"),
            ("membership.went_invalid", "prod_pro", "user"),
        ]
    ):
        federation.room.clock.advance(SECOND)
        await federation.hear(federation.hook(kind, product=product), f"msg_{number}")
        assert await role(federation, person) == expected, kind
    assert len(federation.room.audit.told("membership.changed")) == 4


async def test_who_is_not_here_yet_gets_it_with_their_first_sign_in(
    federation: Federation,
) -> None:
    await federation.hear(federation.hook("membership.activated"), "msg_1")
    assert await role(federation, await whop_person(federation)) == "pro"


async def test_the_whop_id_joins(federation: Federation) -> None:
    room = federation.room
    known = await room.passwords.register(
        Secret("correct horse"), "alice@desk.example", None, None, None
    )
    assert isinstance(known, SignedIn)
    async with room.db.begin() as tx:
        person = await room.people.locked(tx, known.person.id)
        joined = msgspec.structs.replace(person, whop_id="user_1", version=person.version + 1)
        await room.people.save(tx, joined, room.clock.now())
    assert (await whop_person(federation)).id == known.person.id


async def test_staff_keep_their_role(federation: Federation) -> None:
    person = await whop_person(federation)
    async with federation.room.db.begin() as tx:
        now = await federation.room.people.locked(tx, person.id)
        admin = msgspec.structs.replace(now, role="admin", version=now.version + 1)
        await federation.room.people.save(tx, admin, federation.room.clock.now())
    await federation.hear(federation.hook("membership.activated"), "msg_1")
    await federation.hear(federation.hook("membership.deactivated"), "msg_2")
    assert await role(federation, person) == "admin"


async def test_a_webhook_counts_once_and_a_late_one_changes_nothing(
    federation: Federation,
) -> None:
    person = await whop_person(federation)
    early = federation.hook("membership.activated")
    federation.room.clock.advance(MINUTE)
    await federation.hear(federation.hook("membership.deactivated"), "msg_2")
    await federation.hear(early, "msg_1")  # sent first, came last
    assert await role(federation, person) == "user"
    await federation.hear(federation.hook("membership.activated"), "msg_3")
    await federation.hear(federation.hook("membership.deactivated"), "msg_3")  # the same id
    assert await role(federation, person) == "pro"


async def test_a_webhook_that_is_not_whops(federation: Federation) -> None:
    body = federation.hook("membership.activated")
    now = federation.room.clock.now() // SECOND
    right = standard_webhooks.signature(WHSEC.encode(), "m", str(now), body)
    wrongs: list[dict[str, Any]] = [
        {"key": standard_webhooks.key_of(WHSEC)},  # decoded: not what Whop signs with
        {"key": b""},
        {"body": body + b" "},
        {"stamp": now - 301},
        {"stamp": now + 301},
        {"stamp": ""},
        {"stamp": "9" * 30},
        {"stamp": "\u0661"},
        {"signed": ""},
        {"signed": right.replace("v1,", "v2,")},
        {"signed": right[:-2]},
        {"signed": "\u00e9"},
    ]
    for wrong in wrongs:
        with pytest.raises(SignatureInvalid):
            await federation.hear(body, "m", **wrong)
    with pytest.raises(SignatureInvalid):
        await federation.hear(body, "")
    assert len(federation.room.audit.told("membership.told", ok=False)) == len(wrongs) + 1
    await federation.hear(body, "m", signed=f"v1,AAAA {right} v2,BBBB")
    for broken in (b"", b"[]", b"{", b'{"type":"membership.activated","data":{}}'):
        with pytest.raises(Invalid):
            await federation.hear(broken, f"b{len(broken)}")


def test_the_published_webhook(shared: Path) -> None:
    one = json.loads((shared / "vectors/standard_webhooks.json").read_text())
    body, at = one["payload"].encode(), TimeNs(one["timestamp"] * SECOND)
    headers = (one["msg_id"], str(one["timestamp"]), one["signature"])
    standard_webhooks.verify(standard_webhooks.key_of(one["secret"]), headers, body, at)
    with pytest.raises(SignatureInvalid):
        standard_webhooks.verify(standard_webhooks.literal_key(one["secret"]), headers, body, at)


async def test_a_one_time_code_becomes_a_password(room: Room) -> None:
    service = EnrolmentService(room.base, EnrolmentStore(), room.hasher)
    person, code = await service.create("root@desk.example", None, "admin", None)
    assert code is not None and person.role == "admin"
    with pytest.raises(Invalid):
        await service.enrol(code, Secret("password1"))
    done = await service.enrol(f" {code.lower()} ", Secret("correct horse"))
    assert isinstance(done, SignedIn) and done.person.id == person.id
    for wrong in (code, "ABCDEFGH", ""):
        with pytest.raises(CredentialsInvalid):
            await service.enrol(wrong, Secret("correct horse"))
    await room.passwords.sign_in("root@desk.example", Secret("correct horse"))
    _, late = await service.create("late@desk.example", "Late", "user", None)
    room.clock.advance(HOUR)
    with pytest.raises(CredentialsInvalid):
        await service.enrol(late or "", Secret("correct horse"))
    with pytest.raises(DeskError):
        await service.create("late@desk.example", None, "user", None)
    made, none = await service.create("c@desk.example", None, "user", Secret("correct horse"))
    assert none is None and made.role == "user"
    assert code not in str(room.audit.actions)
