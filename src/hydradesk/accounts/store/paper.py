"""The accounts' table."""

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, select, update

from hydradesk.accounts.contracts import Account, AccountChanged
from hydradesk.infra.db import TENANT, insert_new, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import AccountId, SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

accounts = Table(
    "accounts_accounts",
    metadata,
    Column("account", String, primary_key=True),
    Column("session", String, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("accounts_by_session", "session"),
    info=TENANT,
)

OF_SESSION = "SELECT body FROM accounts_accounts WHERE session = $1"
"""asyncpg's own: asked with every bar and every request."""


class AccountStore:
    """Answers contracts.Accounts; emits AccountChanged with every change."""

    async def of_session(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return the accounts of one session, oldest first."""
        rows = await (await raw(tx)).fetch(OF_SESSION, session)
        found = [msgspec.json.decode(row[0], type=Account) for row in rows]
        return sorted(found, key=lambda account: account.number)

    async def open_ones(self, tx: Tx) -> list[Account]:
        """Return every account that is not closed."""
        rows = await sql(tx).scalars(select(accounts.c.body).where(accounts.c.closed.is_(False)))
        return [msgspec.json.decode(body, type=Account) for body in rows]

    async def get(self, tx: Tx, account: AccountId) -> Account:
        """Return one account, locked until the transaction ends; raises NotFound."""
        row = select(accounts.c.body).where(accounts.c.account == account).with_for_update()
        body = await sql(tx).scalar(row)
        if body is None:
            raise NotFound(f"account {account}")
        return msgspec.json.decode(body, type=Account)

    async def add(self, tx: Tx, account: Account, at: TimeNs) -> bool:
        """Save a new account; False when it exists."""
        if not await insert_new(tx, accounts, **_row(account)):
            return False
        await emit(tx, _changed(account, at))
        return True

    async def save(self, tx: Tx, account: Account, at: TimeNs) -> None:
        """Save a changed account; Conflict when somebody changed it first."""
        same = (accounts.c.account == account.id) & (accounts.c.version == account.version - 1)
        done = await sql(tx).execute(update(accounts).where(same).values(**_row(account)))
        if done.rowcount != 1:
            raise Conflict(f"account {account.id} is no longer at version {account.version - 1}")
        await emit(tx, _changed(account, at))


def _row(account: Account) -> dict[str, object]:
    return {
        "account": account.id,
        "session": account.session,
        "closed": account.closed,
        "version": account.version,
        "body": msgspec.json.encode(account).decode(),
    }


def _changed(account: Account, at: TimeNs) -> AccountChanged:
    return AccountChanged(
        id=f"{account.id}:{account.version}", at=at, key=account.id, account=account
    )
