"""Finds the desk's database: starts or adopts the embedded one, or uses the one that is served."""

import contextlib
import fcntl
from collections.abc import Iterator

from msgspec import Struct

from hydradesk.app.settings import Settings
from hydradesk.infra.lock import require_folder, user_of
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.errors import Unavailable


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
        server = PostgresServer(settings.data_dir)
        with (settings.data_dir / "start.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two verbs must not start it at once
            adopted = server.start()
        try:
            yield Found(server.url, server, adopted)
        finally:
            if use.last():
                with contextlib.suppress(Unavailable):
                    server.stop()
