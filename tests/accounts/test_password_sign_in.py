"""Registering, signing in and changing a password; nothing tells which address is known."""

import asyncio
from typing import Any

import pytest

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import AccountSuspended, CredentialsInvalid
from hydradesk.accounts.contracts.security import FeatureOff
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.infra.passwords import Argon2Cost, Argon2Pool
from hydradesk.kernel.errors import Conflict, Invalid, Limited
from hydradesk.kernel.time import MINUTE
from tests.accounts.room import Room

EMAIL, GOOD = "Alice@Desk.Example", "correct horse battery"


async def registered(room: Room, email: str = EMAIL, password: str = GOOD) -> SignedIn:
    outcome = await room.passwords.register(Secret(password), email, None, None, None)
    assert isinstance(outcome, SignedIn)
    return outcome


async def signed_in(room: Room, email: str = EMAIL, password: str = GOOD) -> SignedIn:
    outcome = await room.passwords.sign_in(email, Secret(password))
    assert isinstance(outcome, SignedIn)
    return outcome


async def test_who_registers_may_sign_in(room: Room) -> None:
    person = (await registered(room)).person
    assert person.email == "Alice@desk.example" and not person.email_verified
    assert person.name == "Alice"
    for spelled in (EMAIL, "alice@desk.example", " ALICE@DESK.EXAMPLE"):
        assert (await signed_in(room, spelled)).person.id == person.id
    async with room.db.begin() as tx:
        (kept,) = await room.credentials.of_person(tx, person.id)
    assert kept.secret.startswith("$argon2id$") and GOOD not in str(kept)
    assert GOOD not in str(room.audit.actions)


@pytest.mark.parametrize(
    "email",
    [
        "alice",
        "@desk.example",
        "alice@",
        "alice@desk",
        "a b@desk.example",
        "alice@desk..example",
        "alice@-desk.example",
        "al\u0456ce@desk.example",
        "alice@d\u0435sk.example",
        "alice@desk.example\r\nBcc: x@y.z",
        ".alice@desk.example",
        "a" * 65 + "@desk.example",
        "alice@" + "d" * 250 + ".example",
        '"<script>"@desk.example',
    ],
)
async def test_what_is_no_address_is_refused(room: Room, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        await registered(room, email)
    assert refused.value.field == "email"
    assert room.sessions.opened == []


async def test_an_address_is_one_persons(room: Room) -> None:
    await registered(room)
    with pytest.raises(Conflict):
        await registered(room, "alice@DESK.example")
    done = await asyncio.gather(
        *(registered(room, "bob@desk.example") for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 5


async def test_wrong_address_and_wrong_password_are_answered_alike(room: Room) -> None:
    person = (await registered(room)).person
    told = []
    for email, password in (
        (EMAIL, GOOD.upper()),
        (EMAIL, GOOD + " "),
        ("nobody@desk.example", GOOD),
        ("nobody@desk.example", ""),
    ):
        with pytest.raises(CredentialsInvalid) as refused:
            await signed_in(room, email, password)
        told.append((str(refused.value), refused.value.fix, refused.value.field))
        room.clock.advance(20 * MINUTE)
    assert len(set(told)) == 1
    refusals = room.audit.told("auth.signed_in", ok=False)
    assert [one.chain for one in refusals] == [person.id, person.id, "desk", "desk"]
    assert len(room.sessions.opened) == 1


async def test_guessing_is_slowed_and_the_owner_is_let_in_later(room: Room) -> None:
    await registered(room)
    seen: list[type[BaseException]] = []
    for number in range(12):
        try:
            await signed_in(room, EMAIL, f"guess number {number}")
        except (CredentialsInvalid, Limited) as error:
            seen.append(type(error))
    assert seen.count(CredentialsInvalid) == 5 and seen.count(Limited) == 7
    with pytest.raises(Limited):
        await signed_in(room)
    room.clock.advance(16 * MINUTE)
    await signed_in(room)


async def test_a_hash_of_yesterdays_cost_is_renewed_at_sign_in(room: Room) -> None:
    person = (await registered(room)).person
    dearer = Argon2Pool(Argon2Cost(memory_kib=128, passes=2))
    later = PasswordService(room.base, dearer, room.guard, room.captcha)

    async def stored() -> str:
        async with room.db.begin() as tx:
            known = await room.credentials.find(tx, "password", person.id)
        assert known is not None
        return known.secret

    old = await stored()
    await later.sign_in(EMAIL, Secret(GOOD))
    new = await stored()
    assert new != old and "m=128,t=2" in new
    await later.sign_in(EMAIL, Secret(GOOD))
    assert await stored() == new
    dearer.close()


async def test_a_common_password_makes_nobody(room: Room) -> None:
    for password in ("password1", "Hydradesk2025!", "alice1234", "short"):
        with pytest.raises(Invalid) as refused:
            await registered(room, password=password)
        assert refused.value.field == "password"
    assert len(room.audit.told("auth.signed_up", ok=False)) == 4
    await room.features.set("sign_up", False)
    with pytest.raises(FeatureOff):
        await registered(room)


async def test_a_change_needs_the_current_one_and_ends_other_sessions(room: Room) -> None:
    person = (await registered(room)).person.id
    new = Secret("another long password")
    for wrong in (None, Secret("not it at all")):
        with pytest.raises(CredentialsInvalid):
            await room.passwords.change(person, wrong, new, "s-1")
    with pytest.raises(Invalid):
        await room.passwords.change(person, Secret(GOOD), Secret("password1"), "s-1")
    await signed_in(room)
    await room.passwords.change(person, Secret(GOOD), new, "s-1")
    assert room.sessions.closed == [(person, "password_changed", "s-1")]
    await signed_in(room, password="another long password")
    with pytest.raises(CredentialsInvalid):
        await signed_in(room)
    assert len(room.audit.told("auth.password_changed")) == 1
    assert len(room.audit.told("auth.password_changed", ok=False)) == 3


async def test_of_two_changes_at_once_one_counts(room: Room) -> None:
    person = (await registered(room)).person.id

    async def change(to: str) -> None:
        await room.passwords.change(person, Secret(GOOD), Secret(to), None)

    done = await asyncio.gather(
        *(change(f"a new password {number}") for number in range(4)), return_exceptions=True
    )
    assert sum(one is None for one in done) == 1
    assert sum(isinstance(one, CredentialsInvalid) for one in done) == 3


async def test_who_is_suspended_learns_it_only_with_the_right_password(room: Room) -> None:
    person = (await registered(room)).person
    await room.suspend(person.id)
    with pytest.raises(CredentialsInvalid):
        await signed_in(room, password="not it at all")
    with pytest.raises(AccountSuspended):
        await signed_in(room)


async def test_through_the_door(room: Room) -> None:
    async with room.client() as client:

        async def post(path: str, **body: Any) -> Any:
            return await client.post(f"/auth/{path}", json=body)

        joined = await post("register", email=EMAIL, password=GOOD)
        assert joined.status_code == 201
        said = joined.json()
        assert said["status"] == "signed_in" and said["access_token"] == "access-1"
        assert said["person"]["email"] == "Alice@desk.example"
        assert "set-cookie" not in joined.headers
        page = await post("login", email=EMAIL, password=GOOD, session="cookie")
        assert page.json()["access_token"] is None and page.json()["refresh_token"] is None
        cookies = {one.split("=")[0]: one for one in page.headers.get_list("set-cookie")}
        access, refresh = cookies["__Host-desk"], cookies["__Secure-desk-refresh"]
        for one in cookies.values():
            assert "Secure" in one and "SameSite=strict" in one and "Domain" not in one
        assert "HttpOnly" in access and "Path=/;" in access
        assert "HttpOnly" in refresh and "Path=/api/auth;" in refresh
        assert "HttpOnly" not in cookies["__Host-desk-csrf"]
        wrong = await post("login", email=EMAIL, password="not it at all")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "credentials_invalid")
        taken = await post("register", email=EMAIL, password=GOOD)
        assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
        for body in (
            {"email": EMAIL},
            {"email": EMAIL, "password": GOOD, "role": "admin"},
            {"email": "a\0b@desk.example", "password": GOOD},
            {"email": ["x"], "password": GOOD},
            {"email": EMAIL, "password": "x" * 1025},
        ):
            assert (await client.post("/auth/login", json=body)).status_code == 422
        named = await post("register", email="b@c.example", password=GOOD, name="A\u202eB")
        assert named.status_code == 422
