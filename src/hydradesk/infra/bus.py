"""Delivers stamped facts to their consumers, in one order, and remembers how far each came."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from hydradesk.infra.db import Database, raw, sql
from hydradesk.infra.outbox import PAGE, Stamped, cursors, read_after, stamp
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.events import Fact
from hydradesk.kernel.tx import Tx

F = TypeVar("F", bound=Fact)
Handler = Callable[[Fact], Awaitable[None]]
Tap = Callable[[Stamped], None]

LOOK_S = 1.0
"""Seconds between looks at the outbox when nothing in this process has emitted."""

GATHER_S = 0.005
"""Seconds that facts wait for others of the same moment: an order's life emits in three commits."""
SAVE = """
INSERT INTO outbox_cursors (consumer, pos) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (consumer) DO UPDATE SET pos = excluded.pos"""

log = structlog.get_logger("bus")


class Consumer:
    """A named reader of some facts. Its handlers must be idempotent by fact id."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handlers: dict[str, tuple[type[Fact], Handler]] = {}
        self.pos = 0

    def on(self, kind: type[F], handler: Callable[[F], Awaitable[None]]) -> "Consumer":
        """Hear one kind of fact; returns itself, to be chained."""
        topic = str(kind.__struct_config__.tag)
        self.handlers[topic] = (kind, handler)  # type: ignore[assignment]
        return self

    async def deliver(self, fact: Stamped) -> None:
        """Decode and handle one fact, if it is ours and new to us."""
        if fact.pos > self.pos and fact.topic in self.handlers:
            kind, handler = self.handlers[fact.topic]
            await handler(msgspec.json.decode(fact.body, type=kind))


class Bus:
    """One process's pump and dispatcher.

    Facts are delivered strictly one after the other, to each consumer in the order of
    registration. What a handler emits is published after everything already published: the same
    inputs give the same order, byte for byte.
    """

    def __init__(self, db: Database, consumers: Sequence[Consumer], taps: Sequence[Tap]) -> None:
        self._db, self._consumers, self._taps = db, consumers, taps
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self.pos = 0
        self._seen = -1  # of Database.news
        self._unsaved = False
        db.on_facts = self._wake.set

    async def load(self) -> None:
        """Learn how far each consumer came; the first drain delivers what they have missed."""
        async with self._db.begin() as tx:
            rows = (await sql(tx).execute(select(cursors.c.consumer, cursors.c.pos))).all()
        known = {str(name): int(pos) for name, pos in rows}
        for consumer in self._consumers:
            consumer.pos = known.get(consumer.name, 0)
        self.pos = min((one.pos for one in self._consumers), default=0)

    async def run(self) -> None:
        """Publish and deliver until cancelled; rides out a database or a venue that is away."""
        while True:
            self._wake.clear()
            try:
                await self.drain(look=True)  # other processes emit too
            except (DBAPIError, OSError, Unavailable) as error:
                log.warning("bus.waiting", error=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(0.5)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):  # wait_for may lose a cancellation
                    await self._wake.wait()
                    await asyncio.sleep(GATHER_S)

    async def drain(self, *, look: bool = False) -> None:
        """Publish and deliver until nothing is left, not even of what handlers emit.

        Costs nothing when this process emitted nothing since; `look` asks the database anyway.
        """
        async with self._turn:
            while look or self._seen != self._db.news:
                news = self._db.news
                async with self._db.begin() as tx:
                    await self._save(tx)
                    batch = await stamp(tx)
                    if not batch or batch[0].pos != self.pos + 1:
                        # nothing new, or somebody stamped facts that we have not delivered
                        batch = await read_after(tx, self.pos)
                self._unsaved = False
                await self._dispatch(batch)
                look = len(batch) == PAGE
                self._seen = news
            if self._unsaved:
                async with self._db.begin() as tx:
                    await self._save(tx)
                self._unsaved = False

    async def _save(self, tx: Tx) -> None:
        """Note how far each consumer came."""
        if self._unsaved:
            names = [one.name for one in self._consumers]
            places = [one.pos for one in self._consumers]
            await (await raw(tx)).execute(SAVE, names, places)

    async def _dispatch(self, batch: Sequence[Stamped]) -> None:
        for fact in batch:
            self._unsaved = True
            for consumer in self._consumers:
                await consumer.deliver(fact)
                consumer.pos = max(consumer.pos, fact.pos)
            self.pos = fact.pos
            for tap in self._taps:
                tap(fact)
