"""One-time data and counters that several processes share: nonces, tickets, tries, invalidations.

Nothing durable lives here. What is lost costs somebody a second try; it never lets anybody in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import Clock

Heard = Callable[[str | None], None]
"""Called with each message; with None when some may have been missed: forget what you cached."""
MAX_ENTRIES = 100_000


class Shared(Protocol):
    """Every method but `subscribe` raises Unavailable when the store does not answer."""

    async def put(self, key: str, value: str, ttl_ns: int) -> None:
        """Keep a value for a while; replaces an earlier one."""
        ...

    async def take(self, key: str) -> str | None:
        """Return a value and forget it: of many callers at once, one gets it."""
        ...

    async def get(self, key: str) -> str | None:
        """Return a value, or None when there is none (any more)."""
        ...

    async def seen(self, key: str, ttl_ns: int) -> bool:
        """Remember a name; True when it was known already. Of many callers, one hears False."""
        ...

    async def count(self, key: str, ttl_ns: int) -> int:
        """Add one and return the sum; it ends `ttl_ns` after its first, whatever follows."""
        ...

    async def counted(self, key: str) -> int:
        """Return a sum without adding."""
        ...

    async def publish(self, channel: str, text: str) -> None:
        """Tell every process that listens, this one included."""
        ...

    def subscribe(self, channel: str, heard: Heard) -> None:
        """Hear a channel for as long as the process lives."""
        ...

    async def ping(self) -> str:
        """Return what answers, in words."""
        ...

    async def run(self) -> None:
        """Deliver messages until cancelled."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryShared:
    """For one process. Bounded: when full, the oldest value goes first.

    Names that must not be forgotten (`seen`) never make room: then the caller is refused.
    """

    def __init__(self, clock: Clock, entries: int = MAX_ENTRIES) -> None:
        self._clock, self._most = clock, entries
        self._values: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._names: OrderedDict[str, int] = OrderedDict()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._heard: dict[str, list[Heard]] = {}

    async def put(self, key: str, value: str, ttl_ns: int) -> None:
        """Keep a value for a while."""
        self._values.pop(key, None)
        if len(self._values) >= self._most:
            self._purge()
        if len(self._values) >= self._most:
            self._values.popitem(last=False)
        self._values[key] = (self._clock.now() + ttl_ns, value)

    async def take(self, key: str) -> str | None:
        """Return a value and forget it."""
        ends, value = self._values.pop(key, (0, ""))
        return value if ends > self._clock.now() else None

    async def get(self, key: str) -> str | None:
        """Return a value."""
        ends, value = self._values.get(key, (0, ""))
        return value if ends > self._clock.now() else None

    async def seen(self, key: str, ttl_ns: int) -> bool:
        """Remember a name; True when it was known already."""
        now = self._clock.now()
        if self._names.get(key, 0) > now:
            return True
        if len(self._names) >= self._most:
            self._purge()
        if len(self._names) >= self._most:
            raise Unavailable("too much is going on at once", fix="try again in a minute")
        self._names[key] = now + ttl_ns
        return False

    async def count(self, key: str, ttl_ns: int) -> int:
        """Add one and return the sum."""
        now = self._clock.now()
        ends, total = self._counts.get(key, (0, 0))
        if ends <= now:
            ends, total = now + ttl_ns, 0
            if len(self._counts) >= self._most:
                self._purge()
            if len(self._counts) >= self._most:
                self._counts.popitem(last=False)
        self._counts[key] = (ends, total + 1)
        return total + 1

    async def counted(self, key: str) -> int:
        """Return a sum without adding."""
        ends, total = self._counts.get(key, (0, 0))
        return total if ends > self._clock.now() else 0

    async def publish(self, channel: str, text: str) -> None:
        """Tell who listens, at once."""
        for heard in self._heard.get(channel, ()):
            heard(text)

    def subscribe(self, channel: str, heard: Heard) -> None:
        """Hear a channel."""
        self._heard.setdefault(channel, []).append(heard)

    async def ping(self) -> str:
        """Return what answers."""
        kept = len(self._values) + len(self._names) + len(self._counts)
        return f"in memory, {kept} entries"

    async def run(self) -> None:
        """Nothing is under way: messages are delivered as they are published."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to let go of."""

    def _purge(self) -> None:
        """Drop what has expired."""
        now = self._clock.now()
        for key in [one for one, (ends, _) in self._values.items() if ends <= now]:
            del self._values[key]
        for key in [one for one, ends in self._names.items() if ends <= now]:
            del self._names[key]
        for key in [one for one, (ends, _) in self._counts.items() if ends <= now]:
            del self._counts[key]
