"""Fixtures shared by every room."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hydradesk.app import migrate, tables
from hydradesk.infra.db import ROLE_NAMES, Database, metadata
from hydradesk.infra.postgres import PostgresServer

# All tests ask from one address; those about limits set their own.
OFF = '{"anonymous": "off", "user": "off", "pro": "off", "service": "off"}'
os.environ.setdefault("HYDRADESK_RATE_LIMITS", OFF)
os.environ.setdefault("HYDRADESK_FLOOD_PER_S", "0")

TABLES = tables  # every room's tables are in the metadata, whichever tests run


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Without a desk nobody reads the log; formatting a trace with its locals takes seconds."""
    structlog.configure(processors=[_drop])


def _drop(*_: object) -> str:
    raise structlog.DropEvent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Recorded data and published vectors, read in place. In CI their absence is a failure."""
    named = os.environ.get("HYDRADESK_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        reason = f"no recorded data in {folder}: set HYDRADESK_TEST_DATA"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as the database's user must."""
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[str]:
    """A real PostgreSQL for this test run, gone afterwards; the URL of its owner."""
    served = os.environ.get("HYDRADESK_TEST_DB")
    if served:
        yield served
        return
    server = PostgresServer(open_folder)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The same, with the schema a desk has: made by the migrations, guarded by their grants."""
    _apart(lambda: migrate.upgrade(postgres))
    _apart(lambda: asyncio.run(_hurry(postgres)))
    return postgres


@pytest.fixture
async def owner(migrated: str) -> AsyncIterator[Database]:
    """An empty database, as the owner, whom no grant and no row-level security stops."""
    database = Database(migrated, pool=4)
    await _empty(database)
    yield database
    await database.close()


@pytest.fixture
async def db(owner: Database, migrated: str) -> AsyncIterator[Database]:
    """An empty database, as the role in which the desk's services work."""
    database = Database(migrated, "system")
    yield database
    await database.close()


@pytest.fixture
async def app_db(owner: Database, migrated: str) -> AsyncIterator[Database]:
    """The same database, as the role that reads for one tenant at a time."""
    database = Database(migrated, "app")
    yield database
    await database.close()


def _apart(job: Callable[[], None]) -> None:
    """Run something that starts an event loop of its own; the tests' loop stays as it is."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(job).result()


async def _hurry(url: str) -> None:
    """Trade durability, which no test here needs, for speed; only on our own server."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        if not os.environ.get("HYDRADESK_TEST_DB"):
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                await connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            await connection.execute(text("SELECT pg_reload_conf()"))
        known = await connection.run_sync(_known)
        new = [one for one in metadata.sorted_tables if one.key not in known]
        if new:  # a table whose migration is still to be written: tests/infra says so
            await connection.run_sync(lambda sync: metadata.create_all(sync, tables=new))
            names = ", ".join(str(one) for one in new)
            role = ROLE_NAMES["system"]
            await connection.execute(text(f"GRANT ALL ON {names} TO {role}"))
    await engine.dispose()


def _known(connection: object) -> set[str]:
    look = inspect(connection)
    names = set(look.get_table_names())
    schemas = {one.schema for one in metadata.sorted_tables if one.schema}
    return names | {f"{one}.{name}" for one in schemas for name in look.get_table_names(one)}


async def _empty(database: Database) -> None:
    """Truncate what holds rows: asking is much cheaper than truncating everything."""
    names = [str(one) for one in metadata.sorted_tables]
    asked = ", ".join(f"EXISTS (SELECT FROM {name})" for name in names)
    async with database.engine.begin() as connection:
        answers = (await connection.execute(text(f"SELECT {asked}"))).one()
        full = [name for name, some in zip(names, answers, strict=True) if some]
        kept = [one for one in full if metadata.tables[one].info.get("append_only")]
        for name in kept:  # only the owner can, and only so
            await connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        if full:
            await connection.execute(text(f"TRUNCATE {', '.join(full)}"))
        for name in kept:
            await connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
