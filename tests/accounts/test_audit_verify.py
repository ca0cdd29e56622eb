"""Whoever rewrites the trail by SQL, as the owner and with the trigger off, is found and named."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from hydradesk.accounts.contracts import DESK_CHAIN, Action
from hydradesk.accounts.contracts.trail import Broken
from hydradesk.accounts.service.audit import AuditKeeper, Proof
from hydradesk.accounts.store.audit import PAGE, AuditStore
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.time import SECOND, SimClock

CLOCK = SimClock(1_800_000_000 * SECOND)
SHA = "sha256(prev || convert_to(body, 'UTF8'))"


@pytest.fixture
async def keeper(db: Database) -> AsyncIterator[AuditKeeper]:
    """Three chains: `desk` of 2 rows, `p-1` of 9 and `p-2` of 3, anchored three times."""
    store = AuditStore(CLOCK, CLOCK, secrets.token_bytes)
    keeper = AuditKeeper(db, store)
    for part in range(3):
        async with db.begin() as tx:
            for number in range(3):
                target = f"o-{part * 3 + number}"
                said = Action(chain="p-1", action="order.placed", target=target)
                await store.record(tx, said)
            await store.record(tx, Action(chain="p-2", action="a.b", personal={"name": "Ada"}))
            if part:
                await store.record(tx, Action(chain=DESK_CHAIN, action="feature.set"))
        await keeper.anchor()
    assert await keeper.verify() == Proof(
        ok=True,
        chains=3,
        entries=14,
        anchors=3,
        last_anchor=(await keeper.verify()).last_anchor,
        broken=None,
    )
    yield keeper


@asynccontextmanager
async def tampering(owner: Database) -> AsyncIterator[object]:
    """Whoever owns the database can do anything."""
    tables = ("accounts_audit", "accounts_audit_anchors")
    async with owner.begin() as tx:
        for table in tables:
            await sql(tx).execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield tx
        for table in tables:
            await sql(tx).execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


ROW = "WHERE person = 'p-1' AND seq"
RELINK = (
    f"UPDATE accounts_audit SET hash = {SHA} {ROW} = 9",
    "UPDATE accounts_audit_heads SET hash = (SELECT hash FROM accounts_audit "
    f"{ROW} = 9) WHERE person = 'p-1'",
)
"""Made to look right again, from the last row to the head."""
TAMPERED: dict[str, tuple[tuple[str, ...], tuple[str, int, str]]] = {
    "a body": (
        (f"UPDATE accounts_audit SET body = replace(body, 'o-3', 'o-9') {ROW} = 4",),
        ("p-1", 4, "changed"),
    ),
    "a body, by one space": (
        (f"UPDATE accounts_audit SET body = body || ' ' {ROW} = 4",),
        ("p-1", 4, "changed"),
    ),
    "a column one searches by": (
        (f"UPDATE accounts_audit SET actor = 'somebody' {ROW} = 4",),
        ("p-1", 4, "changed"),
    ),
    "when": ((f"UPDATE accounts_audit SET at = at - 1 {ROW} = 2",), ("p-1", 2, "changed")),
    "whether it was refused": (
        (f"UPDATE accounts_audit SET ok = false {ROW} = 2",),
        ("p-1", 2, "changed"),
    ),
    "a row removed": ((f"DELETE FROM accounts_audit {ROW} = 5",), ("p-1", 5, "missing")),
    "the first removed": ((f"DELETE FROM accounts_audit {ROW} = 1",), ("p-1", 1, "missing")),
    "a row removed, the rest moved up": (
        (
            f"DELETE FROM accounts_audit {ROW} = 5",
            f"UPDATE accounts_audit SET seq = seq + 100 {ROW} > 5",
            f"UPDATE accounts_audit SET seq = seq - 101 {ROW} > 100",
        ),
        ("p-1", 5, "reordered"),
    ),
    "two rows swapped": (
        (
            f"UPDATE accounts_audit SET seq = 100 {ROW} = 3",
            f"UPDATE accounts_audit SET seq = 3 {ROW} = 4",
            f"UPDATE accounts_audit SET seq = 4 {ROW} = 100",
        ),
        ("p-1", 3, "reordered"),
    ),
    "a row of another's chain": (
        ("UPDATE accounts_audit SET person = 'p-3' WHERE person = 'p-1'",),
        ("p-3", 1, "changed"),
    ),
    "the tail cut": ((f"DELETE FROM accounts_audit {ROW} > 7",), ("p-1", 8, "cut")),
    "the tail cut and the head set back": (
        (
            f"DELETE FROM accounts_audit {ROW} > 7",
            "UPDATE accounts_audit_heads SET seq = 7, hash = (SELECT hash FROM accounts_audit "
            f"{ROW} = 7) WHERE person = 'p-1'",
        ),
        ("p-1", 9, "cut"),
    ),
    "a whole chain removed": (
        ("DELETE FROM accounts_audit WHERE person = 'p-2'",),
        ("p-2", 1, "cut"),
    ),
    "a whole chain removed with its head": (
        (
            "DELETE FROM accounts_audit WHERE person = 'p-2'",
            "DELETE FROM accounts_audit_heads WHERE person = 'p-2'",
        ),
        ("p-2", 1, "cut"),
    ),
    "a head removed": (
        ("DELETE FROM accounts_audit_heads WHERE person = 'p-2'",),
        ("p-2", 3, "changed"),
    ),
    "a head changed": (
        ("UPDATE accounts_audit_heads SET hash = prev WHERE person = 'p-2'",),
        ("p-2", 3, "changed"),
    ),
    "the last row rewritten, its hash and the head too": (
        (f"UPDATE accounts_audit SET body = replace(body, 'o-8', 'o-1') {ROW} = 9", *RELINK),
        ("p-1", 9, "changed"),
    ),
    "personal data": (
        ("UPDATE accounts_audit SET personal = '{\"name\":\"Eve\"}' WHERE person = 'p-2'",),
        ("p-2", 1, "personal"),
    ),
    "half of an erasure": (
        ("UPDATE accounts_audit SET salt = NULL WHERE person = 'p-2' AND seq = 2",),
        ("p-2", 2, "personal"),
    ),
    "personal data put where there was none": (
        (f"UPDATE accounts_audit SET personal = '{{}}', salt = 'x' {ROW} = 1",),
        ("p-1", 1, "personal"),
    ),
    "a body that is no entry": (
        (f"UPDATE accounts_audit SET body = 'null', hash = sha256(prev || 'null') {ROW} = 1",),
        ("p-1", 1, "changed"),
    ),
    "an anchor's body": (
        ("UPDATE accounts_audit_anchors SET body = replace(body, 'p-1', 'p-7') WHERE n = 2",),
        ("anchors", 2, "anchor"),
    ),
    "an anchor forged whole": (
        (
            "UPDATE accounts_audit_anchors SET body = replace(body, 'p-1', 'p-7') WHERE n = 2",
            f"UPDATE accounts_audit_anchors SET hash = {SHA} WHERE n = 2",
        ),
        ("anchors", 3, "anchor"),
    ),
    "the last anchor forged whole": (
        (
            "UPDATE accounts_audit_anchors SET body = replace(body, 'p-1', 'p-7') WHERE n = 3",
            f"UPDATE accounts_audit_anchors SET hash = {SHA} WHERE n = 3",
        ),
        ("p-7", 9, "cut"),
    ),
    "an anchor removed": (
        ("DELETE FROM accounts_audit_anchors WHERE n = 2",),
        ("anchors", 2, "anchor"),
    ),
    "an anchor that is none": (
        (
            "UPDATE accounts_audit_anchors SET body = 'null' WHERE n = 3",
            f"UPDATE accounts_audit_anchors SET hash = {SHA} WHERE n = 3",
        ),
        ("anchors", 3, "anchor"),
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_tampering_is_found_and_named(
    keeper: AuditKeeper, owner: Database, what: str
) -> None:
    statements, (chain, seq, wrong) = TAMPERED[what]
    async with tampering(owner) as tx:
        for statement in statements:
            done = await sql(tx).execute(text(statement.replace(":", "\\:")))  # type: ignore[arg-type]
            assert done.rowcount > 0, statement
    proof = await keeper.verify()
    assert not proof.ok and isinstance(proof.broken, Broken)
    found = (proof.broken.chain, proof.broken.seq, proof.broken.what)
    assert found == (chain, seq, wrong), proof.broken.detail


async def test_erasure_is_no_tampering(keeper: AuditKeeper, db: Database) -> None:
    async with db.begin() as tx:
        assert await AuditStore(CLOCK, CLOCK, secrets.token_bytes).erase(tx, "p-2") == 3
    assert (await keeper.verify()).ok


async def test_an_empty_trail_holds(db: Database) -> None:
    keeper = AuditKeeper(db, AuditStore(CLOCK, CLOCK, secrets.token_bytes))
    proof = await keeper.verify()
    assert (proof.ok, proof.chains, proof.entries, proof.anchors) == (True, 0, 0, 0)


async def test_a_long_trail_says_how_far_it_is(db: Database) -> None:
    store = AuditStore(CLOCK, CLOCK, secrets.token_bytes)
    keeper = AuditKeeper(db, store)
    acts = [Action(chain="p-1", action="a.b", target=str(n)) for n in range(PAGE + 20)]
    async with db.begin() as tx:
        await store.record(tx, *acts)
    told: list[int] = []
    proof = await keeper.verify(told.append)
    assert proof.ok and told == [PAGE, PAGE + 20]


async def test_a_trail_that_grows_meanwhile_is_seen_at_one_instant(db: Database) -> None:
    store = AuditStore(CLOCK, CLOCK, secrets.token_bytes)
    async with db.begin() as tx:
        await store.record(tx, Action(chain="p-1", action="a.b"))
    async with db.begin() as seeing:
        await store.freeze(seeing)
        heads = await store.heads(seeing)
        async with db.begin() as tx:
            await store.record(tx, Action(chain="p-1", action="a.b"))
        rows = [row async for page in store.rows(seeing) for row in page]
    assert [row.seq for row in rows] == [1] == [heads["p-1"].seq]


async def test_an_anchor_that_was_noted_elsewhere_must_stand(keeper: AuditKeeper) -> None:
    last = (await keeper.verify()).last_anchor
    assert (await keeper.verify(noted=last)).ok
    other = f"3:{'0' * 64}"
    for noted in (other, f"4:{last.partition(':')[2]}"):
        proof = await keeper.verify(noted=noted)
        assert proof.broken is not None and proof.broken.what == "anchor" and not proof.ok
