"""Names of things, kept apart by the type checker."""

from typing import NewType, Protocol

AccountId = NewType("AccountId", str)
"""An owner (`paper-1`); the ledger adds a book to it (`paper-1/hold`)."""
PersonId = NewType("PersonId", str)
"""Somebody who may sign in (`p-…`), or `local`: who sits at a desk that runs with --demo."""
OrderId = NewType("OrderId", str)
"""Chosen by whoever wants the order; intent, order and venue client id share it."""
Symbol = NewType("Symbol", str)
"""Our own spelling, e.g. ETH-USDT; adapters translate."""
TransferId = NewType("TransferId", str)
ReservationId = NewType("ReservationId", str)
"""One yes from risk, to be used once."""
FillId = NewType("FillId", str)
"""The venue's own name for one trade of one order."""
SessionId = NewType("SessionId", str)
"""One run of one feed; a replay that seeks opens a new one."""
SignalId = NewType("SignalId", str)


class IdSource(Protocol):
    """Where new names come from; infra answers with time-ordered random ids, tests with a count."""

    def new(self) -> str:
        """Return a name never returned before."""
        ...
