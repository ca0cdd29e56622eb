"""A desk's data of the time before there were people comes through every migration unharmed.

`spine.json` is what a desk of that version wrote (every row of every table, as it lay in the
database) and what its API answered last.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Numeric, Table, insert, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hydradesk.app import migrate
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from tests.doors.conftest import Desk, bars
from tests.market.conftest import ListFeed

OLD: dict[str, Any] = json.loads((Path(__file__).parent / "spine.json").read_text())
NAME = "hydradesk_spine"
GO_ON = """
SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))"""
"""Counters stood where the data ends."""


def url_of(server: str, database: str) -> str:
    return server.rpartition("/")[0] + f"/{database}"


async def statement(url: str, *statements: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for one in statements:
            await connection.execute(text(one))
    await engine.dispose()


def migrated_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, revision)


async def fill(url: str) -> None:
    """Put every old row where it was."""
    engine = create_async_engine(url, poolclass=NullPool)
    there = MetaData()
    async with engine.begin() as connection:
        await connection.run_sync(there.reflect)
        await connection.run_sync(lambda sync: there.reflect(sync, schema="paper_venue"))
        for name, old in OLD["tables"].items():
            table = there.tables[name]
            await connection.execute(insert(table), rows(table, old))
            for column in table.columns:
                if column.identity is not None or column.server_default is not None:
                    await connection.execute(text(GO_ON.format(table=name, column=column.name)))
    await engine.dispose()


def rows(table: Table, old: dict[str, Any]) -> list[dict[str, Any]]:
    columns = [table.c[one] for one in old["columns"]]
    return [
        {column.name: value(column, one) for column, one in zip(columns, row, strict=True)}
        for row in old["rows"]
    ]


def value(column: "Column[Any]", said: Any) -> Any:
    if isinstance(said, dict) and isinstance(column.type, LargeBinary):
        return bytes.fromhex(said["hex"])
    numeric = isinstance(column.type, Numeric) and isinstance(said, str | int)
    return Decimal(str(said)) if numeric and not isinstance(column.type, BigInteger) else said


@pytest.fixture(scope="module")
def upgraded(postgres: str) -> Iterator[str]:
    """A database that was at revision 0001, with data, and was then brought to today's."""
    url = url_of(postgres, NAME)

    def job() -> None:
        drop = f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"
        asyncio.run(statement(postgres, drop, f"CREATE DATABASE {NAME}"))
        migrated_to(url, "0001")
        asyncio.run(fill(url))
        migrate.upgrade(url)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(job).result()
        yield url
        pool.submit(
            lambda: asyncio.run(statement(postgres, f"DROP DATABASE {NAME} WITH (FORCE)"))
        ).result()


async def test_every_row_is_still_there(upgraded: str) -> None:
    assert await migrate.current(upgraded) == migrate.HEAD
    engine = create_async_engine(upgraded, poolclass=NullPool)
    count = 0
    async with engine.connect() as connection:
        for name, old in OLD["tables"].items():
            columns = ", ".join(f'"{one}"' for one in old["columns"])
            found = (await connection.execute(text(f"SELECT {columns} FROM {name}"))).all()
            assert sorted(map(said, found)) == sorted(map(said, old["rows"])), name
            count += len(found)
    await engine.dispose()
    assert count > 200 and len(OLD["tables"]) > 20


def said(row: Any) -> str:
    """One row as text that does not depend on how the driver wraps its values."""
    return " | ".join(
        json.dumps({"hex": bytes(one).hex()})
        if isinstance(one, bytes | memoryview)
        else "null"
        if one is None
        else json.dumps(one)
        if isinstance(one, dict)
        else number(one)
        for one in row
    )


def number(one: Any) -> str:
    try:
        return str(Decimal(str(one)).normalize())
    except ArithmeticError:
        return str(one)


async def test_what_was_before_people_is_the_local_persons(upgraded: str) -> None:
    engine = create_async_engine(upgraded, poolclass=NullPool)
    async with engine.connect() as connection:
        whose = text("SELECT DISTINCT person FROM accounts_accounts")
        assert list(await connection.scalars(whose)) == ["local"]
    await engine.dispose()


@pytest.fixture
async def desk(upgraded: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Today's desk, with --demo, on the old data."""
    wall = SystemClock()
    settings = Settings(data_dir=tmp_path, speed=3600, auto_trade=False, feed="replay", demo=True)
    app, system = Database(upgraded, "app"), Database(upgraded, "system")
    clocks = Clocks(DeskClock(wall), wall)
    house = House(settings, Databases(app, system), clocks, Outsiders(ListFeed(bars()), None))
    async with system.begin() as tx:
        await house.risk_store.load(tx)
    await house.risk.start()
    await house.people.start()
    await house.bus.load()
    await house.market.start()
    await house.reconciliation.settle(house.venues)
    one = Desk(house)
    yield one
    await one.client.aclose()
    await app.close()
    await system.close()


def within(old: Any, new: Any, path: str) -> None:
    """Everything that was said before is said now; there may be more."""
    if isinstance(old, dict):
        for name, one in old.items():
            assert name in new, f"{path}.{name}"
            if (path, name) not in MOVES:
                within(one, new[name], f"{path}.{name}")
    elif isinstance(old, list):
        assert len(old) == len(new), path
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            within(one, other, f"{path}[{place}]")
    else:
        assert old == new, path


MOVES = {("/orders", "next"), ("/trades", "next")}


async def test_the_desk_reads_its_books_as_before(desk: Desk) -> None:
    for path, before in OLD["answers"].items():
        within(before, await desk.get(path), path)


async def test_and_goes_on_trading_with_them(desk: Desk) -> None:
    before = await desk.get("/portfolio")
    order = {"symbol": "ETH-USDT", "side": "sell", "type": "market", "qty": "0.25"}
    assert (await desk.client.post("/api/orders", json=order)).status_code == 201
    await desk.minutes(2)
    (held,) = [one for one in (await desk.get("/positions"))["items"] if one["qty"] != "0"]
    assert held["symbol"] == "ETH-USDT" and Decimal(held["qty"]) == Decimal("1.00")
    after = await desk.get("/portfolio")
    assert after["account"] == before["account"] and after["cash"] != before["cash"]
    assert {sum(books.values()) for books in await totals(desk)} == {0}


async def totals(desk: Desk) -> list[dict[str, int]]:
    async with desk.house.databases.system.begin() as tx:
        return [{str(k): v for k, v in (await desk.house.ledger.totals(tx)).items()}]
