"""What portfolio needs from outside."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from hydradesk.execution.contracts import Order
from hydradesk.kernel.ids import AccountId, PersonId, SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.portfolio.contracts import EquityPoint, Position, Withdrawal


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


class Withdrawn(Protocol):
    """Answered by portfolio's own store of withdrawals."""

    async def of(self, tx: Tx, accounts: Sequence[AccountId]) -> dict[AccountId, Decimal]:
        """Return what has left each account, quote units; who sent nothing is left out."""
        ...


class WithdrawalBook(Withdrawn, Protocol):
    """Answered by portfolio's own store. Every call works inside the caller's transaction."""

    async def add(self, tx: Tx, new: Withdrawal, at: TimeNs) -> None:
        """Save a new withdrawal and emit it."""
        ...

    async def find(self, tx: Tx, withdrawal: str) -> Withdrawal | None:
        """Return one, locked until the transaction ends, or None."""
        ...

    async def save(self, tx: Tx, moved: Withdrawal, at: TimeNs, left: Decimal | None) -> None:
        """Save one that took a step and emit it; `left` is what left, quote units.

        Conflict when somebody moved it first.
        """
        ...

    async def asked_since(self, tx: Tx, person: PersonId, since: TimeNs) -> Decimal:
        """Return the value of what a person has asked for and not taken back."""
        ...

    async def nobodys(self, tx: Tx, person: PersonId) -> None:
        """Forget where a person's withdrawals went; amounts and states stay."""
        ...

    async def due(self, tx: Tx, now: TimeNs, limit: int) -> list[str]:
        """Return the ids of those that may leave, the longest waiting first."""
        ...

    async def page(
        self, tx: Tx, person: PersonId | None, state: str | None, before: int | None, limit: int
    ) -> Sequence[tuple[int, Withdrawal]]:
        """Return withdrawals, newest first, with their page numbers."""
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
