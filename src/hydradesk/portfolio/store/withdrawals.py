"""The withdrawals' table, and what has left each account."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Numeric,
    String,
    Table,
    Text,
    func,
    select,
)

from hydradesk.infra.db import OF_PERSON, TENANT, adding, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.numbers import plain
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.portfolio.contracts import Withdrawal, WithdrawalMoved

withdrawals = Table(
    "portfolio_withdrawals",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, Identity(), nullable=False),
    Column("person", String, nullable=False),
    Column("state", String, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("releases_at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("portfolio_withdrawals_person", "person", "number"),
    Index(
        "portfolio_withdrawals_live",
        "releases_at",
        postgresql_where="state IN ('pending', 'delayed', 'approved')",
    ),
    info=OF_PERSON,
)
flows = Table(
    "portfolio_flows",
    metadata,
    Column("withdrawal", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("portfolio_flows_account", "account"),
    info=TENANT,
)

FIXED = ("id", "person", "value", "created_at", "releases_at")
ADD = adding(withdrawals, (*FIXED, "state", "version", "body"))
FIND = "SELECT body FROM portfolio_withdrawals WHERE id = $1 FOR UPDATE"
SAVE = """
UPDATE portfolio_withdrawals SET state = $2, version = $3, body = $4
WHERE id = $1 AND version = $3 - 1"""
LEFT = adding(flows, ("withdrawal", "account", "value", "at"))
OF = """
SELECT account, sum(value) FROM portfolio_flows WHERE account = ANY($1::text[]) GROUP BY account"""
FORGET = """
UPDATE portfolio_withdrawals SET body = jsonb_set(body::jsonb, '{address}', '""')::text
WHERE person = $1"""
DUE = """
SELECT id FROM portfolio_withdrawals
WHERE state IN ('delayed', 'approved') AND releases_at <= $1
ORDER BY releases_at, number LIMIT $2"""
PAGE = """
SELECT number, body FROM portfolio_withdrawals
WHERE ($1::text IS NULL OR person = $1) AND ($2::text IS NULL OR state = $2)
    AND ($3::bigint IS NULL OR number < $3)
ORDER BY number DESC LIMIT $4"""


class WithdrawalStore:
    """Answers ports.WithdrawalBook; emits WithdrawalMoved with every step."""

    async def add(self, tx: Tx, new: Withdrawal, at: TimeNs) -> None:
        """Save a new withdrawal and emit it."""
        row = (new.id, new.person, new.value, new.created_at, new.releases_at)
        await (await raw(tx)).execute(ADD, *row, new.state, new.version, _body(new))
        await emit(tx, _moved(new, at))

    async def find(self, tx: Tx, withdrawal: str) -> Withdrawal | None:
        """Return one, locked until the transaction ends, or None."""
        body = await (await raw(tx)).fetchval(FIND, withdrawal)
        return None if body is None else msgspec.json.decode(body, type=Withdrawal)

    async def save(self, tx: Tx, moved: Withdrawal, at: TimeNs, left: Decimal | None) -> None:
        """Save one that took a step and emit it; Conflict when somebody moved it first."""
        connection = await raw(tx)
        row = (moved.id, moved.state, moved.version, _body(moved))
        if await connection.execute(SAVE, *row) != "UPDATE 1":
            raise Conflict("the withdrawal took another step meanwhile", field="id")
        if left is not None:
            await connection.execute(LEFT, moved.id, moved.account, left, at)
        await emit(tx, _moved(moved, at))

    async def of(self, tx: Tx, accounts: Sequence[AccountId]) -> dict[AccountId, Decimal]:
        """Return what has left each account, quote units; who sent nothing is left out."""
        rows = await (await raw(tx)).fetch(OF, list(accounts))
        return {account: plain(total) for account, total in rows}

    async def asked_since(self, tx: Tx, person: PersonId, since: TimeNs) -> Decimal:
        """Return the value of what a person has asked for and not taken back."""
        mine = (
            (withdrawals.c.person == person)
            & (withdrawals.c.created_at >= since)
            & withdrawals.c.state.not_in(("cancelled", "rejected"))
        )
        total = await sql(tx).scalar(select(func.sum(withdrawals.c.value)).where(mine))
        return plain(total or Decimal(0))

    async def nobodys(self, tx: Tx, person: PersonId) -> None:
        """Forget where a person's withdrawals went; amounts and states stay."""
        await (await raw(tx)).execute(FORGET, person)

    async def due(self, tx: Tx, now: TimeNs, limit: int) -> list[str]:
        """Return the ids of those that may leave, the longest waiting first."""
        return [one for (one,) in await (await raw(tx)).fetch(DUE, now, limit)]

    async def pending(self, tx: Tx) -> int:
        """Return how many wait for an administrator."""
        waiting = select(func.count()).where(withdrawals.c.state == "pending")
        return int(await sql(tx).scalar(waiting) or 0)

    async def page(
        self, tx: Tx, person: PersonId | None, state: str | None, before: int | None, limit: int
    ) -> Sequence[tuple[int, Withdrawal]]:
        """Return withdrawals, newest first, with their page numbers."""
        rows = await (await raw(tx)).fetch(PAGE, person, state, before, limit)
        return [(number, msgspec.json.decode(body, type=Withdrawal)) for number, body in rows]


def _body(one: Withdrawal) -> str:
    return msgspec.json.encode(one).decode()


def _moved(one: Withdrawal, at: TimeNs) -> WithdrawalMoved:
    return WithdrawalMoved(
        id=f"withdrawal:{one.id}:{one.version}",
        at=at,
        key=one.account,
        withdrawal=one.id,
        person=one.person,
        account=one.account,
        asset=one.asset,
        qty=one.qty,
        state=one.state,
    )
