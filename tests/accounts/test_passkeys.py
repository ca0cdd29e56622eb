"""Passkeys made and shown by a software authenticator; every wrong field is refused."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.contracts import Person, Secret
from hydradesk.accounts.contracts.refusals import (
    AccountSuspended,
    CredentialTaken,
    NonceInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.adapters.webauthn import WebAuthn
from hydradesk.kernel.errors import Conflict, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import MINUTE
from tests.accounts.authenticator import USER_PRESENT, Authenticator, b64
from tests.accounts.room import ORIGIN_URL, Room


async def somebody(room: Room, email: str = "alice@desk.example") -> Person:
    outcome = await room.passwords.register(Secret("correct horse"), email, None, None, None)
    assert isinstance(outcome, SignedIn)
    return outcome.person


async def made(room: Room, person: PersonId, device: Authenticator, **wrong: Any) -> None:
    asked = await room.passkeys.begin(person)
    answer = json.dumps(device.make(json.loads(asked.options), **wrong))
    await room.passkeys.add(person, asked.id, answer, "phone")


async def shown(room: Room, device: Authenticator, **wrong: Any) -> SignedIn:
    asked = await room.passkeys.ask()
    answer = json.dumps(device.show(json.loads(asked.options), **wrong))
    outcome = await room.passkeys.sign_in(asked.id, answer)
    assert isinstance(outcome, SignedIn)
    return outcome


async def test_a_passkey_signs_in_and_is_both_proofs(room: Room) -> None:
    person, device = await somebody(room), Authenticator()
    await made(room, person.id, device)
    for _ in range(2):
        assert (await shown(room, device)).person.id == person.id
    assert room.sessions.opened[-1] == (person.id, "passkey", True)
    (added,) = [
        one
        for one in room.audit.told("auth.credential_added")
        if one.personal == {"label": "phone"}
    ]
    assert added.chain == person.id


async def test_what_the_browser_is_asked(room: Room) -> None:
    person, device = await somebody(room), Authenticator()
    asked = json.loads((await room.passkeys.begin(person.id)).options)
    assert asked["rp"]["id"] == "desk.example" and asked["user"]["id"] == b64(person.id.encode())
    chosen = asked["authenticatorSelection"]
    assert chosen["userVerification"] == "required" and chosen["residentKey"] == "required"
    await made(room, person.id, device)
    again = json.loads((await room.passkeys.begin(person.id)).options)
    assert [one["id"] for one in again["excludeCredentials"]] == [b64(device.id)]
    any_ = json.loads((await room.passkeys.ask()).options)
    assert any_["allowCredentials"] == [] and any_["userVerification"] == "required"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://desk.example"},
        {"party": "evil.example"},
        {"challenge": b64(bytes(32))},
        {"type": "webauthn.get"},
        {"flags": USER_PRESENT},
        {"flags": 0},
    ],
    ids=str,
)
async def test_a_passkey_made_elsewhere_is_refused(room: Room, wrong: dict[str, Any]) -> None:
    person = await somebody(room)
    with pytest.raises(Invalid):
        await made(room, person.id, Authenticator(), **wrong)
    assert len(room.audit.told("auth.credential_added", ok=False)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"party": "evil.example"},
        {"challenge": b64(bytes(32))},
        {"type": "webauthn.create"},
        {"flags": USER_PRESENT},
        {"counter": 1},
        {"signature": bytes(70)},
        {"signature": b""},
        {"user": b"p-somebody-else"},
        {"user": b"\xff\xfe"},
    ],
    ids=str,
)
async def test_a_passkey_shown_wrongly_is_refused(room: Room, wrong: dict[str, Any]) -> None:
    person, device = await somebody(room), Authenticator()
    await made(room, person.id, device)
    await shown(room, device)
    with pytest.raises((SignatureInvalid, Invalid)):
        await shown(room, device, **wrong)
    assert len(room.audit.told("auth.signed_in", ok=False)) == 1
    await shown(room, device)


async def test_a_copy_that_lags_behind_is_refused(room: Room) -> None:
    person, device = await somebody(room), Authenticator()
    await made(room, person.id, device)
    copy = Authenticator()
    copy.user = device.user
    for _ in range(3):
        await shown(room, device)
    with pytest.raises(SignatureInvalid):
        await shown(room, copy)


async def test_a_challenge_is_answered_once_and_in_time(room: Room) -> None:
    person, device = await somebody(room), Authenticator()
    await made(room, person.id, device)
    asked = await room.passkeys.ask()
    answer = json.dumps(device.show(json.loads(asked.options)))
    done = await asyncio.gather(
        *(room.passkeys.sign_in(asked.id, answer) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, NonceInvalid) for one in done) == 4
    late = await room.passkeys.ask()
    room.clock.advance(5 * MINUTE)
    with pytest.raises(NonceInvalid):
        await room.passkeys.sign_in(late.id, json.dumps(device.show(json.loads(late.options))))


async def test_an_unknown_passkey_and_anothers(room: Room) -> None:
    alice, bob = await somebody(room), await somebody(room, "bob@desk.example")
    device = Authenticator()
    with pytest.raises(SignatureInvalid):
        await shown(room, device)
    await made(room, alice.id, device)
    with pytest.raises(CredentialTaken):
        await made(room, bob.id, device)
    asked = await room.passkeys.begin(alice.id)
    with pytest.raises(NonceInvalid):  # somebody else's ceremony
        answer = json.dumps(Authenticator(seed=9).make(json.loads(asked.options)))
        await room.passkeys.add(bob.id, asked.id, answer, "phone")


async def test_of_a_suspended_person(room: Room) -> None:
    person, device = await somebody(room), Authenticator()
    await made(room, person.id, device)
    await room.suspend(person.id)
    with pytest.raises(AccountSuspended):
        await shown(room, device)


async def test_only_so_many(room: Room) -> None:
    person = await somebody(room)
    for seed in range(10, 30):
        await made(room, person.id, Authenticator(seed=seed))
    with pytest.raises(Conflict):
        await room.passkeys.begin(person.id)


GARBAGE = st.dictionaries(
    st.sampled_from(["id", "rawId", "type", "response", "x"]),
    st.none()
    | st.text(max_size=40)
    | st.integers()
    | st.dictionaries(
        st.sampled_from(["clientDataJSON", "attestationObject", "authenticatorData", "signature"]),
        st.binary(max_size=120).map(b64) | st.text(max_size=20),
    ),
)


@given(st.text(max_size=60) | GARBAGE.map(json.dumps))
def test_anything_else_is_refused_and_breaks_nothing(text: str) -> None:
    ceremonies = WebAuthn(ORIGIN_URL)
    with pytest.raises(Invalid):
        ceremonies.created(text, bytes(32))
    with pytest.raises(SignatureInvalid):
        ceremonies.shown(text, bytes(32), b64(bytes(70)), 0)


@given(st.binary(max_size=200))
def test_any_attestation_is_refused_and_breaks_nothing(raw: bytes) -> None:
    device = Authenticator()
    options = {"challenge": b64(bytes(32)), "user": {"id": b64(b"p-1")}}
    answer = device.make(options)
    answer["response"]["attestationObject"] = b64(raw)
    with pytest.raises(Invalid):
        WebAuthn(ORIGIN_URL).created(json.dumps(answer), bytes(32))
    answer = device.show(options)
    answer["response"]["authenticatorData"] = b64(raw)
    with pytest.raises(SignatureInvalid):
        WebAuthn(ORIGIN_URL).shown(json.dumps(answer), bytes(32), b64(raw), 0)
