"""What portfolio needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hydradesk.execution.contracts import Order
from hydradesk.kernel.ids import AccountId, SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.portfolio.contracts import EquityPoint, Position


class Canceller(Protocol):
    """Answered by execution's service."""

    async def cancel_all(self, account: AccountId) -> list[Order]:
        """Cancel every live order of an account."""
        ...


class CurrentSession(Protocol):
    """Answered by market's service."""

    def session(self) -> SessionId | None:
        """Return the running feed session, or None before there is one."""
        ...


class PortfolioBook(Protocol):
    """Answered by portfolio's own store."""

    async def position(self, tx: Tx, account: AccountId, symbol: Symbol) -> Position | None:
        """Return one position, locked until the transaction ends, or None."""
        ...

    async def held(self, tx: Tx, account: AccountId, symbol: Symbol) -> Position | None:
        """Return one position without locking it, or None."""
        ...

    async def moving(self, tx: Tx) -> list[AccountId]:
        """Return the accounts whose worth has changed, or may, since their last point, by id."""
        ...

    async def settle(self, tx: Tx, moving: Sequence[AccountId], keep: Sequence[AccountId]) -> None:
        """Let those rest that hold nothing any more, or are not to be kept."""
        ...

    async def positions(self, tx: Tx, account: AccountId) -> list[Position]:
        """Return every position of an account, also closed ones, by symbol."""
        ...

    async def save(self, tx: Tx, position: Position) -> None:
        """Save a moved position and emit it; Conflict when somebody moved it first."""
        ...

    async def add_points(self, tx: Tx, points: Mapping[AccountId, EquityPoint]) -> None:
        """Remember what accounts were worth; the same instant twice keeps the latest."""
        ...

    async def points(self, tx: Tx, account: AccountId, limit: int) -> Sequence[EquityPoint]:
        """Return the last points, oldest first."""
        ...

    async def point_at(self, tx: Tx, account: AccountId, at: TimeNs) -> EquityPoint | None:
        """Return the last point at or before an instant."""
        ...
