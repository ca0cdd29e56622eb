"""What the rest of the house may know about the ledger."""

from collections.abc import Sequence
from typing import NewType, Protocol

from msgspec import Struct

from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, TransferId
from hydradesk.kernel.numbers import Amount
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Book = NewType("Book", str)
"""One column of one owner: `paper-1/cash`, `paper-1/hold`, `external/paper`, `house/fees`."""

OUTSIDE = AccountId("external")
"""The outside world (venues, the paper mint): its books may go negative."""
HOUSE = AccountId("house")
"""The desk itself: fees earned and paid, dust."""


def book(owner: AccountId, name: str) -> Book:
    """Name one of an owner's books."""
    assert "/" not in owner, owner
    return Book(f"{owner}/{name}")


def owner_of(name: Book) -> AccountId:
    """Return whose book it is."""
    return AccountId(name.partition("/")[0])


class Transfer(Struct, frozen=True, kw_only=True):
    """Move `amount` from one book to another. `id` makes it safe to send twice."""

    id: TransferId
    debit: Book
    credit: Book
    amount: Amount
    kind: str
    """deposit, hold, release, trade, fee, …: what rooms above portfolio filter by."""


class TransferPosted(Fact, frozen=True, kw_only=True, tag="ledger.transfer_posted.v1"):
    """Money moved. Published by ledger; read by the page, portfolio, later treasury."""

    transfer: Transfer


class InsufficientFunds(Conflict):
    """The debited book would fall below its floor."""

    code = "insufficient_funds"


class Ledger(Protocol):
    """The only way a balance changes. Answered by ledger's store, in every role that needs it."""

    async def post(self, tx: Tx, transfers: Sequence[Transfer], at: TimeNs) -> bool:
        """Move money inside the caller's transaction, all or none; False when posted before.

        The batch counts as posted when its first transfer's id is known. Raises
        InsufficientFunds; the caller's transaction can then only roll back.
        """
        ...

    async def balances(self, tx: Tx, owner: AccountId) -> dict[tuple[Book, str], int]:
        """Return quanta by (book, asset symbol) for every book of one owner."""
        ...

    async def balances_of(
        self, tx: Tx, owners: Sequence[AccountId]
    ) -> dict[AccountId, dict[tuple[Book, str], int]]:
        """Return the same for many owners; who has no book is left out."""
        ...
