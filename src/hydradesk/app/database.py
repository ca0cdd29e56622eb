"""Finds the desk's database: starts or adopts the embedded one, or uses the one that is served."""

import asyncio
import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import structlog
from msgspec import Struct

from hydradesk.app.settings import Settings
from hydradesk.infra.lock import require_folder, user_of
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.errors import Unavailable

LOOK_S = 0.5
"""Seconds between looks at the embedded server's process."""

log = structlog.get_logger("database")


class Found(Struct, frozen=True):
    """A database that answers."""

    url: str
    server: PostgresServer | None
    """None when it is served by somebody else."""
    adopted: bool


@contextlib.contextmanager
def attached(settings: Settings) -> Iterator[Found]:
    """Have a database for the length of the block; the last user of an embedded one stops it."""
    if settings.db is not None:
        yield Found(settings.db, None, adopted=True)
        return
    require_folder(settings.data_dir)
    settings.data_dir.chmod(settings.data_dir.stat().st_mode | 0o711)
    with user_of(settings.data_dir) as use:
        server, adopted = _started(settings.data_dir)
        try:
            yield Found(server.url, server, adopted)
        finally:
            if use.last():
                with contextlib.suppress(Unavailable):
                    server.stop()


async def keep_alive(server: PostgresServer | None, folder: Path) -> None:
    """Start the embedded server again whenever it dies, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_S)
        if server is None or server.alive():
            continue
        log.warning("database.died")
        url = server.url
        again, _ = await asyncio.to_thread(_started, folder)
        if again.url != url:  # our pools look for it at its former port
            raise Unavailable("the database had to move to another port", fix="run the desk again")
        log.warning("database.restarted")


def _started(folder: Path) -> tuple[PostgresServer, bool]:
    """Start or adopt the folder's server; two verbs must not do so at once."""
    with (folder / "start.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        server = PostgresServer(folder)
        return server, server.start()
