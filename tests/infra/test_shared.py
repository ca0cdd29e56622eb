"""One-time data and counters: the same rules in memory and in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from hydradesk.infra.shared import MemoryShared, Shared
from hydradesk.infra.valkey import RedisShared
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import MILLISECOND, MINUTE, SimClock
from tests.valkey import Valkey


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with Valkey.started() as server:
        yield server


class Here:
    """A store and a way to let time pass for it."""

    def __init__(self, shared: Shared, wait: Callable[[int], Awaitable[None]]) -> None:
        self.shared, self.wait = shared, wait


@pytest.fixture(params=["memory", "valkey"])
async def here(request: pytest.FixtureRequest) -> AsyncIterator[Here]:
    if request.param == "memory":
        clock = SimClock(10**18)

        async def advance(ns: int) -> None:
            clock.advance(ns)

        yield Here(MemoryShared(clock), advance)
        return
    server: Valkey = request.getfixturevalue("valkey")
    server.empty()
    shared = RedisShared(server.url)

    async def sleep(ns: int) -> None:
        await asyncio.sleep(ns / 1e9 + 0.005)

    listening = asyncio.create_task(shared.run())
    yield Here(shared, sleep)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await shared.close()


async def test_a_value_is_taken_once(here: Here) -> None:
    await here.shared.put("nonce:1", "for Ada", MINUTE)
    assert await here.shared.get("nonce:1") == "for Ada"
    taken = await asyncio.gather(*(here.shared.take("nonce:1") for _ in range(20)))
    assert sorted(map(str, taken)) == ["None"] * 19 + ["for Ada"]
    assert await here.shared.get("nonce:1") is None


async def test_a_value_is_replaced_and_expires(here: Here) -> None:
    await here.shared.put("a", "1", MINUTE)
    await here.shared.put("a", "2", 20 * MILLISECOND)
    assert await here.shared.get("a") == "2"
    await here.wait(20 * MILLISECOND)
    assert await here.shared.get("a") is None and await here.shared.take("a") is None


async def test_a_name_is_new_once_until_it_expires(here: Here) -> None:
    heard = await asyncio.gather(*(here.shared.seen("jti", 500 * MILLISECOND) for _ in range(20)))
    assert sorted(heard) == [False] + [True] * 19
    await here.wait(500 * MILLISECOND)
    assert await here.shared.seen("jti", MINUTE) is False


async def test_values_names_and_counts_are_apart(here: Here) -> None:
    await here.shared.put("x", "1", MINUTE)
    assert await here.shared.seen("x", MINUTE) is False
    assert await here.shared.count("x", MINUTE) == 1
    assert await here.shared.take("x") == "1"


async def test_a_count_ends_with_its_window_however_often_it_is_asked(here: Here) -> None:
    counted = [await here.shared.count("tries", 300 * MILLISECOND) for _ in range(3)]
    assert counted == [1, 2, 3] and await here.shared.counted("tries") == 3
    await here.wait(300 * MILLISECOND)
    assert await here.shared.counted("tries") == 0
    assert await here.shared.count("tries", MINUTE) == 1


async def test_a_message_reaches_who_listens_and_nobody_else(here: Here) -> None:
    heard: list[str | None] = []
    other: list[str | None] = []
    here.shared.subscribe("revoked", heard.append)
    here.shared.subscribe("other", other.append)
    async with asyncio.timeout(5):
        while "s-1" not in heard:
            await here.shared.publish("revoked", "s-1")
            await asyncio.sleep(0.01)
    assert "s-1" not in other
    assert await here.shared.ping()


async def test_memory_is_bounded_and_forgets_no_name() -> None:
    clock = SimClock(10**18)
    shared = MemoryShared(clock, entries=3)
    for number in range(5):
        await shared.put(f"v{number}", "x", MINUTE)
        await shared.count(f"c{number}", MINUTE)
    assert [await shared.get(f"v{n}") for n in range(5)] == [None, None, "x", "x", "x"]
    for number in range(3):
        assert not await shared.seen(f"n{number}", MINUTE)
    with pytest.raises(Unavailable):
        await shared.seen("n4", MINUTE)
    assert await shared.seen("n0", MINUTE)
    clock.advance(MINUTE)
    assert not await shared.seen("n4", MINUTE)


async def test_a_store_that_is_away_is_said_and_comes_back() -> None:
    with Valkey.started() as server:
        shared = RedisShared(server.url)
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        shared.subscribe("revoked", heard.put_nowait)
        listening = asyncio.create_task(shared.run())
        await shared.put("a", "1", MINUTE)
        assert await asyncio.wait_for(heard.get(), 5) is None
        server.kill()
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: shared.put("a", "1", MINUTE),
            lambda: shared.take("a"),
            lambda: shared.seen("a", MINUTE),
            lambda: shared.count("a", MINUTE),
            lambda: shared.counted("a"),
            lambda: shared.publish("revoked", "x"),
            shared.ping,
        ]
        for call in calls:
            with pytest.raises(Unavailable):
                await call()
        assert await asyncio.wait_for(heard.get(), 10) is None  # the line broke
        server.start()
        assert await shared.take("a") is None
        assert await asyncio.wait_for(heard.get(), 10) is None  # what was missed is unknown
        await shared.publish("revoked", "s-2")
        assert await asyncio.wait_for(heard.get(), 10) == "s-2"
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await shared.close()
