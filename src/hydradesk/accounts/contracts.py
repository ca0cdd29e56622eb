"""What the rest of the house may know about accounts."""

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, SessionId
from hydradesk.kernel.time import TimeNs


class Account(Struct, frozen=True, kw_only=True):
    """One paper account. A reset closes it and opens the next; nothing is ever rewound."""

    id: AccountId
    session: SessionId
    """The feed session whose prices it trades on."""
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
    """Answered by accounts' service."""

    async def current(self) -> Account:
        """Return the open account of the running session; NotFound before it is opened."""
        ...
