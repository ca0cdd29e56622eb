"""Our launcher: one server in one folder, that outlives whoever started it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from hydradesk.infra import postgres as launcher
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.errors import Unavailable


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hydradesk-pg-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    PostgresServer(path).stop()
    shutil.rmtree(path, ignore_errors=True)


def ask(server: PostgresServer, question: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(asked())


def postmaster(path: Path) -> int:
    return int((path / "postgres/postmaster.pid").read_text().splitlines()[0])


def test_a_server_lives_from_start_to_stop(folder: Path) -> None:
    server = PostgresServer(folder)
    assert not server.running() and server.start() is False
    assert server.running() and ask(server, "SELECT 41 + 1") == 42
    assert ask(server, "SHOW password_encryption") == "scram-sha-256"
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    secret = folder / "secrets/postgres"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert (folder / "postgres").stat().st_mode & 0o777 == 0o700
    pid = postmaster(folder)
    if os.geteuid() == 0:
        assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert PostgresServer(folder).start() is True and postmaster(folder) == pid  # adopted
    server.stop()
    server.stop()
    assert not server.running()
    assert server.start() is False and ask(server, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(asyncpg.connect(server.url.replace("+asyncpg", ""), password="wrong"))


def test_it_outlives_a_killed_starter_and_is_adopted(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from hydradesk.infra.postgres import PostgresServer\n"
        "PostgresServer(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": "src"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, env=environment
    ) as starter:
        assert starter.stdout is not None and starter.stdout.readline() == b"up\n"
        starter.send_signal(signal.SIGKILL)
    server = PostgresServer(folder)
    pid = postmaster(folder)
    assert server.start() is True and postmaster(folder) == pid
    assert ask(server, "SELECT 1") == 1


def test_it_comes_back_after_its_postmaster_was_killed(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    pid, url = postmaster(folder), server.url
    os.kill(pid, signal.SIGKILL)
    assert server.start() is False
    assert postmaster(folder) != pid and ask(server, "SELECT n FROM kept") == 7
    assert server.url == url, "a pool that is open must find it again"


def test_a_pid_that_now_belongs_to_another_program_is_not_ours(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    server.stop()
    stale = [str(os.getpid()), str(folder / "postgres"), "1", "20000", "", "127.0.0.1", "", ""]
    (folder / "postgres/postmaster.pid").write_text("\n".join(stale))
    assert not server.running() and server.start() is False
    assert ask(server, "SELECT 1") == 1


def test_a_setup_that_was_killed_half_way_is_begun_again(folder: Path) -> None:
    data = folder / "postgres"
    code = (
        "import sys; from pathlib import Path\n"
        "from hydradesk.infra.postgres import PostgresServer\n"
        "PostgresServer(Path(sys.argv[1])).start()"
    )
    environment = os.environ | {"PYTHONPATH": "src"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], env=environment, start_new_session=True
    ) as starter:
        deadline = time.monotonic() + 20
        while not list(folder.glob("postgres*/base")):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        os.killpg(starter.pid, signal.SIGKILL)
    server = PostgresServer(folder)
    server.start()
    assert ask(server, "SELECT 1") == 1 and data.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the server to another user")
def test_a_folder_that_the_servers_user_may_not_enter_is_named() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as closed:  # 0700
        inner = Path(closed) / "data"
        inner.mkdir()
        with pytest.raises(Unavailable) as refused:
            PostgresServer(inner).start()
        assert closed in str(refused.value) and "chmod" in str(refused.value.fix)
        assert refused.value.field == "data_dir"


def test_a_port_that_somebody_takes_first_is_not_the_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1], launcher._free_port()]
        monkeypatch.setattr(launcher, "_free_port", lambda: ports.pop(0))
        server = PostgresServer(folder)
        server.start()
        assert ports == [] and ask(server, "SELECT 1") == 1


def test_databases_are_made_replaced_and_dropped(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    ask(server, "CREATE TABLE old ()")
    server.create("spare")
    server.create("spare")
    server.replace_by("spare")
    assert ask(server, "SELECT count(*) FROM pg_tables WHERE tablename = 'old'") == 0
    server.drop("spare")
    assert ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'spare'") == 0
    with pytest.raises(Unavailable):
        server.create("no such; name")
