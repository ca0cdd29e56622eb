"""Desks in processes of their own, driven by the command line as a person would."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import asyncpg

from hydradesk.infra.postgres import PostgresServer
from tests.flow.desk_process import ROOT, free_port

COMMAND = [sys.executable, "-c", "from hydradesk.app.main import main; main()"]
ALL: list["Running"] = []
"""Every desk that was started, so that none outlives a failed test."""


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYDRADESK_")}
    return kept | {"PYTHONPATH": str(ROOT / "src")}


def verb(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one verb to its end."""
    where = ["--data-dir", str(home)] if home else []
    return subprocess.run(
        [*COMMAND, *arguments, *where],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
    )


class Running:
    """`hydradesk run` on a folder, ready when built."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home, self.port = home, free_port()
        options = ["--data-dir", str(home), "--port", str(self.port), "--speed", "60"]
        self.errors = (home / "stderr.txt").open("a+")
        self.process = subprocess.Popen(
            [*COMMAND, "run", "--demo", "--feed", "simulated", *options, *more],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd="/",
        )
        ALL.append(self)
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """Status and answer; 0 when nobody answers at all."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            data,
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")
        except OSError:
            return 0, None

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()
        return code


def postmaster(home: Path) -> int | None:
    try:
        return int((home / "postgres/postmaster.pid").read_text().splitlines()[0])
    except FileNotFoundError:
        return None


def contents(home: Path) -> dict[str, tuple[int, str]]:
    """Rows and a digest of every table; the server is started for it, and stopped again."""
    server = PostgresServer(home)
    server.start()

    async def read() -> dict[str, tuple[int, str]]:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
        names = await connection.fetch(
            "SELECT schemaname || '.' || tablename AS name FROM pg_tables "
            "WHERE schemaname IN ('public', 'paper_venue') ORDER BY 1"
        )
        found = {}
        for (name,) in names:
            digest = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            found[name] = tuple(
                await connection.fetchrow(f"SELECT count(*), {digest} FROM {name} AS t")
            )
        await connection.close()
        return found

    try:
        return asyncio.run(read())
    finally:
        server.stop()
