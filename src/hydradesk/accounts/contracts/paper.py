"""Paper accounts: who trades what with play money."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, OrderId, PersonId, SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

LOCAL = PersonId("local")
"""Who sits at a desk that runs with --demo, and whose everything is that was before people."""


class Account(Struct, frozen=True, kw_only=True):
    """One paper account. A reset closes it and opens the next; nothing is ever rewound."""

    id: AccountId
    person: PersonId = LOCAL
    """Whose it is. Nobody has two that are open."""
    session: SessionId
    """The feed session whose prices it trades on."""
    number: int
    """1 for a person's first account in a session; every reset opens the next."""
    opened_at: TimeNs
    deposit: Decimal
    """Play money it began with, units of `asset`."""
    asset: str
    auto_trade: bool
    """Whether signals become intents for this account."""
    closed: bool = False
    version: int = 1


_MARK = "~"
"""No client_id has it."""


class AccountChanged(Fact, frozen=True, kw_only=True, tag="accounts.account_changed.v1"):
    """An account was opened, closed or reconfigured. Published by accounts; read by all above."""

    account: Account


class Accounts(Protocol):
    """Stored accounts, answered by accounts' store; works in the caller's transaction."""

    async def of_session(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return the accounts of one session, oldest first."""
        ...

    async def open_ones(self, tx: Tx) -> list[Account]:
        """Return every account that is not closed, by id, locked until the transaction ends."""
        ...

    async def trading_signals(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return a session's open accounts for which signals become intents, by id."""
        ...

    async def open_among(self, tx: Tx, accounts: Sequence[AccountId]) -> list[Account]:
        """Return those of the accounts that are not closed, and the local person's, by id."""
        ...

    async def open_of(self, tx: Tx, person: PersonId) -> Account | None:
        """Return a person's open account, or None."""
        ...

    async def claim(self, tx: Tx, person: PersonId) -> None:
        """Wait until nobody else opens or closes accounts of this person, until commit."""
        ...

    async def last_number(self, tx: Tx, person: PersonId, session: SessionId) -> int:
        """Return the number of a person's latest account in a session, 0 without one."""
        ...

    async def get(self, tx: Tx, account: AccountId) -> Account:
        """Return one account, locked until the transaction ends; raises NotFound."""
        ...

    async def add(self, tx: Tx, accounts: Sequence[Account], at: TimeNs) -> None:
        """Save new accounts; IntegrityError when one exists, or its person has an open one."""
        ...

    async def save(self, tx: Tx, accounts: Sequence[Account], at: TimeNs) -> None:
        """Save changed accounts; Conflict when somebody changed one of them first."""
        ...


def account_name(session: SessionId, person: PersonId, number: int) -> AccountId:
    """Name a person's n-th paper account of a session."""
    whose = "" if person == LOCAL else f"{person}-"
    return AccountId(f"paper-{session}-{whose}{number}")


def person_of(account: AccountId) -> PersonId:
    """Return whose paper account has this name. Sessions' names hold no dash."""
    whose = "".join(account.split("-", 2)[2:]).rpartition("-")[0]
    return PersonId(whose) if whose else LOCAL


def private_name(person: PersonId | None, account: AccountId, name: str) -> OrderId:
    """Return the id under which the desk keeps what an account's owner calls `name`.

    Two people may call their orders the same. The local person's keep their plain names, and
    nobody can choose a name with the mark in it.
    """
    return OrderId(name if person == LOCAL else f"{account}{_MARK}{name}")


def public_name(kept: str) -> str:
    """Return what its owner calls it: an order, a fill, a receipt."""
    return kept.rpartition(_MARK)[2]


class TradingAccounts(Protocol):
    """Who trades on what. Answered by portfolio's account service, from memory where it can."""

    async def of(self, person: PersonId) -> AccountId:
        """Return a person's open account in the running session, opened if there is none.

        Raises Unavailable before the first session; for the local person also while the desk
        opens it.
        """
        ...
