"""Group commit: writes that arrive together share one transaction, and each hears of its commit.

A commit waits for the disk; a hundred writes that wait for the same one cost little more than one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from hydradesk.kernel.errors import Limited
from hydradesk.kernel.tx import Transactions, Tx

Row = TypeVar("Row")
Result = TypeVar("Result")
Write = Callable[[Tx, Sequence[Row]], Awaitable[Sequence[Result]]]
"""Writes rows with as few statements as it can; answers one result for each, in order."""
Waiting = tuple[Row, asyncio.Future[Result]]

MOST = 256
"""Rows in one transaction."""
LINGER_S = 0.002
WAITING = 20_000
"""Rows that may wait; more are refused, so that a database that stalls does not fill memory."""


class GroupCommit(Generic[Row, Result]):
    """Collects rows while a transaction is under way, then writes them all in the next.

    A row that comes alone is committed at once; while many come, each transaction waits a moment
    for more of them, because a commit costs as much as thirty rows.
    """

    def __init__(self, db: Transactions, write: Write[Row, Result]) -> None:
        self._db, self._write = db, write
        self._waiting: list[Waiting[Row, Result]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, row: Row) -> Result:
        """Write a row; returns once it is durable, raises what its write raised."""
        if len(self._waiting) >= WAITING:
            raise Limited("the desk cannot write this fast", fix="try again in a second")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._settle(batch)
            finally:  # whatever went wrong, nobody waits for ever
                _fail(batch, ConnectionError("the desk could not write this"))
            if len(batch) > 1:
                await asyncio.sleep(LINGER_S)

    async def _settle(self, batch: Sequence[Waiting[Row, Result]]) -> None:
        try:
            results = await self._commit([row for row, _ in batch])
        except DBAPIError as error:
            if len(batch) == 1 or error.connection_invalidated:
                _fail(batch, error)
                return
            for one in batch:  # one row was refused: the others are not refused with it
                await self._settle([one])
        except OSError as error:
            _fail(batch, error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():  # its caller may have gone
                    done.set_result(result)

    async def _commit(self, rows: Sequence[Row]) -> Sequence[Result]:
        async with self._db.begin() as tx:
            return await self._write(tx, rows)


def _fail(batch: Sequence[Waiting[Row, Result]], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
