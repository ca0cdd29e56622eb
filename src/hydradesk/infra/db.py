"""PostgreSQL everywhere: embedded in one folder by default, served when a URL is given."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Literal

import asyncpg
from sqlalchemy import Dialect, MetaData, Numeric, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.tx import Tx

metadata = MetaData()
"""Every table of the house. A table with a tenant's rows has a column `account` and TENANT."""

TENANT: dict[str, bool] = {"tenant": True}
"""Pass as `info=` to a Table: the migrations force row-level security on it by `account`."""

Role = Literal["owner", "app", "system"]
ROLE_NAMES: dict[Role, str] = {"app": "hydradesk_app", "system": "hydradesk_system"}
"""owner: migrations only. app: one tenant at a time. system: named cross-tenant services."""


_AFTER = "hydradesk.after_commit"


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
        self.on_facts: Callable[[], None] = lambda: None
        """Called after each commit that emitted facts; the outbox pump sets it."""

    @asynccontextmanager
    async def begin(self, account: AccountId | None = None) -> AsyncIterator[Tx]:
        """One transaction: commit at the end of the block, roll back on any error.

        `account` is whose rows row-level security lets the app role see; without it, none.
        """
        async with self._connected() as connection:
            async with connection.begin():
                if account is not None:
                    setting = text("SELECT set_config('hydradesk.account', :account, true)")
                    await connection.execute(setting, {"account": account})
                connection.info[_AFTER] = {}
                yield Tx(connection)
            after = connection.info.pop(_AFTER)
        if after.pop(FACTS, None) is not None:
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
    commit by itself.
    """
    connection: Any = (await sql(tx).get_raw_connection()).driver_connection
    if not connection.is_in_transaction():
        await sql(tx).execute(text("SELECT 1"))
    return connection


async def insert_new(tx: Tx, table: Table, **values: Any) -> bool:
    """Insert one row keyed by its primary key; False when the key already exists."""
    insert = postgresql.insert(table).values(**values)
    key = [column.name for column in table.primary_key]
    done = await sql(tx).execute(insert.on_conflict_do_nothing(index_elements=key))
    return done.rowcount == 1
