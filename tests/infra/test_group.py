"""Writes that come together share a commit; each hears of its own fate."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError

from hydradesk.infra import group
from hydradesk.infra.db import Database, sql
from hydradesk.infra.group import GroupCommit
from hydradesk.kernel.errors import Limited
from hydradesk.kernel.tx import Tx

numbers = Table("test_group", MetaData(), Column("n", BigInteger, primary_key=True))


class Counting:
    """Inserts numbers, and remembers how many came at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def write(self, tx: Tx, rows: Sequence[int]) -> list[int]:
        self.sizes.append(len(rows))
        await sql(tx).execute(insert(numbers), [{"n": row} for row in rows])
        return [-row for row in rows]


@pytest.fixture
async def table(owner: Database) -> Database:
    async with owner.begin() as tx:
        await sql(tx).execute(text("DROP TABLE IF EXISTS test_group"))
        await sql(tx).execute(text("CREATE TABLE test_group (n bigint PRIMARY KEY)"))
    return owner


async def stored(db: Database) -> list[int]:
    async with db.begin() as tx:
        return list(await sql(tx).scalars(select(numbers.c.n).order_by(numbers.c.n)))


async def test_what_arrives_together_shares_a_transaction(table: Database) -> None:
    counting = Counting()
    writer = GroupCommit(table, counting.write)
    assert await writer.put(0) == 0
    assert await asyncio.gather(*map(writer.put, range(1, 601))) == [-n for n in range(1, 601)]
    assert await stored(table) == list(range(601))
    assert counting.sizes[0] == 1 and len(counting.sizes) < 10
    assert max(counting.sizes) <= group.MOST


async def test_a_refused_row_does_not_take_the_others_with_it(table: Database) -> None:
    writer = GroupCommit(table, Counting().write)
    await writer.put(3)
    told = await asyncio.gather(*map(writer.put, range(6)), return_exceptions=True)
    assert [isinstance(one, IntegrityError) for one in told] == [n == 3 for n in range(6)]
    assert await stored(table) == list(range(6))


async def test_whoever_gave_up_waiting_holds_nobody_up(table: Database) -> None:
    writer = GroupCommit(table, Counting().write)
    jobs = [asyncio.create_task(writer.put(n)) for n in range(10)]
    await asyncio.sleep(0)
    jobs[4].cancel()
    told = await asyncio.gather(*jobs, return_exceptions=True)
    assert [n for n, one in enumerate(told) if one == -n] == [n for n in range(10) if n != 4]
    assert await writer.put(99) == -99


async def test_a_database_that_is_away_is_told_to_everybody() -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    writer = GroupCommit(away, Counting().write)
    told = await asyncio.gather(*map(writer.put, range(5)), return_exceptions=True)
    assert all(isinstance(one, OSError) for one in told)
    await away.close()


async def test_more_than_fits_is_refused(table: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "WAITING", 5)
    writer = GroupCommit(table, Counting().write)
    told = await asyncio.gather(*map(writer.put, range(9)), return_exceptions=True)
    assert sum(isinstance(one, Limited) for one in told) == 4
    assert await stored(table) == list(range(5))
