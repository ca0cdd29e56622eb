"""The ledger's tables. No other file writes them."""

from collections.abc import Sequence
from decimal import Decimal

from asyncpg import CheckViolationError
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, String, Table, func, select

from hydradesk.infra.db import TENANT, Quanta, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.ledger.contracts import (
    Book,
    InsufficientFunds,
    Transfer,
    TransferPosted,
    owner_of,
)
from hydradesk.ledger.domain import FLOORLESS, deltas

transfers = Table(
    "ledger_transfers",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),  # owner of the debited book
    Column("counter_account", String, nullable=False),  # owner of the credited book
    Column("debit", String, nullable=False),
    Column("credit", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("quanta", Quanta, CheckConstraint("quanta > 0"), nullable=False),
    Column("kind", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ledger_transfers_account", "account", "at"),
    Index("ledger_transfers_counter", "counter_account", "at"),
    info=TENANT,
)
balances = Table(
    "ledger_balances",
    metadata,
    Column("account", String, nullable=False),
    Column("book", String, primary_key=True),
    Column("asset", String, primary_key=True),
    Column("quanta", Quanta, nullable=False),
    CheckConstraint(f"quanta >= 0 OR book LIKE '{FLOORLESS}%'", name="ledger_floor"),
    Index("ledger_balances_account", "account"),
    info=TENANT,
)

# Locks in sorted order before it writes: two batches that share books cannot deadlock.
MOVE = """
    UPDATE ledger_balances AS b SET quanta = b.quanta + locked.delta
    FROM (
        SELECT held.book, held.asset, change.delta
        FROM ledger_balances AS held
        JOIN unnest($1::text[], $2::text[], $3::numeric[]) AS change (book, asset, delta)
          ON change.book = held.book AND change.asset = held.asset
        ORDER BY held.book, held.asset
        FOR UPDATE OF held
    ) AS locked
    WHERE b.book = locked.book AND b.asset = locked.asset
"""
POST = """
INSERT INTO ledger_transfers
    (id, account, counter_account, debit, credit, asset, quanta, kind, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::numeric[], $8::text[], $9::bigint[])
ON CONFLICT (id) DO NOTHING"""
OPEN = """
INSERT INTO ledger_balances (account, book, asset, quanta)
SELECT account, book, asset, 0 FROM unnest($1::text[], $2::text[], $3::text[])
    AS new (account, book, asset)
ON CONFLICT (book, asset) DO NOTHING"""
BALANCES = "SELECT book, asset, quanta FROM ledger_balances WHERE account = $1"
BALANCES_OF = """
SELECT account, book, asset, quanta FROM ledger_balances WHERE account = ANY($1::text[])"""
"""asyncpg's own: these run with every bar and every order."""


class LedgerStore:
    """Answers contracts.Ledger."""

    async def post(self, tx: Tx, batch: Sequence[Transfer], at: TimeNs) -> bool:
        """Move money inside the caller's transaction, all or none; False when posted before."""
        columns = zip(*(_row(transfer, at) for transfer in batch), strict=True)
        done = await (await raw(tx)).execute(POST, *columns)
        stored = int(done.split()[-1])
        if stored == 0:
            return False
        assert stored == len(batch), f"half of the batch of {batch[0].id} was posted before"
        await self._move(tx, deltas(batch))
        await emit(tx, *(_posted(transfer, at) for transfer in batch))
        return True

    async def balances(self, tx: Tx, owner: AccountId) -> dict[tuple[Book, str], int]:
        """Return quanta by (book, asset symbol) for every book of one owner."""
        rows = await (await raw(tx)).fetch(BALANCES, owner)
        return {(Book(name), asset): int(quanta) for name, asset, quanta in rows}

    async def balances_of(
        self, tx: Tx, owners: Sequence[AccountId]
    ) -> dict[AccountId, dict[tuple[Book, str], int]]:
        """Return the same for many owners; who has no book is left out."""
        found: dict[AccountId, dict[tuple[Book, str], int]] = {}
        if owners:
            rows = await (await raw(tx)).fetch(BALANCES_OF, list(owners))
            for owner, name, asset, quanta in rows:
                found.setdefault(owner, {})[Book(name), asset] = int(quanta)
        return found

    async def totals(self, tx: Tx) -> dict[str, int]:
        """Return the sum of all books by asset: zero, always."""
        sums = select(balances.c.asset, func.sum(balances.c.quanta)).group_by(balances.c.asset)
        return {asset: int(total) for asset, total in await sql(tx).execute(sums)}

    async def _move(self, tx: Tx, change: dict[tuple[Book, str], int]) -> None:
        names, assets = [name for name, _ in change], [asset for _, asset in change]
        quanta = [Decimal(delta) for delta in change.values()]
        connection = await raw(tx)
        await connection.execute(OPEN, [owner_of(name) for name in names], names, assets)
        try:
            await connection.execute(MOVE, names, assets, quanta)
        except CheckViolationError as error:
            if error.constraint_name == "ledger_floor":
                raise InsufficientFunds("not enough money for this transfer") from error
            raise


def _row(transfer: Transfer, at: TimeNs) -> tuple[object, ...]:
    """Return the columns as POST names them."""
    return (
        transfer.id,
        owner_of(transfer.debit),
        owner_of(transfer.credit),
        transfer.debit,
        transfer.credit,
        transfer.amount.asset.symbol,
        Decimal(transfer.amount.quanta),
        transfer.kind,
        at,
    )


def _posted(transfer: Transfer, at: TimeNs) -> TransferPosted:
    key = owner_of(transfer.debit)
    return TransferPosted(id=f"{transfer.id}:posted", at=at, key=key, transfer=transfer)
