"""Codes of authenticator apps, recovery codes and passkeys as the second proof; step-up."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import (
    AccountSuspended,
    CredentialsInvalid,
    FactorInvalid,
    LastCredential,
    SignatureInvalid,
    TicketInvalid,
)
from hydradesk.accounts.domain import otp
from hydradesk.accounts.service.factors import Proof
from hydradesk.accounts.service.sign_in import FactorNeeded, SignedIn
from hydradesk.accounts.service.step_up import FirstProof
from hydradesk.kernel.errors import Conflict, Forbidden, Invalid, Limited
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs
from tests.accounts.authenticator import Authenticator
from tests.accounts.room import Room, Wallet
from tests.accounts.test_passkeys import made, somebody

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""RFC 6238's own."""


class App:
    """An authenticator app."""

    def __init__(self, room: Room, secret: str) -> None:
        self._room, self.secret = room, secret

    def code(self, steps: int = 0) -> str:
        return otp.code_at(self.secret, otp.step_at(self._room.clock.now()) + steps)


async def with_app(room: Room) -> tuple[PersonId, App, list[str]]:
    person = (await somebody(room)).id
    app = App(room, (await room.second.enrol(person)).secret.text())
    codes = list(await room.second.confirm(person, app.code()))
    room.clock.advance(30 * SECOND)
    return person, app, codes


async def first_step(room: Room) -> FactorNeeded:
    outcome = await room.passwords.sign_in("alice@desk.example", Secret("correct horse"))
    assert isinstance(outcome, FactorNeeded)
    return outcome


async def finished(room: Room, **proof: Any) -> SignedIn:
    ticket = (await first_step(room)).ticket
    outcome = await room.second.finish(ticket, Proof(**proof))
    assert isinstance(outcome, SignedIn)
    return outcome


def test_the_published_codes(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/otp_rfc6238_4226.json").read_text())
    seeds = {
        name: base64.b32encode(text.encode()).decode()
        for name, text in vectors["secrets_ascii"].items()
    }
    for counter, code in enumerate(vectors["hotp_sha1_6digits_counter0to9"]):
        assert otp.code_at(seeds["SHA1"], counter) == code
    for row in vectors["totp_8digits_step30"]:
        now = TimeNs(row["time"] * SECOND)
        code = row["SHA1"][2:]  # the last six of eight digits are the six-digit code
        assert otp.matching_step(seeds["SHA1"], code, now, 0) == row["time"] // 30
        assert pyotp.TOTP(seeds["SHA1"], digits=8).at(row["time"]) == row["SHA1"]


@pytest.mark.parametrize(
    "code",
    [
        "",
        "12345",
        "1234567",
        "12 345",
        "abcdef",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "123456\n",
        "-12345",
        "+12345",
        "1e3456",
    ],
)
def test_what_is_not_six_ascii_digits_is_no_code(code: str) -> None:
    assert otp.matching_step(SEED, code, TimeNs(59 * SECOND), -5) is None


def test_full_width_digits_of_the_right_code_are_refused() -> None:
    now = TimeNs(59 * SECOND)
    right = otp.code_at(SEED, 1)
    wide = "".join(chr(0xFF10 + int(digit)) for digit in right)
    assert otp.matching_step(SEED, right, now, 0) == 1
    assert otp.matching_step(SEED, wide, now, 0) is None


def test_one_step_either_way_and_never_twice() -> None:
    secret, now = SEED, TimeNs(100 * 30 * SECOND)
    for step in (99, 100, 101):
        assert otp.matching_step(secret, otp.code_at(secret, step), now, 0) == step
        assert otp.matching_step(secret, otp.code_at(secret, step), now, step) is None
    for step in (97, 98, 102, 103):
        assert otp.matching_step(secret, otp.code_at(secret, step), now, 0) is None


def test_secrets_are_normalised() -> None:
    assert otp.normalised_secret("gezd gnbv-gy3t qojq GEZDGNBVGY3TQOJQ==") == SEED
    for wrong in ("", "JBSWY3DPEHPK3PXP", SEED[:-1] + "1", SEED[:-1] + "\u00e9"):
        with pytest.raises(Invalid):
            otp.normalised_secret(wrong)


@given(st.text(max_size=40))
def test_any_text_as_a_recovery_code(text: str) -> None:
    kept = otp.recovery_digest("p-1", text)
    assert kept is None or len(kept) == 64


async def test_an_app_counts_once_confirmed_and_then_at_every_sign_in(room: Room) -> None:
    person = (await somebody(room)).id
    enrolling = await room.second.enrol(person)
    app = App(room, enrolling.secret.text())
    assert app.secret not in repr(enrolling)
    assert pyotp.parse_uri(enrolling.uri.text()).secret == app.secret
    async with room.db.begin() as tx:
        kept = await room.factors.totp(tx, person)
    assert kept is not None and app.secret not in kept.sealed
    outcome = await room.passwords.sign_in("alice@desk.example", Secret("correct horse"))
    assert isinstance(outcome, SignedIn)  # not confirmed: nothing is asked
    with pytest.raises(FactorInvalid):
        await room.second.confirm(person, app.code(5))
    codes = await room.second.confirm(person, app.code())
    assert len(set(codes)) == 10 and (await room.second.standing(person)).totp
    needed = await first_step(room)
    assert needed.factors == ["totp", "recovery"]
    with pytest.raises(FactorInvalid):  # the code that confirmed it
        await room.second.finish(needed.ticket, Proof(code=app.code()))
    room.clock.advance(30 * SECOND)
    done = await room.second.finish(needed.ticket, Proof(code=app.code()))
    assert isinstance(done, SignedIn)
    assert room.sessions.opened[-1] == (person, "password", True)


async def test_a_wallet_needs_the_second_step_too(room: Room) -> None:
    person, app, _ = await with_app(room)
    wallet = Wallet("siws")
    text = wallet.message(await room.wallets.offer("siws"))
    await room.links.link_wallet(person, "siws", text, wallet.sign(text))
    again = wallet.message(await room.wallets.offer("siws"))
    outcome = await room.wallets.sign_in("siws", again, wallet.sign(again), None)
    assert isinstance(outcome, FactorNeeded)
    done = await room.second.finish(outcome.ticket, Proof(code=app.code()))
    assert isinstance(done, SignedIn) and room.sessions.opened[-1] == (person, "siws", True)


async def test_a_code_works_once_even_from_many_sides_at_once(room: Room) -> None:
    _, app, _ = await with_app(room)
    tickets = [(await first_step(room)).ticket for _ in range(4)]
    code = app.code()
    done = await asyncio.gather(
        *(room.second.finish(one, Proof(code=code)) for one in tickets), return_exceptions=True
    )
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, FactorInvalid) for one in done) == 3


async def test_a_ticket_has_five_tries_and_five_minutes(room: Room) -> None:
    _, app, _ = await with_app(room)
    ticket = (await first_step(room)).ticket
    seen = []
    for _ in range(6):
        room.clock.advance(40 * SECOND)
        try:
            await room.second.finish(ticket, Proof(code="000000"))
        except (FactorInvalid, TicketInvalid) as error:
            seen.append(type(error))
    assert seen == [FactorInvalid] * 5 + [TicketInvalid]
    late = (await first_step(room)).ticket
    room.clock.advance(5 * MINUTE)
    with pytest.raises(TicketInvalid):
        await room.second.finish(late, Proof(code=app.code()))
    with pytest.raises(TicketInvalid):
        await room.second.finish("made-up", Proof(code=app.code()))


async def test_new_tickets_give_no_endless_tries(room: Room) -> None:
    _, app, _ = await with_app(room)
    seen: list[type[Exception]] = []
    for _ in range(20):
        ticket = (await first_step(room)).ticket
        try:
            await room.second.finish(ticket, Proof(code="000000"))
        except (FactorInvalid, Limited) as error:
            seen.append(type(error))
    assert seen.count(FactorInvalid) <= 5
    room.clock.advance(20 * MINUTE)
    assert isinstance(await finished(room, code=app.code()), SignedIn)


async def test_recovery_codes_work_once_each_however_they_are_spelled(room: Room) -> None:
    person, _, codes = await with_app(room)
    await finished(room, recovery_code=codes[0])
    await finished(room, recovery_code=f" {codes[1].upper().replace('-', ' ')} ")
    for wrong in (codes[0], codes[1], "abcd-efgh-ijkl-mnop", "", "x"):
        with pytest.raises(FactorInvalid):
            await finished(room, recovery_code=wrong)
        room.clock.advance(20 * MINUTE)
    assert (await room.second.standing(person)).recovery_codes_left == 8
    fresh = await room.second.new_recovery(person)
    with pytest.raises(FactorInvalid):
        await finished(room, recovery_code=codes[2])
    await finished(room, recovery_code=fresh[0])
    assert len(room.audit.told("auth.recovery_code_used")) == 3
    assert all(one not in str(room.audit.actions) for one in [*codes, *fresh])


async def test_a_passkey_is_a_second_step(room: Room) -> None:
    person, device = (await somebody(room)).id, Authenticator()
    await made(room, person, device)
    needed = await first_step(room)
    assert needed.factors == ["passkey"]
    asked = json.loads((await room.second.ask_at_sign_in(needed.ticket)).options)
    assert len(asked["allowCredentials"]) == 1
    foreign = Authenticator(seed=9)
    with pytest.raises(SignatureInvalid):
        await room.second.finish(needed.ticket, Proof(credential=json.dumps(foreign.show(asked))))
    asked = json.loads((await room.second.ask_at_sign_in(needed.ticket)).options)
    answer = json.dumps(device.show(asked))
    assert isinstance(await room.second.finish(needed.ticket, Proof(credential=answer)), SignedIn)


async def test_who_was_suspended_between_the_steps_stays_out(room: Room) -> None:
    person, app, _ = await with_app(room)
    ticket = (await first_step(room)).ticket
    await room.suspend(person)
    with pytest.raises(AccountSuspended):
        await room.second.finish(ticket, Proof(code=app.code()))


async def test_one_proof_at_a_time(room: Room) -> None:
    _, app, codes = await with_app(room)
    ticket = (await first_step(room)).ticket
    for proof in (Proof(), Proof(code=app.code(), recovery_code=codes[0])):
        with pytest.raises(Invalid):
            await room.second.finish(ticket, proof)
    assert isinstance(await room.second.finish(ticket, Proof(code=app.code())), SignedIn)


async def test_removing_the_app_takes_its_recovery_codes_with_it(room: Room) -> None:
    person, _, _ = await with_app(room)
    with pytest.raises(Conflict):
        await room.second.enrol(person)
    await room.second.remove_totp(person)
    assert (await room.second.standing(person)).recovery_codes_left == 0
    with pytest.raises(Conflict):
        await room.second.new_recovery(person)
    with pytest.raises(Conflict):
        await room.second.remove_totp(person)
    outcome = await room.passwords.sign_in("alice@desk.example", Secret("correct horse"))
    assert isinstance(outcome, SignedIn)


async def test_step_up_by_password_only_without_a_second_factor(room: Room) -> None:
    person = (await somebody(room)).id
    until = await room.step_up.with_first(
        person, "s-1", FirstProof(password=Secret("correct horse"))
    )
    assert until > room.clock.now() and room.sessions.freshened == ["s-1"]
    with pytest.raises(CredentialsInvalid):
        await room.step_up.with_first(person, "s-1", FirstProof(password=Secret("wrong")))
    with pytest.raises(FactorInvalid):
        await room.step_up.with_factor(person, "s-1", Proof(code="000000"))
    app = App(room, (await room.second.enrol(person)).secret.text())
    await room.second.confirm(person, app.code())
    with pytest.raises(FactorInvalid) as refused:
        await room.step_up.with_first(person, "s-1", FirstProof(password=Secret("correct horse")))
    assert refused.value.fix and "totp" in refused.value.fix
    room.clock.advance(30 * SECOND)
    await room.step_up.with_factor(person, "s-1", Proof(code=app.code()))
    with pytest.raises(FactorInvalid):
        await room.step_up.with_factor(person, "s-1", Proof(code=app.code()))
    with pytest.raises(Forbidden):
        await room.step_up.with_factor(person, None, Proof(code=app.code()))
    assert len(room.audit.told("auth.stepped_up")) == 2
    assert len(room.audit.told("auth.stepped_up", ok=False)) == 4


async def test_step_up_by_ones_own_wallet(room: Room) -> None:
    person, wallet, other = (await somebody(room)).id, Wallet("siwe"), Wallet("siwe", 2)
    for one in (wallet, other):
        text = one.message(await room.wallets.offer("siwe"))
        if one is wallet:
            await room.links.link_wallet(person, "siwe", text, one.sign(text))

    async def proved(one: Wallet) -> TimeNs:
        text = one.message(await room.wallets.offer("siwe"))
        proof = FirstProof(kind="siwe", message=text, signature=one.sign(text))
        return await room.step_up.with_first(person, "s-1", proof)

    assert await proved(wallet) > room.clock.now()
    with pytest.raises(SignatureInvalid):
        await proved(other)
    with pytest.raises(Invalid):
        await room.step_up.with_first(person, "s-1", FirstProof(kind="siwe"))


async def test_step_up_by_passkey(room: Room) -> None:
    person, device = (await somebody(room)).id, Authenticator()
    with pytest.raises(Conflict):
        await room.step_up.ask(person, "s-1")
    await made(room, person, device)
    asked = json.loads((await room.step_up.ask(person, "s-1")).options)
    answer = json.dumps(device.show(asked))
    with pytest.raises(Exception, match="challenge"):  # asked of another session
        await room.step_up.with_factor(person, "s-2", Proof(credential=answer))
    await room.step_up.with_factor(person, "s-1", Proof(credential=answer))


async def test_the_last_way_in_is_never_unlinked(room: Room) -> None:
    person, device = (await somebody(room)).id, Authenticator()
    (password,) = await room.links.of_person(person)
    with pytest.raises(LastCredential):
        await room.links.unlink(person, password.id)
    await made(room, person, device)
    await room.second.new_recovery(person)
    ids = [one.id for one in await room.links.of_person(person)]
    done = await asyncio.gather(
        *(room.links.unlink(person, one) for one in ids), return_exceptions=True
    )
    assert sum(one is None for one in done) == 1
    assert sum(isinstance(one, LastCredential) for one in done) == 1
    stranger = (await somebody(room, "bob@desk.example")).id
    (left,) = await room.links.of_person(person)
    with pytest.raises(Exception, match="no credential"):
        await room.links.unlink(stranger, left.id)
