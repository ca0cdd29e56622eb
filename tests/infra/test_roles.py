"""Three database roles: the app role reads one tenant at a time, and writes nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, LargeBinary, Numeric, Table, insert, select, text
from sqlalchemy.exc import DBAPIError

from hydradesk.app import migrate, tables
from hydradesk.infra.db import Database, metadata, sql
from hydradesk.kernel.ids import AccountId

TENANTS = [one for one in metadata.sorted_tables if one.info.get("tenant")]
ALICE, BOB = AccountId("alice"), AccountId("bob")


def whose(table: Table) -> str:
    return str(table.info["tenant"])


def row(table: Table, account: str) -> dict[str, Any]:
    """A row that says little; its identity columns fill themselves."""
    made: dict[str, Any] = {}
    for column in table.columns:
        if column.identity is not None:
            continue
        kinds: list[tuple[Any, Any]] = [
            (BigInteger, 1),
            (Numeric, 1),
            (Boolean, False),
            (LargeBinary, b"x"),
        ]
        plain = f"{account}-{column.name}"
        made[column.name] = next((v for k, v in kinds if isinstance(column.type, k)), plain)
        if "quanta" in column.name:
            made[column.name] = 1
    return (
        made
        | {whose(table): account}
        | ({"counter_account": account} if "counter_account" in table.columns else {})
    )


async def accounts(db: Database, table: Table, me: AccountId | None) -> list[str]:
    async with db.begin(me) as tx:
        return sorted(await sql(tx).scalars(select(table.c[whose(table)])))


def test_every_table_with_an_account_or_a_person_belongs_to_tenants() -> None:
    named = {
        one.name
        for one in metadata.sorted_tables
        if {"account", "person"} & set(one.columns.keys())
    }
    assert named == {one.name for one in TENANTS} and len(named) >= 10


@pytest.mark.parametrize("table", TENANTS, ids=lambda one: one.name)
async def test_the_app_role_sees_its_own_rows_and_nobody_elses(
    db: Database, app_db: Database, table: Table
) -> None:
    async with db.begin() as tx:
        await sql(tx).execute(insert(table), [row(table, ALICE)])
        await sql(tx).execute(insert(table), [row(table, BOB)])
    assert await accounts(app_db, table, None) == []
    assert await accounts(app_db, table, ALICE) == [ALICE]
    assert await accounts(app_db, table, BOB) == [BOB]
    assert await accounts(app_db, table, AccountId("")) == []
    assert await accounts(app_db, table, None) == []  # the setting ended with its transaction
    assert await accounts(db, table, None) == [ALICE, BOB]


async def test_a_transfer_is_seen_from_both_of_its_ends(db: Database, app_db: Database) -> None:
    transfers = metadata.tables["ledger_transfers"]
    async with db.begin() as tx:
        values = row(transfers, ALICE) | {"counter_account": BOB}
        await sql(tx).execute(insert(transfers).values(values))
    assert (
        await accounts(app_db, transfers, BOB)
        == [ALICE]
        == await accounts(app_db, transfers, ALICE)
    )
    assert await accounts(app_db, transfers, AccountId("carol")) == []


async def denied(db: Database, statement: str) -> bool:
    try:
        async with db.begin(ALICE) as tx:
            await sql(tx).execute(text(statement))
    except DBAPIError as error:
        assert "permission denied" in str(error), error
        return True
    return False


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
async def test_the_app_role_writes_nothing(app_db: Database, table: Table) -> None:
    assert await denied(app_db, f"DELETE FROM {table}")
    assert await denied(app_db, f"INSERT INTO {table} DEFAULT VALUES")
    column = next(iter(table.columns)).name
    assert await denied(app_db, f"UPDATE {table} SET {column} = {column}")
    assert await denied(app_db, f"TRUNCATE {table}")


@pytest.mark.parametrize(
    "table", ["outbox", "outbox_cursors", "gateway_idempotency", "paper_venue.orders"]
)
async def test_the_app_role_does_not_read_what_holds_everybodys(
    app_db: Database, table: str
) -> None:
    assert await denied(app_db, f"SELECT * FROM {table}")


async def test_nobody_below_the_owner_changes_the_schema(db: Database, app_db: Database) -> None:
    for role in (db, app_db):
        assert await denied(role, "CREATE TABLE mine ()")
        with pytest.raises(DBAPIError, match="must be owner"):
            async with role.begin() as tx:
                await sql(tx).execute(
                    text("ALTER TABLE ledger_balances DISABLE ROW LEVEL SECURITY")
                )


async def test_the_migrations_make_exactly_the_tables_of_the_rooms(owner: Database) -> None:
    def compare(connection: Any) -> list[Any]:
        options = {"include_schemas": True, "include_name": tables.ours}
        there = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(there, metadata))

    async with owner.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_head_is_the_newest_file_and_what_a_migrated_database_has(migrated: str) -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == migrate.HEAD
    assert await migrate.current(migrated) == migrate.HEAD


async def test_migrating_twice_changes_nothing(migrated: str, owner: Database) -> None:
    await asyncio.to_thread(migrate.upgrade, migrated)
    assert await migrate.current(migrated) == migrate.HEAD
