"""Who may use a data folder: one `run`, and any number of other verbs beside it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from hydradesk.kernel.errors import Conflict, Unavailable


def require_folder(folder: Path) -> None:
    """Make the data folder; Unavailable names it when we may not write there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Unavailable(
            f"the data folder {folder} cannot be written: {error.strerror}",
            field="data_dir",
            fix="choose another with --data-dir or HYDRADESK_DATA_DIR",
        ) from error


@contextlib.contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Be the one `run` of this folder; Conflict when there is one. The kernel frees a dead one."""
    with (folder / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise Conflict(
                f"another hydradesk run (process {file.read().strip() or '?'}) uses {folder}",
                field="data_dir",
                fix="stop it, or give this one its own --data-dir",
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def user_of(folder: Path) -> Iterator["Use"]:
    """Use the folder's server beside others; the last to leave may stop it."""
    with (folder / "users.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield Use(file.fileno())


class Use:
    """One use of a shared server."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def last(self) -> bool:
        """Whether nobody else uses it; if so, nobody can begin before we leave."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
