"""A ring of keys for each test."""

from pathlib import Path

import pytest

from hydradesk.infra.db import Database
from tests.accounts.sessions.ring import Ring


@pytest.fixture
async def ring(db: Database, app_db: Database, tmp_path: Path) -> Ring:
    one = Ring(db, app_db, tmp_path)
    await one.keyring.start()
    return one
