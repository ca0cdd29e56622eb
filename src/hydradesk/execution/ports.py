"""What execution needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from hydradesk.execution.contracts import (
    Ack,
    Fill,
    Order,
    Resting,
    VenueOrder,
    VenueReport,
    VenueState,
    VenueTerms,
)
from hydradesk.kernel.ids import AccountId, OrderId, SessionId, SignalId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import Candle


class Venue(Protocol):
    """Anything that takes orders: paper, an exchange, a DEX, our own clearing house."""

    name: str
    terms: VenueTerms

    async def submit(self, order: Order) -> Ack:
        """Send once, carrying order.id as the client id. Never raises for venue trouble.

        Sending the same id again has no further effect and gives the first answer again.
        """
        ...

    async def cancel(self, order: Order, at: TimeNs) -> Ack:
        """Ask to cancel; what really happened comes as a report."""
        ...

    async def lookup(self, order: OrderId) -> VenueOrder | None:
        """Return what the venue knows of our id; None when it never heard; raises Unavailable."""
        ...

    async def reports(self, after: int, limit: int) -> Sequence[VenueReport]:
        """Return the venue's reports after a sequence number, dense; raises Unavailable."""
        ...


class BarVenue(Venue, Protocol):
    """A venue that fills from closed bars: the paper venue, here or in a process of its own."""

    async def on_bar(self, session: SessionId, bar: Candle) -> bool:
        """Serve resting orders with one closed bar, once however often it is told.

        False when it is certain that nothing new was reported.
        """
        ...

    async def open_session(self, session: SessionId, at: TimeNs) -> None:
        """Cancel what rests from earlier sessions: their time is over."""
        ...


class Positions(Protocol):
    """Answered by portfolio, which sits above execution."""

    async def apply(self, tx: Tx, fill: Fill) -> None:
        """Move the position in the fill's transaction."""
        ...


class OrderStore(Protocol):
    """Answered by execution's own store. Every call works inside the caller's transaction."""

    async def add(self, tx: Tx, order: Order) -> None:
        """Save a new order and emit it; its id must be new."""
        ...

    async def find(self, tx: Tx, order: OrderId) -> Order | None:
        """Return the order, locked until the transaction ends, or None."""
        ...

    async def get(self, tx: Tx, order: OrderId) -> Order:
        """Return the order, locked until the transaction ends; raises NotFound."""
        ...

    async def save(self, tx: Tx, order: Order, fill: Fill | None = None) -> None:
        """Save a moved order and its facts; Conflict when somebody moved it first."""
        ...

    async def live(self, tx: Tx, account: AccountId | None = None) -> list[Order]:
        """Return the orders that are not done, oldest first."""
        ...

    async def of_signal(self, tx: Tx, account: AccountId, signal: str) -> list[Order]:
        """Return the orders one signal led to in one account, oldest first."""
        ...

    async def automatic(
        self, tx: Tx, accounts: Sequence[AccountId], symbol: Symbol
    ) -> dict[AccountId, list[tuple[SignalId, bool]]]:
        """Return the signals whose automatic positions are open, and whether each has ended.

        Accounts without any are left out.
        """
        ...

    async def open_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Remember that a signal is being traded."""
        ...

    async def end_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Remember that its position must be closed."""
        ...

    async def close_automatic(
        self, tx: Tx, account: AccountId, symbol: Symbol, signal: SignalId
    ) -> None:
        """Forget it: nothing is open any more."""
        ...

    async def reached(self, tx: Tx, venue: str) -> int:
        """Return the sequence number of the last report we have booked."""
        ...

    async def advance(self, tx: Tx, venue: str, report: VenueReport) -> bool:
        """Move the cursor to this report; False when it was booked before; Conflict on a gap."""
        ...


class PaperBooks(Protocol):
    """The paper venue's own books. Answered by execution's paper store."""

    async def count_order(self, tx: Tx) -> int:
        """Return the next order number; holds the venue's one lock until commit."""
        ...

    async def lock(self, tx: Tx) -> int:
        """Take the venue's one lock until commit; return the last report's number."""
        ...

    async def add(self, tx: Tx, order: Resting, number: int) -> None:
        """Save a new order."""
        ...

    async def find(self, tx: Tx, client_id: OrderId) -> tuple[Resting, VenueState] | None:
        """Return an order and its state, or None."""
        ...

    async def live(self, tx: Tx, symbol: Symbol | None = None) -> list[Resting]:
        """Return the resting orders, oldest first."""
        ...

    async def save(self, tx: Tx, order: Resting, state: VenueState) -> None:
        """Save an order that traded or ended."""
        ...

    async def report(self, tx: Tx, news: Sequence[VenueReport]) -> None:
        """Append to the report log; call with the lock held."""
        ...

    async def reports_after(self, tx: Tx, after: int, limit: int) -> list[VenueReport]:
        """Return reports after a sequence number, in order."""
        ...

    async def first_time(
        self, tx: Tx, session: SessionId, symbol: Symbol, open_time: TimeNs
    ) -> bool:
        """Remember a bar; False when it, or a later one, was served before."""
        ...
