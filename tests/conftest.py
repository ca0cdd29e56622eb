"""Fixtures shared by every room."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from hydradesk.infra.db import Database, metadata
from hydradesk.infra.postgres import PostgresServer


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


@pytest.fixture
async def db(postgres: str) -> AsyncIterator[Database]:
    """An empty database, as its owner."""
    database = Database(postgres)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    await database.close()
