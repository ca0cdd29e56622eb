"""Statements that go around SQLAlchemy fail as its own do and leave no broken connection."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from hydradesk.infra.db import FACTS, Database, after_commit, raw


async def one(db: Database) -> int:
    async with db.begin() as tx:
        return int(await (await raw(tx)).fetchval("SELECT 1"))


async def test_it_is_told_inside_the_transaction(db: Database) -> None:
    async with db.begin() as tx:
        assert (await raw(tx)).is_in_transaction()
        before = await (await raw(tx)).fetchval("SELECT txid_current()")
        assert await (await raw(tx)).fetchval("SELECT txid_current()") == before


async def test_a_backend_that_dies_is_an_error_once(owner: Database) -> None:
    small = Database(owner.engine.url.render_as_string(hide_password=False), pool=1)
    try:
        with pytest.raises((DBAPIError, ConnectionError)):
            async with small.begin() as tx:
                await (await raw(tx)).fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
        assert await one(small) == 1
    finally:
        await small.close()


async def test_a_cancelled_statement_leaves_a_usable_pool(owner: Database) -> None:
    small = Database(owner.engine.url.render_as_string(hide_password=False), pool=1)

    async def long() -> None:
        async with small.begin() as tx:
            await (await raw(tx)).execute("SELECT pg_sleep(30)")

    try:
        for pause in (0.0, 0.001, 0.2):
            job = asyncio.create_task(long())
            await asyncio.sleep(pause)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)
            assert job.cancelled()
            async with asyncio.timeout(5):
                assert await one(small) == 1
    finally:
        await small.close()


async def test_facts_whose_commit_failed_are_looked_for_all_the_same(db: Database) -> None:
    before = db.news
    with pytest.raises(RuntimeError):
        async with db.begin() as tx:
            after_commit(tx, FACTS, lambda: None)
            raise RuntimeError("the answer to COMMIT was lost")
    assert db.news == before + 1
