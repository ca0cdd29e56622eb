"""A room, or an office, for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hydradesk.infra.db import Database
from tests.accounts import provider as servers
from tests.accounts.federation import Federation
from tests.accounts.offices import Desk
from tests.accounts.room import Room


@pytest.fixture
async def desk(db: Database, app_db: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    one = Desk(db, app_db, tmp_path)
    await one.ring.keyring.start()
    await one.records.start()
    yield one
    await one.client.aclose()


@pytest.fixture
async def room(db: Database) -> AsyncIterator[Room]:
    """People and their credentials on an empty database."""
    one = Room(db)
    yield one
    one.hasher.close()


@pytest.fixture
def federation(room: Room) -> Iterator[Federation]:
    with servers.serving(room.clock.now) as served:
        yield Federation(room, served)
