"""No fact is lost, doubled or reordered between commit and reader."""

import asyncio

import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

from hydradesk.infra.db import Database
from hydradesk.infra.outbox import emit, read_after, stamp
from hydradesk.kernel.events import Fact
from hydradesk.kernel.time import TimeNs


class Rang(Fact, frozen=True, kw_only=True, tag="test.rang.v1"):
    """A bell rang."""


def rang(name: str) -> Rang:
    return Rang(id=name, at=TimeNs(0), key="bell")


async def pump(db: Database) -> int:
    async with db.begin() as tx:
        return len(await stamp(tx))


async def seen(db: Database, after: int = 0) -> list[tuple[int, str]]:
    async with db.begin() as tx:
        return [
            (row.pos, msgspec.json.decode(row.body)["id"]) for row in await read_after(tx, after)
        ]


async def test_a_slow_transaction_is_published_late_but_not_lost(db: Database) -> None:
    async with db.begin() as slow:
        await emit(slow, rang("slow"))  # takes the earlier seq
        async with db.begin() as fast:
            await emit(fast, rang("fast"))
        await pump(db)
        assert await seen(db) == [(1, "fast")]
    await pump(db)
    assert await seen(db, after=1) == [(2, "slow")]


async def ring(db: Database, name: str) -> None:
    async with db.begin() as tx:
        await emit(tx, rang(name))


async def test_a_second_pump_waits_and_continues_where_the_first_ended(db: Database) -> None:
    await ring(db, "one")
    async with db.begin() as first:
        assert len(await stamp(first)) == 1
        await ring(db, "two")
        second = asyncio.create_task(pump(db))
        finished, _ = await asyncio.wait({second}, timeout=0.2)
        assert not finished
    assert await second == 1
    assert await seen(db) == [(1, "one"), (2, "two")]


async def test_the_same_fact_id_twice_is_an_error(db: Database) -> None:
    with pytest.raises(IntegrityError):
        async with db.begin() as tx:
            await emit(tx, rang("once"))
            await emit(tx, rang("once"))
    assert await pump(db) == 0
