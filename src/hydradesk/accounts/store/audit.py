"""The audit trail's tables: chains, their heads, the anchors. Append-only by grants and trigger."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table, Text

from hydradesk.accounts.contracts import Action
from hydradesk.accounts.contracts.trail import Anchor, Head, Kept
from hydradesk.accounts.domain import audit as trail
from hydradesk.accounts.domain.audit import GENESIS
from hydradesk.infra.db import OF_PERSON, metadata, raw
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.kernel.time import Clock, TimeNs
from hydradesk.kernel.tx import Tx

ANCHOR_LOCK = 0x0A0D
"""One writer of anchors at a time."""
SALT = 16
"""Bytes."""
PAGE = 500
"""Rows read at once when everything is read."""

audit = Table(
    "accounts_audit",
    metadata,
    Column("person", String, primary_key=True),  # the chain: a person's id, or `desk`
    Column("seq", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("personal", Text),
    Column("salt", LargeBinary),
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("accounts_audit_at", "at"),
    Index("accounts_audit_actor", "actor", "at"),
    info=OF_PERSON | {"append_only": True},
)
heads = Table(
    "accounts_audit_heads",
    metadata,
    Column("person", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("anchored", BigInteger, nullable=False),
    Index("accounts_audit_moved", "person", postgresql_where="seq > anchored"),
    info=OF_PERSON,
)
anchors = Table(
    "accounts_audit_anchors",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    info={"append_only": True},
)

APPEND = f"""
WITH head AS (
    INSERT INTO accounts_audit_heads AS h (person, seq, prev, hash, anchored)
    VALUES ($1, 1, '\\x{GENESIS.hex()}',
        sha256('\\x{GENESIS.hex()}'::bytea || convert_to($2::text, 'UTF8')), 0)
    ON CONFLICT (person) DO UPDATE SET seq = h.seq + 1, prev = h.hash,
        hash = sha256(h.hash || convert_to($2::text, 'UTF8'))
    RETURNING seq, prev, hash)
INSERT INTO accounts_audit
    (person, seq, at, actor, action, request_id, ok, body, personal, salt, prev, hash)
SELECT $1, head.seq, $3, $4, $5, $6, $7, $2, $8, $9, head.prev, head.hash FROM head"""  # noqa: S608
"""One statement: the head's row is the chain's lock, and PostgreSQL computes the hash. asyncpg's
own, because it runs with every order."""
LOCK = "SELECT pg_advisory_xact_lock($1)"
MOVED = """
UPDATE accounts_audit_heads SET anchored = seq WHERE person IN (
    SELECT person FROM accounts_audit_heads WHERE seq > anchored
    ORDER BY person LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING person, seq, hash"""
"""A head that a transaction holds is anchored with the next second."""
LAST_ANCHOR = "SELECT n, body, prev, hash FROM accounts_audit_anchors ORDER BY n DESC LIMIT 1"
ADD_ANCHOR = "INSERT INTO accounts_audit_anchors (n, at, body, prev, hash) VALUES ($1,$2,$3,$4,$5)"
ROWS = """
SELECT person, seq, at, actor, action, request_id, ok, body, personal, salt, prev, hash
FROM accounts_audit """
THERE = """
SELECT person, seq, hash FROM accounts_audit
JOIN unnest($1::text[], $2::bigint[]) AS asked (chain, place) ON person = chain AND seq = place"""
ERASE = """
UPDATE accounts_audit SET personal = NULL, salt = NULL
WHERE (person = $1 OR actor = $1) AND personal IS NOT NULL"""
EXPIRE = """
UPDATE accounts_audit SET personal = NULL, salt = NULL
WHERE at < $1 AND personal IS NOT NULL"""


class AuditStore:
    """Answers contracts.Audit, and reads what it has written."""

    def __init__(self, wall: Clock, desk: Clock, random: Callable[[int], bytes]) -> None:
        self._wall, self._desk, self._random = wall, desk, random

    async def record(self, tx: Tx, *actions: Action) -> None:
        """Append to the trails, in the transaction of what was done.

        A chain's head stays locked until that transaction ends; chains are taken in one order, so
        that two who record to the same ones do not wait for each other for ever.
        """
        origin = ORIGIN.get()
        rows = [self._row(one, origin) for one in sorted(actions, key=_chain)]
        connection = await raw(tx)
        if len(rows) == 1:
            await connection.execute(APPEND, *rows[0])
        elif rows:
            await connection.executemany(APPEND, rows)

    def _row(self, action: Action, origin: Origin) -> tuple[object, ...]:
        who = (origin.actor, origin.via, origin.request_id)
        entry = trail.entry(action, who, self._wall.now(), self._desk.now())
        personal = _personal(action, origin)
        salt = None
        if personal is not None:
            salt = self._random(SALT)
            digest = trail.personal_digest(salt, personal)
            entry = msgspec.structs.replace(entry, personal=digest)
        body = msgspec.json.encode(entry).decode()
        found = (entry.at, entry.actor, entry.action, entry.request, entry.ok)
        return (entry.chain, body, *found, personal, salt)

    async def anchor(self, tx: Tx, limit: int = 10_000) -> Anchor | None:
        """Write down where the chains stand that moved since they were last anchored."""
        connection = await raw(tx)
        await connection.execute(LOCK, ANCHOR_LOCK)
        moved = await connection.fetch(MOVED, limit)
        if not moved:
            return None
        last = await connection.fetchrow(LAST_ANCHOR)
        now = self._wall.now()
        n, prev = (last[0] + 1, last[3]) if last else (1, GENESIS)
        found = sorted((Head(one[0], one[1], one[2].hex()) for one in moved), key=_place)
        body = trail.anchor_body(now, found)
        made = Anchor(n=n, body=body, prev=prev, hash=trail.linked(prev, body))
        await connection.execute(ADD_ANCHOR, n, now, body, prev, made.hash)
        return made

    async def freeze(self, tx: Tx) -> None:
        """See one instant from here on; to be called first in the transaction."""
        await (await raw(tx)).execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    async def rows(self, tx: Tx) -> AsyncIterator[list[Kept]]:
        """Yield every row of every chain, by chain and place, some at a time."""
        chain, seq = "", 0
        connection = await raw(tx)
        after = ROWS + "WHERE (person, seq) > ($1, $2) ORDER BY person, seq LIMIT $3"
        while page := [_kept(row) for row in await connection.fetch(after, chain, seq, PAGE)]:
            yield page
            chain, seq = page[-1].chain, page[-1].seq

    async def heads(self, tx: Tx) -> dict[str, Head]:
        """Return where every chain says it stands."""
        found = await (await raw(tx)).fetch("SELECT person, seq, hash FROM accounts_audit_heads")
        return {one[0]: Head(one[0], one[1], one[2].hex()) for one in found}

    async def anchors(self, tx: Tx) -> AsyncIterator[list[Anchor]]:
        """Yield every anchor in order, some at a time."""
        n = 0
        connection = await raw(tx)
        after = "SELECT n, body, prev, hash FROM accounts_audit_anchors WHERE n > $1 ORDER BY n"
        while found := await connection.fetch(after + " LIMIT $2", n, PAGE):
            yield [Anchor(n=one[0], body=one[1], prev=one[2], hash=one[3]) for one in found]
            n = found[-1][0]

    async def there(
        self, tx: Tx, places: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], bytes]:
        """Return the hashes of these rows, of those that are there."""
        chains, seqs = [one for one, _ in places], [seq for _, seq in places]
        found = await (await raw(tx)).fetch(THERE, chains, seqs)
        return {(one[0], one[1]): one[2] for one in found}

    async def count(self, tx: Tx) -> int:
        """Return how many rows there are, by the heads."""
        known = await (await raw(tx)).fetchval("SELECT sum(seq) FROM accounts_audit_heads")
        return int(known or 0)

    async def erase(self, tx: Tx, person: str) -> int:
        """Forget the personal data in what a person did, and in what was done to them."""
        return _changed(await (await raw(tx)).execute(ERASE, person))

    async def expire(self, tx: Tx, before: TimeNs) -> int:
        """Forget the personal data of what was done before an instant."""
        return _changed(await (await raw(tx)).execute(EXPIRE, before))


def _personal(action: Action, origin: Origin) -> str | None:
    """Return what would have to be erased: from where, and what the action says of people."""
    where = {"ip": origin.ip, "agent": origin.agent}
    details = {name: text for name, text in where.items() if text} | action.personal
    return trail.personal_text(details) if details else None


def _kept(row: Sequence[object]) -> Kept:
    return msgspec.convert(dict(zip(Kept.__struct_fields__, row, strict=True)), Kept)


def _chain(action: Action) -> str:
    return action.chain


def _place(head: Head) -> tuple[str, int]:
    return head.chain, head.seq


def _changed(status: str) -> int:
    """Return how many rows an UPDATE of asyncpg's touched."""
    return int(status.rpartition(" ")[2])
