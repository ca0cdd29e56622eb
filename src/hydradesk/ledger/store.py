"""The ledger's tables. No other file writes them."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, NUMERIC, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import Text

from hydradesk.infra.db import TENANT, Quanta, metadata, sql
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
MOVE = text("""
    UPDATE ledger_balances AS b SET quanta = b.quanta + locked.delta
    FROM (
        SELECT held.book, held.asset, change.delta
        FROM ledger_balances AS held
        JOIN unnest(:books, :assets, :deltas) AS change (book, asset, delta)
          ON change.book = held.book AND change.asset = held.asset
        ORDER BY held.book, held.asset
        FOR UPDATE OF held
    ) AS locked
    WHERE b.book = locked.book AND b.asset = locked.asset
""").bindparams(
    bindparam("books", type_=ARRAY(Text)),
    bindparam("assets", type_=ARRAY(Text)),
    bindparam("deltas", type_=ARRAY(NUMERIC(78, 0))),
)


class LedgerStore:
    """Answers contracts.Ledger."""

    async def post(self, tx: Tx, batch: Sequence[Transfer], at: TimeNs) -> bool:
        """Move money inside the caller's transaction, all or none; False when posted before."""
        new = insert(transfers).values([_row(transfer, at) for transfer in batch])
        new = new.on_conflict_do_nothing(index_elements=["id"])
        stored = (await sql(tx).execute(new)).rowcount
        if stored == 0:
            return False
        assert stored == len(batch), f"half of the batch of {batch[0].id} was posted before"
        await self._move(tx, deltas(batch))
        await emit(tx, *(_posted(transfer, at) for transfer in batch))
        return True

    async def balances(self, tx: Tx, owner: AccountId) -> dict[tuple[Book, str], int]:
        """Return quanta by (book, asset symbol) for every book of one owner."""
        mine = select(balances.c.book, balances.c.asset, balances.c.quanta)
        rows = await sql(tx).execute(mine.where(balances.c.account == owner))
        return {(Book(name), asset): quanta for name, asset, quanta in rows}

    async def totals(self, tx: Tx) -> dict[str, int]:
        """Return the sum of all books by asset: zero, always."""
        sums = select(balances.c.asset, func.sum(balances.c.quanta)).group_by(balances.c.asset)
        return {asset: int(total) for asset, total in await sql(tx).execute(sums)}

    async def _move(self, tx: Tx, change: dict[tuple[Book, str], int]) -> None:
        rows = [
            {"account": owner_of(name), "book": name, "asset": asset, "quanta": 0}
            for name, asset in change
        ]
        fresh = insert(balances).values(rows)
        await sql(tx).execute(fresh.on_conflict_do_nothing(index_elements=["book", "asset"]))
        arrays = {
            "books": [name for name, _ in change],
            "assets": [asset for _, asset in change],
            "deltas": list(change.values()),
        }
        try:
            await sql(tx).execute(MOVE, arrays)
        except IntegrityError as error:
            if "ledger_floor" in str(error.orig):
                raise InsufficientFunds("not enough money for this transfer") from error
            raise


def _row(transfer: Transfer, at: TimeNs) -> dict[str, object]:
    return {
        "id": transfer.id,
        "account": owner_of(transfer.debit),
        "counter_account": owner_of(transfer.credit),
        "debit": transfer.debit,
        "credit": transfer.credit,
        "asset": transfer.amount.asset.symbol,
        "quanta": transfer.amount.quanta,
        "kind": transfer.kind,
        "at": at,
    }


def _posted(transfer: Transfer, at: TimeNs) -> TransferPosted:
    key = owner_of(transfer.debit)
    return TransferPosted(id=f"{transfer.id}:posted", at=at, key=key, transfer=transfer)
