"""The ledger on a real database, with writers racing each other."""

import asyncio
import random

import pytest
from sqlalchemy import func, select

from hydradesk.infra.db import Database, sql
from hydradesk.infra.outbox import outbox
from hydradesk.kernel.ids import AccountId, TransferId
from hydradesk.kernel.numbers import Amount, Asset
from hydradesk.kernel.time import TimeNs
from hydradesk.ledger.contracts import Book, InsufficientFunds, Transfer
from hydradesk.ledger.store import LedgerStore, transfers

USDC, ETH = Asset("USDC", 6), Asset("ETH", 18)
NOON = TimeNs(43_200_000_000_000)
LEDGER = LedgerStore()


def pay(name: str, debit: str, credit: str, quanta: int, asset: Asset = USDC) -> Transfer:
    return Transfer(
        id=TransferId(name),
        debit=Book(debit),
        credit=Book(credit),
        amount=Amount(asset, quanta),
        kind="test",
    )


async def post(db: Database, *batch: Transfer) -> bool:
    async with db.begin() as tx:
        return await LEDGER.post(tx, batch, NOON)


async def balance(db: Database, book: str, asset: Asset = USDC) -> int:
    async with db.begin() as tx:
        mine = await LEDGER.balances(tx, AccountId(book.split("/", maxsplit=1)[0]))
    return mine.get((Book(book), asset.symbol), 0)


async def totals(db: Database) -> set[int]:
    async with db.begin() as tx:
        return set((await LEDGER.totals(tx)).values())


async def test_a_balance_is_spent_at_most_once_under_concurrency(db: Database) -> None:
    await post(db, pay("fund", "external/bank", "alice/cash", 100))
    spends = [pay(f"spend-{i}", "alice/cash", "bob/cash", 60) for i in range(8)]
    done = await asyncio.gather(*(post(db, one) for one in spends), return_exceptions=True)
    assert sum(one is True for one in done) == 1
    assert sum(isinstance(one, InsufficientFunds) for one in done) == 7
    assert await balance(db, "alice/cash") == 40 and await totals(db) == {0}


async def test_the_same_batch_sent_twice_moves_money_once(db: Database) -> None:
    batch = [
        pay("fund", "external/bank", "alice/cash", 100),
        pay("fee", "alice/cash", "house/fees", 3),
    ]
    assert [await post(db, *batch), await post(db, *batch)] == [True, False]
    assert await balance(db, "alice/cash") == 97
    async with db.begin() as tx:
        facts = await sql(tx).scalar(select(func.count()).select_from(outbox))
    assert facts == 2


async def test_the_same_batch_sent_at_once_from_eight_sides_moves_money_once(db: Database) -> None:
    fund = pay("fund", "external/bank", "alice/cash", 100)
    done = await asyncio.gather(*(post(db, fund) for _ in range(8)))
    assert sorted(done) == [False] * 7 + [True]
    assert await balance(db, "alice/cash") == 100


async def test_half_a_batch_posted_before_is_a_bug_that_shows(db: Database) -> None:
    one, two = (pay(name, "external/bank", "alice/cash", 1) for name in ("one", "two"))
    await post(db, one)
    with pytest.raises(AssertionError):
        await post(db, two, one)
    assert await balance(db, "alice/cash") == 1


async def test_an_overdraft_is_refused_and_takes_its_batch_along(db: Database) -> None:
    with pytest.raises(InsufficientFunds):
        await post(
            db,
            pay("a", "external/bank", "alice/cash", 5),
            pay("b", "alice/cash", "bob/cash", 6),
        )
    assert await balance(db, "alice/cash") == 0
    async with db.begin() as tx:
        assert await sql(tx).scalar(select(func.count()).select_from(transfers)) == 0
        assert await sql(tx).scalar(select(func.count()).select_from(outbox)) == 0


async def test_an_owner_whose_name_begins_like_the_outside_has_a_floor(db: Database) -> None:
    with pytest.raises(InsufficientFunds):
        await post(db, pay("a", "externals/cash", "alice/cash", 1))


async def test_a_million_units_of_eighteen_digits_come_back_exact(db: Database) -> None:
    quanta = 10**24 + 1
    for name in ("one", "two"):
        await post(db, pay(name, "external/chain", "alice/cash", quanta, ETH))
    assert await balance(db, "alice/cash", ETH) == 2 * quanta


async def test_batches_that_share_books_in_opposite_orders_never_deadlock(db: Database) -> None:
    books = [f"u{i}/cash" for i in range(6)]
    await post(db, *(pay(f"fund-{b}", "external/bank", b, 10**6) for b in books))
    dice = random.Random(11)

    async def trader(number: int) -> None:
        for turn in range(12):
            ring = dice.sample(books, 4)
            names = zip(ring, ring[1:] + ring[:1], strict=True)
            await post(
                db, *(pay(f"{number}-{turn}-{a}", a, b, dice.randint(1, 9)) for a, b in names)
            )

    async with asyncio.timeout(30):
        await asyncio.gather(*(trader(number) for number in range(8)))
    assert await totals(db) == {0}
    assert sum([await balance(db, one) for one in books]) == 6 * 10**6


async def test_money_and_its_cause_share_one_fate(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.begin() as tx:
            await LEDGER.post(tx, [pay("fund", "external/bank", "alice/cash", 100)], NOON)
            raise ZeroDivisionError
    assert await balance(db, "alice/cash") == 0
