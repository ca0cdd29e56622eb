"""Paper accounts: who trades what with play money."""

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class Account(Struct, frozen=True, kw_only=True):
    """One paper account. A reset closes it and opens the next; nothing is ever rewound."""

    id: AccountId
    session: SessionId
    """The feed session whose prices it trades on."""
    number: int
    """1 for a session's first account; every reset opens the next."""
    opened_at: TimeNs
    deposit: Decimal
    """Play money it began with, units of `asset`."""
    asset: str
    auto_trade: bool
    """Whether signals become intents for this account."""
    closed: bool = False
    version: int = 1


class AccountChanged(Fact, frozen=True, kw_only=True, tag="accounts.account_changed.v1"):
    """An account was opened, closed or reconfigured. Published by accounts; read by all above."""

    account: Account


class Accounts(Protocol):
    """Stored accounts, answered by accounts' store; works in the caller's transaction."""

    async def of_session(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return the accounts of one session, oldest first."""
        ...

    async def open_ones(self, tx: Tx) -> list[Account]:
        """Return every account that is not closed."""
        ...

    async def get(self, tx: Tx, account: AccountId) -> Account:
        """Return one account, locked until the transaction ends; raises NotFound."""
        ...

    async def add(self, tx: Tx, account: Account, at: TimeNs) -> bool:
        """Save a new account; False when it exists."""
        ...

    async def save(self, tx: Tx, account: Account, at: TimeNs) -> None:
        """Save a changed account; Conflict when somebody changed it first."""
        ...
