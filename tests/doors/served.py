"""A whole desk behind real HTTP, in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from hydradesk.app.serve import _listen
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.app import build
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from tests.conftest import _empty
from tests.doors.conftest import bars
from tests.market.conftest import ListFeed

T = TypeVar("T")


class Served:
    """The house, and the address it answers at. `do` runs a coroutine where the house lives."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.house, self.loop, self.port = house, loop, port
        self.url = f"http://127.0.0.1:{port}"
        self.stop = asyncio.Event()

    def do(self, job: Callable[[], Awaitable[T]]) -> T:
        async def wrapped() -> T:
            return await job()

        return asyncio.run_coroutine_threadsafe(wrapped(), self.loop).result(60)


@asynccontextmanager
async def started(database: str, folder: Path, settings: dict[str, Any]) -> AsyncIterator[House]:
    """A house that has begun, on an emptied database and a feed made by hand."""
    owner = Database(database, pool=1)
    await _empty(owner)
    await owner.close()
    app, system = Database(database, "app"), Database(database, "system")
    wall = SystemClock()
    told = {"speed": 3600, "auto_trade": False, "feed": "replay"}
    options = Settings(data_dir=folder, **told | settings)
    outside = Outsiders(ListFeed(bars()), None)
    house = House(options, Databases(app, system), Clocks(DeskClock(wall), wall), outside)
    await house.people.start()
    await house.hooks.start()
    await house.bus.load()
    await house.market.start()
    assert await house.market.step()
    yield house
    await app.close()
    await system.close()


@contextmanager
def served(database: str, folder: Path, **settings: Any) -> Iterator[Served]:
    """Run a desk on a database until the block ends."""
    ready, box = threading.Event(), list[Any]()

    async def run() -> None:
        listening = _listen("127.0.0.1", 0)
        listening.listen(128)
        async with started(database, folder, settings) as house:
            config = uvicorn.Config(
                build(house.door()), loop="none", http="httptools", log_config=None, lifespan="off"
            )
            server = uvicorn.Server(config)
            server.capture_signals = _nothing  # type: ignore[method-assign]
            port = listening.getsockname()[1]
            box.append(one := Served(house, asyncio.get_running_loop(), port))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            ready.set()
            await one.stop.wait()
            server.should_exit = True
            await serving
        listening.close()

    def job() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            box.append(error)
            ready.set()
            raise

    thread = threading.Thread(target=job)
    thread.start()
    ready.wait(60)
    if not isinstance(box[0], Served):
        raise box[0]
    yield box[0]
    box[0].loop.call_soon_threadsafe(box[0].stop.set)
    thread.join(60)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
