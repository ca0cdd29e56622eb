"""The trail is written in one statement, stays dense under load, and refuses to be rewritten."""

import asyncio
import secrets

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import DESK_CHAIN, Action
from hydradesk.accounts.contracts.trail import Entry, Kept
from hydradesk.accounts.domain.audit import GENESIS, linked, personal_digest, wrong_row
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.infra.db import Database, sql
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.time import SECOND, SimClock

WALL, DESK = 1_800_000_000 * SECOND, 1_700_000_000 * SECOND


def store() -> AuditStore:
    return AuditStore(SimClock(WALL), SimClock(DESK), secrets.token_bytes)


def act(chain: str = "p-1", **more: object) -> Action:
    said = {"chain": chain, "action": "order.placed", "target": "o-1", "after": {"qty": "0.5"}}
    return Action(**said | more)  # type: ignore[arg-type]


async def everything(db: Database, audit: AuditStore) -> list[Kept]:
    async with db.begin() as tx:
        return [row async for page in audit.rows(tx) for row in page]


async def test_a_row_says_who_what_and_from_where_and_hashes_it(db: Database) -> None:
    audit = store()
    said = Origin(
        actor="p-1", via="session:s-1", ip="203.0.113.9", request_id="r-1", agent="Tester/1"
    )
    token = ORIGIN.set(said)
    try:
        async with db.begin() as tx:
            await audit.record(tx, act(before={"qty": None}, personal={"name": "Ada"}))
            await audit.record(tx, act(ok=False))
    finally:
        ORIGIN.reset(token)
    first, second = await everything(db, audit)
    assert (first.seq, second.seq) == (1, 2)
    assert first.prev == GENESIS and first.hash == linked(GENESIS, first.body) == second.prev
    body = msgspec.json.decode(first.body, type=Entry)
    assert (body.actor, body.via, body.request) == ("p-1", "session:s-1", "r-1")
    assert (body.at, body.desk) == (WALL, DESK)
    assert body.before == {"qty": None} and body.after == {"qty": "0.5"} and body.ok
    assert not msgspec.json.decode(second.body, type=Entry).ok
    assert msgspec.json.decode(first.personal or "") == {
        "ip": "203.0.113.9",
        "agent": "Tester/1",
        "name": "Ada",
    }
    assert body.personal == personal_digest(first.salt or b"", first.personal or "")
    for hidden in ("203.0.113.9", "Tester", "Ada"):
        assert hidden not in first.body
    assert wrong_row(first, None) is None and wrong_row(second, first) is None


async def test_what_is_rolled_back_leaves_no_row_and_no_gap(db: Database) -> None:
    audit = store()
    with pytest.raises(RuntimeError):
        async with db.begin() as tx:
            await audit.record(tx, act())
            raise RuntimeError("undone")
    async with db.begin() as tx:
        await audit.record(tx, act())
    assert [row.seq for row in await everything(db, audit)] == [1]


async def test_many_at_once_on_one_chain_stay_dense_and_linked(db: Database) -> None:
    audit = store()

    async def one(number: int) -> None:
        async with db.begin() as tx:
            await audit.record(tx, act(target=f"o-{number}"), act(DESK_CHAIN))

    await asyncio.gather(*(one(number) for number in range(200)))
    rows = await everything(db, audit)
    for chain in ("p-1", DESK_CHAIN):
        mine = [row for row in rows if row.chain == chain]
        assert [row.seq for row in mine] == list(range(1, 201))
        pairs = zip([None, *mine], mine, strict=False)
        assert [wrong_row(row, after) for after, row in pairs] == [None] * 200
    assert len({msgspec.json.decode(row.body, type=Entry).target for row in rows}) == 200


async def test_two_who_write_the_same_chains_in_other_orders_do_not_deadlock(db: Database) -> None:
    audit = store()

    async def one(number: int) -> None:
        pair = [act("p-1"), act("p-2")]
        async with db.begin() as tx:
            await audit.record(tx, *(pair if number % 2 else pair[::-1]))

    await asyncio.gather(*(one(number) for number in range(60)))
    assert len(await everything(db, audit)) == 120


async def test_hostile_text_is_kept_as_it_is(db: Database) -> None:
    audit = store()
    nasty = '\'; DROP TABLE accounts_audit; --\u202e<script>\n{"chain":"x"}\\u0000'
    async with db.begin() as tx:
        await audit.record(tx, act(target=nasty, after={nasty: nasty}))
    (row,) = await everything(db, audit)
    assert msgspec.json.decode(row.body, type=Entry).after == {nasty: nasty}
    assert wrong_row(row, None) is None


REFUSED = (
    "UPDATE accounts_audit SET body = body || ' '",
    "UPDATE accounts_audit SET seq = seq + 1",
    "UPDATE accounts_audit SET hash = prev",
    "UPDATE accounts_audit SET personal = 'x'",
    "UPDATE accounts_audit SET personal = NULL",  # without the salt: half an erasure
    "DELETE FROM accounts_audit",
    "TRUNCATE accounts_audit",
    "UPDATE accounts_audit_anchors SET n = n + 1",
    "DELETE FROM accounts_audit_anchors",
    "TRUNCATE accounts_audit_anchors",
)


@pytest.mark.parametrize("statement", REFUSED)
async def test_nobody_rewrites_the_trail_not_even_the_owner_by_mistake(
    db: Database, owner: Database, statement: str
) -> None:
    audit = store()
    async with db.begin() as tx:
        await audit.record(tx, act(personal={"name": "Ada"}))
        await audit.anchor(tx)
    for role in (db, owner):
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
            async with role.begin() as tx:
                await sql(tx).execute(text(statement))


async def test_the_system_role_may_not_delete_heads(db: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with db.begin() as tx:
            await sql(tx).execute(text("DELETE FROM accounts_audit_heads"))


async def test_erasing_forgets_personal_data_and_leaves_the_chain_whole(db: Database) -> None:
    audit = store()
    async with db.begin() as tx:
        await audit.record(tx, act(personal={"name": "Ada"}), act("p-2", personal={"name": "Bob"}))
    async with db.begin() as tx:
        assert await audit.erase(tx, "p-1") == 1
    ada, bob = await everything(db, audit)
    assert ada.personal is None and ada.salt is None and bob.personal is not None
    assert wrong_row(ada, None) is None and wrong_row(bob, None) is None


async def test_a_person_reads_their_own_chain_and_nobody_reads_the_desks(
    db: Database, app_db: Database
) -> None:
    audit = store()
    async with db.begin() as tx:
        await audit.record(tx, act("p-1"), act("p-2"), act(DESK_CHAIN))
    for me, seen in ((None, []), ("p-1", ["p-1"]), ("p-2", ["p-2"])):
        async with app_db.begin(None if me is None else AccountId(me)) as tx:
            found = await sql(tx).scalars(text("SELECT person FROM accounts_audit"))
            assert list(found) == seen


async def test_an_anchor_holds_the_heads_that_moved_and_only_those(db: Database) -> None:
    audit = store()
    async with db.begin() as tx:
        await audit.record(tx, act("p-1"), act("p-2"))
    async with db.begin() as tx:
        first = await audit.anchor(tx)
    async with db.begin() as tx:
        assert await audit.anchor(tx) is None
    async with db.begin() as tx:
        await audit.record(tx, act("p-2"))
        second = await audit.anchor(tx)
    rows = {(row.chain, row.seq): row.hash.hex() for row in await everything(db, audit)}
    assert first is not None and second is not None
    assert (first.n, second.n) == (1, 2) and second.prev == first.hash
    assert msgspec.json.decode(first.body) == [
        WALL,
        [["p-1", 1, rows["p-1", 1]], ["p-2", 1, rows["p-2", 1]]],
    ]
    assert msgspec.json.decode(second.body) == [WALL, [["p-2", 2, rows["p-2", 2]]]]


async def test_two_who_anchor_at_once_make_one_chain(db: Database) -> None:
    audit = store()

    async def one(number: int) -> None:
        async with db.begin() as tx:
            await audit.record(tx, act(f"p-{number}"))
        async with db.begin() as tx:
            await audit.anchor(tx)

    await asyncio.gather(*(one(number) for number in range(30)))
    async with db.begin() as tx:
        made = [one async for page in audit.anchors(tx) for one in page]
    assert [one.n for one in made] == list(range(1, len(made) + 1))
    assert sum(len(msgspec.json.decode(one.body)[1]) for one in made) == 30
