"""An open transaction, as an opaque handle: contracts pass it on, only infra.db looks inside."""

from contextlib import AbstractAsyncContextManager
from typing import NewType, Protocol

from hydradesk.kernel.ids import AccountId, PersonId

Tx = NewType("Tx", object)
"""Whoever opened it commits it. Everything done with one Tx happens, or none of it."""


class Transactions(Protocol):
    """Where services open transactions. Answered by infra.db.Database."""

    def begin(self, account: AccountId | PersonId | None = None) -> AbstractAsyncContextManager[Tx]:
        """Commit at the end of the block, roll back on any error.

        `account` is whose rows row-level security lets the app role see: a paper account's or a
        person's.
        """
        ...
