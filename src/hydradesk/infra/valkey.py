"""Shared data in Valkey or Redis (6.2 and later), for desks of several processes.

A request that timed out is sent once more; then a value may be gone or a name known already,
which refuses somebody and lets nobody in.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as LineError
from redis.exceptions import RedisError

from hydradesk.infra.shared import Heard
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import MILLISECOND

T = TypeVar("T")
TIMEOUT_S = 2
AGAIN_S = 0.5
"""Pause before listening again after the line broke."""
PREFIX = "hydradesk:"

log = structlog.get_logger("shared")


class RedisShared:
    """Answers infra.shared.Shared; all keys and channels begin with `hydradesk:`."""

    def __init__(self, url: str) -> None:
        self._client = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(ConstantBackoff(0.05), 1),
        )
        self._heard: dict[str, list[Heard]] = {}
        self._changed = asyncio.Event()

    async def put(self, key: str, value: str, ttl_ns: int) -> None:
        """Keep a value for a while."""
        await _answered(self._client.set(PREFIX + key, value, px=_ms(ttl_ns)))

    async def take(self, key: str) -> str | None:
        """Return a value and forget it."""
        return _text(await _answered(self._client.getdel(PREFIX + key)))

    async def get(self, key: str) -> str | None:
        """Return a value."""
        return _text(await _answered(self._client.get(PREFIX + key)))

    async def seen(self, key: str, ttl_ns: int) -> bool:
        """Remember a name; True when it was known already."""
        new = await _answered(self._client.set(f"{PREFIX}seen:{key}", 1, nx=True, px=_ms(ttl_ns)))
        return not new

    async def count(self, key: str, ttl_ns: int) -> int:
        """Add one and return the sum."""
        name = f"{PREFIX}count:{key}"
        async with self._client.pipeline(transaction=True) as both:
            both.set(name, 0, nx=True, px=_ms(ttl_ns))
            both.incr(name)
            _, total = await _answered(both.execute())
        return int(total)

    async def counted(self, key: str) -> int:
        """Return a sum without adding."""
        return int(await _answered(self._client.get(f"{PREFIX}count:{key}")) or 0)

    async def publish(self, channel: str, text: str) -> None:
        """Tell every process that listens."""
        await _answered(self._client.publish(PREFIX + channel, text))

    def subscribe(self, channel: str, heard: Heard) -> None:
        """Hear a channel, as soon as `run` runs."""
        self._heard.setdefault(channel, []).append(heard)
        self._changed.set()

    async def ping(self) -> str:
        """Return what answers."""
        said = await _answered(self._client.info("server"))
        name = said.get("server_name", "redis")
        return f"{name} {said.get(f'{name}_version', said.get('redis_version', '?'))}"

    async def run(self) -> None:
        """Listen until cancelled; after a break everybody is told that something may be missing."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("shared.line_broke", error=type(error).__name__)
                self._tell_all(None)
                await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _listen(self) -> None:
        async with self._client.pubsub(ignore_subscribe_messages=True) as line:
            while True:
                if not self._heard:
                    await self._changed.wait()
                if self._changed.is_set() or not line.subscribed:
                    self._changed.clear()
                    await line.subscribe(*(PREFIX + one for one in self._heard))
                    self._tell_all(None)  # what was said before we listened
                message = await line.get_message(timeout=AGAIN_S)
                if message is not None:
                    channel = str(message["channel"]).removeprefix(PREFIX)
                    for heard in self._heard.get(channel, ()):
                        heard(str(message["data"]))

    def _tell_all(self, text: str | None) -> None:
        for every in self._heard.values():
            for heard in every:
                heard(text)


async def _answered(reply: Awaitable[T]) -> T:
    try:
        return await reply
    except (LineError, RedisError, OSError, TimeoutError) as error:
        raise Unavailable("the shared store is not answering", fix="try again soon") from error


def _ms(ttl_ns: int) -> int:
    return max(1, ttl_ns // MILLISECOND)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
