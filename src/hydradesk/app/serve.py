"""Runs a house: start in order, supervise, drain on SIGTERM."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import structlog
import uvicorn

from hydradesk.adapters.venue import RemoteVenue
from hydradesk.app.database import Found, keep_alive
from hydradesk.app.feeds import choose
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.app import build
from hydradesk.doors.gateway.wire import GRACE_S, Wire
from hydradesk.doors.gateway.wire import server as server_config
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.logs import ACCESS
from hydradesk.infra.shared import Shared
from hydradesk.kernel.errors import Unavailable

log = structlog.get_logger("desk")


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the desk stops its parts in order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so once requests are answered."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield


async def serve(settings: Settings, found: Found, ready: Callable[[House], None]) -> None:
    """Run every role until SIGTERM or SIGINT, then drain; raises what a role died of."""
    url = found.url
    listening = _listen(settings.host, settings.port)
    databases = Databases(Database(url, "app"), Database(url, "system"))
    wall = SystemClock()
    shared = _shared(settings.redis)
    try:
        venue = await RemoteVenue.connect(settings.venue) if settings.venue else None
        outside = Outsiders(await choose(settings), venue, shared)
        house = House(settings, databases, Clocks(DeskClock(wall), wall), outside)
        await _start(house)
        await _run(house, found, listening, ready)
    finally:
        listening.close()
        if shared is not None:
            await shared.close()
        await databases.app.close()
        await databases.system.close()


async def _start(house: House) -> None:
    """Everything that must be true before the first request."""
    async with house.databases.system.begin() as tx:
        await house.risk_store.load(tx)
    await house.risk.start()
    await house.people.start()
    await house.hooks.start()
    await house.idempotency.forget()
    await house.bus.load()
    await house.market.start()  # prices first: what was missed is delivered with them
    await house.reconciliation.settle(house.venues)
    if house.market.session.feed == "live":
        house.collector.start()


async def _run(
    house: House, found: Found, listening: socket.socket, ready: Callable[[House], None]
) -> None:
    settings = house.settings
    wire = Wire(
        per_source=settings.connections_per_source,
        proxied=bool(settings.trusted_proxies),
        cert=settings.tls_cert,
        key=settings.tls_key,
    )
    config = server_config(build(house.door()), wire)
    server = _Server(config, lambda: ready(house))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    roles = {
        "gateway": server.serve(sockets=[listening]),
        "bus": house.bus.run(),
        "market": house.market.run(),
        "reconciliation": house.reconciliation.run(house.venues),
        "publisher": house.publisher.run(),
        "lag": house.lag.run(),
        "shared": house.shared.run(),
        **house.people.roles(),
        **house.exits.roles(),
        **house.hooks.roles(),
        "database": keep_alive(found.server, house.settings.data_dir),
    }
    tasks = [asyncio.create_task(role, name=name) for name, role in roles.items()]
    stop = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({stop, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    await _drain(house, server, tasks)
    for task in done - {stop}:
        error = task.exception()
        log.error("role.died", role=task.get_name(), exc_info=error)
        raise Unavailable(f"the {task.get_name()} role ended: {error!r}") from error


async def _drain(house: House, server: uvicorn.Server, tasks: list[asyncio.Task[None]]) -> None:
    """Stop the inflow first, then finish what has begun."""
    by_name = {task.get_name(): task for task in tasks}
    house.collector.stop()
    by_name["market"].cancel()
    await asyncio.gather(by_name["market"], return_exceptions=True)
    server.should_exit = True
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(by_name["gateway"]), GRACE_S + 1)
    with contextlib.suppress(Exception):
        await asyncio.wait_for(house.quiesce(), GRACE_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(Exception):
        await house.people.stop()
        await house.hooks.stop()
    await house.market.close()
    ACCESS.flush()


def _shared(url: str | None) -> Shared | None:
    if url is None:
        return None
    from hydradesk.infra.valkey import RedisShared  # takes a tenth of a second that few need

    return RedisShared(url)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Unavailable(
            f"port {port} on {host} is taken or not allowed: {error.strerror}",
            field="port",
            fix="choose another with --port or HYDRADESK_PORT",
        ) from error
    return listening
