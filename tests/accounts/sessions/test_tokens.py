"""Access tokens: ours are taken, and nothing that anybody has made of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import jwk, jws
from hydradesk.accounts.domain.jws import AccessExpired, AccessRefused
from hydradesk.accounts.domain.sealing import decode
from hydradesk.accounts.domain.sessions import SessionEnded
from hydradesk.kernel.time import MINUTE, SECOND, SimClock
from tests.accounts.sessions.attacks import ATTACKS, CHECKLIST, Forger
from tests.accounts.sessions.ring import START, Ring, rows


@pytest.fixture
async def forger(ring: Ring) -> Forger:
    issued = await ring.open(await ring.person(role="admin"))
    async with ring.db.begin() as tx:
        (active,) = [
            one for one in await rows(tx, "accounts_signing_keys") if one["state"] == "active"
        ]
        seed = await ring.vault.open(tx, active["sealed"], f"signing:{active['id']}")
    private = Ed25519PrivateKey.from_private_bytes(seed.reveal())
    return Forger(ring, issued.access.text(), private)


async def refused(ring: Ring, token: str, kind: type[Exception] = AccessRefused) -> None:
    with pytest.raises(kind):
        await ring.tokens.verify(token)


@pytest.mark.parametrize("name", ATTACKS, ids=str)
async def test_an_attack_is_refused(ring: Ring, forger: Forger, name: str) -> None:
    assert (await ring.tokens.verify(forger.token)).sub == "p-alice"
    token = ATTACKS[name](forger)
    assert token != forger.token
    await refused(ring, token)
    await refused(ring, token)  # also when it was seen before


async def test_the_forger_forges_well(ring: Ring, forger: Forger) -> None:
    """What changes nothing is taken: the refusals above are not for the forger's clumsiness."""
    assert (await ring.tokens.verify(forger.signed())).sub == "p-alice"
    assert (await ring.tokens.verify(forger.signed(sub="p-bob"))).sub == "p-bob"
    nearly = forger.signed(iat=forger.claims["iat"] + 5, nbf=forger.claims["nbf"] + 5)
    assert (await ring.tokens.verify(nearly)).sub == "p-alice"


def test_the_whole_checklist_is_covered(shared: Path) -> None:
    listed = json.loads((shared / "vectors/jwt_rfc_and_attacks.json").read_text())
    items = listed["attack_checklist"]
    assert len(items) == len(CHECKLIST) == 15
    for item, (begins, attack) in zip(items, CHECKLIST.items(), strict=True):
        assert item.startswith(begins), item
        assert not attack or attack in ATTACKS, attack


async def test_published_tokens_are_not_ours(ring: Ring, shared: Path) -> None:
    listed = json.loads((shared / "vectors/jwt_rfc_and_attacks.json").read_text())
    for name, one in listed.items():
        if name != "attack_checklist":
            await refused(ring, one.get("jws") or one["jwt"])


def test_rfc_8037_signs_and_verifies_as_published(shared: Path) -> None:
    listed = json.loads((shared / "vectors/jwt_rfc_and_attacks.json").read_text())
    vector = listed["rfc8037_ed25519"]
    head, body, signature = vector["jws"].split(".")
    private = Ed25519PrivateKey.from_private_bytes(decode(vector["jwk"]["d"]))
    public = {name: one for name, one in vector["jwk"].items() if name != "d"}
    assert private.public_key().public_bytes_raw() == jwk.ed25519_of(public)
    assert decode(body).decode() == vector["payload"]
    assert private.sign(f"{head}.{body}".encode()) == decode(signature)
    key = Ed25519PublicKey.from_public_bytes(jwk.ed25519_of(public))
    key.verify(decode(signature), f"{head}.{body}".encode())


async def test_an_expired_token_says_so_to_the_second(ring: Ring, forger: Forger) -> None:
    ring.clock.advance(5 * MINUTE - 1)
    await ring.tokens.verify(forger.token)
    ring.clock.advance(1)
    await refused(ring, forger.token, AccessExpired)


@pytest.mark.parametrize("off", [-5 * MINUTE, 5 * MINUTE], ids=["behind", "ahead"])
async def test_a_clock_five_minutes_wrong_lets_nobody_in(
    ring: Ring, tmp_path: Path, off: int
) -> None:
    """Another machine of the desk, whose clock is wrong, issues or judges."""
    clock = SimClock(START + off)
    other = Ring(ring.db, ring.app, tmp_path, clock=clock)
    theirs = (await other.open(await other.person())).access.text()
    with pytest.raises(AccessRefused if off > 0 else AccessExpired):
        await ring.tokens.verify(theirs)


async def test_access_ends_with_logout_and_password(ring: Ring, forger: Forger) -> None:
    await ring.callers.of_token(forger.token)
    async with ring.db.begin() as tx:
        await ring.sessions.close_all(tx, (await ring.people.get(tx, forger.claims["sub"])).id, "x")
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(forger.token)


async def test_a_token_signed_for_another_persons_session_is_refused(
    ring: Ring, forger: Forger
) -> None:
    bob = await ring.person("bob", role="admin")
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(forger.signed(sub=bob.id))
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(forger.signed(sid="s-unknown"))


async def test_keys_follow_one_another_and_overlap(ring: Ring) -> None:
    alice = await ring.person()
    first = (await ring.open(alice)).access.text()
    before = {one["kid"] for one in await ring.tokens.jwks()}
    assert len(before) == 2, "the next key is published before it signs"
    assert await ring.tokens.rotate() is None, "it is not time"
    following = await ring.tokens.rotate(now=True)
    second = (await ring.open(alice)).access.text()
    assert following in before and jws.header_of(second).kid == following
    assert jws.header_of(first).kid != following
    for token in (first, second):
        await ring.tokens.verify(token)
    async with ring.db.begin() as tx:
        states = {one["id"]: one for one in await rows(tx, "accounts_signing_keys")}
    old = states[jws.header_of(first).kid]
    assert old["state"] == "retiring" and old["sealed"] is None, "it cannot sign any more"
    ring.clock.advance(ring.tokens.rules.overlap_ns + 1)
    assert await ring.tokens.rotate() is None
    after = {one["kid"] for one in await ring.tokens.jwks()}
    assert old["id"] not in after and following in after
    await refused(ring, first)
    ring.clock.advance(30 * 24 * 60 * MINUTE)
    assert await ring.tokens.rotate() in after, "now it is time"


async def test_another_process_meets_new_keys_at_once(ring: Ring, tmp_path: Path) -> None:
    other = Ring(ring.db, ring.app, tmp_path, clock=ring.clock)
    await other.tokens.start()
    alice = await ring.person()
    for _ in range(2):  # the second is one it has never heard of
        await ring.tokens.rotate(now=True)
    ring.clock.advance(2 * SECOND)
    token = (await ring.open(alice)).access.text()
    assert (await other.tokens.verify(token)).sub == alice.id


async def test_two_processes_that_begin_together_agree_on_the_keys(
    ring: Ring, tmp_path: Path
) -> None:
    import asyncio

    async with ring.db.begin() as tx:
        from sqlalchemy import text

        from hydradesk.infra.db import sql

        await sql(tx).execute(text("DELETE FROM accounts_signing_keys"))
    many = [Ring(ring.db, ring.app, tmp_path, clock=ring.clock) for _ in range(4)]
    await asyncio.gather(*(one.keyring.start() for one in many))
    kids = [sorted(key["kid"] for key in await one.tokens.jwks()) for one in many]
    assert len(kids[0]) == 2 and all(one == kids[0] for one in kids)


GOOD = jwk.of_ed25519(bytes(range(32)), "k")


@pytest.mark.parametrize(
    "wrong",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA"},
        {"crv": "X25519"},
        {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"},
        {"x": "AAAA"},
        {"x": "!"},
        {"x": GOOD["x"] + "="},
    ],
    ids=str,
)
def test_a_key_for_something_else_verifies_nothing(wrong: dict[str, Any]) -> None:
    assert jwk.ed25519_of(GOOD) == bytes(range(32))
    with pytest.raises(jwk.KeyRefused):
        jwk.ed25519_of(GOOD | wrong)


async def test_a_refresh_token_is_no_access_token(ring: Ring) -> None:
    issued = await ring.open(await ring.person())
    await refused(ring, issued.refresh.text())
    assert isinstance(issued.refresh, Secret) and issued.refresh.text() not in repr(issued)
