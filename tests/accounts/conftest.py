"""A room for each test."""

from collections.abc import AsyncIterator

import pytest

from hydradesk.infra.db import Database
from tests.accounts.room import Room


@pytest.fixture
async def room(db: Database) -> AsyncIterator[Room]:
    """People and their credentials on an empty database."""
    one = Room(db)
    yield one
    one.hasher.close()
