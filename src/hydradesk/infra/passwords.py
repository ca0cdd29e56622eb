"""argon2id in a few threads of its own: slow for whoever guesses, never for the event loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from prometheus_client import Gauge, Histogram

from hydradesk.kernel.errors import Limited

T = TypeVar("T")
SECONDS = Histogram(
    "hydradesk_password_seconds",
    "Time to hash or verify a password, waiting included",
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
)
WAITING = Gauge("hydradesk_password_waiting", "Password checks in hand or waiting")


class Argon2Cost(Struct, frozen=True, kw_only=True):
    """What one guess costs. Each slot takes `memory_kib` of memory while it works."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 1
    slots: int = 2
    """How many passwords are worked on at once."""
    waiting: int = 64
    """How many may wait; more are told to come back (HTTP 429)."""


class Sensitive(Protocol):
    """Bytes that do not show themselves: accounts.contracts.Secret."""

    def reveal(self) -> bytes:
        """Return what it is, for the moment of use."""
        ...


class Argon2Pool:
    """Answers accounts.ports.PasswordHasher."""

    def __init__(self, cost: Argon2Cost) -> None:
        self._waiting, self._limit = 0, cost.waiting + cost.slots
        self._threads = ThreadPoolExecutor(cost.slots, thread_name_prefix="argon2")
        self._argon = Argon2(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            type=Type.ID,
        )
        self._nobody: str | None = None

    async def hash(self, password: Sensitive) -> str:
        """Return what to store of a password; raises Limited when too many wait."""
        return await self._apart(lambda: self._argon.hash(password.reveal()))

    async def verify(self, password: Sensitive, stored: str | None) -> bool:
        """Whether it is the password; None, for nobody, takes as long and is never it."""
        return await self._apart(lambda: self._matches(password.reveal(), stored))

    def outdated(self, stored: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._argon.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: bytes, stored: str | None) -> bool:
        if stored is None and self._nobody is None:
            self._nobody = self._argon.hash(b"nobody")
        try:
            self._argon.verify(stored or self._nobody or "", password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._limit:
            raise Limited("too many people sign in at once", fix="try again in a moment")
        self._waiting += 1
        WAITING.inc()
        began = time.perf_counter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
            WAITING.dec()
            SECONDS.observe(time.perf_counter() - began)
