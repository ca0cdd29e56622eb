"""One account is one lane: what changes an account happens one at a time, others meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hydradesk.kernel.ids import AccountId


class Lanes:
    """A lock per account. Never hold one across venue I/O; cancel and halt do not take it."""

    def __init__(self) -> None:
        self._locks: dict[AccountId, asyncio.Lock] = {}
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def lane(self, account: AccountId) -> AsyncIterator[None]:
        """Wait for this account's turn and keep it until the block ends."""
        async with self.work(), self._locks.setdefault(account, asyncio.Lock()):
            yield

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        """Count the block as work in flight: a replay does not move time before it ends."""
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._idle.set()

    async def idle(self) -> None:
        """Wait until no lane has work."""
        await self._idle.wait()
