"""PostgreSQL everywhere: embedded in one folder by default, served when a URL is given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import asyncpg
from sqlalchemy import Dialect, MetaData, Numeric, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.tx import Tx

metadata = MetaData()
"""Every table of the house. A table with a tenant's rows has a column `account` and TENANT."""

TENANT = {"tenant": "account"}
OF_PERSON = {"tenant": "person"}
"""Pass as `info=` to a Table: the migrations force row-level security on it by that column."""

Role = Literal["owner", "app", "system"]
ROLE_NAMES: dict[Role, str] = {"app": "hydradesk_app", "system": "hydradesk_system"}
"""owner: migrations only. app: one tenant at a time. system: named cross-tenant services."""


_AFTER = "hydradesk.after_commit"
_WHOSE = "SELECT set_config('hydradesk.account', $1, true)"
_FROM_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, AsyncAdapt_asyncpg_dbapi.Error)
"""What statements that go around SQLAlchemy raise."""

_LINE_BROKE = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
"""What they raise when the server is away: the connection is of no more use."""


class Quanta(TypeDecorator[int]):
    """An exact integer as NUMERIC(78,0): wide enough for any 256-bit token amount."""

    impl = Numeric(78, 0)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Write an int."""
        return None if value is None else Decimal(value)

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Read an int."""
        return None if value is None else int(value)


class Database:
    """Opens transactions as one database role. Nothing else in the house commits."""

    def __init__(self, url: str, role: Role = "owner", pool: int = 10) -> None:
        settings = {"application_name": f"hydradesk-{role}"}
        if role in ROLE_NAMES:
            settings["role"] = ROLE_NAMES[role]
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            pool_pre_ping=False,
            connect_args={"server_settings": settings, "timeout": 5},
        )
        self.news = 0
        """How many commits may have left facts in the outbox: what a pump has seen, or not."""
        self.on_facts: Callable[[], None] = lambda: None
        """Called after each of them; the outbox pump sets it."""

    @asynccontextmanager
    async def begin(self, account: AccountId | PersonId | None = None) -> AsyncIterator[Tx]:
        """One transaction: commit at the end of the block, roll back on any error.

        `account` is whose rows row-level security lets the app role see, a paper account's or a
        person's; without it, none.
        """
        after: dict[str, Callable[[], None]] = {}
        try:
            async with self._connected() as connection, connection.begin(), _told(connection):
                connection.info[_AFTER] = after
                tx = Tx(connection)
                if account is not None:
                    await (await raw(tx)).execute(_WHOSE, account)
                yield tx
        finally:  # a commit whose answer was lost may have happened: look anyway
            if after.pop(FACTS, None) is not None:
                self.news += 1
                self.on_facts()
        for callback in after.values():
            callback()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Take a connection; a server that is away or starting up is a ConnectionError."""
        connection = self.engine.connect()
        try:
            await connection.start()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, PoolTimeoutError) as error:
            raise ConnectionError(f"the database does not answer: {error}") from error
        try:
            yield connection
        finally:
            await connection.close()

    async def close(self) -> None:
        """Release every connection."""
        await self.engine.dispose()


def sql(tx: Tx) -> AsyncConnection:
    """Open the handle. Only stores and infra do this."""
    assert isinstance(tx, AsyncConnection), tx
    return tx


FACTS = "facts"


def after_commit(tx: Tx, key: str, callback: Callable[[], None]) -> None:
    """Run something synchronous once this transaction has committed; once per key."""
    sql(tx).info[_AFTER][key] = callback


async def raw(tx: Tx) -> Any:  # noqa: ANN401  (asyncpg has no types)
    """Open the handle down to asyncpg, inside the transaction: for COPY and hot statements.

    SQLAlchemy sends BEGIN with its own first statement; what asyncpg were told before it would
    commit by itself. So we begin as SQLAlchemy would, without the cost of a statement of its.
    """
    synchronous = sql(tx).sync_connection
    assert synchronous is not None
    adapted: Any = synchronous.connection.dbapi_connection
    if adapted._transaction is None:
        await adapted._start_transaction()
    return adapted.driver_connection


@asynccontextmanager
async def _told(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let errors that come straight from the driver look as SQLAlchemy's do.

    SQLAlchemy would also have dropped a connection that broke, or that may have half a statement
    on the wire because we were cancelled; here we must.
    """
    try:
        yield
    except asyncio.CancelledError:
        await connection.invalidate()
        raise
    except _FROM_DRIVER as error:
        synchronous = connection.sync_connection
        assert synchronous is not None
        driver: Any = synchronous.connection.driver_connection
        cause = error.__cause__ or error
        wrong_input = isinstance(cause, ValueError)  # asyncpg's DataError is an InterfaceError too
        if driver.is_closed() or (isinstance(cause, _LINE_BROKE) and not wrong_input):
            await connection.invalidate()
            raise ConnectionError(f"the database went away: {error}") from error
        wrong = isinstance(error, asyncpg.IntegrityConstraintViolationError)
        kind = IntegrityError if wrong else DBAPIError
        raise kind("a statement of asyncpg's", None, error) from error


async def insert_new(tx: Tx, table: Table, **values: Any) -> bool:
    """Insert one row keyed by its primary key; False when the key already exists."""
    return (await sql(tx).execute(_insert_new(table), values)).rowcount == 1


@cache
def _insert_new(table: Table) -> Insert:
    """Built once: to build a statement costs more than to run it."""
    key = [column.name for column in table.primary_key]
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=key)


def adding(table: Table, columns: Sequence[str]) -> str:
    """Write the INSERT of some columns, for asyncpg."""
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
