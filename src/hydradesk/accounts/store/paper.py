"""The accounts' table."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, select

from hydradesk.accounts.contracts import LOCAL, Account, AccountChanged
from hydradesk.infra.db import TENANT, adding, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import AccountId, PersonId, SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

accounts = Table(
    "accounts_accounts",
    metadata,
    Column("account", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("session", String, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("accounts_by_session", "session"),
    Index("accounts_by_person", "person", "session"),
    Index("accounts_open", "person", unique=True, postgresql_where="NOT closed"),
    info=TENANT,
)

OPEN_OF = "SELECT body FROM accounts_accounts WHERE person = $1 AND NOT closed"
OPEN_AMONG = f"""
SELECT body FROM accounts_accounts
WHERE NOT closed AND (account = ANY($1::text[]) OR person = '{LOCAL}') ORDER BY account"""  # noqa: S608
OPEN_ONES = """
SELECT body FROM accounts_accounts WHERE NOT closed ORDER BY account FOR UPDATE"""
OPEN_IN = """
SELECT body FROM accounts_accounts WHERE NOT closed AND session = $1 ORDER BY account"""
OWNER = "SELECT person FROM accounts_accounts WHERE account = $1"
CLAIM = "SELECT pg_advisory_xact_lock(hashtextextended('accounts:' || $1, 0))"
LAST = """
SELECT coalesce(max((body::json->>'number')::bigint), 0) FROM accounts_accounts
WHERE person = $1 AND session = $2"""
ADD = adding(accounts, ("account", "person", "session", "closed", "version", "body"))
SAVE = """
UPDATE accounts_accounts AS a SET closed = new.closed, version = new.version, body = new.body
FROM unnest($1::text[], $2::boolean[], $3::bigint[], $4::text[])
    AS new (account, closed, version, body)
WHERE a.account = new.account AND a.version = new.version - 1"""
"""asyncpg's own: asked with every bar and every request, or for everybody at once."""


class AccountStore:
    """Answers contracts.Accounts; emits AccountChanged with every change."""

    async def of_session(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return the accounts of one session, oldest first."""
        rows = await sql(tx).scalars(select(accounts.c.body).where(accounts.c.session == session))
        return sorted(_decoded(rows), key=lambda one: (one.number, one.id))

    async def open_ones(self, tx: Tx) -> list[Account]:
        """Return every account that is not closed, by id, locked until the transaction ends."""
        return await self._read(tx, OPEN_ONES)

    async def trading_signals(self, tx: Tx, session: SessionId) -> list[Account]:
        """Return a session's open accounts for which signals become intents, by id."""
        return [one for one in await self._read(tx, OPEN_IN, session) if one.auto_trade]

    async def open_among(self, tx: Tx, accounts: Sequence[AccountId]) -> list[Account]:
        """Return those of the accounts that are not closed, and the local person's, by id."""
        return await self._read(tx, OPEN_AMONG, list(accounts))

    async def open_of(self, tx: Tx, person: PersonId) -> Account | None:
        """Return a person's open account, or None."""
        found = await self._read(tx, OPEN_OF, person)
        return found[0] if found else None

    async def claim(self, tx: Tx, person: PersonId) -> None:
        """Wait until nobody else opens or closes accounts of this person, until commit."""
        await (await raw(tx)).execute(CLAIM, person)

    async def last_number(self, tx: Tx, person: PersonId, session: SessionId) -> int:
        """Return the number of a person's latest account in a session, 0 without one."""
        return int(await (await raw(tx)).fetchval(LAST, person, session))

    async def owner(self, tx: Tx, account: AccountId) -> PersonId | None:
        """Return whose an account is; None for one that is not stored."""
        owner: PersonId | None = await (await raw(tx)).fetchval(OWNER, account)
        return owner

    async def get(self, tx: Tx, account: AccountId) -> Account:
        """Return one account, locked until the transaction ends; raises NotFound."""
        row = select(accounts.c.body).where(accounts.c.account == account).with_for_update()
        body = await sql(tx).scalar(row)
        if body is None:
            raise NotFound(f"account {account}")
        return msgspec.json.decode(body, type=Account)

    async def add(self, tx: Tx, new: Sequence[Account], at: TimeNs) -> None:
        """Save new accounts; IntegrityError when one exists, or its person has an open one."""
        await (await raw(tx)).executemany(ADD, [_row(one) for one in new])
        await emit(tx, *(_changed(one, at) for one in new))

    async def save(self, tx: Tx, changed: Sequence[Account], at: TimeNs) -> None:
        """Save changed accounts; Conflict when somebody changed one of them first."""
        columns = (
            [one.id for one in changed],
            [one.closed for one in changed],
            [one.version for one in changed],
            [_body(one) for one in changed],
        )
        if await (await raw(tx)).execute(SAVE, *columns) != f"UPDATE {len(changed)}":
            named = ", ".join(one.id for one in changed)[:200]
            raise Conflict(f"somebody changed one of these accounts first: {named}")
        await emit(tx, *(_changed(one, max(at, one.opened_at)) for one in changed))

    async def _read(self, tx: Tx, query: str, *values: object) -> list[Account]:
        return _decoded(body for (body,) in await (await raw(tx)).fetch(query, *values))


def _decoded(bodies: Iterable[str]) -> list[Account]:
    return [msgspec.json.decode(body, type=Account) for body in bodies]


def _body(account: Account) -> str:
    return msgspec.json.encode(account).decode()


def _row(account: Account) -> tuple[object, ...]:
    whose = (account.id, account.person, account.session)
    return (*whose, account.closed, account.version, _body(account))


def _changed(account: Account, at: TimeNs) -> AccountChanged:
    return AccountChanged(
        id=f"{account.id}:{account.version}", at=at, key=account.id, account=account
    )
